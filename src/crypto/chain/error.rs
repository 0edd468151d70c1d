//! Why there is no path.

use crate::crypto::SignatureError;
use crate::encoding::UnixTime;

/// Why no path holds; texts are those of Go's `crypto/x509`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// A critical extension that is not known here.
    #[error("x509: unhandled critical extension")]
    UnhandledCriticalExtension {
        /// Its OID.
        oid: String,
    },
    /// The moment lies before a certificate's validity.
    #[error("x509: certificate has expired or is not yet valid: current time {at} is before {not_before}")]
    NotYetValid {
        /// The moment asked for.
        at: UnixTime,
        /// The first that is valid.
        not_before: UnixTime,
    },
    /// The moment lies after a certificate's validity.
    #[error("x509: certificate has expired or is not yet valid: current time {at} is after {not_after}")]
    Expired {
        /// The moment asked for.
        at: UnixTime,
        /// The last that is valid.
        not_after: UnixTime,
    },
    /// An intermediate that is no authority.
    #[error("x509: certificate is not authorized to sign other certificates")]
    NotAuthorizedToSign,
    /// The candidate's basic constraints or key usage do not allow signing certificates.
    #[error("x509: invalid signature: parent certificate cannot sign this kind of certificate")]
    ParentCannotSign,
    /// A path length constraint.
    #[error("x509: too many intermediates for path length constraint")]
    TooManyIntermediates,
    /// No path allows the extended key usage.
    #[error("x509: certificate specifies an incompatible key usage")]
    IncompatibleUsage,
    /// A name constraint; the text says which name, quoted.
    #[error("x509: a root or intermediate certificate is not authorized to sign for this name: {0}")]
    NameNotAllowed(String),
    /// A certificate asks for explicit policies, which are not supported yet.
    #[error("x509: no valid chains built: {0} candidate chains with invalid policies")]
    ExplicitPolicy(usize),
    /// No root was reached. The hint is what was wrong with a candidate of the right name.
    #[error("x509: certificate signed by unknown authority{}", hint_text(.hint))]
    UnknownAuthority {
        /// Error, and the candidate's name.
        hint: Option<(Box<ChainError>, String)>,
    },
    /// A signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The bound on work was reached.
    #[error("x509: signature check attempts limit reached while verifying certificate chain")]
    SignatureLimit,
}

fn hint_text(hint: &Option<(Box<ChainError>, String)>) -> String {
    hint.as_ref().map_or(String::new(), |(error, name)| {
        format!(" (possibly because of {:?} while trying to verify candidate authority certificate {name:?})", error.to_string())
    })
}
