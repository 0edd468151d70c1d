//! Signed entry timestamps: the promise of Rekor v1 to include an entry.

use super::LogEntry;
use crate::crypto::{PublicKey, VerifyError};

/// The canonical JSON (RFC 8785) that the log signed.
pub fn payload(_entry: &LogEntry) -> Vec<u8> {
    todo!()
}

/// Checks the promise `set` under the log's key.
pub fn verify(_entry: &LogEntry, _set: &[u8], _key: &PublicKey) -> Result<(), VerifyError> {
    todo!()
}
