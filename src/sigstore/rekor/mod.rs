//! Transparency logs: Rekor, API versions 1 and 2. What a log answers is a claim, until the engine checked the finished signature with it.

pub mod v1;
pub mod v2;

use super::service::ServiceError;
use crate::crypto::{Certificate, Digest, KeyAlgorithm, PublicKey};
use crate::encoding::base64;
use crate::encoding::text::quote;
use crate::format::dsse::Envelope;
use crate::format::tlog::{EntryBody, EntryVerifier, LogEntry};
use crate::http::{Response, StatusCode};

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
    /// A DSSE envelope.
    Envelope {
        /// The envelope.
        envelope: &'a Envelope,
        /// Its JSON as it was stored, where it was.
        json: Option<&'a [u8]>,
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
    /// The log does not take so much.
    #[error("Rekor returned {status}: {body} (entry too large ({megabytes} MB): {advice})")]
    TooLarge {
        /// The status.
        status: u16,
        /// What it says, quoted.
        body: String,
        /// The size of what was sent, in MB with one digit.
        megabytes: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// The connection broke under a large entry: some logs, and what stands before them, just hang up.
    #[error("{source} (entry too large ({megabytes} MB)? {advice})")]
    PerhapsTooLarge {
        /// How the connection ended.
        source: Box<ServiceError>,
        /// The size of what was sent, in MB with one digit.
        megabytes: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// Version 2 does not take such keys.
    #[error("Rekor version 2 does not take signatures of {0} keys")]
    Key(KeyAlgorithm),
}

/// Bytes as MB, with one digit.
fn megabytes(bytes: usize) -> String {
    let tenths = bytes.saturating_mul(10) / 1_000_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl RekorError {
    /// Where an answer refuses an entry for its size: the error that says so.
    fn too_large(response: &Response, sent: usize, advice: &'static str) -> Option<Self> {
        let said = String::from_utf8_lossy(&response.body);
        // Go's servers say it with 400 or 500, too.
        let is_said = response.status.as_u16() >= 400 && ["too large", "larger than max"].iter().any(|words| said.contains(words));
        (response.status == StatusCode::PAYLOAD_TOO_LARGE || is_said).then(|| Self::TooLarge {
            status: response.status.as_u16(),
            body: quote(said.trim()),
            megabytes: megabytes(sent),
            advice,
        })
    }
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
