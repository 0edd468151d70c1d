//! What may be written as the value of a flag: Go's bool, int, duration, lists and maps, with the texts of Go's errors.

mod csv;
mod duration;
mod number;
mod quote;

pub use csv::{CsvError, record};
pub use duration::{DurationError, GoDuration};
pub use number::{NumberError, parse_bool, parse_decimal32, parse_int, parse_uint};
pub use quote::go_quote;

use crate::operations::clean_image::CleanKind;

/// The type of a flag, as Go's flag library names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`; a bare flag means true.
    Bool,
    /// A signed 64-bit number.
    Int,
    /// An unsigned 64-bit number.
    Uint,
    /// Such as `1m30s`.
    Duration,
    /// Any text.
    Text,
    /// A CSV record, whose fields are added to a list (`stringSlice`).
    List,
    /// One entry of a list, taken whole (`stringArray`).
    Array,
    /// CSV of `key=value` (`stringToString`).
    Map,
    /// [`ReferrersMode`].
    ReferrersMode,
    /// [`clean_kind`].
    CleanKind,
}

impl Kind {
    /// The name that a help text shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Duration => "duration",
            Self::Text => "string",
            Self::List => "strings",
            Self::Array => "stringArray",
            Self::Map => "stringToString",
            Self::ReferrersMode => "mode",
            Self::CleanKind => "CLEAN_TYPE",
        }
    }

    /// Whether each use of the flag adds to the earlier ones.
    pub fn adds_up(self) -> bool {
        matches!(self, Self::List | Self::Array | Self::Map)
    }

    /// Whether values of this kind come from a set that is shared by commands which know different members of it.
    pub fn is_closed_set(self) -> bool {
        matches!(self, Self::ReferrersMode | Self::CleanKind)
    }

    /// Checks `value` and gives it in the canonical form that clap binds: one entry, or those of a list.
    ///
    /// # Errors
    /// [`ValueError`], with Go's text.
    pub fn canonical(self, value: &str, experimental: bool) -> Result<Vec<String>, ValueError> {
        Ok(match self {
            Self::Bool => vec![parse_bool(value)?.to_string()],
            Self::Int => vec![parse_int(value)?.to_string()],
            Self::Uint => vec![parse_uint(value)?.to_string()],
            Self::Duration => {
                value.parse::<GoDuration>()?;
                vec![value.to_owned()]
            }
            Self::Text | Self::Array => vec![value.to_owned()],
            Self::List if value.is_empty() => Vec::new(),
            Self::List => record(value)?,
            Self::Map => map_entries(value)?,
            Self::ReferrersMode => {
                if ReferrersMode::parse(value)? == ReferrersMode::Oci11 && !experimental {
                    return Err(ValueError::Experimental("oci-1-1"));
                }
                vec![value.to_owned()]
            }
            Self::CleanKind => {
                clean_kind(value)?;
                vec![value.to_owned()]
            }
        })
    }
}

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Neither true nor false, or no number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// No duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// No CSV record.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A map entry without `=`.
    #[error("{0} must be formatted as key=value")]
    KeyValue(String),
    /// Outside a closed set.
    #[error("must be one of {0}")]
    Choice(&'static str),
    /// A mode that has to be switched on first.
    #[error("in order to use  mode {0:?}, you must set COSIGN_EXPERIMENTAL=1")]
    Experimental(&'static str),
}

/// How references to an image are kept in a registry (`--registry-referrers-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferrersMode {
    /// Tags such as `sha256-….sig`.
    Legacy,
    /// OCI 1.1 referrers.
    Oci11,
}

impl ReferrersMode {
    /// Reads `legacy` or `oci-1-1`.
    ///
    /// # Errors
    /// [`ValueError::Choice`].
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "legacy" => Ok(Self::Legacy),
            "oci-1-1" => Ok(Self::Oci11),
            _ => Err(ValueError::Choice(r#""legacy", "oci-1-1""#)),
        }
    }
}

/// What `clean --type` removes.
///
/// # Errors
/// [`ValueError::Choice`].
pub fn clean_kind(text: &str) -> Result<CleanKind, ValueError> {
    match text {
        "signature" => Ok(CleanKind::Signature),
        "attestation" => Ok(CleanKind::Attestation),
        "referrer" => Ok(CleanKind::Referrer),
        "sbom" => Ok(CleanKind::Sbom),
        "all" => Ok(CleanKind::All),
        _ => Err(ValueError::Choice(r#""signature", "attestation", "referrer", "sbom", or "all""#)),
    }
}

/// The `key=value` entries of a map: with a single `=` the text is taken whole, else it is a CSV record.
fn map_entries(value: &str) -> Result<Vec<String>, ValueError> {
    let entries = match value.matches('=').count() {
        0 => return Err(ValueError::KeyValue(value.to_owned())),
        1 => vec![value.trim_matches('"').to_owned()],
        _ => record(value)?,
    };
    match entries.iter().find(|entry| !entry.contains('=')) {
        Some(entry) => Err(ValueError::KeyValue(entry.clone())),
        None => Ok(entries),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn reason(kind: Kind, value: &str) -> String {
        kind.canonical(value, false).unwrap_err().to_string()
    }

    #[test]
    fn values_that_are_taken() {
        assert_eq!(Kind::Bool.canonical("T", false).unwrap(), ["true"]);
        assert_eq!(Kind::Int.canonical("-0x10", false).unwrap(), ["-16"]);
        assert_eq!(Kind::List.canonical(r#"a,"b,c",d=e f"#, false).unwrap(), ["a", "b,c", "d=e f"]);
        assert!(Kind::List.canonical("", false).unwrap().is_empty());
        assert_eq!(Kind::Array.canonical("a,b", false).unwrap(), ["a,b"]);
        assert_eq!(Kind::Map.canonical("a=b,c", false).unwrap(), ["a=b,c"]);
        assert_eq!(Kind::Map.canonical("a=b,c=d", false).unwrap(), ["a=b", "c=d"]);
        assert_eq!(Kind::ReferrersMode.canonical("oci-1-1", true).unwrap(), ["oci-1-1"]);
        assert_eq!(Kind::CleanKind.canonical("sbom", false).unwrap(), ["sbom"]);
    }

    #[test]
    fn values_that_are_refused() {
        assert_eq!(reason(Kind::Bool, "maybe"), r#"strconv.ParseBool: parsing "maybe": invalid syntax"#);
        assert_eq!(reason(Kind::Map, "x"), "x must be formatted as key=value");
        assert_eq!(reason(Kind::Map, "a=b,x,c=d"), "x must be formatted as key=value");
        assert_eq!(reason(Kind::ReferrersMode, "bogus"), r#"must be one of "legacy", "oci-1-1""#);
        assert_eq!(reason(Kind::CleanKind, "foo"), r#"must be one of "signature", "attestation", "referrer", "sbom", or "all""#);
        assert_eq!(reason(Kind::ReferrersMode, "oci-1-1"), r#"in order to use  mode "oci-1-1", you must set COSIGN_EXPERIMENTAL=1"#);
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC{0,40}|[0-9_xob.+-]{0,30}|[a-z\",=\\n\\r]{0,30}") {
            for kind in [Kind::Bool, Kind::Int, Kind::Uint, Kind::Duration, Kind::List, Kind::Map, Kind::ReferrersMode] {
                if let Err(error) = kind.canonical(&value, true) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }

        #[test]
        fn canonical_values_are_stable(value in any::<i64>()) {
            prop_assert_eq!(Kind::Int.canonical(&value.to_string(), false).unwrap(), [value.to_string()]);
        }
    }
}
