//! Entry bodies: what the log says it recorded.

use crate::crypto::certificate::Certificate;
use crate::crypto::{Digest, PublicKey};

/// Who verifies the logged signature.
#[derive(Clone)]
pub enum EntryVerifier {
    /// A certificate.
    Certificate(Certificate),
    /// A bare key.
    PublicKey(PublicKey),
}

/// One signature in a body.
#[derive(Clone)]
pub struct EntrySignature {
    /// The raw signature.
    pub signature: Vec<u8>,
    /// Its key.
    pub verifier: EntryVerifier,
}

/// What was logged.
#[derive(Clone)]
pub enum EntryBody {
    /// `hashedrekord` 0.0.1 or 0.0.2: a signature over an artifact's digest.
    HashedRekord {
        /// `0.0.1` or `0.0.2`.
        version: &'static str,
        /// The artifact's digest.
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
        /// Digest of the payload (not of the pre-authentication encoding).
        payload_digest: Digest,
        /// Signatures and keys.
        signatures: Vec<EntrySignature>,
    },
}

/// Why a body is none that this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryBodyError {}

impl EntryBody {
    /// Reads a canonicalized body.
    pub fn parse(_body: &[u8]) -> Result<Self, EntryBodyError> {
        todo!()
    }
    /// `hashedrekord`, `dsse`, `intoto`.
    pub fn kind(&self) -> &'static str {
        todo!()
    }
    /// `0.0.1`, `0.0.2`.
    pub fn version(&self) -> &'static str {
        todo!()
    }
    /// Every signature in it.
    pub fn signatures(&self) -> &[EntrySignature] {
        todo!()
    }
}
