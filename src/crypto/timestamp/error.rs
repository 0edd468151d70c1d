//! Why a time stamp does not hold.

use crate::crypto::{CertificateError, SignatureError, chain};
use crate::encoding::UnixTime;
use crate::encoding::text::quote;

/// Why a token does not hold; texts are the Go program's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Not DER, or not of the structure of RFC 3161 and RFC 5652; the part that is wrong.
    #[error("error parsing response into Timestamp: malformed {0}")]
    Malformed(&'static str),
    /// Bytes follow the response.
    #[error("timestamp response is not valid: trailing data in Time-Stamp response")]
    TrailingData,
    /// The authority refused.
    #[error("error parsing response into Timestamp: {}: {} ({})", status_text(*.status), quote(.text), failure_text(*.failure))]
    NotGranted {
        /// PKIStatus.
        status: u32,
        /// PKIFreeText, joined.
        text: String,
        /// The bit of PKIFailureInfo.
        failure: Option<u32>,
    },
    /// Granted, but without a token.
    #[error("timestamp response is not valid: no pkcs7 data in Time-Stamp response")]
    NoToken,
    /// Not exactly one signer.
    #[error("signer certificate was not found: the token has {0} signers, not one")]
    Signers(usize),
    /// A critical extension of the token that is not known here; its OID.
    #[error("unhandled critical extension {0} in the timestamp")]
    CriticalExtension(String),
    /// A certificate in the token is none.
    #[error("error parsing response into Timestamp: {0}")]
    Certificate(#[from] CertificateError),
    /// The imprint was made with SHA-1 or weaker.
    #[error("weak hash algorithm: must be SHA-256, SHA-384, or SHA-512")]
    WeakHash,
    /// An algorithm that is not known here.
    #[error("unsupported hash algorithm")]
    UnsupportedHash,
    /// Neither token nor authority says which certificate signed.
    #[error("leaf certificate must be present in the TSR or as a verify option")]
    NoLeaf,
    /// The authority has no root.
    #[error("no root certificates provided for verifying the certificate chain")]
    NoRoots,
    /// No certificate at hand is that of the signer.
    #[error("error while verifying signature: pkcs7: No certificate for signer")]
    NoCertificateForSigner,
    /// The signed digest is not that of the content.
    #[error("error while verifying signature: pkcs7: Message digest mismatch")]
    DigestMismatch,
    /// The signer's own time lies outside of its certificate.
    #[error(
        "error while verifying signature: pkcs7: signing time \"{at}\" is outside of certificate validity \"{not_before}\" to \"{not_after}\""
    )]
    SigningTime {
        /// The attribute.
        at: UnixTime,
        /// First moment of the certificate.
        not_before: UnixTime,
        /// Last moment of the certificate.
        not_after: UnixTime,
    },
    /// The signature does not hold.
    #[error("error while verifying signature: {0}")]
    Signature(#[from] SignatureError),
    /// The signer's key is of a kind that is not known here.
    #[error("error while verifying signature: x509: cannot verify signature: algorithm unimplemented")]
    Key,
    /// The token names another certificate than the one that signed (RFC 5816).
    #[error("error while verifying signature: the signing certificate attribute does not match the signer certificate")]
    SigningCertificate,
    /// The token was signed by another certificate than the authority's.
    #[error("certificate embedded in the TSR does not match the provided TSA certificate")]
    OtherLeaf,
    /// The signer does not chain to the authority's roots at the token's time.
    #[error("error while verifying signer certificate chain: {0}")]
    Chain(#[from] chain::ChainError),
    /// The signer's extended key usage is not critical.
    #[error("failed to verify TSA certificate: certificate must set EKU to critical")]
    UsageNotCritical,
    /// The signer has more, or fewer, usages than one.
    #[error(
        "failed to verify EKU on leaf certificate: failed to verify EKU on leaf certificate: certificate has {0} extended key usages, expected only one"
    )]
    UsageCount(usize),
    /// The nonce is not the one that was sent.
    #[error("incoming nonce does not match TSR nonce")]
    Nonce,
    /// The imprint is not of these bytes.
    #[error("hashed messages don't match")]
    ImprintMismatch,
    /// The token's time lies before the authority's period.
    #[error("timestamp is before the validity period start")]
    BeforePeriod,
    /// The token's time lies after the authority's period.
    #[error("timestamp is after the validity period end")]
    AfterPeriod,
}

fn status_text(status: u32) -> String {
    let text = match status {
        0 => "the request is granted",
        1 => "the request is granted with modifications",
        2 => "the request is rejected",
        3 => "the request is waiting",
        4 => "revocation is imminent",
        5 => "revocation has occurred",
        other => return format!("unknown status: {other}"),
    };
    text.to_owned()
}

fn failure_text(failure: Option<u32>) -> &'static str {
    match failure {
        Some(0) => "unrecognized or unsupported Algorithm Identifier",
        Some(2) => "transaction not permitted or supported",
        Some(5) => "the data submitted has the wrong format",
        Some(14) => "the TSA's time source is not available",
        Some(15) => "the requested TSA policy is not supported by the TSA",
        Some(16) => "the requested extension is not supported by the TSA",
        Some(17) => "the additional information requested could not be understood or is not available",
        Some(25) => "the request cannot be handled due to system failure",
        _ => "",
    }
}
