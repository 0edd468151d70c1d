//! Why there is no identity token. No text holds a token, a code or a secret.

use super::claims::ClaimsError;
use crate::ambient::PromptError;
use crate::encoding::text::quote;
use crate::encoding::{PathError, UnixTime};
use crate::http::HttpError;
use crate::sigstore::ServiceError;

/// Why there is no identity token.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The file that `--identity-token` names.
    #[error("reading ID token: {0}")]
    File(PathError),
    /// `--identity-token` looks like neither a token nor a file.
    #[error("reading ID token: --identity-token is neither a JWT nor the path of a file that holds one")]
    NoToken,
    /// The flow takes a token at hand, and there is none.
    #[error("authenticating caller: no identity token is at hand, and nobody is to be asked for one: give one with --identity-token")]
    NoneGiven,
    /// A token that was kept too long.
    #[error("the identity token given with {given_with} expired at {at}, and it is {now}: get a new one; nothing was sent")]
    Expired {
        /// The flag or variable.
        given_with: &'static str,
        /// When it expired.
        at: UnixTime,
        /// Now.
        now: UnixTime,
    },
    /// The provider's answers.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// HTTP could not be set up.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// `--oidc-provider` names none.
    #[error("getting provider: {} is not a valid provider (known are filesystem, envvar, github-actions, buildkite-agent, google-workload-identity, google-impersonate, spiffe)", quote(.0))]
    UnknownProvider(String),
    /// `--oidc-provider` names one that is not at hand.
    #[error("getting provider: {provider} is not available here: {reason}")]
    NotAvailable {
        /// Its name.
        provider: &'static str,
        /// What is missing.
        reason: String,
    },
    /// An ambient provider that is there and fails.
    #[error("fetching ambient OIDC credentials: {provider}: {reason}")]
    Ambient {
        /// Its name.
        provider: &'static str,
        /// What happened; foreign text is quoted.
        reason: String,
    },
    /// A GitHub job that may not ask for a token.
    #[error(
        "fetching ambient OIDC credentials: github-actions: this job may not ask for an identity token: add `permissions: id-token: write` to the workflow or the job (with `contents: read` for what it needs besides); or give a token with --identity-token"
    )]
    GithubPermission,
    /// `--fulcio-auth-flow` names none.
    #[error("authenticating caller: unsupported oauth flow: {}", quote(.0))]
    UnknownFlow(String),
    /// Consent was not given.
    #[error("setting auth flow: {0}")]
    Consent(PromptError),
    /// No issuer is known.
    #[error("no OpenID issuer is known to ask: give a token with --identity-token, or name the issuer with --oidc-issuer")]
    NoIssuer,
    /// What the provider says of itself.
    #[error("authenticating caller: {0}")]
    Provider(String),
    /// The provider cannot bind codes to who asked for them.
    #[error("authenticating caller: PKCE is not supported by OIDC provider {0:?}")]
    NoPkce(String),
    /// The provider refuses.
    #[error("authenticating caller: error obtaining token: {0}")]
    Refused(String),
    /// The token is not the one that was asked for.
    #[error("authenticating caller: {0}")]
    Token(String),
    /// A token that cannot be read.
    #[error("authenticating caller: {0}")]
    Claims(#[from] ClaimsError),
    /// There is no randomness.
    #[error("authenticating caller: {0}")]
    Random(std::io::Error),
    /// Nobody typed the code.
    #[error("authenticating caller: no verification code was entered: {0}")]
    NoCode(PromptError),
}
