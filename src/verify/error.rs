//! Why a signature is not believed. Texts keep the Go program's sentences, since other programs match on them.

use super::claims::ClaimError;
use super::identity::IdentityError;
use super::signature::SignatureError;

/// Why a signature is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// A key was given, and the material holds a certificate.
    #[error("expected key signature, not certificate")]
    ExpectedKey,
    /// An identity was given, and the material holds the hint of a key.
    #[error("expected certificate signature, not key")]
    ExpectedCertificate,
    /// An identity was given, and there is no certificate.
    #[error("no certificate found on signature")]
    NoCertificate,
    /// The signature itself.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The identity.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// What the payload says about the artifact.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A check that is not built yet was asked for.
    #[error("{0} is not supported yet")]
    NotSupportedYet(&'static str),
}
