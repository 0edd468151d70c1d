//! Signed certificate timestamps (RFC 6962): embedded in a certificate, and detached.

mod parse;
#[cfg(test)]
mod tests;

use der::Tag;

use super::asn1::{self, Der, Malformed, context};
use super::certificate::{Certificate, SignatureAlgorithm};
use super::{Digest, HashAlgorithm, LogKey};
use crate::encoding::{UnixTime, hex};

/// One parsed SCT of version 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sct {
    log_id: Vec<u8>,
    /// Milliseconds since 1970.
    timestamp: u64,
    extensions: Vec<u8>,
    hash: u8,
    algorithm: u8,
    signature: Vec<u8>,
}

/// An SCT that verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSct {
    /// The log that made it.
    pub log_id: Vec<u8>,
    /// When, in whole seconds.
    pub time: UnixTime,
}

/// Why no SCT, or too few, verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SctError {
    /// The bytes are no SCT.
    #[error("malformed signed certificate timestamp")]
    Malformed,
    /// Another version than 1 (written as 0).
    #[error("unknown SCT version {0}")]
    Version(u64),
    /// More than anybody needs.
    #[error("too many signed certificate timestamps: more than {0}")]
    TooMany(usize),
    /// Too few distinct logs; with the reason for each SCT.
    #[error("only able to verify {verified} SCT entries; unable to meet threshold of {threshold}{}", reason_text(.reasons))]
    Threshold {
        /// Logs whose SCT verified.
        verified: usize,
        /// Logs that were wanted.
        threshold: usize,
        /// Log id and what was wrong.
        reasons: Vec<(Vec<u8>, SctRefusal)>,
    },
    /// A detached SCT does not hold.
    #[error("error verifying SCT: {0}")]
    Detached(#[from] SctRefusal),
}

/// Why one SCT does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SctRefusal {
    /// No key of that log is trusted.
    #[error("unknown log")]
    UnknownLog,
    /// Its time lies outside the period in which the log's key counts.
    #[error("outside of the validity period of the log's key")]
    OutsideValidity,
    /// The signature is not the log's over this certificate.
    #[error("the signature does not verify")]
    Signature,
    /// There is no issuer at hand, over whose key an embedded SCT speaks.
    #[error("the issuer of the certificate is not known")]
    NoIssuer,
}

fn reason_text(reasons: &[(Vec<u8>, SctRefusal)]) -> String {
    let texts: Vec<String> = reasons.iter().map(|(log, reason)| format!("log {}: {reason}", hex::encode(log))).collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
}

impl Sct {
    /// Its extensions, TLS-encoded.
    pub fn extensions(&self) -> &[u8] {
        &self.extensions
    }

    /// The log's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The log's id: SHA-256 of its key.
    pub fn log_id(&self) -> &[u8] {
        &self.log_id
    }

    /// When the log saw the certificate, in whole seconds.
    pub fn time(&self) -> UnixTime {
        UnixTime(i64::try_from(self.timestamp / 1000).unwrap_or(i64::MAX))
    }

    /// Checks it against the keys of its log over the entry, which starts with its type.
    fn verify(&self, entry: &[u8], logs: &[LogKey]) -> Result<VerifiedSct, SctRefusal> {
        let mut refusal = SctRefusal::UnknownLog;
        for log in logs.iter().filter(|log| log.id == self.log_id) {
            if !log.valid.contains(self.time()) {
                refusal = SctRefusal::OutsideValidity;
                continue;
            }
            if self.algorithm().is_some_and(|algorithm| algorithm.verify(&log.key, &self.signed_data(entry), &self.signature).is_ok()) {
                return Ok(VerifiedSct { log_id: self.log_id.clone(), time: self.time() });
            }
            refusal = SctRefusal::Signature;
        }
        Err(refusal)
    }

    fn algorithm(&self) -> Option<SignatureAlgorithm> {
        let hash = match self.hash {
            4 => HashAlgorithm::Sha256,
            5 => HashAlgorithm::Sha384,
            6 => HashAlgorithm::Sha512,
            _ => return None,
        };
        match self.algorithm {
            1 => Some(SignatureAlgorithm::RsaPkcs1(hash)),
            3 => Some(SignatureAlgorithm::Ecdsa(hash)),
            _ => None,
        }
    }

    /// Version 1, signature type `certificate_timestamp`, time, entry, extensions.
    fn signed_data(&self, entry: &[u8]) -> Vec<u8> {
        let length = u16::try_from(self.extensions.len()).unwrap_or(u16::MAX);
        [&[0, 0], &self.timestamp.to_be_bytes()[..], entry, &length.to_be_bytes(), &self.extensions].concat()
    }
}

/// Checks the SCTs embedded in `leaf` against `logs`; at least `threshold` distinct logs must have signed. `issuers` are the
/// candidates for its issuer: the second certificate of each verified path. SCTs of unknown logs are skipped.
///
/// # Errors
/// [`SctError`]: the list cannot be read, or too few verify.
pub fn verify_embedded(
    leaf: &Certificate,
    issuers: &[Certificate],
    logs: &[LogKey],
    threshold: usize,
) -> Result<Vec<VerifiedSct>, SctError> {
    let scts = Sct::embedded(leaf)?;
    let tbs = if scts.is_empty() { Vec::new() } else { precertificate_tbs(leaf).map_err(|_| SctError::Malformed)? };
    let mut entries: Vec<Vec<u8>> = Vec::new();
    for issuer in issuers {
        let entry = precertificate_entry(issuer, &tbs).ok_or(SctError::Malformed)?;
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let (mut verified, mut reasons) = (Vec::<VerifiedSct>::new(), Vec::new());
    for sct in scts {
        if verified.iter().any(|known| known.log_id == sct.log_id) {
            continue;
        }
        let mut outcome = Err(SctRefusal::NoIssuer);
        for entry in &entries {
            outcome = outcome.or_else(|_| sct.verify(entry, logs));
        }
        match outcome {
            Ok(good) => verified.push(good),
            Err(refusal) => reasons.push((sct.log_id, refusal)),
        }
    }
    if verified.len() < threshold { Err(SctError::Threshold { verified: verified.len(), threshold, reasons }) } else { Ok(verified) }
}

/// Checks a detached SCT over `leaf`.
///
/// # Errors
/// [`SctError::Detached`]; [`SctError::Malformed`] for a certificate too long for a log.
pub fn verify_detached(sct: &Sct, leaf: &Certificate, logs: &[LogKey]) -> Result<VerifiedSct, SctError> {
    let entry = [&[0, 0][..], &length24(leaf.der()).ok_or(SctError::Malformed)?, leaf.der()].concat();
    Ok(sct.verify(&entry, logs)?)
}

/// `precert_entry`: hash of the issuer's key, and the certificate without its SCTs.
fn precertificate_entry(issuer: &Certificate, tbs: &[u8]) -> Option<Vec<u8>> {
    Some([&[0, 1][..], Digest::sha256(issuer.spki_der()).bytes(), &length24(tbs)?, tbs].concat())
}

fn length24(bytes: &[u8]) -> Option<[u8; 3]> {
    let [0, length @ ..] = u32::try_from(bytes.len()).ok()?.to_be_bytes() else { return None };
    Some(length)
}

/// The to-be-signed part of the precertificate from which `certificate` was made: all of its bytes but the list of SCTs.
fn precertificate_tbs(certificate: &Certificate) -> Result<Vec<u8>, Malformed> {
    let mut fields = Der::new(certificate.tbs()).sequence()?;
    let mut out = Vec::with_capacity(certificate.tbs().len());
    while !fields.is_empty() {
        let field = fields.next()?;
        if field.tag != context(3, true) {
            out.extend_from_slice(field.raw);
            continue;
        }
        let mut list = Der::new(field.value).sequence()?;
        let mut kept = Vec::new();
        while !list.is_empty() {
            let extension = list.expect(Tag::Sequence)?;
            if Der::new(extension.value).oid()?.as_bytes() != parse::LIST_OID {
                kept.extend_from_slice(extension.raw);
            }
        }
        out.extend_from_slice(&asn1::write(0xa3, &[&asn1::write(asn1::tag::SEQUENCE, &[&kept])]));
    }
    Ok(asn1::write(asn1::tag::SEQUENCE, &[&out]).to_vec())
}
