//! The signature itself, under one key.

use super::requirement::{Artifact, Blob};
use crate::crypto::{Digest, HashAlgorithm, KeyAlgorithm, Message, PublicKey, SignatureScheme, VerifyError};
use crate::encoding::text;
use crate::format::dsse::{DsseError, Envelope, INTOTO_PAYLOAD_TYPE};
use crate::format::material::{Form, MessageDigest, MessageSignature, Signed, SignedContent};

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A bundle's signature over an artifact.
    #[error("failed to verify signature: could not verify message: {0}")]
    Message(VerifyError),
    /// A signature in the older form.
    #[error(transparent)]
    Legacy(VerifyError),
    /// A bundle's envelope.
    #[error("failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1")]
    Envelope,
    /// An envelope in the older form.
    #[error("accepted signatures do not match threshold, Found: 0, Expected 1")]
    LegacyEnvelope,
    /// None or several signatures where one is needed.
    #[error("failed to verify signature: {0}")]
    Dsse(#[from] DsseError),
    /// An envelope that holds no statement.
    #[error("invalid payloadType {} on envelope. Expected {INTOTO_PAYLOAD_TYPE}", text::quote(.0))]
    PayloadType(String),
    /// A bundle without `messageDigest`.
    #[error("failed to verify signature: message is missing artifact digest")]
    MissingDigest,
    /// A `messageDigest` of an unknown algorithm.
    #[error("failed to verify signature: could not verify message digest algorithm: unsupported digest algorithm")]
    DigestAlgorithm(i32),
    /// A `messageDigest` of another file.
    #[error("failed to verify signature: artifact digest does not match message digest")]
    MessageDigest,
    /// A digest was given, and `messageDigest` is another.
    #[error("failed to verify signature: artifact does not match digest")]
    ArtifactDigest,
    /// A digest was given, and Ed25519 needs the file.
    #[error(
        "failed to verify signature: message signatures with ed25519 signatures can only be verified with artifacts, and not just their digest"
    )]
    NeedsArtifact,
    /// A signature over an artifact, and none is named.
    #[error("artifact must be provided to verify message signature")]
    NoArtifact,
    /// A simple signing payload where a signature over a file is needed.
    #[error("the signature is over a simple signing payload, not over the artifact")]
    NotOverArtifact,
}

/// One key, and what to try with it.
pub(super) struct Candidate<'a> {
    key: &'a PublicKey,
    schemes: Vec<SignatureScheme>,
}

impl<'a> Candidate<'a> {
    /// What goes with the key; with a hash function that the user asked for, only that.
    pub(super) fn new(key: &'a PublicKey, hash: Option<HashAlgorithm>) -> Self {
        Self { key, schemes: schemes(key, hash) }
    }

    /// Checks the signature of `signed` about `artifact`.
    pub(super) fn verify(&self, signed: &Signed, artifact: Artifact<'_>) -> Result<(), SignatureError> {
        let form = signed.material.form;
        match &signed.content {
            SignedContent::SimpleSigning { payload, signature } => match artifact {
                Artifact::Image(_) => self.try_schemes(signature, |_| Some(Message::Bytes(payload))).map_err(SignatureError::Legacy),
                Artifact::Blob(_) | Artifact::Digest(_) | Artifact::InsecureAny => Err(SignatureError::NotOverArtifact),
            },
            SignedContent::Envelope(envelope) => self.envelope(envelope, form),
            SignedContent::Message(message) => match (artifact, form) {
                (Artifact::Blob(blob), Form::Bundle) => self.bundle_over_blob(message, blob),
                (Artifact::Blob(blob), Form::Legacy) => self.over_blob(&message.signature, blob).map_err(SignatureError::Legacy),
                (Artifact::Digest(_) | Artifact::Image(_), Form::Bundle) if noted(message).is_none() => Err(SignatureError::MissingDigest),
                (Artifact::Digest(digest) | Artifact::Image(digest), _) => self.over_digest(message, digest),
                (Artifact::InsecureAny, _) => Err(SignatureError::NoArtifact),
            },
        }
    }

    fn envelope(&self, envelope: &Envelope, form: Form) -> Result<(), SignatureError> {
        // The payload may be large: only pure Ed25519 needs a copy of it.
        let whole = self.schemes.iter().any(|scheme| scheme.hash().is_none()).then(|| envelope.signed_bytes());
        let digests: Vec<Digest> =
            self.schemes.iter().filter_map(|scheme| scheme.hash()).map(|hash| envelope.signed_digest(hash)).collect();
        let message = |scheme: SignatureScheme| match scheme.hash() {
            Some(hash) => digests.iter().find(|digest| digest.algorithm() == hash).map(Message::Digest),
            None => whole.as_deref().map(Message::Bytes),
        };
        let holds = |signature: &[u8]| self.try_schemes(signature, message).is_ok();
        match form {
            Form::Bundle if holds(&envelope.single_signature()?.signature) => Ok(()),
            Form::Bundle => Err(SignatureError::Envelope),
            Form::Legacy if envelope.payload_type != INTOTO_PAYLOAD_TYPE => Err(SignatureError::PayloadType(envelope.payload_type.clone())),
            // Envelopes that were attached may carry signatures of several people: one of ours is enough, as in cosign.
            Form::Legacy if envelope.signatures.iter().any(|s| holds(&s.signature)) => Ok(()),
            Form::Legacy => Err(SignatureError::LegacyEnvelope),
        }
    }

    fn bundle_over_blob(&self, message: &MessageSignature, blob: &Blob<'_>) -> Result<(), SignatureError> {
        let noted = noted(message);
        // Old signers noted no digest for Ed25519; with the bytes at hand it is not needed.
        if noted.is_none() && !(self.key.algorithm() == KeyAlgorithm::Ed25519 && blob.bytes.is_some()) {
            return Err(SignatureError::MissingDigest);
        }
        let algorithm = noted.map(hash_of).transpose()?;
        self.over_blob(&message.signature, blob).map_err(SignatureError::Message)?;
        // Only a hint, but one that lies is refused.
        match (noted, algorithm) {
            (Some(noted), Some(algorithm)) if blob.digest(algorithm).map(Digest::bytes) != Some(&noted.bytes) => {
                Err(SignatureError::MessageDigest)
            }
            _ => Ok(()),
        }
    }

    fn over_blob(&self, signature: &[u8], blob: &Blob<'_>) -> Result<(), VerifyError> {
        self.try_schemes(signature, |scheme| match scheme.hash() {
            Some(hash) => blob.digest(hash).map(Message::Digest).or(blob.bytes.map(Message::Bytes)),
            None => blob.bytes.map(Message::Bytes),
        })
    }

    fn over_digest(&self, message: &MessageSignature, digest: &Digest) -> Result<(), SignatureError> {
        if let Some(noted) = &message.digest
            && (noted.bytes != digest.bytes() || hash_of(noted)? != digest.algorithm())
        {
            return Err(SignatureError::ArtifactDigest);
        }
        self.try_schemes(&message.signature, |_| Some(Message::Digest(digest))).map_err(|error| match error {
            VerifyError::NeedsMessage(SignatureScheme::Ed25519) => SignatureError::NeedsArtifact,
            error => SignatureError::Message(error),
        })
    }

    /// Tries every scheme; the error is that of the first one for which there was a message.
    fn try_schemes<'m>(&self, signature: &[u8], message: impl Fn(SignatureScheme) -> Option<Message<'m>>) -> Result<(), VerifyError> {
        let mut refused = None;
        let mut lacking = None;
        for scheme in &self.schemes {
            let outcome = match message(*scheme) {
                // As in cosign: DER, or IEEE P1363 as hardware and JOSE write it.
                Some(message) => self.key.verify_allowing_p1363(*scheme, message, signature),
                None => Err(VerifyError::NeedsMessage(*scheme)),
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(error @ VerifyError::NeedsMessage(_)) => lacking = lacking.or(Some(error)),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.or(lacking).unwrap_or(VerifyError::Scheme { key: self.key.algorithm(), scheme: self.key.default_scheme() }))
    }
}

/// The hash functions by which a file is needed to check signatures of `key`.
pub(super) fn hashes(key: &PublicKey, hash: Option<HashAlgorithm>) -> impl Iterator<Item = HashAlgorithm> {
    schemes(key, hash).into_iter().filter_map(SignatureScheme::hash)
}

/// With a hash function that the user asked for, only that; Ed25519 leaves no choice. Else what goes with the key: P-384 and P-521 try SHA-256
/// too, which older clients used with every curve.
fn schemes(key: &PublicKey, hash: Option<HashAlgorithm>) -> Vec<SignatureScheme> {
    match hash {
        Some(hash) if key.algorithm() != KeyAlgorithm::Ed25519 => vec![key.scheme_with(hash)],
        _ => key.candidate_schemes().to_vec(),
    }
}

/// The digest that a bundle notes beside the signature.
fn noted(message: &MessageSignature) -> Option<&MessageDigest> {
    message.digest.as_ref().filter(|digest| !digest.bytes.is_empty())
}

/// The function of a noted digest.
pub(super) fn hash_of(noted: &MessageDigest) -> Result<HashAlgorithm, SignatureError> {
    noted.hash().ok_or(SignatureError::DigestAlgorithm(noted.algorithm))
}
