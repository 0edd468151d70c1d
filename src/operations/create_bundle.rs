//! Makes a bundle of the parts of an older signature.

use std::path::PathBuf;

use super::blob::{BlobError, BlobInput, Wanted};
use super::files;
use super::log_lookup::{FindError, LogLookup};
use crate::ambient::Context;
use crate::crypto::public_key::PublicKeyError;
use crate::crypto::{Digest, HashAlgorithm, Message, PublicKey, SignatureScheme};
use crate::encoding::{PathError, base64};
use crate::format::bundle::legacy::{self, LegacyError, LocalBundle};
use crate::format::bundle::{Bundle, BundleContent, BundleError, BundleSigner};
use crate::format::dsse::{DsseError, Envelope};
use crate::format::material::{MessageDigest, MessageSignature, SignerMaterial};
use crate::format::tlog::LogEntry;
use crate::keys::KeyRef;
use crate::keys::load::{self, FetchUrl, KeyError};
use crate::sign::blob::hash_for;
use crate::sigstore::rekor::{Logged, LoggedContent, LoggedKey};

/// The parts, `None` where they are not given.
#[derive(Debug, Clone)]
pub struct CreateBundle {
    /// The file that was signed.
    pub artifact: String,
    /// A bundle in the JSON of version 2.
    pub bundle: Option<PathBuf>,
    /// The signature, base64 or raw.
    pub signature: Option<PathBuf>,
    /// The signed envelope of an attestation.
    pub attestation: Option<PathBuf>,
    /// The certificate, PEM, perhaps in base64 once more.
    pub certificate: Option<PathBuf>,
    /// The JSON around an RFC 3161 response.
    pub timestamp: Option<PathBuf>,
    /// The key.
    pub key: Option<KeyRef>,
    /// The log in which the entry is looked up; `None` for none.
    pub log: Option<String>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum CreateBundleError {
    /// A file that cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// The artifact cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A part that does not parse.
    #[error(transparent)]
    Legacy(#[from] LegacyError),
    /// The attestation is no envelope.
    #[error(transparent)]
    Envelope(#[from] DsseError),
    /// The key.
    #[error("loading public key: {0}")]
    Key(#[from] KeyError),
    /// The certificate's key is of a kind that is not known.
    #[error("the certificate's key: {0}")]
    CertificateKey(#[source] PublicKeyError),
    /// The older bundle proves itself by a log that is to be left out.
    #[error("cannot ignore transparency log when the provided bundle contains a Signed Entry Timestamp")]
    PromiseIgnored,
    /// The signature is not by that key over that file.
    #[error("the signature is not one of that key or certificate over {0}")]
    Signature(String),
    /// What comes out is no valid bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The log cannot be asked about a signature whose key is not known.
    #[error("the transparency log finds an entry by its key: --key or --certificate is needed, or --ignore-tlog")]
    NoSigner,
    /// The log gives no entry.
    #[error(transparent)]
    Log(#[from] FindError),
}

/// What was signed.
enum Content {
    Signature(Vec<u8>),
    Envelope(Envelope),
}

/// The bundle as JSON. That its signature holds is checked where the signer is known.
///
/// # Errors
/// [`CreateBundleError`].
pub async fn create_bundle(request: &CreateBundle, urls: &dyn FetchUrl, context: &Context) -> Result<Vec<u8>, CreateBundleError> {
    let read = |path: &Option<PathBuf>| path.as_deref().map(files::read).transpose();
    let older = read(&request.bundle)?.map(|json| LocalBundle::parse(&json)).transpose()?;
    if let (None, Some(bundle)) = (&request.log, older.as_ref().and_then(|older| older.rekor_bundle.as_ref()))
        && !bundle.signed_entry_timestamp.is_empty()
    {
        return Err(CreateBundleError::PromiseIgnored);
    }
    let content = content(request, older.as_ref())?;
    let mut signer = older.as_ref().map(LocalBundle::material).transpose()?.map_or(SignerMaterial::Nothing, |material| material.signer);
    if let Some(key) = &request.key
        && !matches!(signer, SignerMaterial::Certificate { .. })
    {
        signer = SignerMaterial::PublicKey(Box::new(load::verifier(key, context, urls).await?));
    }
    if let Some(file) = read(&request.certificate)? {
        signer = SignerMaterial::Certificate { leaf: legacy::certificate_of_file(&file)?, intermediates: Vec::new() };
    }
    let timestamp = read(&request.timestamp)?.map(|json| legacy::timestamp_from_json(&String::from_utf8_lossy(&json))).transpose()?;
    let key = key_of(&signer)?;
    let content = checked(request, content, key.as_ref(), urls, context).await?;
    let entry = match &request.log {
        Some(log) => Some(logged(&content, &signer, &LogLookup::new(log, context).map_err(FindError::from)?).await?),
        None => None,
    };
    let mut bundle = Bundle::new(content, bundle_signer(&signer).ok_or(BundleError::MissingMaterial)?);
    entry.into_iter().for_each(|entry| bundle.push_log_entry(entry));
    timestamp.into_iter().for_each(|response| bundle.push_timestamp(response));
    bundle.validate(false)?;
    Ok(bundle.to_json())
}

fn content(request: &CreateBundle, older: Option<&LocalBundle>) -> Result<Content, CreateBundleError> {
    if let Some(path) = &request.attestation {
        return Ok(Content::Envelope(Envelope::from_json(&files::read(path)?)?));
    }
    if let Some(path) = &request.signature {
        let file = files::read(path)?;
        return Ok(Content::Signature(base64::decode_lenient(file.trim_ascii()).unwrap_or(file)));
    }
    let signature = older.map_or(Ok(Vec::new()), |older| base64::decode_lenient(&older.base64_signature)).map_err(LegacyError::from)?;
    // The older form holds an envelope in the same place.
    match Envelope::from_json(&signature) {
        Ok(envelope) if !envelope.signatures.is_empty() => Ok(Content::Envelope(envelope)),
        _ => Ok(Content::Signature(signature)),
    }
}

fn key_of(signer: &SignerMaterial) -> Result<Option<PublicKey>, CreateBundleError> {
    Ok(match signer {
        SignerMaterial::Certificate { leaf, .. } => Some(leaf.public_key().map_err(CreateBundleError::CertificateKey)?),
        SignerMaterial::PublicKey(key) => Some((**key).clone()),
        SignerMaterial::KeyHint(_) | SignerMaterial::Nothing => None,
    })
}

fn bundle_signer(signer: &SignerMaterial) -> Option<BundleSigner> {
    match signer {
        SignerMaterial::Certificate { leaf, .. } => Some(BundleSigner::Certificate(leaf.der().to_vec())),
        SignerMaterial::PublicKey(key) => Some(BundleSigner::KeyHint(key.hint())),
        SignerMaterial::KeyHint(_) | SignerMaterial::Nothing => None,
    }
}

/// The log's entry about the signature.
async fn logged(content: &BundleContent, signer: &SignerMaterial, log: &LogLookup) -> Result<LogEntry, CreateBundleError> {
    let key = match signer {
        SignerMaterial::Certificate { leaf, .. } => LoggedKey::Certificate(leaf),
        SignerMaterial::PublicKey(key) => LoggedKey::PublicKey(key),
        SignerMaterial::KeyHint(_) | SignerMaterial::Nothing => return Err(CreateBundleError::NoSigner),
    };
    Ok(match content {
        BundleContent::Envelope(envelope) => {
            let content = LoggedContent::Envelope { envelope, json: None };
            log.find(&Logged { content, signature: &envelope.single_signature()?.signature, key }).await?
        }
        BundleContent::Message(message) => {
            let digest = message.digest.as_ref().and_then(|noted| Digest::from_bytes(noted.hash()?, &noted.bytes));
            let digest = digest.ok_or(CreateBundleError::NoSigner)?;
            log.find(&Logged { content: LoggedContent::Digest(&digest), signature: &message.signature, key }).await?
        }
    })
}

/// The content with the digest that goes with the way in which the key signed.
async fn checked(
    request: &CreateBundle,
    content: Content,
    key: Option<&PublicKey>,
    urls: &dyn FetchUrl,
    context: &Context,
) -> Result<BundleContent, CreateBundleError> {
    let schemes = key.map_or(&[][..], PublicKey::candidate_schemes);
    let wrong = || CreateBundleError::Signature(request.artifact.clone());
    let mut hashes: Vec<_> = schemes.iter().map(|scheme| hash_for(*scheme)).collect();
    hashes.push(HashAlgorithm::Sha256);
    hashes.sort_unstable();
    hashes.dedup();
    let needs_bytes = schemes.iter().any(|scheme| scheme.hash().is_none());
    let read = BlobInput::parse(&request.artifact)?.read(&Wanted { hashes, bytes: needs_bytes }, urls, context).await?;
    let blob = read.as_blob();
    let signature = match content {
        Content::Envelope(mut envelope) => {
            envelope.signatures.truncate(1);
            let (bytes, signature) = (envelope.signed_bytes(), envelope.single_signature()?.signature.clone());
            let holds = |key: &PublicKey| schemes.iter().any(|s| key.verify_allowing_p1363(*s, Message::Bytes(&bytes), &signature).is_ok());
            return if key.is_none_or(holds) { Ok(BundleContent::Envelope(envelope)) } else { Err(wrong()) };
        }
        Content::Signature(signature) => signature,
    };
    let mut hash = HashAlgorithm::Sha256;
    if let Some(key) = key {
        let holds = |scheme: &&SignatureScheme| {
            let message = match (scheme.hash(), blob.bytes) {
                (None, Some(bytes)) => Some(Message::Bytes(bytes)),
                _ => blob.digest(hash_for(**scheme)).map(Message::Digest),
            };
            message.is_some_and(|message| key.verify_allowing_p1363(**scheme, message, &signature).is_ok())
        };
        hash = hash_for(*schemes.iter().find(holds).ok_or_else(wrong)?);
    }
    let digest = blob.digest(hash).map(MessageDigest::from);
    Ok(BundleContent::Message(MessageSignature { signature, digest }))
}
