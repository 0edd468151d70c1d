//! The manifests that a call signs, resolved before anything is written.

use std::sync::Arc;

use super::{SignImageError, SignImages};
use crate::crypto::Digest;
use crate::entity::walk;
use crate::format::oci::{Descriptor, ImageRef, Selector};
use crate::registry::{Access, Registries, Repository, known_digest};

/// One manifest to sign.
pub(super) struct Target {
    /// The image that led to it.
    pub image: ImageRef,
    /// Its repository as signatures and messages name it.
    pub repository_name: String,
    /// Where its signatures go.
    pub signatures: Arc<dyn Repository>,
    /// Its digest.
    pub digest: Digest,
    /// Its descriptor; `None` for a digest that the registry does not know, which the older form signs nevertheless.
    pub descriptor: Option<Descriptor>,
    /// Whether the logs are told of its signatures.
    pub is_logged: bool,
}

/// Whether the image is named by a tag, given or implied.
pub(super) fn by_tag(image: &ImageRef) -> bool {
    match image {
        ImageRef::Registry(reference) => matches!(reference.selector, Selector::Tag(_)),
        ImageRef::Layout { .. } => false,
    }
}

/// The manifests that `image` stands for.
pub(super) async fn resolve(
    request: &SignImages,
    registries: &Registries,
    image: &ImageRef,
    typed: &str,
) -> Result<Vec<Target>, SignImageError> {
    let access = if request.upload && request.place.repository.is_none() { Access::Push } else { Access::Pull };
    let located = registries.locate(image, access).map_err(SignImageError::Access)?;
    let own = located.repository;
    let mut selector = located.selector;
    if request.attached_sbom {
        let digest = digest_of(&*own, &selector).await?;
        selector = Selector::Tag(request.place.sbom_tag(&digest));
    }
    let signatures = request.place.signatures(registries, (image, &own), Access::Push).map_err(SignImageError::Access)?;
    let repository_name = match image {
        ImageRef::Registry(reference) => reference.repository.to_string(),
        ImageRef::Layout { .. } => typed.split('@').next().unwrap_or(typed).to_owned(),
    };
    let target = |digest: Digest, descriptor: Option<Descriptor>| Target {
        image: image.clone(),
        repository_name: repository_name.clone(),
        signatures: Arc::clone(&signatures),
        digest,
        descriptor,
        is_logged: false,
    };
    let root = match own.resolve(&selector).await {
        Ok(descriptor) => descriptor,
        Err(error) if error.is_not_found() => {
            return match selector {
                Selector::Digest(digest) if !request.recursive && !request.form.needs_descriptor() => Ok(vec![target(digest, None)]),
                // cosign asks with a GET, whose answer names the cause; so does this, now that it is about to fail.
                _ => match own.manifest(&selector).await {
                    Err(named) if named.is_not_found() => Err(SignImageError::NotFound(named)),
                    _ => Err(SignImageError::NotFound(error)),
                },
            };
        }
        Err(error) => return Err(SignImageError::Access(error)),
    };
    let manifests = if request.recursive { walk::manifests(&*own, root).await? } else { vec![root] };
    manifests.into_iter().map(|descriptor| Ok(target(parsed(&*own, &descriptor)?, Some(descriptor)))).collect()
}

async fn digest_of(repository: &dyn Repository, selector: &Selector) -> Result<Digest, SignImageError> {
    match selector {
        Selector::Digest(digest) => Ok(digest.clone()),
        Selector::Tag(_) => {
            let descriptor = repository.resolve(selector).await.map_err(SignImageError::Access)?;
            parsed(repository, &descriptor)
        }
    }
}

fn parsed(repository: &dyn Repository, descriptor: &Descriptor) -> Result<Digest, SignImageError> {
    known_digest(descriptor, || format!("manifest of {}", repository.name())).map_err(SignImageError::Access)
}

impl Target {
    /// Repository and digest.
    pub fn shown(&self) -> String {
        format!("{}@{}", self.repository_name, self.digest)
    }

    /// Whether everybody can read the manifest. A layout directory is private.
    pub async fn is_public(&self, registries: &Registries) -> bool {
        let ImageRef::Registry(reference) = &self.image else { return false };
        let Ok(anonymous) = registries.anonymous() else { return false };
        match anonymous.repository(&reference.repository, Access::Pull) {
            Ok(repository) => repository.manifest(&Selector::Digest(self.digest.clone())).await.is_ok(),
            Err(_) => false,
        }
    }
}
