//! Keys of transparency logs, and when they count.

use super::{Digest, PublicKey};
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
#[derive(Debug, Clone)]
pub struct LogKey {
    /// The log's id, as it stands in SCTs and entries: SHA-256 of the SPKI for CT and Rekor v1.
    pub id: Vec<u8>,
    /// The key.
    pub key: PublicKey,
    /// When the key counts.
    pub valid: ValidityPeriod,
}

impl LogKey {
    /// A log whose id is the SHA-256 of its SPKI, as for CT logs and Rekor v1.
    pub fn new(key: PublicKey, valid: ValidityPeriod) -> Self {
        Self { id: Digest::sha256(key.spki_der()).bytes().to_vec(), key, valid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_the_period() {
        let period = |start: Option<i64>, end: Option<i64>| ValidityPeriod { start: start.map(UnixTime), end: end.map(UnixTime) };
        assert!(period(Some(5), Some(5)).contains(UnixTime(5)) && period(None, None).contains(UnixTime(i64::MIN)));
        assert!(!period(Some(6), None).contains(UnixTime(5)) && !period(None, Some(4)).contains(UnixTime(5)));
    }
}
