//! Stores images and what is attached to them: all blobs first, then the manifests, children before their parents.
//!
//! What ends half-way leaves blobs and untagged manifests only, and a second run goes on from there.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::tree::{Blob, Tree};
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository, TagUpdate};

/// How many blobs are under way at the same time.
const BLOBS: usize = 4;
/// The largest config that is held in memory.
const MAX_CONFIG: i64 = 4 << 20;
/// How many manifests are.
const MANIFESTS: usize = 4;

/// Where the root of a tree goes.
pub enum Target<'a> {
    /// Under its digest.
    Digest,
    /// Under its digest, known only through what refers to it.
    Child,
    /// Under a tag, in place of what is there.
    Tag(String),
    /// Under a tag, together with what is there.
    Merged(String, Box<dyn TagUpdate + 'a>),
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
    pub target: Target<'a>,
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

    async fn root(&self, target: &Target<'_>, announce: &Announce<'_>) -> Result<(), RegistryError> {
        let Some(root) = self.tree.root() else { return Ok(()) };
        announce(self, root, target);
        put(&**self.to, target, root).await
    }
}

/// Is told of each manifest, and where it goes, before it is stored.
pub type Announce<'a> = dyn Fn(&Parcel<'_>, &FetchedManifest, &Target<'_>) + Sync + 'a;

/// An image and what is attached to it, on their way together.
pub struct Delivery<'a> {
    /// The image.
    pub image: Parcel<'a>,
    /// Whether it is at its destination already.
    pub image_is_there: bool,
    /// What is attached to it.
    pub attached: Vec<Parcel<'a>>,
}

impl Delivery<'_> {
    /// Stores blobs, then what lies below the roots, the image by its digest where something refers to it, what is attached, and at last the image where
    /// it belongs: whoever sees its tag sees the signatures, too.
    ///
    /// # Errors
    /// The first failure ends it.
    pub async fn store(&self, announce: &Announce<'_>) -> Result<(), RegistryError> {
        let image = if self.image_is_there { &[][..] } else { std::slice::from_ref(&self.image) };
        blobs(image.iter().chain(&self.attached)).await?;
        for parcel in image.iter().chain(&self.attached) {
            parcel.below(announce).await?;
        }
        let is_referred_to = self.attached.iter().any(|parcel| matches!(parcel.target, Target::Referrer { .. }));
        for image in image.iter().filter(|image| is_referred_to && !image.stays() && !matches!(image.target, Target::Digest)) {
            image.root(&Target::Child, announce).await?;
        }
        let attached = stream::iter(&self.attached).map(|parcel| parcel.root(&parcel.target, announce));
        attached.buffer_unordered(MANIFESTS).try_collect::<()>().await?;
        for image in image.iter().filter(|image| !image.stays() || matches!(image.target, Target::Tag(_))) {
            image.root(&image.target, announce).await?;
        }
        Ok(())
    }
}

/// Copies the blobs of all parcels.
async fn blobs<'a>(parcels: impl Iterator<Item = &'a Parcel<'a>>) -> Result<(), RegistryError> {
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for parcel in parcels.filter(|parcel| !parcel.stays()) {
        for blob in parcel.tree.blobs()? {
            if seen.insert((parcel.to.name(), blob.descriptor().digest.clone())) {
                wanted.push((parcel, blob));
            }
        }
    }
    stream::iter(wanted).map(|(parcel, blob)| async move { copy(parcel, &blob).await }).buffer_unordered(BLOBS).try_collect().await
}

async fn copy(parcel: &Parcel<'_>, blob: &Blob) -> Result<(), RegistryError> {
    let (from, to) = (&**parcel.from, &**parcel.to);
    match (blob, blob.descriptor().parsed_digest()) {
        // In a directory a config is a file like a manifest.
        (Blob::Config(config), Some(digest)) if to.remote_name().is_none() && config.size <= MAX_CONFIG => {
            to.put_blob(&digest, &from.blob(config, MAX_CONFIG as u64).await?).await
        }
        _ => to.copy_blob(blob.descriptor(), from).await,
    }
}

async fn put(to: &dyn Repository, target: &Target<'_>, manifest: &FetchedManifest) -> Result<(), RegistryError> {
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
