//! RFC 3161 time stamps: requests, responses, tokens (CMS, RFC 5652) and their authorities.
//!
//! DER is read strictly. The certificate that is checked is the one whose key verified the signature (CVE-2026-39984).

mod error;
mod request;
mod response;
mod signed_data;
#[cfg(test)]
mod tests;

pub use error::TimestampError;
pub use request::request;
use response::TstInfo;
use signed_data::SignedData;

use super::certificate::{Certificate, ExtendedKeyUsage};
use super::{HashAlgorithm, ValidityPeriod, chain};
use crate::encoding::UnixTime;

/// A timestamp authority as a trusted root or a chain file gives it.
#[derive(Debug, Clone, Default)]
pub struct TimestampAuthority {
    /// The certificate that must have signed; `None` takes any in the token that chains to a root.
    pub leaf: Option<Certificate>,
    /// Between leaf and root.
    pub intermediates: Vec<Certificate>,
    /// What is trusted.
    pub roots: Vec<Certificate>,
    /// When the authority counts.
    pub valid: ValidityPeriod,
}

/// What a token must say besides; by default nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected<'a> {
    /// The nonce of the request, big-endian.
    pub nonce: Option<&'a [u8]>,
}

/// A token that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTimestamp {
    /// The token's time, in whole seconds: a fraction is dropped, after the certificates were checked at both of its ends.
    pub time: UnixTime,
    /// The policy under which it was made, an OID.
    pub policy: String,
    /// The token's serial number: the content of the INTEGER.
    pub serial: Vec<u8>,
    /// The certificate whose key signed it.
    pub signer: Certificate,
}

/// What a token says, whether it is true or not: to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedTimestamp {
    /// Its time.
    pub time: UnixTime,
    /// The function of the imprint.
    pub hash: HashAlgorithm,
    /// The digest of what was stamped.
    pub imprint: Vec<u8>,
    /// Its serial number: the content of the INTEGER.
    pub serial: Vec<u8>,
    /// The policy under which it was made, an OID.
    pub policy: String,
}

/// Reads a DER TimeStampResp without verifying anything.
///
/// # Errors
/// [`TimestampError`], where it does not parse.
pub fn describe(response: &[u8]) -> Result<DescribedTimestamp, TimestampError> {
    let info = TstInfo::parse(SignedData::parse(response::token(response)?)?.content)?;
    let (time, hash, policy) = (info.time, info.hash, info.policy.to_string());
    Ok(DescribedTimestamp { time, hash, imprint: info.imprint, serial: info.serial, policy })
}

/// Checks a DER TimeStampResp over `message` against `authority`.
///
/// # Errors
/// [`TimestampError`].
pub fn verify(response: &[u8], message: &[u8], authority: &TimestampAuthority) -> Result<VerifiedTimestamp, TimestampError> {
    verify_expected(response, message, authority, Expected::default())
}

/// As [`verify`], with what the token must say besides.
///
/// # Errors
/// [`TimestampError`].
pub fn verify_expected(
    response: &[u8],
    message: &[u8],
    authority: &TimestampAuthority,
    expected: Expected<'_>,
) -> Result<VerifiedTimestamp, TimestampError> {
    let token = SignedData::parse(response::token(response)?)?;
    let info = TstInfo::parse(token.content)?;
    if authority.roots.is_empty() {
        return Err(TimestampError::NoRoots);
    }
    let candidates = match (&authority.leaf, token.certificates.as_slice()) {
        (None, []) => return Err(TimestampError::NoLeaf),
        (Some(leaf), []) => std::slice::from_ref(leaf),
        (_, embedded) => embedded,
    };
    let signer = token.verify(candidates)?;
    if authority.leaf.as_ref().is_some_and(|leaf| leaf != signer) {
        return Err(TimestampError::OtherLeaf);
    }
    check_chain(signer, &token.certificates, authority, &info)?;
    check_usage(signer)?;
    check_answer(&info, message, expected)?;
    check_period(&info, &authority.valid)?;
    Ok(VerifiedTimestamp { time: info.time, policy: info.policy.to_string(), serial: info.serial, signer: signer.clone() })
}

/// What holds of a response whoever is trusted: it answers this request about `message`, and where it holds certificates, one of them signed it.
///
/// # Errors
/// [`TimestampError`].
pub fn verify_unanchored(response: &[u8], message: &[u8], expected: Expected<'_>) -> Result<(), TimestampError> {
    let token = SignedData::parse(response::token(response)?)?;
    let info = TstInfo::parse(token.content)?;
    if !token.certificates.is_empty() {
        check_usage(token.verify(&token.certificates)?)?;
    }
    check_answer(&info, message, expected)
}

/// The nonce of the request, and the digest of what was to be stamped.
fn check_answer(info: &TstInfo, message: &[u8], expected: Expected<'_>) -> Result<(), TimestampError> {
    if expected.nonce.is_some_and(|nonce| info.nonce.as_deref().map(trim) != Some(trim(nonce))) {
        return Err(TimestampError::Nonce);
    }
    if info.hash.digest(message).bytes() != info.imprint {
        return Err(TimestampError::ImprintMismatch);
    }
    Ok(())
}

/// The moments between which the token's time lies: one, or two where it has a fraction.
fn moments(info: &TstInfo) -> impl Iterator<Item = UnixTime> {
    [Some(info.time), info.has_fraction.then(|| UnixTime(info.time.0.saturating_add(1)))].into_iter().flatten()
}

fn check_chain(
    signer: &Certificate,
    embedded: &[Certificate],
    authority: &TimestampAuthority,
    info: &TstInfo,
) -> Result<(), TimestampError> {
    let intermediates: Vec<Certificate> = authority.intermediates.iter().chain(embedded).cloned().collect();
    for at in moments(info) {
        chain::verify(signer, &intermediates, &authority.roots, at, ExtendedKeyUsage::TimeStamping)?;
    }
    Ok(())
}

/// RFC 3161 section 2.3: time stamping, nothing else, and critical.
fn check_usage(signer: &Certificate) -> Result<(), TimestampError> {
    let meaning = signer.meaning();
    if !meaning.extended_key_usage_critical {
        return Err(TimestampError::UsageNotCritical);
    }
    match meaning.extended_key_usages.as_slice() {
        [only] if only.as_bytes() == ExtendedKeyUsage::TimeStamping.oid() => Ok(()),
        other => Err(TimestampError::UsageCount(other.len())),
    }
}

fn check_period(info: &TstInfo, valid: &ValidityPeriod) -> Result<(), TimestampError> {
    for at in moments(info) {
        if valid.start.is_some_and(|start| at < start) {
            return Err(TimestampError::BeforePeriod);
        }
        if valid.end.is_some_and(|end| at > end) {
            return Err(TimestampError::AfterPeriod);
        }
    }
    Ok(())
}

/// Big-endian digits without the zeros in front.
fn trim(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}
