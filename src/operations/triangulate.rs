//! Says where the things attached to an image lie. Whether they exist is not asked.

use crate::format::oci::{ImageRef, ReferenceError, Selector};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{Access, Registries, RegistryError, known_digest};

use super::place::Place;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A tag derived from the digest.
    Attachment(Attachment),
    /// The digest itself.
    Digest,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TriangulateError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The registry does not say which digest a tag has.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The reference of what is attached to `image`.
///
/// # Errors
/// [`TriangulateError`].
pub async fn triangulate(image: &str, wanted: Wanted, place: &Place, registries: &Registries) -> Result<String, TriangulateError> {
    let image = ImageRef::parse(image)?;
    let located = registries.locate(&image, Access::Pull)?;
    let digest = match located.selector {
        Selector::Digest(digest) => digest,
        Selector::Tag(_) => {
            let descriptor = located.repository.resolve(&located.selector).await?;
            known_digest(&descriptor, || format!("manifest of {image}"))?
        }
    };
    let repository = match (&place.repository, &image) {
        (Some(name), ImageRef::Registry(_)) => name.to_string(),
        (None, ImageRef::Registry(reference)) => reference.repository.to_string(),
        (_, ImageRef::Layout { directory, .. }) => format!("oci:{}", directory.display()),
    };
    Ok(match wanted {
        Wanted::Attachment(kind) => format!("{repository}:{}", attachment_tag(&place.tag_prefix, &digest, kind)),
        Wanted::Digest => format!("{repository}@{}{digest}", place.tag_prefix),
    })
}
