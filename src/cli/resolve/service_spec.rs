//! Services written as `key=value,key=value`, as `trusted-root create` and `signing-config create` take them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::flag_value::{NumberError, go_quote, parse_decimal32};
use crate::crypto::ValidityPeriod;
use crate::encoding::UnixTime;

/// Why a specification is none. The texts are cosign's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A part without `=`.
    #[error("invalid key-value pair: {0}")]
    Pair(String),
    /// A part is missing (trusted roots).
    #[error("missing or empty required key '{key}' in {what} spec")]
    MissingOrEmpty {
        /// The part.
        key: &'static str,
        /// What is specified.
        what: &'static str,
    },
    /// A part is missing (signing configs).
    #[error("missing required key '{0}' in service spec")]
    Missing(&'static str),
    /// A time that is none.
    #[error("parsing {key}: {source}")]
    Time {
        /// The part.
        key: &'static str,
        /// What is wrong.
        source: TimeError,
    },
    /// A version that is no number.
    #[error("parsing api-version: {0}")]
    Version(NumberError),
}

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse {}", go_quote(.0), go_quote(.0))]
pub struct TimeError(pub String);

/// Reads RFC 3339.
///
/// # Errors
/// [`TimeError`].
pub fn time(text: &str) -> Result<UnixTime, TimeError> {
    UnixTime::parse_rfc3339(text).ok_or_else(|| TimeError(text.to_owned()))
}

/// The parts of one specification; unknown ones are ignored, as in cosign.
pub struct ServiceSpec(BTreeMap<String, String>);

impl ServiceSpec {
    /// Takes a specification apart. The last of two parts with one name counts; white space around names and values does not.
    ///
    /// # Errors
    /// [`SpecError::Pair`].
    pub fn parse(spec: &str) -> Result<Self, SpecError> {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').ok_or_else(|| SpecError::Pair(pair.to_owned()))?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        };
        spec.split(',').map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// A part; `None` where it is missing or empty.
    pub fn optional(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All of these parts have to be there.
    ///
    /// # Errors
    /// What `error` makes of the first one that is missing.
    pub fn require(&self, keys: &[&'static str], error: impl Fn(&'static str) -> SpecError) -> Result<(), SpecError> {
        keys.iter().find(|key| self.optional(key).is_none()).map_or(Ok(()), |key| Err(error(key)))
    }

    /// A part as text; empty where it is missing.
    pub fn text(&self, key: &str) -> String {
        self.optional(key).unwrap_or_default().to_owned()
    }

    /// A part as a path.
    pub fn path(&self, key: &str) -> PathBuf {
        self.text(key).into()
    }

    /// `start-time` and `end-time`.
    ///
    /// # Errors
    /// [`SpecError::Time`].
    pub fn period(&self) -> Result<ValidityPeriod, SpecError> {
        let moment = |key| self.optional(key).map(time).transpose().map_err(|source| SpecError::Time { key, source });
        Ok(ValidityPeriod { start: moment("start-time")?, end: moment("end-time")? })
    }

    /// `api-version`.
    ///
    /// # Errors
    /// [`SpecError::Version`].
    pub fn api_version(&self) -> Result<u32, SpecError> {
        parse_decimal32(self.optional("api-version").unwrap_or_default()).map_err(SpecError::Version)
    }
}
