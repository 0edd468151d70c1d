//! Signed entry timestamps: the promise of Rekor v1 to include an entry, which also vouches for its time.

use super::LogEntry;
use crate::crypto::{HashAlgorithm, KeyAlgorithm, Message, PublicKey, SignatureScheme, Verifier};
use crate::encoding::{base64, hex};

/// Integers up to here are exact in JSON as RFC 8785 reads it.
const MAX_EXACT: u64 = 1 << 53;

/// Why a promise does not hold; texts are the Go program's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Rekor v1 promises with ECDSA keys only.
    #[error("unsupported public key type: {0}")]
    KeyType(KeyAlgorithm),
    /// The signature is not the log's over this entry.
    #[error("unable to verify SET")]
    Signature,
}

/// The canonical JSON (RFC 8785) that the log signed.
pub fn payload(entry: &LogEntry) -> Vec<u8> {
    format!(
        r#"{{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}}"#,
        base64::encode(&entry.canonicalized_body),
        number(entry.integrated_time),
        hex::encode(&entry.log_id),
        number(entry.log_index)
    )
    .into_bytes()
}

/// An integer as RFC 8785 writes it: as an IEEE double.
fn number(value: i64) -> String {
    if value.unsigned_abs() <= MAX_EXACT { value.to_string() } else { (value as f64).to_string() }
}

/// Checks the promise `set` under the log's key: ECDSA with SHA-256.
///
/// # Errors
/// [`SetError`].
pub fn verify(entry: &LogEntry, set: &[u8], key: &PublicKey) -> Result<(), SetError> {
    let KeyAlgorithm::Ecdsa(curve) = key.algorithm() else {
        return Err(SetError::KeyType(key.algorithm()));
    };
    let scheme = SignatureScheme::Ecdsa(curve, HashAlgorithm::Sha256);
    key.verify(scheme, Message::Bytes(&payload(entry)), set).map_err(|_| SetError::Signature)
}
