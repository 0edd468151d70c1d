//! Keys of transparency logs, and when they count.

use super::PublicKey;
use crate::encoding::UnixTime;

/// A period of time, both ends included; a missing end is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValidityPeriod {
    /// First moment.
    pub start: Option<UnixTime>,
    /// Last moment.
    pub end: Option<UnixTime>,
}

impl ValidityPeriod {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: UnixTime) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at <= end)
    }
}

/// A log: Certificate Transparency or Rekor.
#[derive(Clone)]
pub struct LogKey {
    /// The log's id, as it stands in SCTs and entries: SHA-256 of the SPKI for CT and Rekor v1.
    pub id: Vec<u8>,
    /// The key.
    pub key: PublicKey,
    /// When the key counts.
    pub valid: ValidityPeriod,
}
