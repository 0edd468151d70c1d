//! The image that something is attached to, and where what is attached lies.

use std::sync::Arc;

use super::place::Place;
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, ImageRef, ReferenceError, Selector};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{Access, Registries, RegistryError, Repository, known_digest};

/// Why there is no such image.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Its repository cannot be opened.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// An image by its name. Nothing is known of its manifest before it is asked for.
pub struct Subject {
    /// As it was typed.
    pub typed: String,
    /// The name, parsed.
    pub image: ImageRef,
    /// Tag or digest.
    pub selector: Selector,
    /// Where the image lies.
    pub own: Arc<dyn Repository>,
    /// Where what is attached to it lies.
    pub attached: Arc<dyn Repository>,
    /// The name of that repository.
    pub attached_name: String,
    /// What the tags of attachments begin with.
    tag_prefix: String,
}

impl Subject {
    /// Opens the repositories. `access` is what will be done where the attachments lie.
    ///
    /// # Errors
    /// [`SubjectError`]; no connection is made.
    pub fn open(typed: &str, place: &Place, registries: &Registries, access: Access) -> Result<Self, SubjectError> {
        let image = ImageRef::parse(typed)?;
        let own_access = if place.repository.is_none() { access } else { Access::Pull };
        let located = registries.locate(&image, own_access)?;
        let own = located.repository;
        let attached = place.signatures(registries, (&image, &own), access)?;
        let attached_name = match (&place.repository, &image) {
            (Some(name), ImageRef::Registry(_)) => name.to_string(),
            _ => repository_name(&image),
        };
        let tag_prefix = place.tag_prefix.clone();
        Ok(Self { typed: typed.to_owned(), image, selector: located.selector, own, attached, attached_name, tag_prefix })
    }

    /// The digest; a name with one costs no request.
    ///
    /// # Errors
    /// What the registry says; a 404 with what it says to a GET.
    pub async fn digest(&self) -> Result<Digest, RegistryError> {
        match &self.selector {
            Selector::Digest(digest) => Ok(digest.clone()),
            Selector::Tag(_) => self.parsed(&self.descriptor().await?),
        }
    }

    /// Media type, size and digest of the manifest.
    ///
    /// # Errors
    /// As [`Subject::digest`].
    pub async fn descriptor(&self) -> Result<Descriptor, RegistryError> {
        match self.own.resolve(&self.selector).await {
            // The answer to a GET names the cause.
            Err(error) if error.is_not_found() => Err(self.own.manifest(&self.selector).await.err().unwrap_or(error)),
            outcome => outcome,
        }
    }

    /// The digest of a descriptor of this image, or of one in it.
    ///
    /// # Errors
    /// It is none that this program knows.
    pub fn parsed(&self, descriptor: &Descriptor) -> Result<Digest, RegistryError> {
        known_digest(descriptor, || format!("manifest of {}", self.own.name()))
    }

    /// Whether the image is named by a tag, given or implied.
    pub fn is_by_tag(&self) -> bool {
        matches!((&self.image, &self.selector), (ImageRef::Registry(_), Selector::Tag(_)))
    }

    /// Whether image and attachments share a repository, and so credentials.
    pub fn is_one_repository(&self) -> bool {
        Arc::ptr_eq(&self.own, &self.attached)
    }

    /// The repository of the image as messages and payloads name it.
    pub fn repository_name(&self) -> String {
        repository_name(&self.image)
    }

    /// The tag of what is attached to the image with this digest.
    pub fn tag(&self, digest: &Digest, kind: Attachment) -> String {
        attachment_tag(&self.tag_prefix, digest, kind)
    }

    /// The whole reference of a tag beside the attachments.
    pub fn tag_reference(&self, tag: &str) -> String {
        format!("{}:{tag}", self.attached_name)
    }

    /// The whole reference of a manifest beside the attachments.
    pub fn digest_reference(&self, digest: &str) -> String {
        format!("{}@{digest}", self.attached_name)
    }
}

fn repository_name(image: &ImageRef) -> String {
    match image {
        ImageRef::Registry(reference) => reference.repository.to_string(),
        ImageRef::Layout { directory, .. } => ImageRef::Layout { directory: directory.clone(), selector: None }.to_string(),
    }
}
