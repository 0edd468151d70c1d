//! Fetches the SBOM attached to an image, byte for byte.

use super::attach::sbom::OCI11_ARTIFACT_TYPE;
use super::download_attached::{DownloadError, of_platform};
use super::place::Place;
use super::subject::{Subject, SubjectError};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::entity::platform;
use crate::format::oci::{Index, Manifest, Selector, media_type};
use crate::registry::tag_scheme::Attachment;
use crate::registry::{Access, Registries, RegistryError};

/// The most platforms that a message names.
const MAX_SHOWN: usize = 50;

/// Which SBOM.
#[derive(Debug, Clone)]
pub struct DownloadSbom {
    /// The image, as it was typed.
    pub image: String,
    /// Of the image for this platform in an index.
    pub platform: Option<String>,
    /// Where it lies.
    pub place: Place,
}

/// Why there is no SBOM.
#[derive(Debug, thiserror::Error)]
pub enum DownloadSbomError {
    /// The image cannot be named or opened.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The image is not there, or has no such platform.
    #[error(transparent)]
    Image(#[from] DownloadError),
    /// Nothing is attached to the image.
    #[error("no sbom attached to reference")]
    None,
    /// Nothing is attached to the index itself.
    #[error("no SBOM found attached to image index")]
    NoneOfIndex,
    /// The registry fails.
    #[error("getting sbom attachment: {0}")]
    Registry(#[from] RegistryError),
    /// More or fewer than one file.
    #[error("getting sbom attachment: expected exactly one layer in attachment, got {0}")]
    Layers(usize),
    /// Larger than is read.
    #[error("size of layer ({size}) exceeded the limit ({limit}), which COSIGN_MAX_ATTACHMENT_SIZE sets")]
    TooLarge {
        /// How large it is said to be.
        size: i64,
        /// What is read at most.
        limit: u64,
    },
    /// stdout cannot be written.
    #[error("writing the result: {0}")]
    Output(#[from] std::io::Error),
}

/// Writes the SBOM to stdout; what it is, to stderr.
///
/// # Errors
/// [`DownloadSbomError`].
pub async fn sbom(request: &DownloadSbom, registries: &Registries, context: &Context) -> Result<(), DownloadSbomError> {
    let subject = Subject::open(&request.image, &request.place, registries, Access::Pull)?;
    let mut digest = match subject.digest().await {
        Err(error) if error.is_not_found() => return Err(DownloadError::NotFound(error).into()),
        outcome => outcome.map_err(DownloadError::Registry)?,
    };
    if let Some(platform) = &request.platform {
        let entry = of_platform(&*subject.own, &digest, platform).await?;
        digest = subject.parsed(&entry).map_err(DownloadError::Registry)?;
    }
    let Some(manifest) = attached(&subject, &digest, context).await? else {
        let is_whole = request.platform.is_none();
        return Err(if is_whole && tell_platforms(&subject, &digest, context).await? {
            DownloadSbomError::NoneOfIndex
        } else {
            DownloadSbomError::None
        });
    };
    let [layer] = manifest.layers.as_slice() else { return Err(DownloadSbomError::Layers(manifest.layers.len())) };
    if u64::try_from(layer.size).is_ok_and(|size| size > request.place.max_size) {
        return Err(DownloadSbomError::TooLarge { size: layer.size, limit: request.place.max_size });
    }
    let sbom = subject.attached.blob(layer, request.place.max_size).await?;
    context.ui.status(&format!("Found SBOM of media type: {}", text::quote(&layer.media_type)));
    Ok(context.ui.result(&sbom)?)
}

/// The manifest around the SBOM: the last referrer of that type, else what the tag holds.
async fn attached(subject: &Subject, digest: &Digest, context: &Context) -> Result<Option<Manifest>, RegistryError> {
    let mut referrers = subject.attached.referrers(digest).await?;
    referrers.retain(|entry| entry.artifact_type.as_deref() == Some(OCI11_ARTIFACT_TYPE));
    if referrers.len() > 1 {
        context.ui.warn(&format!("there were a total of {} references with artifactType {OCI11_ARTIFACT_TYPE}", referrers.len()));
    }
    let selector = match referrers.last() {
        Some(entry) => Selector::Digest(subject.parsed(entry)?),
        None => Selector::Tag(subject.tag(digest, Attachment::Sbom)),
    };
    let fetched = match subject.attached.manifest(&selector).await {
        Ok(fetched) => fetched,
        Err(error) if error.is_not_found() => return Ok(None),
        // As Artifactory answers for an absent tag.
        Err(error)
            if error.is_forbidden()
                && subject.is_one_repository()
                && subject.own.resolve(&Selector::Digest(digest.clone())).await.is_ok() =>
        {
            context.ui.warn(&format!("the SBOM counts as absent, since the image can be read: {error}"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let malformed = |error: serde_json::Error| RegistryError::Malformed {
        what: format!("manifest of the SBOM ({})", fetched.descriptor.digest),
        reason: text::quote(&error.to_string()),
    };
    serde_json::from_slice(&fetched.bytes).map(Some).map_err(malformed)
}

/// Whether the image is an index; names the platforms that it is for.
async fn tell_platforms(subject: &Subject, digest: &Digest, context: &Context) -> Result<bool, RegistryError> {
    let fetched = match subject.own.manifest(&Selector::Digest(digest.clone())).await {
        Err(error) if error.is_not_found() => return Ok(false),
        outcome => outcome?,
    };
    if !media_type::is_index(&fetched.descriptor.media_type) {
        return Ok(false);
    }
    let index: Index = serde_json::from_slice(&fetched.bytes)
        .map_err(|error| RegistryError::Malformed { what: format!("index {digest}"), reason: text::quote(&error.to_string()) })?;
    let platforms: Vec<String> = index.manifests.iter().filter_map(platform::shown).take(MAX_SHOWN).collect();
    if !platforms.is_empty() {
        context.ui.status(&format!(
            "\nThis multiarch image does not have an SBOM attached at the index level.\nTry using --platform with one of the following architectures:\n{}\n",
            text::quote(&platforms.join(", "))
        ));
    }
    Ok(true)
}
