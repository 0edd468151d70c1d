//! Reading the DER of a certificate.

use der::Tag;

use super::super::asn1::{self, Der, Element, Malformed, context};
use super::extension::{self, Meaning};
use super::name::Name;
use super::signature_algorithm::SignatureAlgorithm;
use super::{CertificateError, Parsed};
use crate::crypto::PublicKey;
use crate::crypto::public_key::PublicKeyError;
use crate::encoding::UnixTime;

/// Turns a malformed part into an error that names it.
fn part<T>(result: Result<T, Malformed>, name: &'static str) -> Result<T, CertificateError> {
    result.map_err(|_| CertificateError::Malformed(name))
}

pub(super) fn certificate(der: &[u8]) -> Result<Parsed, CertificateError> {
    let mut outer = Der::new(der);
    let mut fields = part(outer.sequence(), "certificate")?;
    if outer.finish().is_err() {
        return Err(CertificateError::TrailingData);
    }
    let tbs = part(fields.expect(Tag::Sequence), "tbs certificate")?;
    let algorithm = part(fields.expect(Tag::Sequence), "algorithm identifier")?;
    let (signature, unused) = part(fields.bit_string(), "signature")?;
    part(fields.finish(), "certificate")?;
    if unused != 0 {
        return Err(CertificateError::Malformed("signature"));
    }
    let mut body = to_be_signed(tbs, algorithm)?;
    body.der = der.to_vec();
    body.signature = signature.to_vec();
    Ok(body)
}

/// TBSCertificate; `algorithm` is the outer one.
fn to_be_signed(tbs: Element<'_>, algorithm: Element<'_>) -> Result<Parsed, CertificateError> {
    let mut fields = Der::new(tbs.value);
    let version = version(&mut fields)?;
    let serial = part(fields.expect(Tag::Integer), "serial number")?.value;
    if serial.first().is_some_and(|byte| byte & 0x80 != 0) {
        return Err(CertificateError::NegativeSerial);
    }
    let serial = part(asn1::unsigned(serial), "serial number")?.to_vec();
    if part(fields.expect(Tag::Sequence), "signature algorithm identifier")?.raw != algorithm.raw {
        return Err(CertificateError::AlgorithmMismatch);
    }
    let issuer = part(fields.expect(Tag::Sequence), "issuer")?.raw;
    let (not_before, not_after) = part(validity(&mut fields), "validity")?;
    let subject = part(fields.expect(Tag::Sequence), "subject")?.raw;
    let spki = part(fields.expect(Tag::Sequence), "spki")?.raw;
    let key = public_key(spki)?;
    let mut extensions = Vec::new();
    if version > 1 {
        part(fields.optional(context(1, false)), "issuerUniqueID")?;
        part(fields.optional(context(2, false)), "subjectUniqueID")?;
    }
    if version == 3
        && let Some(explicit) = part(fields.optional(context(3, true)), "extensions")?
    {
        let mut explicit = Der::new(explicit.value);
        extensions = extension::parse_all(part(explicit.sequence(), "extensions")?)?;
        part(explicit.finish(), "extensions")?;
    }
    part(fields.finish(), "tbs certificate")?;
    Ok(Parsed {
        der: Vec::new(),
        tbs: tbs.raw.to_vec(),
        version,
        serial,
        signature_algorithm: part(SignatureAlgorithm::parse(Der::new(algorithm.value)), "algorithm identifier")?,
        signature: Vec::new(),
        issuer: part(Name::parse(issuer), "issuer")?,
        issuer_der: issuer.to_vec(),
        not_before,
        not_after,
        subject: part(Name::parse(subject), "subject")?,
        subject_der: subject.to_vec(),
        spki: spki.to_vec(),
        key,
        meaning: Meaning::of(&extensions)?,
        extensions,
    })
}

/// The key; one of a kind, curve or size that is not known leaves the certificate readable, as in Go, but checks nothing.
fn public_key(spki: &[u8]) -> Result<Result<PublicKey, PublicKeyError>, CertificateError> {
    match PublicKey::from_spki_der(spki) {
        Err(error @ (PublicKeyError::Algorithm(_) | PublicKeyError::Curve(_) | PublicKeyError::RsaSize(_))) => Ok(Err(error)),
        Err(error) => Err(CertificateError::PublicKey(error)),
        Ok(key) => Ok(Ok(key)),
    }
}

/// The version as people count it: 1, 2 or 3.
fn version(fields: &mut Der<'_>) -> Result<u8, CertificateError> {
    let Some(explicit) = part(fields.optional(context(0, true)), "version")? else {
        return Ok(1);
    };
    let mut explicit = Der::new(explicit.value);
    let version = part(explicit.small(), "version")?;
    part(explicit.finish(), "version")?;
    match version {
        0 => Ok(1),
        1 => Ok(2),
        2 => Ok(3),
        _ => Err(CertificateError::Version),
    }
}

fn validity(fields: &mut Der<'_>) -> Result<(UnixTime, UnixTime), Malformed> {
    let mut times = fields.sequence()?;
    let not_before = asn1::time(times.next()?)?;
    let not_after = asn1::time(times.next()?)?;
    times.finish()?;
    Ok((not_before, not_after))
}
