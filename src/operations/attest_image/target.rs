//! The images that a call attests, resolved before anything is written.

use std::sync::Arc;

use super::{AttestImages, AttestStepError, AttestationForm};
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, ImageRef, Selector};
use crate::registry::{Access, Registries, Repository, known_digest};

/// One image to attest.
pub(super) struct Target {
    /// As it was typed.
    pub(super) typed: String,
    /// Its repository as statements and messages name it.
    pub(super) repository_name: String,
    /// Where its attestations go.
    pub(super) attestations: Arc<dyn Repository>,
    /// Its digest.
    pub(super) digest: Digest,
    /// Its descriptor; `None` for a digest that the registry does not know, which the older form attests nevertheless.
    pub(super) descriptor: Option<Descriptor>,
}

pub(super) async fn resolve(
    request: &AttestImages,
    registries: &Registries,
    image: ImageRef,
    typed: &str,
) -> Result<Target, AttestStepError> {
    let access = if request.upload && request.place.repository.is_none() { Access::Push } else { Access::Pull };
    let located = registries.locate(&image, access).map_err(AttestStepError::Access)?;
    let own = located.repository;
    let attestations = request.place.signatures(registries, (&image, &own), Access::Push).map_err(AttestStepError::Access)?;
    let repository_name = match &image {
        ImageRef::Registry(reference) => reference.repository.to_string(),
        ImageRef::Layout { .. } => typed.split('@').next().unwrap_or(typed).to_owned(),
    };
    let needs_descriptor = matches!(request.form, AttestationForm::Bundle) && request.upload;
    let (digest, descriptor) = match own.resolve(&located.selector).await {
        Ok(descriptor) => {
            let digest = known_digest(&descriptor, || format!("manifest of {}", own.name())).map_err(AttestStepError::Access)?;
            (digest, Some(descriptor))
        }
        Err(error) => match located.selector {
            Selector::Digest(digest) if error.is_not_found() && !needs_descriptor => (digest, None),
            // cosign asks with a GET, whose answer names the cause.
            selector if error.is_not_found() => {
                return Err(AttestStepError::Access(own.manifest(&selector).await.err().unwrap_or(error)));
            }
            _ => return Err(AttestStepError::Access(error)),
        },
    };
    Ok(Target { typed: typed.to_owned(), repository_name, attestations, digest, descriptor })
}

impl Target {
    /// Repository and digest.
    pub(super) fn shown(&self) -> String {
        format!("{}@{}", self.repository_name, self.digest)
    }
}
