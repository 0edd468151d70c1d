//! Fetches what is attached to an image, unverified: attestations and signatures, as they are stored or as they read.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::StreamExt;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::place::Place;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{base64, go_json, text};
use crate::entity::attestations::{predicate_type_of, predicate_type_of_bundle};
use crate::entity::bundles;
use crate::entity::platform::{self, PlatformError};
use crate::entity::signatures::{self, AttachedSignature};
use crate::format::bundle::{Bundle, BundleContent, legacy};
use crate::format::dsse::{self, Envelope};
use crate::format::oci::{Descriptor, ImageRef, ReferenceError, Selector};
use crate::registry::{Access, Registries, RegistryError, Repository, known_digest};

/// What is to be fetched.
pub struct Download {
    /// The image, as it was typed.
    pub image: String,
    /// Only attestations with this predicate type.
    pub predicate_type: Option<String>,
    /// Of the image for this platform in an index.
    pub platform: Option<String>,
    /// Print what was signed instead of what it is packed into.
    pub decode: bool,
    /// Where it lies.
    pub place: Place,
}

/// Why nothing is printed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The image is not there.
    #[error("entity not found in registry, error: {0}")]
    NotFound(RegistryError),
    /// The registry fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No signature.
    #[error("{}: no signatures associated", text::quote(.0))]
    NoSignatures(String),
    /// No attestation of that type.
    #[error("no attestations with predicate type '{}' found", text::quote(.0))]
    NoAttestations(String),
    /// `--platform` names no image.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// What is attached is no envelope.
    #[error("unmarshaling payload: {0}")]
    Envelope(String),
    /// stdout cannot be written.
    #[error("writing the result: {0}")]
    Output(#[from] io::Error),
}

struct Located {
    attached: Arc<dyn Repository>,
    digest: Digest,
    name: String,
}

/// Prints every attestation as one line of JSON: whole bundles first, then the envelopes of the older form.
///
/// # Errors
/// [`DownloadError`]; none at all is no error, unless a predicate type was asked for.
pub async fn attestations(request: &Download, registries: &Registries, context: &Context) -> Result<(), DownloadError> {
    let located = locate(request, registries).await?;
    let mut count = 0;
    for json in fetch_bundles(&located, request).await? {
        let is_wanted = |wanted: &String| predicate_type_of_bundle(&json).as_ref() == Some(wanted);
        if request.predicate_type.as_ref().is_none_or(is_wanted) && print_bundle(&json, request.decode, context)? {
            count += 1;
        }
    }
    let tag = request.place.attestation_tag(&located.digest);
    for attached in signatures::under_tag(&*located.attached, &tag, request.place.max_size).await? {
        let envelope = Envelope::from_json(&attached.payload).map_err(|error| DownloadError::Envelope(error.to_string()))?;
        let is_wanted = |wanted: &String| predicate_type_of(&envelope).as_ref() == Some(wanted);
        if request.predicate_type.as_ref().is_none_or(is_wanted) {
            let line = if request.decode {
                envelope.payload
            } else {
                dsse::plain_json(&attached.payload).map_err(|error| DownloadError::Envelope(error.to_string()))?
            };
            print_line(line, context)?;
            count += 1;
        }
    }
    match &request.predicate_type {
        Some(wanted) if count == 0 => Err(DownloadError::NoAttestations(wanted.clone())),
        _ => Ok(()),
    }
}

/// Prints every bundle as one line of JSON, or where there is none every signature of the older form.
///
/// # Errors
/// [`DownloadError`], where there is none, too.
pub async fn signatures(request: &Download, registries: &Registries, context: &Context) -> Result<(), DownloadError> {
    let located = locate(request, registries).await?;
    let bundles = fetch_bundles(&located, request).await?;
    for json in &bundles {
        print_bundle(json, request.decode, context)?;
    }
    if !bundles.is_empty() {
        return Ok(());
    }
    let tag = request.place.signature_tag(&located.digest);
    let attached = signatures::under_tag(&*located.attached, &tag, request.place.max_size).await?;
    if attached.is_empty() {
        return Err(DownloadError::NoSignatures(located.name));
    }
    for signature in attached {
        let line = if request.decode { signature.payload } else { signature_line(&signature) };
        print_line(line, context)?;
    }
    Ok(())
}

async fn locate(request: &Download, registries: &Registries) -> Result<Located, DownloadError> {
    let image = ImageRef::parse(&request.image)?;
    let found = registries.locate(&image, Access::Pull)?;
    let own = found.repository;
    let mut digest = match &found.selector {
        Selector::Digest(digest) => digest.clone(),
        Selector::Tag(_) => match own.manifest(&found.selector).await {
            Ok(manifest) => known_digest(&manifest.descriptor, || request.image.clone())?,
            Err(error) if error.is_not_found() => return Err(DownloadError::NotFound(error)),
            Err(error) => return Err(error.into()),
        },
    };
    if let Some(platform) = &request.platform {
        let entry = of_platform(&*own, &digest, platform).await?;
        digest = known_digest(&entry, || entry.digest.clone())?;
    }
    let attached = request.place.signatures(registries, (&image, &own), Access::Pull)?;
    Ok(Located { attached, digest, name: image.to_string() })
}

/// The image for `platform` (`os[/arch[/variant]]`, perhaps `:version`) in an index.
pub(super) async fn of_platform(repository: &dyn Repository, index: &Digest, platform: &str) -> Result<Descriptor, DownloadError> {
    Ok(platform::choose(&repository.manifest(&Selector::Digest(index.clone())).await?, platform)?)
}

async fn fetch_bundles(located: &Located, request: &Download) -> Result<Vec<Vec<u8>>, DownloadError> {
    let candidates = bundles::candidates(&*located.attached, &located.digest).await?;
    let mut fetched = pin!(bundles::fetch(&*located.attached, &candidates, request.place.max_size));
    let mut found = Vec::new();
    while let Some(bundle) = fetched.next().await {
        found.push(bundle?.bytes);
    }
    Ok(found)
}

/// Prints a bundle on one line; what is none is left out, as in cosign.
fn print_bundle(json: &[u8], decode: bool, context: &Context) -> Result<bool, DownloadError> {
    let Ok(bundle) = Bundle::read(json) else { return Ok(false) };
    let line = match (decode, bundle.content) {
        (true, Some(BundleContent::Envelope(envelope))) => envelope.payload,
        (true, _) => return Ok(false),
        // On one line already: it may be large.
        (false, _) if !json.contains(&b'\n') => json.to_vec(),
        (false, _) => serde_json::from_slice::<Value>(json).and_then(|value| serde_json::to_vec(&value)).unwrap_or_default(),
    };
    print_line(line, context)?;
    Ok(true)
}

fn print_line(mut line: Vec<u8>, context: &Context) -> Result<(), DownloadError> {
    line.push(b'\n');
    Ok(context.ui.result(&line)?)
}

/// A signature of the older form as cosign prints it, certificates as Go prints them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SignatureLine<'a> {
    base64_signature: &'a str,
    payload: String,
    cert: Option<Box<RawValue>>,
    chain: Option<Vec<Box<RawValue>>>,
    bundle: Option<Value>,
    #[serde(rename = "RFC3161Timestamp")]
    timestamp: Option<Value>,
}

fn signature_line(signature: &AttachedSignature) -> Vec<u8> {
    let note = |key: &str| signature.annotations.get(key).filter(|value| !value.is_empty());
    let parsed = |key: &str| note(key).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let certificates = |key: &str| -> Option<Vec<Box<RawValue>>> {
        let all = crate::crypto::Certificate::all_from_pem(note(key)?.as_bytes()).ok()?;
        let json = |certificate: &crate::crypto::Certificate| {
            String::from_utf8(certificate.to_go_json()).ok().and_then(|json| RawValue::from_string(json).ok())
        };
        all.iter().map(json).collect()
    };
    let line = SignatureLine {
        base64_signature: note(legacy::SIGNATURE).map_or("", String::as_str),
        payload: base64::encode(&signature.payload),
        cert: certificates(legacy::CERTIFICATE).and_then(|all| all.into_iter().next()),
        chain: certificates(legacy::CHAIN),
        bundle: parsed(legacy::BUNDLE),
        timestamp: parsed(legacy::RFC3161_TIMESTAMP),
    };
    // It is JSON already.
    go_json::to_vec(&line).unwrap_or_default()
}
