//! Transparency logs: entries that the logs promised or included, and that are about this very signature.

use super::binding::{self, BindingError};
use super::verified::{TimeSource, VerifiedTime};
use super::{Artifact, SignerKey};
use crate::encoding::{UnixTime, hex, text};
use crate::format::material::{Form, Signed};
use crate::format::tlog::{EntryBody, EntryBodyError, InclusionError, LogEntry, SetError, set};
use crate::format::trusted_root::{TransparencyLog, TrustedRoot};

/// The most entries that are looked at.
const MAX_ENTRIES: usize = 32;

/// Why no log counts as having seen the signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogError {
    /// More entries than are looked at.
    #[error("too many tlog entries: {0} > {MAX_ENTRIES}")]
    TooMany(usize),
    /// The same entry twice.
    #[error("duplicate tlog entries found")]
    Duplicate,
    /// Too few logs.
    #[error("not enough verified log entries from transparency log: {found} < {wanted}{}", listed(.reasons))]
    NotEnough {
        /// How many logs vouch.
        found: usize,
        /// How many must.
        wanted: usize,
        /// Why the other entries do not count.
        reasons: Vec<SkipReason>,
    },
    /// An entry that proves nothing.
    #[error("entry must contain an inclusion proof and/or promise")]
    NoEvidence,
    /// An entry of Rekor v2 without proof.
    #[error("rekor v2 entries must have an inclusion proof")]
    NoProof,
    /// A log of version 2 without a name.
    #[error("cannot verify Rekor v2 entry without baseUrl in transparency log's trusted root")]
    NoBaseUrl,
    /// The body is none.
    #[error(transparent)]
    Body(#[from] EntryBodyError),
    /// The entry says another kind or version than its body.
    #[error("kind and version mismatch: {}/{} is not what the entry's body is", text::quote(.kind), text::quote(.version))]
    KindVersion {
        /// What the entry says.
        kind: String,
        /// What the entry says.
        version: String,
    },
    /// A kind of entry that does not say enough about a bundle.
    #[error("unsupported entry type: {kind} {version}")]
    Unsupported {
        /// The kind.
        kind: &'static str,
        /// Its version.
        version: &'static str,
    },
    /// The proof or checkpoint of an entry of version 1.
    #[error("{0}")]
    Inclusion(InclusionError),
    /// The proof or checkpoint of an entry of version 2.
    #[error("verifying log entry: {0}")]
    InclusionV2(InclusionError),
    /// The entry is about something else.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The log took the entry when the certificate did not count.
    #[error("integrated time outside certificate validity: {time} is not between {not_before} and {not_after}")]
    Time {
        /// When the log took it.
        time: UnixTime,
        /// From when the certificate counts.
        not_before: UnixTime,
        /// Until when it counts.
        not_after: UnixTime,
    },
    /// The log is not trusted (older form).
    #[error("verifying bundle: rekor log public key not found for payload: {0}")]
    UnknownLog(String),
    /// The promise does not hold (older form).
    #[error("{0}")]
    Promise(SkipReason),
}

/// Why an entry does not count, without the others being refused for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// Its log is not trusted; the log's id.
    #[error("log {0} is not trusted")]
    UnknownLog(String),
    /// The promise is not by the log.
    #[error(transparent)]
    Promise(SetError),
    /// The log's key did not count then.
    #[error("rekor log public key not valid at payload integrated time {0}")]
    Period(UnixTime),
    /// An entry of version 2 with a promise, which that version does not give.
    #[error("can only verify SET for Rekor v1 entry")]
    PromiseV2,
}

fn listed(reasons: &[SkipReason]) -> String {
    reasons.iter().map(|reason| format!("; {reason}")).collect()
}

/// The entries that hold, and the times that their promises vouch for.
#[derive(Default)]
pub(super) struct LogEvidence {
    pub(super) entries: Vec<LogEntry>,
    pub(super) times: Vec<VerifiedTime>,
}

/// Checks every entry; those of at least `wanted` distinct logs must hold.
pub(super) fn check(
    signed: &Signed,
    artifact: Artifact<'_>,
    signer: SignerKey<'_>,
    trusted: &TrustedRoot,
    wanted: usize,
) -> Result<LogEvidence, TlogError> {
    let entries = &signed.material.log_entries;
    if entries.len() > MAX_ENTRIES {
        return Err(TlogError::TooMany(entries.len()));
    }
    let same = |a: &LogEntry, b: &LogEntry| a.log_id == b.log_id && a.log_index == b.log_index;
    if entries.iter().enumerate().any(|(at, entry)| entries[..at].iter().any(|other| same(entry, other))) {
        return Err(TlogError::Duplicate);
    }
    let mut evidence = LogEvidence::default();
    let mut logs: Vec<&[u8]> = Vec::new();
    let mut reasons = Vec::new();
    for entry in entries {
        match check_one(entry, signed, artifact, signer, trusted)? {
            Ok(time) => {
                let first = !logs.contains(&entry.log_id.as_slice());
                evidence.times.extend(time.filter(|_| first));
                if first {
                    logs.push(&entry.log_id);
                }
                evidence.entries.push(entry.clone());
            }
            Err(reason) => reasons.push(reason),
        }
    }
    let wanted = wanted.max(1);
    if logs.len() < wanted { Err(TlogError::NotEnough { found: logs.len(), wanted, reasons }) } else { Ok(evidence) }
}

/// Outer error: all is refused. Inner: only this entry does not count. The time is there only with a promise: a proof signs none.
fn check_one(
    entry: &LogEntry,
    signed: &Signed,
    artifact: Artifact<'_>,
    signer: SignerKey<'_>,
    trusted: &TrustedRoot,
) -> Result<Result<Option<VerifiedTime>, SkipReason>, TlogError> {
    let body = EntryBody::parse(&entry.canonicalized_body)?;
    if body.kind() != entry.kind || body.version() != entry.version {
        return Err(TlogError::KindVersion { kind: entry.kind.clone(), version: entry.version.clone() });
    }
    // What version 2 once wrote for envelopes, sigstore-go no longer takes either.
    if body.is_rekor_v2() && body.kind() != "hashedrekord" {
        return Err(TlogError::Unsupported { kind: body.kind(), version: body.version() });
    }
    let form = signed.material.form;
    // The older form compares first, as cosign does there; the order decides the message only.
    if form == Form::Legacy {
        binding::check(&body, signed, artifact, signer)?;
    }
    let Some(log) = trusted.transparency_log(&entry.log_id) else {
        let id = hex::encode(&entry.log_id);
        return if form == Form::Legacy { Err(TlogError::UnknownLog(id)) } else { Ok(Err(SkipReason::UnknownLog(id))) };
    };
    let is_v2 = body.is_rekor_v2();
    if entry.inclusion_promise.is_none() && (entry.inclusion_proof.is_none() || form == Form::Legacy) {
        return Err(TlogError::NoEvidence);
    }
    if is_v2 && entry.inclusion_proof.is_none() {
        return Err(TlogError::NoProof);
    }
    if let Some(promise) = &entry.inclusion_promise
        && let Err(reason) = check_promise(entry, promise, is_v2, log)
    {
        return if form == Form::Legacy { Err(TlogError::Promise(reason)) } else { Ok(Err(reason)) };
    }
    if entry.inclusion_proof.is_some() {
        check_proof(entry, is_v2, log)?;
    }
    if form == Form::Bundle {
        binding::check(&body, signed, artifact, signer)?;
        check_time(entry, signer)?;
    }
    let time = entry
        .inclusion_promise
        .as_ref()
        .map(|_| VerifiedTime { time: UnixTime(entry.integrated_time), source: TimeSource::TransparencyLog(log.base_url.clone()) });
    Ok(Ok(time))
}

fn check_promise(entry: &LogEntry, promise: &[u8], is_v2: bool, log: &TransparencyLog) -> Result<(), SkipReason> {
    if is_v2 {
        return Err(SkipReason::PromiseV2);
    }
    let time = UnixTime(entry.integrated_time);
    if !log.key.valid.contains(time) {
        return Err(SkipReason::Period(time));
    }
    set::verify(entry, promise, &log.key.key).map_err(SkipReason::Promise)
}

/// The key's period is not compared: a proof has no time that could be compared with it.
fn check_proof(entry: &LogEntry, is_v2: bool, log: &TransparencyLog) -> Result<(), TlogError> {
    if is_v2 {
        let origin = host_of(&log.base_url).ok_or(TlogError::NoBaseUrl)?;
        entry.verify_inclusion_v2(origin, &log.key.key).map_err(TlogError::InclusionV2)?;
    } else {
        entry.verify_inclusion_v1(&log.key.key).map_err(TlogError::Inclusion)?;
    }
    Ok(())
}

fn check_time(entry: &LogEntry, signer: SignerKey<'_>) -> Result<(), TlogError> {
    let SignerKey::Certificate(leaf) = signer else { return Ok(()) };
    let time = UnixTime(entry.integrated_time);
    if entry.integrated_time != 0 && (time < leaf.not_before() || time > leaf.not_after()) {
        return Err(TlogError::Time { time, not_before: leaf.not_before(), not_after: leaf.not_after() });
    }
    Ok(())
}

/// The host name of a URL, without port and user; `None` where there is none, or it is no URL.
fn host_of(url: &str) -> Option<&str> {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(address) => address.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    (!host.is_empty() && is_port).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn hosts() {
        for (url, host) in [
            ("https://log.example", Some("log.example")),
            ("http://u:p@log.example:3000/x?y#z", Some("log.example")),
            ("https://[::1]:3000", Some("::1")),
            ("log.example", None),
            ("https://", None),
            ("https://log.example:3000x", None),
            ("https://log.example:1:2", None),
            (" https://log.example", None),
            ("ht\ntps://log.example", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
