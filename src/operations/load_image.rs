//! Loads what was saved into a directory, by the Go program or by this one, into a registry: the image and everything that is attached to it.
//!
//! Older signatures that are at the destination already stay: those of the directory are added.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::place::Place;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::entity::collected::{Attachable, Attached, Collector, Wanted};
use crate::entity::delivery::{Delivery, Parcel, Target};
use crate::entity::merged::MergedSignatures;
use crate::entity::saved::{self, SavedImageError};
use crate::entity::tree::{Budget, Tree};
use crate::entity::walk::WalkError;
use crate::format::oci::{ImageRef, ReferenceError, Selector};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{Access, Registries, RegistryError, Repository};

/// What is to be loaded.
pub struct LoadImage {
    /// From which directory.
    pub directory: PathBuf,
    /// Where to, as it was typed.
    pub image: String,
    /// Where signatures go.
    pub place: Place,
}

/// Why nothing, or not everything, was loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A reference that is none.
    #[error("parsing image name {}: {error}", text::quote(image))]
    Reference {
        /// What was typed.
        image: String,
        /// What is wrong with it.
        error: ReferenceError,
    },
    /// There is no saved image.
    #[error("signed image index: stat {}/index.json: {reason}", text::quote(&directory.to_string_lossy()))]
    NoIndex {
        /// The directory.
        directory: PathBuf,
        /// What the system says, in lower case.
        reason: String,
    },
    /// The index cannot be used.
    #[error("signed image index: {0}")]
    Saved(SavedImageError),
    /// The destination is a digest, and not that of the image.
    #[error("{} holds {digest}, which cannot be loaded as {image}", text::quote(&directory.to_string_lossy()))]
    OtherDigest {
        /// The directory.
        directory: PathBuf,
        /// What it holds.
        digest: Digest,
        /// The destination.
        image: String,
    },
    /// What belongs to the image cannot be read.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The directory, or the registry, fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Loads it.
///
/// # Errors
/// [`LoadError`].
pub async fn load(request: &LoadImage, registries: &Registries) -> Result<(), LoadError> {
    let image = ImageRef::parse(&request.image).map_err(|error| LoadError::Reference { image: request.image.clone(), error })?;
    let (from, root) = saved_image(&request.directory, registries)?;
    let to = registries.open(&image, Access::Push)?;
    let attached_to = request.place.signatures(registries, (&image, &to), Access::Push)?;
    let target = match image.selector() {
        Some(Selector::Tag(tag)) => Target::Tag(tag.clone()),
        Some(Selector::Digest(digest)) if *digest != root => {
            return Err(LoadError::OtherDigest { directory: request.directory.clone(), digest: root, image: image.to_string() });
        }
        _ => Target::Digest,
    };
    let budget = Budget::default();
    let tree = Tree::fetch(&*from, from.manifest(&Selector::Digest(root)).await?, &budget).await?;
    let collector = Collector { image: &*from, attached: &*from, tag_prefix: "", wanted: Wanted::ALL, budget };
    let found = collector.attached_to(&tree).await?;
    let attached = found.iter().map(|thing| {
        let target = target_of(thing, &attached_to, &request.place.tag_prefix);
        Parcel { from: &from, to: &attached_to, tree: &thing.tree, target, source_tag: None }
    });
    let image = Parcel { from: &from, to: &to, tree: &tree, target, source_tag: None };
    let delivery = Delivery { image, image_is_there: false, attached: attached.collect() };
    Ok(delivery.store(&|_, _, _| {}).await?)
}

/// The image of a directory: the one that was saved, else the only one that there is.
fn saved_image(directory: &Path, registries: &Registries) -> Result<(Arc<dyn Repository>, Digest), LoadError> {
    let layout = |selector| ImageRef::Layout { directory: directory.to_owned(), selector };
    let image = match saved::read(directory) {
        Ok(saved) => saved.image,
        Err(SavedImageError::NoImage(_)) => {
            let located = registries.locate(&layout(None), Access::Pull)?;
            return match located.selector {
                Selector::Digest(digest) => Ok((located.repository, digest)),
                Selector::Tag(_) => Err(LoadError::Saved(SavedImageError::NoImage(directory.to_owned()))),
            };
        }
        Err(SavedImageError::Read { directory, reason }) => return Err(LoadError::NoIndex { directory, reason }),
        Err(error) => return Err(LoadError::Saved(error)),
    };
    let digest = image.parsed_digest().ok_or_else(|| RegistryError::Layout {
        path: directory.join("index.json"),
        reason: format!("{} is no digest", text::quote(&image.digest)),
    })?;
    Ok((registries.open(&layout(None), Access::Pull)?, digest))
}

fn target_of<'a>(thing: &Attachable, to: &Arc<dyn Repository>, prefix: &str) -> Target<'a> {
    let kind = match &thing.how {
        Attached::Referrer(entry) => return Target::Referrer { subject: thing.subject.clone(), entry: entry.clone() },
        Attached::Tag(kind) => *kind,
    };
    let tag = attachment_tag(prefix, &thing.subject, kind);
    let merged =
        thing.tree.root().filter(|_| kind != Attachment::Sbom).and_then(|root| MergedSignatures::new(Arc::clone(to), root.clone()));
    match merged {
        Some(update) => Target::Merged(tag, Box::new(update)),
        None => Target::Tag(tag),
    }
}
