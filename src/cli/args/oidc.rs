//! The provider of identity tokens.

use std::io;

use clap::Args;

use crate::cli::go_io::go_io_error;
use crate::secret::Password;

/// The public issuer.
pub const DEFAULT_OIDC_ISSUER: &str = "https://oauth2.sigstore.dev/auth";

/// How an identity token is got.
#[derive(Debug, Clone, Args)]
pub struct OidcArgs {
    /// The URL of the provider of identity tokens
    #[arg(long, default_value = DEFAULT_OIDC_ISSUER, hide = true,
        long_help = "please use a signing config to specify an OIDC issuer; see `cosign signing-config create --help`")]
    pub oidc_issuer: String,

    /// The client identifier for that provider
    #[arg(long, default_value = "sigstore")]
    pub oidc_client_id: String,

    /// A file with the client secret for that provider
    #[arg(long, default_value_t)]
    pub oidc_client_secret_file: String,

    /// Where the provider sends the browser back to; http://localhost:0/auth/callback if not given
    #[arg(long, default_value_t)]
    pub oidc_redirect_url: String,

    /// Take the token from this source of the surroundings only: spiffe, google, github-actions, filesystem or
    /// buildkite-agent
    #[arg(long, default_value_t)]
    pub oidc_provider: String,

    /// Do not look for a token in the surroundings
    #[arg(long)]
    pub oidc_disable_ambient_providers: bool,
}

/// The file with the client secret cannot be used. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum ClientSecretError {
    /// It cannot be read.
    #[error("reading OIDC client secret: open {path}: {}", go_io_error(.error))]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        error: io::Error,
    },
    /// It holds no text.
    #[error("OIDC client secret in file {path} not valid utf8")]
    NotText {
        /// The file.
        path: String,
    },
}

impl OidcArgs {
    /// The client secret, without the white space around it; `None` where no file is named.
    ///
    /// # Errors
    /// [`ClientSecretError`].
    pub fn client_secret(&self) -> Result<Option<Password>, ClientSecretError> {
        let path = self.oidc_client_secret_file.clone();
        if path.is_empty() {
            return Ok(None);
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(ClientSecretError::Unreadable { path, error }),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Password::new(text.trim().as_bytes()))),
            Err(_) => Err(ClientSecretError::NotText { path }),
        }
    }
}
