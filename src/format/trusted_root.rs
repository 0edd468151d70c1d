//! Trusted material: certificate authorities, logs and timestamp authorities, from `trusted_root.json` or from keys and certificates by hand.

use crate::crypto::timestamp::TimestampAuthority;
use crate::crypto::{Certificate, LogKey, ValidityPeriod};

/// Whom to believe. Empty trusts nobody.
#[derive(Clone, Default)]
pub struct TrustedRoot {
    /// Authorities that certify signers (Fulcio, or one of one's own).
    pub certificate_authorities: Vec<CertificateAuthority>,
    /// Certificate Transparency logs.
    pub ct_logs: Vec<LogKey>,
    /// Transparency logs (Rekor).
    pub transparency_logs: Vec<TransparencyLog>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<NamedTimestampAuthority>,
}

/// An authority that certifies signers.
#[derive(Clone)]
pub struct CertificateAuthority {
    /// Its URI; may be empty.
    pub uri: String,
    /// The certificate that is trusted.
    pub root: Certificate,
    /// Certificates between signers and the root.
    pub intermediates: Vec<Certificate>,
    /// When the authority counts.
    pub valid: ValidityPeriod,
}

/// A transparency log.
#[derive(Clone)]
pub struct TransparencyLog {
    /// Its base URL; may be empty for Rekor v1.
    pub base_url: String,
    /// Its key.
    pub key: LogKey,
}

/// A timestamp authority with its name.
#[derive(Clone)]
pub struct NamedTimestampAuthority {
    /// Its URI; may be empty.
    pub uri: String,
    /// Its certificates.
    pub authority: TimestampAuthority,
}
