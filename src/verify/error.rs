//! Why a signature is not believed. Texts keep the Go program's sentences, since other programs match on them.

use super::chain::CertificateTrustError;
use super::claims::ClaimError;
use super::identity::IdentityError;
use super::sct::SctCheckError;
use super::signature::SignatureError;
use super::timestamp::TimeError;
use super::tlog::TlogError;

/// Why a signature is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// A requirement without any key.
    #[error("no key was given to verify with")]
    NoKey,
    /// A key was given, and the material holds a certificate.
    #[error("expected key signature, not certificate")]
    ExpectedKey,
    /// An identity was given, and the material holds a key.
    #[error("expected certificate signature, not key: the identity that was asked for cannot be verified")]
    ExpectedCertificate,
    /// An identity was given, and there is no certificate.
    #[error("no certificate found on signature")]
    NoCertificate,
    /// A certificate was given, and the material holds another.
    #[error("the cert passed in does not match the cert in the provided bundle")]
    OtherCertificate,
    /// A key was given, and the certificate that came along is of another (older form).
    #[error("error verifying bundle: both public key and certificate were provided but did not match")]
    KeyAndCertificateDiffer,
    /// A key was given, and the bundle says that another one signed (older form).
    #[error("the public key in the bundle is not the key that was given")]
    OtherKey,
    /// No log entry came along (older form).
    #[error("offline verification failed: no transparency log entry came with the signature")]
    NoLogEntry,
    /// The log entries of a bundle.
    #[error("failed to verify log inclusion: {0}")]
    Tlog(TlogError),
    /// The log entry in the older form.
    #[error("error verifying bundle: {0}")]
    LegacyTlog(TlogError),
    /// The time of signing.
    #[error("failed to verify timestamps: {0}")]
    Time(TimeError),
    /// The time of signing in the older form.
    #[error("unable to verify RFC3161 timestamp bundle: {0}")]
    LegacyTime(TimeError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateTrustError),
    /// Certificate Transparency.
    #[error(transparent)]
    Sct(#[from] SctCheckError),
    /// The signature itself.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What the payload says about the artifact.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}
