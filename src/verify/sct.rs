//! Certificate Transparency: a log must have seen the signer's certificate.

use super::requirement::SctRequirement;
use crate::crypto::sct::{self, Sct, SctError};
use crate::crypto::{Certificate, LogKey};
use crate::format::material::Form;
use crate::format::trusted_root::TrustedRoot;

/// Why no log counts as having seen the certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SctCheckError {
    /// The SCTs in a bundle's certificate do not suffice.
    #[error("failed to verify signed certificate timestamp: {0}")]
    Embedded(SctError),
    /// The same in the older form.
    #[error("{0}")]
    LegacyEmbedded(SctError),
    /// The detached SCT does not hold.
    #[error("error verifying SCT: {0}")]
    Detached(SctError),
    /// There is none (older form).
    #[error("certificate does not include required embedded SCT and no detached SCT was set")]
    Missing,
    /// The path consists of the certificate alone.
    #[error("certificate chain must contain at least a certificate and its issuer")]
    NoIssuer,
}

/// Checks the SCTs of the certificate at the head of `paths`. Whether that was asked for is the answer.
pub(super) fn check(
    requirement: &SctRequirement,
    paths: &[Vec<Certificate>],
    trusted: &TrustedRoot,
    form: Form,
) -> Result<bool, SctCheckError> {
    let SctRequirement::Required { threshold, detached } = requirement else { return Ok(false) };
    let Some(leaf) = paths.first().and_then(|path| path.first()) else { return Err(SctCheckError::NoIssuer) };
    let wrap = if form == Form::Bundle { SctCheckError::Embedded } else { SctCheckError::LegacyEmbedded };
    let embedded = Sct::embedded(leaf).map_err(wrap)?;
    if embedded.is_empty() {
        if let Some(detached) = detached {
            let parsed = Sct::parse_detached(detached).map_err(SctCheckError::Detached)?;
            sct::verify_detached(&parsed, leaf, &keys(trusted)).map_err(SctCheckError::Detached)?;
            return Ok(true);
        }
        if form == Form::Legacy {
            return Err(SctCheckError::Missing);
        }
    }
    let logs = keys(trusted);
    let issuers: Vec<Certificate> = paths.iter().filter_map(|path| path.get(1)).cloned().collect();
    if issuers.is_empty() {
        return Err(SctCheckError::NoIssuer);
    }
    // A threshold of zero would ask for nothing.
    sct::verify_embedded(leaf, &issuers, &logs, (*threshold).max(1)).map_err(wrap)?;
    Ok(true)
}

fn keys(trusted: &TrustedRoot) -> Vec<LogKey> {
    trusted.ct_logs.iter().map(|log| log.key.clone()).collect()
}
