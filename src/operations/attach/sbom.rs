//! `attach sbom`: a file under the `.sbom` tag, or as a referrer.

use super::AttachError;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::entity::file_image::FileImage;
use crate::entity::referrer;
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::keys::load::FetchUrl;
use crate::operations::blob::{BlobInput, Wanted};
use crate::operations::place::Place;
use crate::operations::subject::Subject;
use crate::registry::tag_scheme::Attachment;
use crate::registry::{Access, Registries, RegistryError};

/// The artifact type of SBOMs in the experimental OCI 1.1 form.
pub const OCI11_ARTIFACT_TYPE: &str = "application/vnd.dev.cosign.artifact.sbom.v1+json";

/// What is to be attached.
#[derive(Debug, Clone)]
pub struct AttachSbom {
    /// The image, as it was typed.
    pub image: String,
    /// The SBOM.
    pub sbom: BlobInput,
    /// Its media type.
    pub media_type: &'static str,
    /// As a referrer (`--registry-referrers-mode=oci-1-1`) instead of under a tag, which it takes from an earlier SBOM.
    pub oci11: bool,
    /// Where it goes.
    pub place: Place,
}

/// Attaches it, byte for byte.
///
/// # Errors
/// [`AttachError`].
pub async fn sbom(request: &AttachSbom, registries: &Registries, fetch: &dyn FetchUrl, context: &Context) -> Result<(), AttachError> {
    let subject = Subject::open(&request.image, &request.place, registries, Access::Push)?;
    let wanted = Wanted { hashes: Vec::new(), bytes: true };
    let sbom = request.sbom.read(&wanted, fetch, context).await?.bytes.unwrap_or_default();
    let layer = Descriptor::of(request.media_type, &sbom);
    if request.oci11 {
        return as_referrer(&subject, (layer, &sbom), context).await;
    }
    let tag = subject.tag(&subject.digest().await?, Attachment::Sbom);
    context.ui.status(&format!(
        "Uploading SBOM file for [{}] to [{}] with mediaType [{}].\n",
        subject.image,
        subject.tag_reference(&tag),
        request.media_type
    ));
    let image = FileImage::new(layer).encode()?;
    let repository = &*subject.attached;
    repository.put_blob(&Digest::sha256(&sbom), &sbom).await?;
    repository.put_blob(&Digest::sha256(&image.config), &image.config).await?;
    repository.put_manifest(&Selector::Tag(tag), media_type::OCI_MANIFEST, &image.manifest).await?;
    Ok(())
}

async fn as_referrer(subject: &Subject, (layer, sbom): (Descriptor, &[u8]), context: &Context) -> Result<(), AttachError> {
    let found = described(subject, context).await?;
    let kind = layer.media_type.clone();
    let image = FileImage { config_type: OCI11_ARTIFACT_TYPE.to_owned(), subject: Some(referrer::plain(&found)), ..FileImage::new(layer) };
    let image = image.encode()?;
    context.ui.status(&format!(
        "Uploading SBOM file for [{}] to [{}] with config.mediaType [{OCI11_ARTIFACT_TYPE}] layers[0].mediaType [{kind}].",
        subject.image,
        subject.digest_reference(&image.descriptor.digest),
    ));
    let repository = &*subject.attached;
    repository.put_blob(&Digest::sha256(sbom), sbom).await?;
    repository.put_blob(&Digest::sha256(&image.config), &image.config).await?;
    referrer::put(repository, &found, &image.descriptor, &image.manifest).await?;
    Ok(())
}

/// The image's descriptor; for a digest that the registry does not know one of no size, as cosign writes it.
async fn described(subject: &Subject, context: &Context) -> Result<Descriptor, RegistryError> {
    match (subject.descriptor().await, &subject.selector) {
        (Err(error), Selector::Digest(digest)) if error.is_not_found() => {
            context.ui.warn(&format!("{} is not there: the SBOM refers to it nevertheless", subject.image));
            Ok(Descriptor::new(media_type::OCI_MANIFEST, 0, digest))
        }
        (outcome, _) => outcome,
    }
}
