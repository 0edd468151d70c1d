//! Trusted material: certificate authorities, logs and timestamp authorities, from `trusted_root.json` or from keys and certificates by hand.

mod by_hand;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::TrustedRootError;
pub(crate) use read::validity;
pub use write::UnnamedKey;
pub(crate) use write::period;

use crate::crypto::timestamp::TimestampAuthority;
use crate::crypto::{Certificate, LogKey, ValidityPeriod};

/// The media type of trusted roots.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// Whom to believe. Empty trusts nobody.
#[derive(Debug, Clone, Default)]
pub struct TrustedRoot {
    /// Authorities that certify signers (Fulcio, or one of one's own).
    pub certificate_authorities: Vec<CertificateAuthority>,
    /// Certificate Transparency logs.
    pub ct_logs: Vec<TransparencyLog>,
    /// Transparency logs (Rekor).
    pub transparency_logs: Vec<TransparencyLog>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<NamedTimestampAuthority>,
}

/// An authority that certifies signers.
#[derive(Debug, Clone)]
pub struct CertificateAuthority {
    /// Its URI; may be empty.
    pub uri: String,
    /// The certificate that is trusted.
    pub root: Certificate,
    /// Certificates between signers and the root.
    pub intermediates: Vec<Certificate>,
    /// When the authority counts.
    pub valid: ValidityPeriod,
    /// Whether it comes from files (`--certificate-chain`, `--ca-roots`, `SIGSTORE_ROOT_FILE`) and not from a trusted root: errors differ.
    pub by_hand: bool,
}

/// A transparency log, of signatures or of certificates.
#[derive(Debug, Clone)]
pub struct TransparencyLog {
    /// Its base URL; may be empty for Rekor v1.
    pub base_url: String,
    /// Its key.
    pub key: LogKey,
}

/// A timestamp authority with its name.
#[derive(Debug, Clone)]
pub struct NamedTimestampAuthority {
    /// Its URI; may be empty.
    pub uri: String,
    /// Its certificates.
    pub authority: TimestampAuthority,
}

impl TrustedRoot {
    /// The transparency log of that id. Where two have it, the last counts, as in sigstore-go.
    pub fn transparency_log(&self, id: &[u8]) -> Option<&TransparencyLog> {
        self.transparency_logs.iter().rev().find(|log| log.key.id == id)
    }
}
