//! DSSE envelopes (Dead Simple Signing Envelope 1.0).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::crypto::{Digest, HashAlgorithm, Hasher};
use crate::encoding::{base64, go_json};

/// Payload type of in-toto statements.
pub const INTOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The most signatures that an envelope may carry here.
pub const MAX_SIGNATURES: usize = 32;

/// A payload with signatures over its pre-authentication encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload, decoded.
    pub payload: Vec<u8>,
    /// The signatures.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// A hint at the key; often empty. Never trusted.
    pub key_id: String,
    /// The signature, decoded.
    pub signature: Vec<u8>,
}

/// Why something is no envelope of the kind that is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DsseError {
    /// Not the JSON of an envelope.
    #[error("invalid DSSE envelope: {0}")]
    Json(String),
    /// A payload or signature that is not base64.
    #[error("unable to base64 decode payload (is payload in the right format?)")]
    Base64,
    /// None or several.
    #[error("exactly one signature is required")]
    SignatureCount(usize),
    /// More than [`MAX_SIGNATURES`].
    #[error("too many signatures in DSSE envelope: {0} > {MAX_SIGNATURES}")]
    TooManySignatures(usize),
}

#[derive(Deserialize)]
struct EnvelopeJson<'a> {
    // Borrowed: it may have hundreds of megabytes.
    #[serde(borrow, default)]
    payload: Cow<'a, str>,
    #[serde(rename = "payloadType", default)]
    payload_type: String,
    #[serde(default)]
    signatures: Option<Vec<SignatureJson>>,
}

#[derive(Deserialize)]
struct SignatureJson {
    #[serde(rename = "keyid", default)]
    key_id: String,
    #[serde(default)]
    sig: String,
}

/// An envelope as Go writes what it read: its three fields, in that order, key ids included.
///
/// # Errors
/// Not the JSON of an envelope.
pub fn plain_json(json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize, Deserialize)]
    struct Plain {
        #[serde(rename = "payloadType", default)]
        payload_type: String,
        #[serde(default)]
        payload: String,
        #[serde(default)]
        signatures: Option<Vec<PlainSignature>>,
    }
    #[derive(Serialize, Deserialize)]
    struct PlainSignature {
        #[serde(default)]
        keyid: String,
        #[serde(default)]
        sig: String,
    }
    go_json::to_vec(&serde_json::from_slice::<Plain>(json)?)
}

/// The bytes that are signed: `DSSEv1 LEN TYPE LEN BODY`.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = encoding_head(payload_type, payload).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// The digest of the bytes that are signed, made without a copy of the payload.
pub fn digest_of_encoding(payload_type: &str, payload: &[u8], hash: HashAlgorithm) -> Digest {
    let mut hasher = Hasher::new(hash);
    hasher.update(encoding_head(payload_type, payload).as_bytes());
    hasher.update(payload);
    hasher.finish()
}

fn append_text(text: &str, out: &mut Vec<u8>) {
    // Text always has a JSON form.
    out.append(&mut go_json::to_vec(text).unwrap_or_default());
}

fn encoding_head(payload_type: &str, payload: &[u8]) -> String {
    format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len())
}

impl Envelope {
    /// An envelope with one signature.
    pub fn new(payload_type: impl Into<String>, payload: Vec<u8>, signature: Vec<u8>) -> Self {
        Self { payload_type: payload_type.into(), payload, signatures: vec![EnvelopeSignature { key_id: String::new(), signature }] }
    }

    /// Reads the JSON of an envelope as Go reads it: other fields are ignored, base64 of either alphabet.
    ///
    /// # Errors
    /// [`DsseError`].
    pub fn from_json(json: &[u8]) -> Result<Self, DsseError> {
        let raw: EnvelopeJson<'_> = serde_json::from_slice(json).map_err(|error| DsseError::Json(error.to_string()))?;
        let signatures = raw.signatures.unwrap_or_default();
        if signatures.len() > MAX_SIGNATURES {
            return Err(DsseError::TooManySignatures(signatures.len()));
        }
        let decode = |text: &str| base64::decode_protojson(text).map_err(|_| DsseError::Base64);
        Ok(Self {
            payload_type: raw.payload_type,
            payload: decode(&raw.payload)?,
            signatures: signatures
                .into_iter()
                .map(|s| Ok(EnvelopeSignature { key_id: s.key_id, signature: decode(&s.sig)? }))
                .collect::<Result<_, DsseError>>()?,
        })
    }

    /// The JSON that `attest` stores: payload, payloadType, signatures; an empty key id is left out.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() / 3 * 4 + 512);
        out.extend_from_slice(br#"{"payload":""#);
        base64::append(&self.payload, &mut out);
        out.extend_from_slice(br#"","payloadType":"#);
        append_text(&self.payload_type, &mut out);
        out.extend_from_slice(br#","signatures":["#);
        for (at, one) in self.signatures.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
            if !one.key_id.is_empty() {
                out.extend_from_slice(br#""keyid":"#);
                append_text(&one.key_id, &mut out);
                out.push(b',');
            }
            out.extend_from_slice(br#""sig":""#);
            base64::append(&one.signature, &mut out);
            out.extend_from_slice(br#""}"#);
        }
        out.extend_from_slice(b"]}");
        out
    }

    /// The digest of the bytes that its signatures are over, made without a copy of the payload.
    pub fn signed_digest(&self, hash: HashAlgorithm) -> Digest {
        digest_of_encoding(&self.payload_type, &self.payload, hash)
    }

    /// The bytes that its signatures are over.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication_encoding(&self.payload_type, &self.payload)
    }

    /// Its one signature.
    ///
    /// # Errors
    /// [`DsseError::SignatureCount`] where there is none or more than one.
    pub fn single_signature(&self) -> Result<&EnvelopeSignature, DsseError> {
        match self.signatures.as_slice() {
            [one] => Ok(one),
            other => Err(DsseError::SignatureCount(other.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        let digest = digest_of_encoding("http://example.com/HelloWorld", b"hello world", HashAlgorithm::Sha256);
        assert_eq!(digest, Digest::sha256(encoded));
    }

    #[test]
    fn json_as_attest_writes_it() {
        let envelope = Envelope::new("t", b"{}".to_vec(), vec![1]);
        let json = envelope.to_json();
        assert_eq!(json, br#"{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AQ=="}]}"#);
        let mut two = envelope.clone();
        two.signatures.push(EnvelopeSignature { key_id: "<".into(), signature: vec![2] });
        let expected = r#"{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AQ=="},{"keyid":"\u003c","sig":"Ag=="}]}"#;
        assert_eq!(String::from_utf8(two.to_json()).unwrap(), expected);
        assert_eq!(two.signed_digest(HashAlgorithm::Sha256), Digest::sha256(two.signed_bytes()));
        assert_eq!(Envelope::from_json(&json).unwrap(), envelope);
        assert!(Envelope::from_json(br#"{"payload":"!"}"#).is_err());
        assert_eq!(Envelope::from_json(b"{}").unwrap().single_signature(), Err(DsseError::SignatureCount(0)));
        let many = format!(r#"{{"payload":"","signatures":[{}]}}"#, ["{}"; 33].join(","));
        assert_eq!(Envelope::from_json(many.as_bytes()), Err(DsseError::TooManySignatures(33)));
    }

    proptest! {
        #[test]
        fn encodings_of_different_contents_differ(a in ("[a-z0-9 ]{0,8}", "[a-z0-9 ]{0,8}"), b in ("[a-z0-9 ]{0,8}", "[a-z0-9 ]{0,8}")) {
            let encode = |(kind, body): &(String, String)| pre_authentication_encoding(kind, body.as_bytes());
            prop_assert_eq!(encode(&a) == encode(&b), a == b);
        }

        #[test]
        fn any_bytes_are_an_envelope_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Envelope::from_json(&bytes);
        }

        #[test]
        fn round_trip(payload_type in ".{0,20}", payload in proptest::collection::vec(any::<u8>(), 0..50), signature in proptest::collection::vec(any::<u8>(), 0..50)) {
            let envelope = Envelope::new(payload_type, payload, signature);
            prop_assert_eq!(Envelope::from_json(&envelope.to_json()), Ok(envelope));
        }
    }
}
