//! Bodies of Rekor v1. Unknown fields are ignored, as there.

use serde::Deserialize;

use super::{EntryBody, EntryBodyError, EntrySignature, EntryVerifier, MAX_SIGNATURES};
use crate::crypto::certificate::Certificate;
use crate::crypto::{Digest, HashAlgorithm, PublicKey};
use crate::encoding::{base64, hex, pem};

#[derive(Deserialize)]
struct Hash {
    algorithm: String,
    value: String,
}

#[derive(Deserialize)]
struct HashedRekord {
    data: Data,
    signature: Signature,
}

#[derive(Deserialize)]
struct Data {
    hash: Hash,
}

#[derive(Deserialize)]
struct Signature {
    content: String,
    #[serde(rename = "publicKey")]
    public_key: Content,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    envelope_hash: Hash,
    payload_hash: Hash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
struct DsseSignature {
    signature: String,
    verifier: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intoto001 {
    content: IntotoHashes,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoHashes {
    hash: Option<Hash>,
    payload_hash: Option<Hash>,
}

#[derive(Deserialize)]
struct Intoto002 {
    content: IntotoContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoContent {
    envelope: IntotoEnvelope,
    hash: Option<Hash>,
    payload_hash: Option<Hash>,
}

#[derive(Deserialize)]
struct IntotoEnvelope {
    signatures: Vec<IntotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IntotoSignature {
    sig: String,
    public_key: String,
}

fn read<'a, T: Deserialize<'a>>(spec: &'a str) -> Result<T, EntryBodyError> {
    serde_json::from_str(spec).map_err(EntryBodyError::malformed)
}

fn bytes(text: &str) -> Result<Vec<u8>, EntryBodyError> {
    base64::decode_lenient(text).map_err(EntryBodyError::malformed)
}

fn digest(hash: &Hash) -> Result<Digest, EntryBodyError> {
    let digest = HashAlgorithm::from_name(&hash.algorithm).and_then(|algorithm| Digest::from_bytes(algorithm, &hex::decode(&hash.value)?));
    digest.ok_or_else(|| EntryBodyError::malformed("invalid value for hash"))
}

/// Base64 of one PEM block: a certificate or a public key.
fn verifier(text: &str) -> Result<EntryVerifier, EntryBodyError> {
    let text = bytes(text)?;
    let (block, rest) = pem::first(&text).ok_or_else(|| EntryBodyError::malformed("invalid public key: failure decoding PEM"))?;
    if !rest.trim_ascii().is_empty() {
        return Err(EntryBodyError::malformed("invalid public key: only one certificate or key is supported"));
    }
    if block.label == "CERTIFICATE" {
        return Certificate::from_der(&block.bytes).map(EntryVerifier::Certificate).map_err(EntryBodyError::malformed);
    }
    PublicKey::from_pem(&text).map(|key| EntryVerifier::PublicKey(Box::new(key))).map_err(EntryBodyError::malformed)
}

fn signature(signature: Option<Vec<u8>>, key: &str) -> Result<EntrySignature, EntryBodyError> {
    if signature.as_ref().is_some_and(Vec::is_empty) {
        return Err(EntryBodyError::malformed("missing signature"));
    }
    Ok(EntrySignature { signature, verifier: verifier(key)?, key_details: None })
}

/// Checks that there is a signature, and not too many.
pub(super) fn counted<T>(signatures: &[T]) -> Result<(), EntryBodyError> {
    match signatures.len() {
        1..=MAX_SIGNATURES => Ok(()),
        0 => Err(EntryBodyError::malformed("missing signature")),
        count => Err(EntryBodyError::malformed(format!("too many signatures: {count}"))),
    }
}

pub(super) fn hashed_rekord(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let spec: HashedRekord = read(spec)?;
    let signature = signature(Some(bytes(&spec.signature.content)?), &spec.signature.public_key.content)?;
    Ok(EntryBody::HashedRekord { version: "0.0.1", digest: digest(&spec.data.hash)?, signature })
}

pub(super) fn dsse(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let spec: Dsse = read(spec)?;
    counted(&spec.signatures)?;
    let signatures = spec.signatures.iter().map(|one| signature(Some(bytes(&one.signature)?), &one.verifier)).collect::<Result<_, _>>()?;
    Ok(EntryBody::Envelope {
        kind: "dsse",
        version: "0.0.1",
        envelope_digest: Some(digest(&spec.envelope_hash)?),
        payload_digest: Some(digest(&spec.payload_hash)?),
        signatures,
    })
}

pub(super) fn intoto_001(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let spec: Intoto001 = read(spec)?;
    Ok(EntryBody::Envelope {
        kind: "intoto",
        version: "0.0.1",
        envelope_digest: spec.content.hash.as_ref().map(digest).transpose()?,
        payload_digest: spec.content.payload_hash.as_ref().map(digest).transpose()?,
        signatures: vec![signature(None, &spec.public_key)?],
    })
}

pub(super) fn intoto_002(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let content = read::<Intoto002>(spec)?.content;
    counted(&content.envelope.signatures)?;
    // The log encodes what is base64 already.
    let twice =
        |one: &IntotoSignature| signature(Some(base64::decode(bytes(&one.sig)?).map_err(EntryBodyError::malformed)?), &one.public_key);
    let signatures = content.envelope.signatures.iter().map(twice).collect::<Result<_, _>>()?;
    Ok(EntryBody::Envelope {
        kind: "intoto",
        version: "0.0.2",
        envelope_digest: content.hash.as_ref().map(digest).transpose()?,
        payload_digest: content.payload_hash.as_ref().map(digest).transpose()?,
        signatures,
    })
}
