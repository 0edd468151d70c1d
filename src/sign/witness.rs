//! What witnesses a signature: logs and timestamp authorities, asked side by side.

use futures_util::future::{join, join_all};

use crate::ambient::Rng;
use crate::format::tlog::LogEntry;
use crate::format::trusted_root::TrustedRoot;
use crate::sigstore::rekor::{Logged, RekorError, v1, v2};
use crate::sigstore::tsa::{TimestampService, TimestampServiceError};

/// A transparency log, by the version of its API.
pub enum Log {
    /// Rekor v1: gives a time, and hands an entry out again.
    V1(v1::Rekor),
    /// Rekor v2: gives no time.
    V2(v2::Rekor),
}

/// The witnesses of a signature; perhaps none.
#[derive(Default)]
pub struct Witnesses {
    /// Every one of these must take the signature.
    pub logs: Vec<Log>,
    /// Every one of these must stamp it.
    pub authorities: Vec<TimestampService>,
}

/// What they said.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// One of each log.
    pub log_entries: Vec<LogEntry>,
    /// One response of each authority, DER.
    pub timestamps: Vec<Vec<u8>>,
}

/// A witness failed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A log.
    #[error("{error}{}", already(.index))]
    Log {
        /// Why.
        error: RekorError,
        /// Where another log has the signature nevertheless.
        index: Option<i64>,
    },
    /// A timestamp authority.
    #[error("{error}{}", already(.index))]
    Timestamp {
        /// Why.
        error: TimestampServiceError,
        /// Where a log has the signature nevertheless.
        index: Option<i64>,
    },
}

fn already(index: &Option<i64>) -> String {
    index.map(|index| format!(" (the transparency log has the signature already, at index {index})")).unwrap_or_default()
}

impl Log {
    async fn log(&self, logged: &Logged<'_>) -> Result<LogEntry, RekorError> {
        match self {
            Self::V1(rekor) => rekor.log(logged).await,
            Self::V2(rekor) => rekor.log(logged).await,
        }
    }
}

impl Witnesses {
    /// Has `logged` witnessed, and `stamped` stamped; without `with_logs` no log is told. With trusted material time stamps are checked as they come.
    ///
    /// # Errors
    /// The first witness that fails, with where a log took the signature all the same.
    pub async fn witness(
        &self,
        (logged, stamped): (&Logged<'_>, &[u8]),
        with_logs: bool,
        trusted: Option<&TrustedRoot>,
        rng: &dyn Rng,
    ) -> Result<Evidence, WitnessError> {
        let logs = if with_logs { self.logs.as_slice() } else { &[] };
        let entries = join_all(logs.iter().map(|log| log.log(logged)));
        let stamps = join_all(self.authorities.iter().map(|authority| authority.timestamp(stamped, trusted, rng)));
        let (entries, stamps) = join(entries, stamps).await;
        let index = entries.iter().find_map(|entry| entry.as_ref().ok()).map(|entry| entry.log_index);
        let mut evidence = Evidence::default();
        for entry in entries {
            evidence.log_entries.push(entry.map_err(|error| WitnessError::Log { error, index })?);
        }
        for stamp in stamps {
            evidence.timestamps.push(stamp.map_err(|error| WitnessError::Timestamp { error, index })?);
        }
        Ok(evidence)
    }
}
