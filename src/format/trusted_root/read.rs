//! Reading `trusted_root.json`, with sigstore-go's checks. Every field that protojson leaves out when empty may be absent.

use super::{CertificateAuthority, MEDIA_TYPE, NamedTimestampAuthority, TransparencyLog, TrustedRoot};
use crate::crypto::public_key::PublicKeyError;
use crate::crypto::timestamp::TimestampAuthority;
use crate::crypto::{Certificate, CertificateError, Curve, KeyAlgorithm, LogKey, PublicKey, ValidityPeriod};
use crate::encoding::text;
use crate::format::bundle::{HASH_ALGORITHMS, read_certificate};
use crate::format::proto_json::{self, Fields, ProtoJsonError};

/// The most authorities or logs of one kind that a root may name.
const MAX_INSTANCES: usize = 256;

/// Numbers of `dev.sigstore.common.v1.PublicKeyDetails`.
pub(crate) const KEY_DETAILS: [(&str, i32); 24] = [
    ("PUBLIC_KEY_DETAILS_UNSPECIFIED", 0),
    ("PKCS1_RSA_PKCS1V5", 1),
    ("PKCS1_RSA_PSS", 2),
    ("PKIX_RSA_PKCS1V5", 3),
    ("PKIX_RSA_PSS", 4),
    ("PKIX_ECDSA_P256_SHA_256", 5),
    ("PKIX_ECDSA_P256_HMAC_SHA_256", 6),
    ("PKIX_ED25519", 7),
    ("PKIX_ED25519_PH", 8),
    ("PKIX_RSA_PKCS1V15_2048_SHA256", 9),
    ("PKIX_RSA_PKCS1V15_3072_SHA256", 10),
    ("PKIX_RSA_PKCS1V15_4096_SHA256", 11),
    ("PKIX_ECDSA_P384_SHA_384", 12),
    ("PKIX_ECDSA_P521_SHA_512", 13),
    ("LMS_SHA256", 14),
    ("LMOTS_SHA256", 15),
    ("PKIX_RSA_PSS_2048_SHA256", 16),
    ("PKIX_RSA_PSS_3072_SHA256", 17),
    ("PKIX_RSA_PSS_4096_SHA256", 18),
    ("PKIX_ECDSA_P384_SHA_256", 19),
    ("PKIX_ECDSA_P521_SHA_256", 20),
    ("ML_DSA_65", 21),
    ("ML_DSA_87", 22),
    ("ML_DSA_44", 23),
];

/// Why a document is no trusted root; texts are sigstore-go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustedRootError {
    /// Not the JSON of a trusted root.
    #[error("failed to proto-json unmarshal trusted root: {0}")]
    Json(#[from] ProtoJsonError),
    /// Another media type.
    #[error("unsupported TrustedRoot media type: {}", text::quote(.0))]
    MediaType(String),
    /// A log whose hash function is not SHA-256.
    #[error("unsupported tlog hash algorithm: {0}")]
    HashAlgorithm(&'static str),
    /// A log without a part.
    #[error("tlog missing {0}")]
    Missing(&'static str),
    /// A log's key that does not parse.
    #[error("failed to parse public key for tlog: {} {error}", text::quote(.url))]
    Key {
        /// The log's base URL.
        url: String,
        /// What is wrong.
        error: PublicKeyError,
    },
    /// A log's key of a kind that is not supported.
    #[error("unsupported tlog public key type: {0}")]
    KeyDetails(&'static str),
    /// A log's key of another kind than it says.
    #[error("tlog public key is not {expected}: {details}")]
    OtherKey {
        /// What it should be.
        expected: &'static str,
        /// What it says.
        details: &'static str,
    },
    /// An authority without certificates.
    #[error("CertificateAuthority {0}")]
    Chain(&'static str),
    /// An authority's certificate that does not parse.
    #[error("failed to parse certificate for {} {error}", text::quote(.uri))]
    Certificate {
        /// The authority's URI.
        uri: String,
        /// What is wrong.
        error: CertificateError,
    },
    /// Too many of one kind.
    #[error("too many entries in trusted root: {0} > {MAX_INSTANCES}")]
    TooMany(usize),
}

impl TrustedRoot {
    /// Reads `trusted_root.json`.
    ///
    /// # Errors
    /// [`TrustedRootError`].
    pub fn parse(json: &[u8]) -> Result<Self, TrustedRootError> {
        let mut fields = Fields::of(proto_json::parse(json)?, "TrustedRoot")?;
        let media_type = fields.text("mediaType")?;
        let logs = fields.messages("tlogs", "TransparencyLogInstance")?;
        let authorities = fields.messages("certificateAuthorities", "CertificateAuthority")?;
        let ct_logs = fields.messages("ctlogs", "TransparencyLogInstance")?;
        let timestamps = fields.messages("timestampAuthorities", "CertificateAuthority")?;
        fields.finish()?;
        if media_type != MEDIA_TYPE {
            return Err(TrustedRootError::MediaType(media_type));
        }
        for list in [&logs, &authorities, &ct_logs, &timestamps] {
            if list.len() > MAX_INSTANCES {
                return Err(TrustedRootError::TooMany(list.len()));
            }
        }
        Ok(Self {
            transparency_logs: logs.into_iter().map(log).collect::<Result<_, _>>()?,
            certificate_authorities: authorities.into_iter().map(certificate_authority).collect::<Result<_, _>>()?,
            timestamp_authorities: timestamps.into_iter().map(timestamp_authority).collect::<Result<_, _>>()?,
            ct_logs: ct_logs.into_iter().map(log).collect::<Result<_, _>>()?,
        })
    }
}

fn log(mut fields: Fields<'_>) -> Result<TransparencyLog, TrustedRootError> {
    let base_url = fields.text("baseUrl")?;
    let hash = fields.enumeration("hashAlgorithm", &HASH_ALGORITHMS)?;
    let key = fields.message("publicKey", "PublicKey")?;
    let id = log_id(fields.message("logId", "LogId")?)?;
    log_id(fields.message("checkpointKeyId", "LogId")?)?;
    fields.text("operator")?;
    fields.finish()?;
    if hash != 1 {
        return Err(TrustedRootError::HashAlgorithm(name_of(&HASH_ALGORITHMS, hash)));
    }
    let id = id.ok_or(TrustedRootError::Missing("log ID"))?.ok_or(TrustedRootError::Missing("log ID key ID"))?;
    let mut key = key.ok_or(TrustedRootError::Missing("public key"))?;
    let raw = key.bytes("rawBytes")?.ok_or(TrustedRootError::Missing("public key raw bytes"))?;
    let details = key.enumeration("keyDetails", &KEY_DETAILS)?;
    let period = validity(key.message("validFor", "TimeRange")?)?;
    key.finish()?;
    let key = public_key(&raw, details, &base_url)?;
    let valid = period.ok_or(TrustedRootError::Missing("public key validity period"))?;
    if valid.start.is_none() {
        return Err(TrustedRootError::Missing("public key validity period start time"));
    }
    Ok(TransparencyLog { base_url, key: LogKey { id, key, valid } })
}

/// Outer `None`: no id at all; inner: an id without bytes.
fn log_id(fields: Option<Fields<'_>>) -> Result<Option<Option<Vec<u8>>>, ProtoJsonError> {
    let Some(mut fields) = fields else { return Ok(None) };
    let id = fields.bytes("keyId")?;
    fields.finish()?;
    Ok(Some(id))
}

fn public_key(raw: &[u8], details: i32, url: &str) -> Result<PublicKey, TrustedRootError> {
    let name = name_of(&KEY_DETAILS, details);
    let (expected, fits): (_, fn(KeyAlgorithm) -> bool) = match details {
        5 | 12 | 13 => ("ECDSA", |key| matches!(key, KeyAlgorithm::Ecdsa(Curve::P256 | Curve::P384 | Curve::P521))),
        1 | 9..=11 => ("RSA", |key| matches!(key, KeyAlgorithm::Rsa { .. })),
        7 => ("Ed25519", |key| key == KeyAlgorithm::Ed25519),
        _ => return Err(TrustedRootError::KeyDetails(name)),
    };
    let parsed = if details == 1 { PublicKey::from_pkcs1_der(raw) } else { PublicKey::from_spki_der(raw) };
    let key = parsed.map_err(|error| TrustedRootError::Key { url: url.to_owned(), error })?;
    if fits(key.algorithm()) { Ok(key) } else { Err(TrustedRootError::OtherKey { expected, details: name }) }
}

fn name_of(names: &[(&'static str, i32)], number: i32) -> &'static str {
    names.iter().find(|(_, known)| *known == number).map_or("unknown", |(name, _)| name)
}

pub(crate) fn validity(fields: Option<Fields<'_>>) -> Result<Option<ValidityPeriod>, ProtoJsonError> {
    let Some(mut fields) = fields else { return Ok(None) };
    let period = ValidityPeriod { start: fields.time("start")?, end: fields.time("end")? };
    fields.finish()?;
    Ok(Some(period))
}

/// URI, certificates (at least one) and period of an authority of either kind.
fn authority(mut fields: Fields<'_>) -> Result<(String, Vec<Certificate>, ValidityPeriod), TrustedRootError> {
    if let Some(mut subject) = fields.message("subject", "DistinguishedName")? {
        subject.text("organization")?;
        subject.text("commonName")?;
        subject.finish()?;
    }
    let uri = fields.text("uri")?;
    let chain = fields.message("certChain", "X509CertificateChain")?;
    let valid = validity(fields.message("validFor", "TimeRange")?)?.unwrap_or_default();
    fields.text("operator")?;
    fields.finish()?;
    let mut chain = chain.ok_or(TrustedRootError::Chain("missing cert chain"))?;
    let certificates = chain.messages("certificates", "X509Certificate")?;
    chain.finish()?;
    if certificates.is_empty() {
        return Err(TrustedRootError::Chain("cert chain is empty"));
    }
    if certificates.len() > MAX_INSTANCES {
        return Err(TrustedRootError::TooMany(certificates.len()));
    }
    let parse = |fields| {
        Certificate::from_der(&read_certificate(fields)?).map_err(|error| TrustedRootError::Certificate { uri: uri.clone(), error })
    };
    let certificates = certificates.into_iter().map(parse).collect::<Result<_, _>>()?;
    Ok((uri, certificates, valid))
}

fn certificate_authority(fields: Fields<'_>) -> Result<CertificateAuthority, TrustedRootError> {
    let (uri, mut intermediates, valid) = authority(fields)?;
    let root = intermediates.pop().ok_or(TrustedRootError::Chain("cert chain is empty"))?;
    Ok(CertificateAuthority { uri, root, intermediates, valid, by_hand: false })
}

/// The first certificate is the one that signs, unless it is an authority; the last one is the root.
fn timestamp_authority(fields: Fields<'_>) -> Result<NamedTimestampAuthority, TrustedRootError> {
    let (uri, mut certificates, valid) = authority(fields)?;
    let leaf = if certificates.first().is_some_and(|first| !first.is_ca()) { Some(certificates.remove(0)) } else { None };
    let roots = certificates.pop().into_iter().collect();
    Ok(NamedTimestampAuthority { uri, authority: TimestampAuthority { leaf, intermediates: certificates, roots, valid } })
}
