//! Saves an image with everything that is attached to it into a directory, as the Go program does: an OCI layout whose entries are annotated.
//!
//! The Go program finds there what it looks for: the image, its older signatures and attestations by the annotation `kind`, bundles among the blobs. What it
//! does not save (SBOMs, and what is attached to the images of an index) has entries named by its tags.

use std::path::PathBuf;
use std::sync::Arc;

use super::place::Place;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::entity::collected::{Attachable, Attached, Collector, Wanted};
use crate::entity::delivery::{Delivery, Parcel, Target};
use crate::entity::saved::SavedKind;
use crate::entity::tree::{Budget, Tree};
use crate::entity::walk::WalkError;
use crate::format::oci::{Descriptor, ImageRef, Manifest, ReferenceError, Selector, media_type};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{Access, FetchedManifest, Registries, RegistryError, Repository};

/// The annotation that holds a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What is to be saved.
pub struct SaveImage {
    /// The image, as it was typed.
    pub image: String,
    /// Into which directory.
    pub directory: PathBuf,
    /// Where its signatures lie.
    pub place: Place,
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// A reference that is none.
    #[error("parsing image name {}: {error}", text::quote(image))]
    Reference {
        /// What was typed.
        image: String,
        /// What is wrong with it.
        error: ReferenceError,
    },
    /// The tag is not there, or cannot be read.
    #[error("resolving digest: {0}")]
    Resolve(RegistryError),
    /// No image has that digest.
    #[error("signed entity: entity not found in registry, error: {0}")]
    NotFound(RegistryError),
    /// Neither an image nor an index.
    #[error("signed entity: unknown mime type: {}", text::quote(.0))]
    UnknownMediaType(String),
    /// What belongs to the image cannot be read.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The registry, or the directory, fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Saves it. The entries of the index are written last.
///
/// # Errors
/// [`SaveError`].
pub async fn save(request: &SaveImage, registries: &Registries) -> Result<(), SaveError> {
    let image = ImageRef::parse(&request.image).map_err(|error| SaveError::Reference { image: request.image.clone(), error })?;
    let located = registries.locate(&image, Access::Pull)?;
    let from = located.repository;
    let root = read_root(&*from, &located.selector).await?;
    let attached = request.place.signatures(registries, (&image, &from), Access::Pull)?;
    let budget = Budget::default();
    let tree = Tree::fetch(&*from, root, &budget).await?;
    let tag_prefix = &request.place.tag_prefix;
    let collector = Collector { image: &*from, attached: &*attached, tag_prefix, wanted: Wanted::ALL, budget };
    let found = collector.attached_to(&tree).await?;
    let layout = registries.saved_layout(&request.directory);
    let to: Arc<dyn Repository> = layout.clone();
    // All of it is known through the index alone, which is written once the rest is there.
    let parcel = |from, tree| Parcel { from, to: &to, tree, target: Target::Child, source_tag: None };
    let attached = found.iter().map(|thing| parcel(&attached, &thing.tree)).collect();
    let delivery = Delivery { image: parcel(&from, &tree), image_is_there: false, attached };
    delivery.store(&|_, _, _| {}).await?;
    Ok(layout.save_index(entries(&tree, &found)).await?)
}

async fn read_root(repository: &dyn Repository, selector: &Selector) -> Result<FetchedManifest, SaveError> {
    let root = repository.manifest(selector).await.map_err(|error| match selector {
        Selector::Tag(_) => SaveError::Resolve(error),
        Selector::Digest(_) if error.is_not_found() => SaveError::NotFound(error),
        Selector::Digest(_) => SaveError::Registry(error),
    })?;
    let kind = &root.descriptor.media_type;
    if media_type::is_index(kind) || media_type::is_manifest(kind) { Ok(root) } else { Err(SaveError::UnknownMediaType(kind.clone())) }
}

/// The entries of the index: the image, what the Go program looks for, and the rest by their tags. Referrers have none.
fn entries(tree: &Tree, found: &[Attachable]) -> Vec<Descriptor> {
    let Some(root) = tree.root() else { return Vec::new() };
    let digest = root.descriptor.parsed_digest();
    let mut image = entry(root);
    let kind = if media_type::is_index(&root.descriptor.media_type) { SavedKind::ImageIndex } else { SavedKind::Image };
    kind.note(&mut image);
    std::iter::once(image).chain(found.iter().filter_map(|thing| attached_entry(thing, digest.as_ref()))).collect()
}

fn attached_entry(thing: &Attachable, image: Option<&Digest>) -> Option<Descriptor> {
    let Attached::Tag(kind) = thing.how else { return None };
    let mut entry = entry(thing.tree.root()?);
    match kind {
        Attachment::Signature if image == Some(&thing.subject) => SavedKind::Signatures.note(&mut entry),
        Attachment::Attestation if image == Some(&thing.subject) => SavedKind::Attestations.note(&mut entry),
        _ => {
            entry.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), attachment_tag("", &thing.subject, kind));
        }
    }
    Some(entry)
}

/// As go-containerregistry describes a manifest: with its artifact type, or that of its config.
fn entry(manifest: &FetchedManifest) -> Descriptor {
    let mut entry = manifest.descriptor.clone();
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(&manifest.bytes) {
        entry.artifact_type = manifest.artifact_type.or(Some(manifest.config.media_type)).filter(|kind| !kind.is_empty());
    }
    entry
}
