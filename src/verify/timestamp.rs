//! Time stamps (RFC 3161): tokens of distinct authorities over the signature.

use super::verified::{TimeSource, VerifiedTime};
use crate::crypto::timestamp::{self, TimestampError, VerifiedTimestamp};
use crate::format::material::Signed;
use crate::format::trusted_root::TrustedRoot;

/// The most tokens that are looked at.
const MAX_TOKENS: usize = 32;

/// Why there is no time of signing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Too few tokens hold.
    #[error("threshold not met for verified signed timestamps: {found} < {wanted}; error: {}", listed(.reasons))]
    Tokens {
        /// How many authorities vouch.
        found: usize,
        /// How many must.
        wanted: usize,
        /// What was wrong with the others.
        reasons: Vec<String>,
    },
    /// No log vouches for a time.
    #[error("threshold not met for verified log entry integrated timestamps: {found} < {wanted}")]
    LogTimes {
        /// How many logs vouch.
        found: usize,
        /// How many must.
        wanted: usize,
    },
    /// More tokens than are looked at.
    #[error("too many signed timestamps: {0} > {MAX_TOKENS}")]
    TooMany(usize),
    /// There is no single signature that a token could be over.
    #[error("there is no single signature to check a timestamp against")]
    NoSignature,
}

fn listed(reasons: &[String]) -> String {
    if reasons.is_empty() { "there is no signed timestamp".to_owned() } else { reasons.join("\n") }
}

/// The times of tokens by at least `wanted` distinct authorities. Others that do not hold are skipped.
pub(super) fn verified_times(signed: &Signed, trusted: &TrustedRoot, wanted: usize) -> Result<Vec<VerifiedTime>, TimeError> {
    let tokens = &signed.material.timestamps;
    if tokens.len() > MAX_TOKENS {
        return Err(TimeError::TooMany(tokens.len()));
    }
    let signature = signed.content.signature();
    let message = signed.material.envelope_bytes.as_deref().or(signature).ok_or(TimeError::NoSignature)?;
    let messages = (message, signature.filter(|_| signed.material.envelope_bytes.is_some()));
    let wanted = wanted.max(1);
    let mut times = Vec::new();
    let mut seen: Vec<AuthorityName<'_>> = Vec::new();
    let mut reasons = Vec::new();
    for token in tokens {
        match by_one_authority(token, messages, trusted) {
            Ok((name, _)) if seen.contains(&name) => reasons.push("duplicate timestamps from the same authority".to_owned()),
            Ok((name, stamp)) => {
                seen.push(name);
                times.push(VerifiedTime { time: stamp.time, source: TimeSource::TimestampAuthority(name.uri.to_owned()) });
            }
            Err(reason) => reasons.push(reason),
        }
    }
    if times.len() < wanted { Err(TimeError::Tokens { found: times.len(), wanted, reasons }) } else { Ok(times) }
}

/// What makes an authority the same as another: its URI, or its place in the root where it has none.
#[derive(Clone, Copy, PartialEq, Eq)]
struct AuthorityName<'a> {
    uri: &'a str,
    place: Option<usize>,
}

/// The token may be over the other message instead, where there is one: either of them binds the signature.
fn by_one_authority<'t>(
    token: &[u8],
    (message, other): (&[u8], Option<&[u8]>),
    trusted: &'t TrustedRoot,
) -> Result<(AuthorityName<'t>, VerifiedTimestamp), String> {
    let mut errors: Vec<TimestampError> = Vec::new();
    for (place, named) in trusted.timestamp_authorities.iter().enumerate() {
        let over = |message: &[u8]| timestamp::verify(token, message, &named.authority);
        match over(message).or_else(|error| other.and_then(|other| over(other).ok()).ok_or(error)) {
            Ok(stamp) => return Ok((AuthorityName { uri: &named.uri, place: named.uri.is_empty().then_some(place) }, stamp)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        return Err("unable to verify signed timestamps: no timestamp authority is trusted".to_owned());
    }
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Err(format!("unable to verify signed timestamps: {}", errors.join("\n")))
}
