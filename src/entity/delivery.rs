//! Stores images and what is attached to them: all blobs first, then the manifests, children before their parents.
//!
//! What ends half-way leaves blobs and untagged manifests only, and a second run goes on from there.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::tree::Tree;
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository, TagUpdate};

/// How many blobs are under way at the same time.
const BLOBS: usize = 4;
/// How many manifests are.
const MANIFESTS: usize = 4;

/// Where the root of a tree goes.
pub enum Target {
    /// Under its digest.
    Digest,
    /// Under its digest, known only through what refers to it.
    Child,
    /// Under a tag, in place of what is there.
    Tag(String),
    /// Under a tag, together with what is there.
    Merged(String, Box<dyn TagUpdate>),
    /// Under its digest, listed as a referrer.
    Referrer {
        /// What it refers to.
        subject: Digest,
        /// How a listing describes it.
        entry: Descriptor,
    },
}

/// A tree on its way.
pub struct Parcel<'a> {
    /// Where it is.
    pub from: &'a Arc<dyn Repository>,
    /// Where it goes.
    pub to: &'a Arc<dyn Repository>,
    /// The manifests.
    pub tree: &'a Tree,
    /// Where its root goes.
    pub target: Target,
    /// The tag under which its root is.
    pub source_tag: Option<String>,
}

impl Parcel<'_> {
    fn stays(&self) -> bool {
        self.from.name() == self.to.name()
    }

    async fn below(&self, announce: &Announce<'_>) -> Result<(), RegistryError> {
        if self.stays() {
            return Ok(());
        }
        let one = |manifest| async move {
            announce(self, manifest, &Target::Child);
            put(&**self.to, &Target::Child, manifest).await
        };
        let (indexes, images): (Vec<_>, Vec<_>) =
            self.tree.below().iter().partition(|manifest| media_type::is_index(&manifest.descriptor.media_type));
        stream::iter(images).map(one).buffer_unordered(MANIFESTS).try_collect::<()>().await?;
        // What an index lists stands before it.
        for index in indexes {
            one(index).await?;
        }
        Ok(())
    }

    async fn root(&self, announce: &Announce<'_>) -> Result<(), RegistryError> {
        let Some(root) = self.tree.root() else { return Ok(()) };
        announce(self, root, &self.target);
        put(&**self.to, &self.target, root).await
    }
}

/// Is told of each manifest, and where it goes, before it is stored.
pub type Announce<'a> = dyn Fn(&Parcel<'_>, &FetchedManifest, &Target) + Sync + 'a;

/// Copies the blobs of all parcels.
///
/// # Errors
/// The first failure ends it.
pub async fn blobs(parcels: &[Parcel<'_>]) -> Result<(), RegistryError> {
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for parcel in parcels.iter().filter(|parcel| !parcel.stays()) {
        for blob in parcel.tree.blobs()? {
            if seen.insert((parcel.to.name(), blob.digest.clone())) {
                wanted.push((parcel, blob));
            }
        }
    }
    stream::iter(wanted)
        .map(|(parcel, blob)| async move { parcel.to.copy_blob(&blob, &**parcel.from).await })
        .buffer_unordered(BLOBS)
        .try_collect()
        .await
}

/// Stores what lies below the roots, once the blobs are there.
///
/// # Errors
/// The first failure ends it.
pub async fn below(parcels: &[Parcel<'_>], announce: &Announce<'_>) -> Result<(), RegistryError> {
    for parcel in parcels {
        parcel.below(announce).await?;
    }
    Ok(())
}

/// Stores the roots of parcels that do not depend on each other, once the rest is there.
///
/// # Errors
/// The first failure ends it.
pub async fn roots(parcels: &[Parcel<'_>], announce: &Announce<'_>) -> Result<(), RegistryError> {
    stream::iter(parcels).map(|parcel| parcel.root(announce)).buffer_unordered(MANIFESTS).try_collect().await
}

async fn put(to: &dyn Repository, target: &Target, manifest: &FetchedManifest) -> Result<(), RegistryError> {
    let (media_type, bytes) = (&manifest.descriptor.media_type, &manifest.bytes);
    let digest = || {
        manifest.descriptor.parsed_digest().ok_or_else(|| RegistryError::Malformed {
            what: format!("manifest {}", manifest.descriptor.digest),
            reason: "its digest is none".to_owned(),
        })
    };
    match target {
        Target::Digest => to.put_manifest(&Selector::Digest(digest()?), media_type, bytes).await.map(drop),
        Target::Child => to.put_child(&digest()?, media_type, bytes).await,
        Target::Tag(tag) => to.put_manifest(&Selector::Tag(tag.clone()), media_type, bytes).await.map(drop),
        Target::Merged(tag, update) => to.update_tag(tag, &**update).await.map(drop),
        Target::Referrer { subject, entry } => to.put_referrer(subject, entry, bytes).await.map(drop),
    }
}
