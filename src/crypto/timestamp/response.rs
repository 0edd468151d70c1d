//! TimeStampResp and TSTInfo (RFC 3161 sections 2.4.2).

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::TimestampError;
use crate::crypto::HashAlgorithm;
use crate::crypto::asn1::{self, Der, Element, Malformed, context};
use crate::crypto::certificate::hash_of;
use crate::encoding::UnixTime;

/// The token in a granted response.
pub(super) fn token(response: &[u8]) -> Result<&[u8], TimestampError> {
    let malformed = |_: Malformed| TimestampError::Malformed("time-stamp response");
    let mut outer = Der::new(response);
    let mut fields = outer.sequence().map_err(malformed)?;
    if outer.finish().is_err() {
        return Err(TimestampError::TrailingData);
    }
    let status = fields.sequence().map_err(malformed)?;
    check_status(status)?;
    if fields.is_empty() {
        return Err(TimestampError::NoToken);
    }
    let token = fields.expect(Tag::Sequence).map_err(malformed)?;
    fields.finish().map_err(malformed)?;
    Ok(token.raw)
}

/// PKIStatusInfo: only *granted* passes.
fn check_status(mut info: Der<'_>) -> Result<(), TimestampError> {
    let malformed = |_: Malformed| TimestampError::Malformed("status");
    let status = info.small().map_err(malformed)?;
    let mut texts = Vec::new();
    if let Some(list) = info.optional(Tag::Sequence).map_err(malformed)? {
        let mut list = Der::new(list.value);
        while !list.is_empty() {
            let text = list.expect(Tag::Utf8String).map_err(malformed)?;
            texts.push(String::from_utf8_lossy(text.value).into_owned());
        }
    }
    let failure = match info.peek() {
        Some(Tag::BitString) => first_bit(info.bit_string().map_err(malformed)?.0),
        _ => None,
    };
    info.finish().map_err(malformed)?;
    if status == 0 { Ok(()) } else { Err(TimestampError::NotGranted { status, text: texts.join(","), failure }) }
}

fn first_bit(bits: &[u8]) -> Option<u32> {
    let index = bits.iter().position(|byte| *byte != 0)?;
    Some(u32::try_from(index).ok()?.checked_mul(8)? + bits[index].leading_zeros())
}

/// What the authority signed.
#[derive(Debug)]
pub(super) struct TstInfo {
    pub(super) policy: ObjectIdentifier,
    pub(super) hash: HashAlgorithm,
    pub(super) imprint: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) time: UnixTime,
    /// Whether a fraction of a second follows `time`.
    pub(super) has_fraction: bool,
    /// The content of the INTEGER.
    pub(super) nonce: Option<Vec<u8>>,
}

impl TstInfo {
    /// Reads a whole TSTInfo.
    pub(super) fn parse(content: &[u8]) -> Result<Self, TimestampError> {
        let malformed = |_: Malformed| TimestampError::Malformed("TSTInfo");
        let mut outer = Der::new(content);
        let mut fields = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        if fields.small().map_err(malformed)? != 1 {
            return Err(TimestampError::Malformed("TSTInfo version"));
        }
        let policy = fields.oid().map_err(malformed)?;
        let (hash, imprint) = message_imprint(fields.sequence().map_err(malformed)?)?;
        let serial = fields.expect(Tag::Integer).map_err(malformed)?.value.to_vec();
        let time = fields.expect(Tag::GeneralizedTime).map_err(malformed)?;
        let (time, has_fraction) = asn1::generalized_time(time.value).map_err(malformed)?;
        // Accuracy and ordering change nothing here.
        fields.optional(Tag::Sequence).and_then(|found| found.map_or(Ok(()), accuracy)).map_err(malformed)?;
        if fields.peek() == Some(Tag::Boolean) {
            fields.boolean().map_err(malformed)?;
        }
        let nonce = fields.optional(Tag::Integer).map_err(malformed)?.map(|element| element.value.to_vec());
        fields.optional(context(0, true)).map_err(malformed)?;
        if let Some(extensions) = fields.optional(context(1, true)).map_err(malformed)? {
            refuse_critical(Der::new(extensions.value))?;
        }
        fields.finish().map_err(malformed)?;
        Ok(Self { policy, hash, imprint, serial, time, has_fraction, nonce })
    }
}

/// Seconds, milliseconds, microseconds, each of which may be absent.
fn accuracy(element: Element<'_>) -> Result<(), Malformed> {
    let mut parts = Der::new(element.value);
    parts.optional(Tag::Integer)?;
    parts.optional(context(0, false))?;
    parts.optional(context(1, false))?;
    parts.finish()
}

fn message_imprint(mut fields: Der<'_>) -> Result<(HashAlgorithm, Vec<u8>), TimestampError> {
    let malformed = |_: Malformed| TimestampError::Malformed("message imprint");
    let oid = fields.algorithm().map_err(malformed)?;
    let imprint = fields.octet_string().map_err(malformed)?.to_vec();
    fields.finish().map_err(malformed)?;
    match oid.as_bytes() {
        // SHA-1.
        [0x2b, 0x0e, 3, 2, 0x1a] => Err(TimestampError::WeakHash),
        _ => Ok((hash_of(&oid).ok_or(TimestampError::UnsupportedHash)?, imprint)),
    }
}

fn refuse_critical(mut list: Der<'_>) -> Result<(), TimestampError> {
    let malformed = |_: Malformed| TimestampError::Malformed("TSTInfo extensions");
    while !list.is_empty() {
        let mut extension = list.sequence().map_err(malformed)?;
        let oid = extension.oid().map_err(malformed)?;
        if extension.peek() == Some(Tag::Boolean) && extension.boolean().map_err(malformed)? {
            return Err(TimestampError::CriticalExtension(oid.to_string()));
        }
    }
    Ok(())
}
