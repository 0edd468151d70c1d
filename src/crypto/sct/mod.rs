//! Signed certificate timestamps (RFC 6962): embedded in a certificate, and detached.

use super::LogKey;
use super::certificate::Certificate;
use crate::encoding::UnixTime;

/// One parsed SCT (version 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sct {}

/// An SCT that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSct {
    /// The log that made it.
    pub log_id: Vec<u8>,
    /// When, in whole seconds.
    pub time: UnixTime,
}

/// Why no SCT verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SctError {}

impl Sct {
    /// A detached SCT: Fulcio's JSON form, or raw TLS bytes.
    pub fn parse_detached(_bytes: &[u8]) -> Result<Self, SctError> {
        todo!()
    }
    /// The SCTs embedded in `certificate`; none without the extension.
    pub fn embedded(_certificate: &Certificate) -> Result<Vec<Self>, SctError> {
        todo!()
    }
}

/// Checks the SCTs embedded in `leaf` against `logs`; at least `threshold` distinct logs must have signed. `issuers` are the
/// candidates for its issuer (the second certificate of each verified chain). Unknown logs are skipped.
pub fn verify_embedded(
    _leaf: &Certificate,
    _issuers: &[Certificate],
    _logs: &[LogKey],
    _threshold: usize,
) -> Result<Vec<VerifiedSct>, SctError> {
    todo!()
}

/// Checks a detached SCT over `leaf`.
pub fn verify_detached(_sct: &Sct, _leaf: &Certificate, _logs: &[LogKey]) -> Result<VerifiedSct, SctError> {
    todo!()
}
