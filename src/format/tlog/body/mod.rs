//! Entry bodies: what the log says it recorded.

mod v1;
mod v2;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::crypto::certificate::Certificate;
use crate::crypto::{Digest, HashAlgorithm, Message, PublicKey, Verifier};
use crate::encoding::text::quote;

/// The most signatures in one body.
const MAX_SIGNATURES: usize = 64;

/// Who made a logged signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryVerifier {
    /// A certificate.
    Certificate(Certificate),
    /// A bare key.
    PublicKey(Box<PublicKey>),
}

impl EntryVerifier {
    /// The certificate, or the key's SPKI, in DER: what must be equal to the bundle's.
    pub fn der(&self) -> &[u8] {
        match self {
            Self::Certificate(certificate) => certificate.der(),
            Self::PublicKey(key) => key.spki_der(),
        }
    }

    /// The key; `None` for a certificate whose key is of a kind that this program does not know.
    pub fn key(&self) -> Option<PublicKey> {
        match self {
            Self::Certificate(certificate) => certificate.public_key().ok(),
            Self::PublicKey(key) => Some(key.as_ref().clone()),
        }
    }
}

/// One signature in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntrySignature {
    /// The raw signature; `None` in `intoto` 0.0.1, which records only the key.
    pub signature: Option<Vec<u8>>,
    /// Who made it.
    pub verifier: EntryVerifier,
    /// The name of key kind and scheme (protobuf `PublicKeyDetails`); only Rekor v2 records it.
    pub key_details: Option<String>,
}

/// What was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryBody {
    /// `hashedrekord` 0.0.1 or 0.0.2: a signature over an artifact's digest.
    HashedRekord {
        /// `0.0.1` or `0.0.2`.
        version: &'static str,
        /// The artifact's digest (of an envelope in Rekor v2: of its pre-authentication encoding).
        digest: Digest,
        /// Signature and key.
        signature: EntrySignature,
    },
    /// `dsse` or `intoto`: an envelope.
    Envelope {
        /// `dsse` or `intoto`.
        kind: &'static str,
        /// `0.0.1` or `0.0.2`.
        version: &'static str,
        /// Digest of the whole envelope as it was sent to the log.
        envelope_digest: Option<Digest>,
        /// Digest of the decoded payload (not of the pre-authentication encoding).
        payload_digest: Option<Digest>,
        /// Signatures and keys; at least one.
        signatures: Vec<EntrySignature>,
    },
}

/// Why a body is none that this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryBodyError {
    /// Not the JSON that its kind wants; the reason, quoted.
    #[error("entry body is not a recognizable Rekor v1 or Rekor v2 type: {0}")]
    Malformed(String),
    /// A kind or version that is not supported; quoted.
    #[error("entry body is not a recognizable Rekor v1 or Rekor v2 type: unsupported entry type: {kind} {version}")]
    Unsupported {
        /// The kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// The body's signature does not hold under the body's key.
    #[error("entry body is not a recognizable Rekor v1 or Rekor v2 type: verifying signature: invalid signature in the log entry")]
    Signature,
}

impl EntryBodyError {
    fn malformed(reason: impl ToString) -> Self {
        Self::Malformed(quote(&reason.to_string()))
    }
}

/// What all bodies have; `spec` is read by kind and version.
#[derive(Deserialize)]
struct Outer<'a> {
    kind: String,
    #[serde(rename = "apiVersion", alias = "api_version")]
    version: String,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
}

impl EntryBody {
    /// Reads a canonicalized body, by the kind and version in it.
    ///
    /// # Errors
    /// [`EntryBodyError::Malformed`], [`EntryBodyError::Unsupported`] (as for `rekord`).
    pub fn parse(body: &[u8]) -> Result<Self, EntryBodyError> {
        let outer: Outer<'_> = serde_json::from_slice(body).map_err(EntryBodyError::malformed)?;
        let spec = outer.spec.map_or("null", RawValue::get);
        match (outer.kind.as_str(), outer.version.as_str()) {
            ("hashedrekord", "0.0.1") => v1::hashed_rekord(spec),
            ("dsse", "0.0.1") => v1::dsse(spec),
            ("intoto", "0.0.1") => v1::intoto_001(spec),
            ("intoto", "0.0.2") => v1::intoto_002(spec),
            ("hashedrekord", "0.0.2") => v2::hashed_rekord(spec),
            ("dsse", "0.0.2") => v2::dsse(spec),
            (kind, version) => Err(EntryBodyError::Unsupported { kind: quote(kind), version: quote(version) }),
        }
    }

    /// `hashedrekord`, `dsse`, `intoto`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::HashedRekord { .. } => "hashedrekord",
            Self::Envelope { kind, .. } => kind,
        }
    }

    /// `0.0.1`, `0.0.2`.
    pub fn version(&self) -> &'static str {
        match self {
            Self::HashedRekord { version, .. } | Self::Envelope { version, .. } => version,
        }
    }

    /// Whether Rekor v2 writes such bodies.
    pub fn is_rekor_v2(&self) -> bool {
        self.version() == "0.0.2" && self.kind() != "intoto"
    }

    /// Every signature in it; at least one.
    pub fn signatures(&self) -> &[EntrySignature] {
        match self {
            Self::HashedRekord { signature, .. } => std::slice::from_ref(signature),
            Self::Envelope { signatures, .. } => signatures,
        }
    }

    /// `hashedrekord`: the signature in the body holds under the key in the body, as the log itself checked. Others always pass:
    /// they do not hold what was signed.
    ///
    /// # Errors
    /// [`EntryBodyError::Signature`].
    pub fn check_own_signature(&self) -> Result<(), EntryBodyError> {
        let Self::HashedRekord { digest, signature, .. } = self else {
            return Ok(());
        };
        let (Some(key), Some(bytes)) = (signature.verifier.key(), &signature.signature) else {
            return Err(EntryBodyError::Signature);
        };
        let hash = digest.algorithm();
        let prehashed = (hash == HashAlgorithm::Sha512).then_some(crate::crypto::SignatureScheme::Ed25519ph);
        let schemes = [Some(key.scheme_with(hash)), prehashed];
        let verifies = schemes.into_iter().flatten().any(|scheme| key.verify(scheme, Message::Digest(digest), bytes).is_ok());
        if verifies { Ok(()) } else { Err(EntryBodyError::Signature) }
    }
}
