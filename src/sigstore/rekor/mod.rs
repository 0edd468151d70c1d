//! Transparency logs: Rekor, API versions 1 and 2. What a log answers is a claim, until the engine checked the finished signature with it.

pub mod v1;
pub mod v2;

use super::service::ServiceError;
use crate::crypto::{Certificate, Digest, KeyAlgorithm, Message, PublicKey, SignatureScheme, Verifier as _, VerifyError};
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
    /// Whether the signature is one, of this key over this content: a log checks that of whatever it is asked to look for, and answers nothing
    /// about the rest where one is none. Pure Ed25519 over a digest cannot be checked, and no log takes it.
    ///
    /// # Errors
    /// Why it is none, for people.
    pub fn check_signature(&self) -> Result<(), String> {
        let key = match self.key {
            LoggedKey::Certificate(certificate) => certificate.public_key().map_err(|error| error.to_string())?,
            LoggedKey::PublicKey(key) => key.clone(),
        };
        let holds = |scheme: SignatureScheme| match (self.content, scheme.hash()) {
            (LoggedContent::Digest(digest), _) => key.verify(scheme, Message::Digest(digest), self.signature),
            (LoggedContent::Envelope { envelope, .. }, Some(hash)) => {
                let digest = envelope.signed_digest(hash);
                any_holds(envelope, |signature| key.verify(scheme, Message::Digest(&digest), signature))
            }
            (LoggedContent::Envelope { envelope, .. }, None) => {
                let bytes = envelope.signed_bytes();
                any_holds(envelope, |signature| key.verify(scheme, Message::Bytes(&bytes), signature))
            }
        };
        // Files may be signed by a function that the user chose.
        let chosen = match self.content {
            LoggedContent::Digest(digest) => Some(key.scheme_with(digest.algorithm())),
            LoggedContent::Envelope { .. } => None,
        };
        let mut why = String::new();
        for scheme in key.candidate_schemes().iter().copied().chain(chosen) {
            match holds(scheme) {
                Ok(()) => return Ok(()),
                Err(VerifyError::NeedsMessage(_)) => {}
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }

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

/// Envelopes that were attached may carry signatures of several people.
fn any_holds(envelope: &Envelope, holds: impl Fn(&[u8]) -> Result<(), VerifyError>) -> Result<(), VerifyError> {
    let mut outcome = Err(VerifyError::Ecdsa);
    for signature in &envelope.signatures {
        outcome = holds(&signature.signature);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
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
    /// What kind of key it is, where that can be known.
    fn algorithm(self) -> Option<KeyAlgorithm> {
        match self {
            Self::Certificate(certificate) => certificate.public_key().ok().map(|key| key.algorithm()),
            Self::PublicKey(key) => Some(key.algorithm()),
        }
    }

    /// Base64 of the PEM: what version 1 calls content of a public key.
    fn base64_pem(self) -> String {
        base64::encode(match self {
            Self::Certificate(certificate) => certificate.to_pem(),
            Self::PublicKey(key) => key.to_pem(),
        })
    }
}
