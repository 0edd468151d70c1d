//! RFC 3161 time stamps: responses, tokens (CMS, RFC 5652) and their authorities.

use super::ValidityPeriod;
use super::certificate::Certificate;
use crate::encoding::UnixTime;

/// A timestamp authority as a trusted root or a chain file gives it.
#[derive(Clone)]
pub struct TimestampAuthority {
    /// The certificate that must have signed; `None` takes any that chains to a root.
    pub leaf: Option<Certificate>,
    /// Between leaf and root.
    pub intermediates: Vec<Certificate>,
    /// What is trusted.
    pub roots: Vec<Certificate>,
    /// When the authority counts.
    pub valid: ValidityPeriod,
}

/// A token that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTimestamp {
    /// The token's time, in whole seconds (a fraction is dropped).
    pub time: UnixTime,
}

/// Why a token does not hold; texts are the Go program's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {}

/// Checks a DER TimeStampResp over `message` against `authority`.
pub fn verify(_response: &[u8], _message: &[u8], _authority: &TimestampAuthority) -> Result<VerifiedTimestamp, TimestampError> {
    todo!()
}
