//! The one pair that every form of a signature becomes at the edge: what was signed, and what proves it.

use super::bundle::HASH_ALGORITHMS;
use super::dsse::Envelope;
use super::tlog::LogEntry;
use crate::crypto::{Certificate, Digest, HashAlgorithm, PublicKey};

/// A signature with all that came with it.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What was signed.
    pub content: SignedContent,
    /// What proves it.
    pub material: VerificationMaterial,
}

/// What was signed, with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedContent {
    /// A signature over an artifact that lies elsewhere: a file, or an image's manifest.
    Message(MessageSignature),
    /// A simple signing payload (`.sig` layers) with the signature over its bytes.
    SimpleSigning {
        /// The payload, byte for byte.
        payload: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A DSSE envelope, which holds its own signatures.
    Envelope(Envelope),
}

/// A signature over an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSignature {
    /// The signature.
    pub signature: Vec<u8>,
    /// The artifact's digest as the signer noted it: a hint, checked but never trusted. `None` where there is none.
    pub digest: Option<MessageDigest>,
}

/// A digest as protobuf has it: the algorithm may be one that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDigest {
    /// Number of `dev.sigstore.common.v1.HashAlgorithm`.
    pub algorithm: i32,
    /// The digest; empty in what old signers wrote for Ed25519.
    pub bytes: Vec<u8>,
}

impl MessageDigest {
    /// The hash function; `None` where this program does not know it.
    pub fn hash(&self) -> Option<HashAlgorithm> {
        match self.algorithm {
            1 => Some(HashAlgorithm::Sha256),
            2 => Some(HashAlgorithm::Sha384),
            3 => Some(HashAlgorithm::Sha512),
            _ => None,
        }
    }
}

impl MessageDigest {
    /// The algorithm as protobuf names it; its number where this program does not know it.
    pub fn algorithm_name(&self) -> String {
        let known = HASH_ALGORITHMS.iter().find(|(_, number)| *number == self.algorithm);
        known.map_or_else(|| self.algorithm.to_string(), |(name, _)| (*name).to_owned())
    }
}

impl From<&Digest> for MessageDigest {
    fn from(digest: &Digest) -> Self {
        let algorithm = match digest.algorithm() {
            HashAlgorithm::Sha256 => 1,
            HashAlgorithm::Sha384 => 2,
            HashAlgorithm::Sha512 => 3,
        };
        Self { algorithm, bytes: digest.bytes().to_vec() }
    }
}

/// Which rules of form the signature came under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A Sigstore bundle.
    Bundle,
    /// Annotations of `.sig` and `.att` layers, `--bundle` JSON of version 2, detached signatures.
    Legacy,
}

/// What proves a signature.
#[derive(Debug, Clone)]
pub struct VerificationMaterial {
    /// Where it came from.
    pub form: Form,
    /// Who signed, as the material says.
    pub signer: SignerMaterial,
    /// Entries of transparency logs.
    pub log_entries: Vec<LogEntry>,
    /// RFC 3161 responses, DER.
    pub timestamps: Vec<Vec<u8>>,
    /// Attestations in the older form: the envelope as it was read, which is what their time stamps are over (those that cosign 3 makes are over
    /// the signature).
    pub envelope_bytes: Option<Vec<u8>>,
}

/// Who signed, as the material says: a claim, until a policy agrees.
#[derive(Debug, Clone)]
pub enum SignerMaterial {
    /// Nothing is said: detached signatures, `.sig` layers made with a key.
    Nothing,
    /// The hint of a key (bundles). Never compared.
    KeyHint(String),
    /// A bare key, as `--bundle` JSON of version 2 carries it for signatures made with keys. It never replaces a policy (GHSA-fx35-mq7g-6g98).
    PublicKey(Box<PublicKey>),
    /// A certificate.
    Certificate {
        /// The signer's certificate.
        leaf: Certificate,
        /// Untrusted certificates that may stand between it and a root.
        intermediates: Vec<Certificate>,
    },
}

impl Signed {
    /// A detached signature over an artifact, with a certificate or nothing.
    pub fn detached(signature: Vec<u8>) -> Self {
        Self { content: SignedContent::Message(MessageSignature { signature, digest: None }), material: VerificationMaterial::legacy() }
    }
}

impl VerificationMaterial {
    /// Nothing at all, in the older form: to be filled in.
    pub fn legacy() -> Self {
        Self { form: Form::Legacy, signer: SignerMaterial::Nothing, log_entries: Vec::new(), timestamps: Vec::new(), envelope_bytes: None }
    }
}

impl SignedContent {
    /// The signature that logs and timestamp authorities saw; `None` for an envelope without or with several.
    pub fn signature(&self) -> Option<&[u8]> {
        match self {
            Self::Message(message) => Some(&message.signature),
            Self::SimpleSigning { signature, .. } => Some(signature),
            Self::Envelope(envelope) => envelope.single_signature().ok().map(|signature| signature.signature.as_slice()),
        }
    }
}
