//! `attach signature`: a simple signing payload and its signature under the `.sig` tag, or a bundle as a referrer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::bundle::{self, CheckedBundle};
use super::{AttachError, append, certificate, descriptor};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{base64, text};
use crate::entity::signature_image::{ImageStyle, SignatureLayer};
use crate::format::bundle::{legacy, log_file};
use crate::format::oci::media_type;
use crate::format::simple_signing::SimpleSigningPayload;
use crate::keys::load::FetchUrl;
use crate::operations::blob::{BlobInput, Wanted};
use crate::operations::files;
use crate::operations::place::Place;
use crate::operations::subject::Subject;
use crate::registry::tag_scheme::Attachment;
use crate::registry::{Access, Registries};

/// What is to be attached.
#[derive(Debug, Clone)]
pub struct AttachSignature {
    /// The image, as it was typed.
    pub image: String,
    /// The signature: base64 text, or raw bytes.
    pub signature: Option<BlobInput>,
    /// The payload that it is about, or a bundle; `None` for the payload that very old versions implied.
    pub payload: Option<PathBuf>,
    /// The signer's certificate, PEM.
    pub certificate: Option<PathBuf>,
    /// The rest of its chain, PEM.
    pub chain: Option<PathBuf>,
    /// An RFC 3161 response.
    pub timestamp: Option<PathBuf>,
    /// The log's entry.
    pub log_entry: Option<PathBuf>,
    /// How a new image of signatures is written.
    pub style: ImageStyle,
    /// Where it goes.
    pub place: Place,
}

/// Attaches it.
///
/// # Errors
/// [`AttachError`].
pub async fn signature(
    request: &AttachSignature,
    registries: &Registries,
    fetch: &dyn FetchUrl,
    context: &Context,
) -> Result<(), AttachError> {
    let subject = Subject::open(&request.image, &request.place, registries, Access::Push)?;
    let payload = request.payload.as_deref().map(files::read).transpose()?;
    if let Some(json) = payload.as_deref().filter(|payload| bundle::is_meant(payload)) {
        let bundle = CheckedBundle::read(json).map_err(AttachError::Bundle)?;
        warn_of_unused(request, context);
        let image = descriptor(&subject).await?;
        return Ok(bundle.attach(&subject, &image, context).await?);
    }
    let signature = signature_text(request, fetch, context).await?;
    let annotations = annotations(request, signature, context)?;
    let digest = subject.parsed(&descriptor(&subject).await?)?;
    let payload = match payload {
        Some(payload) => {
            warn_of_other_image(&payload, &digest, context);
            payload
        }
        None => implied_payload(&subject, &digest, context),
    };
    let layer = SignatureLayer { media_type: media_type::SIMPLE_SIGNING, payload, annotations };
    let tag = subject.tag(&digest, Attachment::Signature);
    Ok(append(&subject, &tag, &[layer], request.style).await?)
}

/// The signature as base64 without white space around it.
async fn signature_text(request: &AttachSignature, fetch: &dyn FetchUrl, context: &Context) -> Result<String, AttachError> {
    let input = request.signature.as_ref().ok_or(AttachError::NoInput("--signature"))?;
    let wanted = Wanted { hashes: Vec::new(), bytes: true };
    let bytes = input.read(&wanted, fetch, context).await?.bytes.unwrap_or_default();
    let trimmed = bytes.trim_ascii();
    if trimmed.is_empty() {
        return Err(AttachError::EmptySignature);
    }
    match std::str::from_utf8(trimmed) {
        Ok(text) if base64::decode_lenient(text).is_ok() => Ok(text.split_ascii_whitespace().collect()),
        _ => Ok(base64::encode(&bytes)),
    }
}

fn annotations(request: &AttachSignature, signature: String, context: &Context) -> Result<BTreeMap<String, String>, AttachError> {
    let mut annotations = BTreeMap::from([(legacy::SIGNATURE.to_owned(), signature)]);
    match (&request.certificate, &request.chain) {
        (None, None) => {}
        (None, Some(_)) => context.ui.warn("--certificate-chain has no effect without --certificate"),
        (Some(certificate), chain) => {
            annotations.insert(legacy::CERTIFICATE.to_owned(), certificate::pem("--certificate", certificate)?);
            if let Some(chain) = chain {
                annotations.insert(legacy::CHAIN.to_owned(), certificate::pem("--certificate-chain", chain)?);
            }
        }
    }
    if let Some(path) = &request.log_entry {
        match log_file::read(&files::read(path)?).map_err(AttachError::LogEntry)? {
            Some(entry) => drop(annotations.insert(legacy::BUNDLE.to_owned(), entry.to_json())),
            None => {
                context.ui.warn("--rekor-response holds no log entry with a signed entry timestamp: the signature is attached without one")
            }
        }
    }
    if let Some(path) = &request.timestamp {
        annotations.insert(legacy::RFC3161_TIMESTAMP.to_owned(), legacy::timestamp_to_json(&certificate::response(path)?));
    }
    Ok(annotations)
}

/// What versions before 0.2 signed; cosign's warning.
fn implied_payload(subject: &Subject, digest: &Digest, context: &Context) -> Vec<u8> {
    let repository = subject.repository_name();
    context.ui.warn(&format!(
        "using obsolete implied signature payload data (with digested reference {repository}@{digest}); specify it explicitly with --payload instead"
    ));
    SimpleSigningPayload::new(repository, digest, &BTreeMap::new()).to_json()
}

/// cosign attaches whatever it gets, and so does this; but a payload about another image verifies nowhere.
fn warn_of_other_image(payload: &[u8], digest: &Digest, context: &Context) {
    let Ok(parsed) = SimpleSigningPayload::parse(payload) else {
        context.ui.warn("the payload is no simple signing payload: no verifier takes it");
        return;
    };
    let named = parsed.critical.image.docker_manifest_digest;
    if named != digest.to_string() {
        let named = text::quote(&named);
        context.ui.warn(&format!("the payload is about the image {named:?}, not {digest}: it does not verify for this one"));
    }
}

fn warn_of_unused(request: &AttachSignature, context: &Context) {
    for (given, flag) in [
        (request.signature.is_some(), "--signature"),
        (request.certificate.is_some(), "--certificate"),
        (request.chain.is_some(), "--certificate-chain"),
        (request.timestamp.is_some(), "--tsr"),
        (request.log_entry.is_some(), "--rekor-response"),
    ] {
        if given {
            context.ui.warn(&format!("{flag} has no effect: a bundle holds all of it"));
        }
    }
}
