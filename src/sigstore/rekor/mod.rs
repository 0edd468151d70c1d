//! Transparency logs: Rekor, API versions 1 and 2. What a log answers is a claim, until the engine checked the finished signature with it.

pub mod v1;
pub mod v2;

use super::service::ServiceError;
use crate::crypto::{Certificate, Digest, KeyAlgorithm, PublicKey};
use crate::encoding::base64;
use crate::format::tlog::{EntryBody, EntryVerifier, LogEntry};

/// Whose signature is logged.
#[derive(Debug, Clone, Copy)]
pub enum LoggedKey<'a> {
    /// The owner of a certificate.
    Certificate(&'a Certificate),
    /// The owner of a key.
    PublicKey(&'a PublicKey),
}

/// What is logged.
#[derive(Debug, Clone, Copy)]
pub enum LoggedContent<'a> {
    /// A signature over something with this digest.
    Digest(&'a Digest),
    /// A DSSE envelope: its JSON, and what its signature is over.
    Envelope {
        /// The envelope.
        json: &'a [u8],
        /// Its pre-authentication encoding.
        signed: &'a [u8],
    },
}

/// Something to log.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// What.
    pub content: LoggedContent<'a>,
    /// The signature.
    pub signature: &'a [u8],
    /// Whose.
    pub key: LoggedKey<'a>,
}

impl Logged<'_> {
    /// Whether the entry holds this signature and this key.
    pub fn is_in(&self, entry: &LogEntry) -> bool {
        let Ok(body) = EntryBody::parse(&entry.canonicalized_body) else { return false };
        let [logged] = body.signatures() else { return false };
        let same_key = match (&logged.verifier, self.key) {
            (EntryVerifier::Certificate(logged), LoggedKey::Certificate(own)) => logged.der() == own.der(),
            (EntryVerifier::PublicKey(logged), LoggedKey::PublicKey(own)) => **logged == *own,
            _ => false,
        };
        same_key && logged.signature.as_deref() == Some(self.signature)
    }
}

/// Why nothing is logged.
#[derive(Debug, thiserror::Error)]
pub enum RekorError {
    /// The exchange.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The log's answer cannot be read.
    #[error("Rekor: {0}")]
    Answer(String),
    /// Version 2 has the entry already.
    #[error(
        "Rekor returned 409: {body}; the same signature is in the log at index {index}, and version 2 of Rekor hands no entry out: sign anew with a key whose signatures differ each time (ECDSA), or keep the bundle of the first run"
    )]
    Duplicate {
        /// Where.
        index: String,
        /// What it says, quoted.
        body: String,
    },
    /// Version 2 does not take such keys.
    #[error("Rekor version 2 does not take signatures of {0} keys")]
    Key(KeyAlgorithm),
}

impl LoggedKey<'_> {
    /// Base64 of the PEM: what version 1 calls content of a public key.
    fn base64_pem(self) -> String {
        base64::encode(match self {
            Self::Certificate(certificate) => certificate.to_pem(),
            Self::PublicKey(key) => key.to_pem(),
        })
    }
}
