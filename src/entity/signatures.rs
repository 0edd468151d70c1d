//! The older signatures of an image: the layers under its `.sig` tag, or of an OCI 1.1 referrer.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::MAX_ATTACHED;
use crate::crypto::Digest;
use crate::format::oci::{Manifest, Selector};
use crate::registry::{FetchedManifest, RegistryError, Repository};

/// How many payloads are fetched at the same time.
const CONCURRENT: usize = 8;
/// The artifact type of signatures in the experimental OCI 1.1 form.
pub const OCI11_ARTIFACT_TYPE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";

/// One layer of a signature image, fetched.
#[derive(Debug, Clone)]
pub struct AttachedSignature {
    /// Annotations of the layer: signature, certificate, chain, bundle, time stamp.
    pub annotations: BTreeMap<String, String>,
    /// The payload.
    pub payload: Vec<u8>,
}

/// What lies under `tag`; empty where the tag does not exist.
///
/// # Errors
/// The registry fails (a 404 is none; whether a 403 is one is the caller's to say), a manifest that is none, more than [`MAX_ATTACHED`] layers.
pub async fn under_tag(repository: &dyn Repository, tag: &str, max_size: u64) -> Result<Vec<AttachedSignature>, RegistryError> {
    match repository.manifest(&Selector::Tag(tag.to_owned())).await {
        Ok(fetched) => layers(repository, &fetched, max_size).await,
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The newest signature referrer of `subject` in the experimental OCI 1.1 form; `None` where there is none.
///
/// # Errors
/// As [`under_tag`].
pub async fn newest_referrer(
    repository: &dyn Repository,
    subject: &Digest,
    max_size: u64,
) -> Result<Option<Vec<AttachedSignature>>, RegistryError> {
    let listed = repository.referrers(subject).await?;
    let newest = listed.iter().rfind(|entry| entry.artifact_type.as_deref() == Some(OCI11_ARTIFACT_TYPE));
    let Some(digest) = newest.and_then(|entry| entry.parsed_digest()) else { return Ok(None) };
    let fetched = repository.manifest(&Selector::Digest(digest)).await?;
    layers(repository, &fetched, max_size).await.map(Some)
}

/// The layers of a signature image.
///
/// # Errors
/// As [`under_tag`].
pub async fn layers(repository: &dyn Repository, image: &FetchedManifest, max_size: u64) -> Result<Vec<AttachedSignature>, RegistryError> {
    let manifest: Manifest = serde_json::from_slice(&image.bytes).map_err(|error| RegistryError::Malformed {
        what: format!("manifest of the signatures in {} ({})", repository.name(), image.descriptor.digest),
        reason: error.to_string(),
    })?;
    if manifest.layers.len() > MAX_ATTACHED {
        return Err(RegistryError::TooMany { what: "signature layers".into(), limit: MAX_ATTACHED });
    }
    stream::iter(&manifest.layers)
        .map(|layer| async move {
            let payload = repository.blob(layer, max_size).await?;
            Ok(AttachedSignature { annotations: layer.annotations.clone().unwrap_or_default(), payload })
        })
        .buffered(CONCURRENT)
        .try_collect()
        .await
}
