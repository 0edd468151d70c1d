//! Which manifests an image consists of: an index first, then its children, nested indexes too.

use std::collections::BTreeSet;

use crate::encoding::text;
use crate::format::oci::{Descriptor, Index, Selector, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository};

/// The deepest nesting of indexes that is followed.
pub(super) const MAX_DEPTH: usize = 8;
/// The most manifests of one image.
pub(super) const MAX_MANIFESTS: usize = 10_000;

/// Why an image could not be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A manifest could not be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An index that is no JSON of an index.
    #[error("parsing index {digest}: {source}")]
    Index {
        /// The index.
        digest: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// An index lists something that is neither image nor index.
    #[error("unknown mime type: {} (listed in index {digest})", text::quote(.media_type))]
    UnknownMediaType {
        /// The index.
        digest: String,
        /// What it lists.
        media_type: String,
    },
    /// An index lists an entry whose digest is no SHA-256 digest.
    #[error("index {digest} lists an entry with the digest {:?}", text::quote(.entry))]
    Digest {
        /// The index.
        digest: String,
        /// The entry's digest.
        entry: String,
    },
    /// Indexes within indexes, deeper than [`MAX_DEPTH`].
    #[error("index {0} is nested more than {MAX_DEPTH} deep")]
    TooDeep(String),
    /// More than [`MAX_MANIFESTS`].
    #[error("the image has more than {MAX_MANIFESTS} manifests")]
    TooMany,
}

/// `root` and, where it is an index, everything below it, each digest once, parents first.
///
/// # Errors
/// [`WalkError`].
pub async fn manifests(repository: &dyn Repository, root: Descriptor) -> Result<Vec<Descriptor>, WalkError> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![(root, 0_usize)];
    while let Some((descriptor, depth)) = pending.pop() {
        if !seen.insert(descriptor.digest.clone()) {
            continue;
        }
        if found.len() >= MAX_MANIFESTS {
            return Err(WalkError::TooMany);
        }
        if media_type::is_index(&descriptor.media_type) {
            if depth >= MAX_DEPTH {
                return Err(WalkError::TooDeep(descriptor.digest));
            }
            let children = children(repository, &descriptor).await?;
            pending.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
        found.push(descriptor);
    }
    Ok(found)
}

async fn children(repository: &dyn Repository, index: &Descriptor) -> Result<Vec<Descriptor>, WalkError> {
    let digest = index.parsed_digest().ok_or_else(|| WalkError::Digest { digest: index.digest.clone(), entry: index.digest.clone() })?;
    listed(&repository.manifest(&Selector::Digest(digest)).await?)
}

/// What an index lists: images and indexes with SHA-256 digests.
pub(super) fn listed(index: &FetchedManifest) -> Result<Vec<Descriptor>, WalkError> {
    let digest = || index.descriptor.digest.clone();
    let parsed: Index = serde_json::from_slice(&index.bytes).map_err(|source| WalkError::Index { digest: digest(), source })?;
    for child in &parsed.manifests {
        if !media_type::is_index(&child.media_type) && !media_type::is_manifest(&child.media_type) {
            return Err(WalkError::UnknownMediaType { digest: digest(), media_type: child.media_type.clone() });
        }
        if child.parsed_digest().is_none() {
            return Err(WalkError::Digest { digest: digest(), entry: child.digest.clone() });
        }
    }
    Ok(parsed.manifests)
}
