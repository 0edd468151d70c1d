//! The bundles attached to an image: each listed once, fetched once, several at a time, in the order of the listing.

use futures_util::stream::{self, Stream, StreamExt};

use super::MAX_ATTACHED;
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, Manifest, Selector, media_type};
use crate::registry::{RegistryError, Repository};

/// How many bundles are fetched at the same time.
const CONCURRENT: usize = 8;
/// The largest bundle that is read where `COSIGN_MAX_ATTACHMENT_SIZE` does not say otherwise: 128 MiB.
pub const DEFAULT_MAX_SIZE: u64 = 128 << 20;

/// A bundle as a registry holds it, unparsed.
#[derive(Debug, Clone)]
pub struct AttachedBundle {
    /// Digest of the referrer manifest.
    pub referrer: String,
    /// The bundle's JSON.
    pub bytes: Vec<u8>,
}

/// The referrers of `subject` that may hold a bundle.
///
/// # Errors
/// The listing fails, or there are more than [`MAX_ATTACHED`].
pub async fn candidates(repository: &dyn Repository, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
    let listed = repository.referrers(subject).await?;
    if listed.len() > MAX_ATTACHED {
        return Err(RegistryError::TooMany { what: "referrers".into(), limit: MAX_ATTACHED });
    }
    Ok(listed.into_iter().filter(may_hold_a_bundle).collect())
}

/// Fetches the candidates; what turns out to be something else than a bundle is left out. A failed fetch is an error, never an absent bundle.
pub fn fetch<'a>(
    repository: &'a dyn Repository,
    candidates: &'a [Descriptor],
    max_size: u64,
) -> impl Stream<Item = Result<AttachedBundle, RegistryError>> + 'a {
    stream::iter(candidates)
        .map(move |candidate| fetch_one(repository, candidate, max_size))
        .buffered(CONCURRENT)
        .filter_map(|fetched| async move { fetched.transpose() })
}

async fn fetch_one(repository: &dyn Repository, candidate: &Descriptor, max_size: u64) -> Result<Option<AttachedBundle>, RegistryError> {
    let Some(digest) = candidate.parsed_digest() else { return Ok(None) };
    let fetched = repository.manifest(&Selector::Digest(digest)).await?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&fetched.bytes) else { return Ok(None) };
    match manifest.layers.as_slice() {
        [layer] if layer.media_type.starts_with(media_type::BUNDLE_PREFIX) => {
            let bytes = repository.blob(layer, max_size).await?;
            Ok(Some(AttachedBundle { referrer: candidate.digest.clone(), bytes }))
        }
        _ => Ok(None),
    }
}

/// Listings of real registries leave the artifact type out or put the config's media type there, so only a type that says something else rules an entry out.
fn may_hold_a_bundle(entry: &Descriptor) -> bool {
    let artifact_type = entry.artifact_type.as_deref().unwrap_or_default();
    media_type::is_manifest(&entry.media_type)
        && (matches!(artifact_type, "" | media_type::OCI_EMPTY | media_type::OCI_CONFIG | media_type::DOCKER_CONFIG)
            || artifact_type.starts_with(media_type::BUNDLE_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_generic_types_are_looked_at() {
        let entry = |artifact_type: Option<&str>| Descriptor {
            artifact_type: artifact_type.map(str::to_owned),
            ..Descriptor::of(media_type::OCI_MANIFEST, b"x")
        };
        for kind in [None, Some(""), Some(media_type::OCI_EMPTY), Some(media_type::OCI_CONFIG), Some(media_type::BUNDLE_V03)] {
            assert!(may_hold_a_bundle(&entry(kind)), "{kind:?}");
        }
        assert!(!may_hold_a_bundle(&entry(Some("application/spdx+json"))));
        assert!(!may_hold_a_bundle(&Descriptor::of(media_type::OCI_INDEX, b"x")));
    }
}
