//! Bodies of Rekor v2: protobuf JSON, strict, in both spellings of names.

use serde::Deserialize;
use serde_json::Value;

use super::v1::counted;
use super::{EntryBody, EntryBodyError, EntrySignature, EntryVerifier};
use crate::crypto::certificate::Certificate;
use crate::crypto::{Digest, HashAlgorithm, PublicKey};
use crate::encoding::base64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekordSpec {
    #[serde(rename = "hashedRekordV002", alias = "hashed_rekord_v002")]
    hashed_rekord: HashedRekord,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord {
    data: HashOutput,
    signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSpec {
    #[serde(rename = "dsseV002", alias = "dsse_v002")]
    dsse: Dsse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dsse {
    #[serde(rename = "payloadHash", alias = "payload_hash")]
    payload_hash: HashOutput,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashOutput {
    algorithm: Value,
    digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    content: String,
    verifier: Verifier,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verifier {
    #[serde(rename = "publicKey", alias = "public_key")]
    public_key: Option<RawBytes>,
    #[serde(rename = "x509Certificate", alias = "x509_certificate")]
    certificate: Option<RawBytes>,
    #[serde(rename = "keyDetails", alias = "key_details")]
    key_details: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBytes {
    #[serde(rename = "rawBytes", alias = "raw_bytes")]
    raw_bytes: String,
}

fn read<'a, T: Deserialize<'a>>(spec: &'a str) -> Result<T, EntryBodyError> {
    serde_json::from_str(spec).map_err(EntryBodyError::malformed)
}

/// Base64 as protobuf JSON reads it: either alphabet, with or without padding.
fn bytes(text: &str) -> Result<Vec<u8>, EntryBodyError> {
    let mut text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    base64::decode(text).map_err(EntryBodyError::malformed)
}

/// A digest; the algorithm by its protobuf name or number.
fn digest(output: &HashOutput) -> Result<Digest, EntryBodyError> {
    let algorithm = match &output.algorithm {
        Value::String(name) if name == "SHA2_256" => Some(HashAlgorithm::Sha256),
        Value::String(name) if name == "SHA2_384" => Some(HashAlgorithm::Sha384),
        Value::String(name) if name == "SHA2_512" => Some(HashAlgorithm::Sha512),
        Value::Number(number) => match number.as_u64() {
            Some(1) => Some(HashAlgorithm::Sha256),
            Some(2) => Some(HashAlgorithm::Sha384),
            Some(3) => Some(HashAlgorithm::Sha512),
            _ => None,
        },
        _ => None,
    };
    let digest = bytes(&output.digest)?;
    algorithm.and_then(|algorithm| Digest::from_bytes(algorithm, &digest)).ok_or_else(|| EntryBodyError::malformed("missing digest"))
}

fn signature(signature: Signature) -> Result<EntrySignature, EntryBodyError> {
    let content = bytes(&signature.content)?;
    if content.is_empty() {
        return Err(EntryBodyError::malformed("missing signature"));
    }
    let verifier = match (signature.verifier.public_key, signature.verifier.certificate) {
        (Some(key), None) => PublicKey::from_spki_der(&bytes(&key.raw_bytes)?)
            .map(|key| EntryVerifier::PublicKey(Box::new(key)))
            .map_err(EntryBodyError::malformed),
        (None, Some(certificate)) => {
            Certificate::from_der(&bytes(&certificate.raw_bytes)?).map(EntryVerifier::Certificate).map_err(EntryBodyError::malformed)
        }
        _ => Err(EntryBodyError::malformed("missing verifier")),
    };
    Ok(EntrySignature { signature: Some(content), verifier: verifier?, key_details: signature.verifier.key_details })
}

pub(super) fn hashed_rekord(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let spec = read::<HashedRekordSpec>(spec)?.hashed_rekord;
    Ok(EntryBody::HashedRekord { version: "0.0.2", digest: digest(&spec.data)?, signature: signature(spec.signature)? })
}

pub(super) fn dsse(spec: &str) -> Result<EntryBody, EntryBodyError> {
    let spec = read::<DsseSpec>(spec)?.dsse;
    counted(&spec.signatures)?;
    Ok(EntryBody::Envelope {
        kind: "dsse",
        version: "0.0.2",
        envelope_digest: None,
        payload_digest: Some(digest(&spec.payload_hash)?),
        signatures: spec.signatures.into_iter().map(signature).collect::<Result<_, _>>()?,
    })
}
