//! The certificate: a path to an authority that counts at the time of signing, and its expiry in the older form.

use crate::crypto::chain;
use crate::crypto::{Certificate, ExtendedKeyUsage, ValidityPeriod};
use crate::encoding::UnixTime;
use crate::format::trusted_root::{CertificateAuthority, TrustedRoot};

/// Why a certificate does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateTrustError {
    /// No authority of a trusted root leads to it (bundles).
    #[error("failed to verify leaf certificate: leaf certificate verification failed: {0}")]
    Leaf(PathError),
    /// The same in the older form.
    #[error("leaf certificate verification failed: {0}")]
    LegacyLeaf(PathError),
    /// No authority from files leads to it.
    #[error(
        "cert verification failed: {0}. Check your TUF root (see cosign initialize) or set a custom root with env var SIGSTORE_ROOT_FILE"
    )]
    ByHand(PathError),
    /// A certificate of the path did not count at a time (older form).
    #[error("{evidence}{error}")]
    Expiry {
        /// What vouches for the time.
        evidence: &'static str,
        /// Which certificate, and when.
        error: ExpiryError,
    },
    /// Expired by now, and nothing else says when it was used.
    #[error("expected a signed timestamp to verify an expired certificate: {0}")]
    ExpiredWithoutTime(ExpiryError),
    /// Its key is of a kind that is not known.
    #[error("invalid certificate found on signature: {0}")]
    Key(String),
}

/// Why there is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is no authority at all.
    #[error("x509: certificate signed by unknown authority (no certificate authority is trusted)")]
    NoAuthority,
    /// The path to the authority that comes nearest does not hold.
    #[error("{0}")]
    Path(chain::ChainError),
    /// The authority does not count at that time.
    #[error("the certificate authority {uri:?} counts from {} to {}, not at {at}", bound(&.valid.start), bound(&.valid.end))]
    Period {
        /// The authority.
        uri: String,
        /// When it counts.
        valid: ValidityPeriod,
        /// The time that was asked for.
        at: UnixTime,
    },
}

/// Which certificate did not count, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    /// Too late for the signer's certificate.
    #[error("certificate expired before observed time: {not_after} is before {at}")]
    Expired {
        /// Its last moment.
        not_after: UnixTime,
        /// The time.
        at: UnixTime,
    },
    /// Too early for the signer's certificate.
    #[error("certificate was issued after observed time: {not_before} is after {at}")]
    NotYet {
        /// Its first moment.
        not_before: UnixTime,
        /// The time.
        at: UnixTime,
    },
    /// Too late for an authority's.
    #[error("issuing CA certificate expired before observed time: {not_after} is before {at}")]
    AuthorityExpired {
        /// Its last moment.
        not_after: UnixTime,
        /// The time.
        at: UnixTime,
    },
    /// Too early for an authority's.
    #[error("issuing CA certificate was issued after observed time: {not_before} is after {at}")]
    AuthorityNotYet {
        /// Its first moment.
        not_before: UnixTime,
        /// The time.
        at: UnixTime,
    },
}

fn bound(moment: &Option<UnixTime>) -> String {
    moment.map_or("always".to_owned(), |moment| moment.to_string())
}

/// Every path from `leaf` to the first authority of `trusted` that counts at `at`: leaf first.
pub(super) fn paths(
    leaf: &Certificate,
    intermediates: &[Certificate],
    trusted: &TrustedRoot,
    at: UnixTime,
) -> Result<Vec<Vec<Certificate>>, PathError> {
    let mut nearest = None;
    for authority in &trusted.certificate_authorities {
        match paths_to(authority, leaf, intermediates, at) {
            Ok(paths) => return Ok(paths),
            Err(error) => nearest = Some(nearer(nearest, error)),
        }
    }
    Err(nearest.unwrap_or(PathError::NoAuthority))
}

fn paths_to(
    authority: &CertificateAuthority,
    leaf: &Certificate,
    intermediates: &[Certificate],
    at: UnixTime,
) -> Result<Vec<Vec<Certificate>>, PathError> {
    if !authority.valid.contains(at) {
        return Err(PathError::Period { uri: authority.uri.clone(), valid: authority.valid, at });
    }
    let between: Vec<Certificate> = authority.intermediates.iter().chain(intermediates).cloned().collect();
    let roots = std::slice::from_ref(&authority.root);
    chain::verify_all(leaf, &between, roots, at, ExtendedKeyUsage::CodeSigning).map_err(PathError::Path)
}

/// Of two failures the one that says more: an authority that did not issue the certificate says least.
fn nearer(before: Option<PathError>, now: PathError) -> PathError {
    let says_little = |error: &PathError| matches!(error, PathError::Path(chain::ChainError::UnknownAuthority { .. }));
    match before {
        Some(before) if !says_little(&before) || says_little(&now) => before,
        _ => now,
    }
}

/// Whether the older form's sentence for authorities from files applies.
pub(super) fn is_by_hand(trusted: &TrustedRoot) -> bool {
    trusted.certificate_authorities.iter().all(|authority| authority.by_hand)
}

/// Signer's certificate and authorities all count at `at`.
pub(super) fn check_expiry(leaf: &Certificate, authorities: &[Certificate], at: UnixTime) -> Result<(), ExpiryError> {
    if leaf.not_after() < at {
        return Err(ExpiryError::Expired { not_after: leaf.not_after(), at });
    }
    if leaf.not_before() > at {
        return Err(ExpiryError::NotYet { not_before: leaf.not_before(), at });
    }
    for authority in authorities {
        if authority.not_after() < at {
            return Err(ExpiryError::AuthorityExpired { not_after: authority.not_after(), at });
        }
        if authority.not_before() > at {
            return Err(ExpiryError::AuthorityNotYet { not_before: authority.not_before(), at });
        }
    }
    Ok(())
}
