//! What all signing commands share.

use clap::Args;

use super::{FulcioArgs, KeyFlagsError, OidcArgs, SecurityKeyArgs, SigningConfigArgs, TimestampArgs};

/// Who signs, and with which services.
#[derive(Debug, Clone, Args)]
pub struct SignerArgs {
    /// The private key: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// A PEM file with the certificate of the key, stored with the signature
    #[arg(long, default_value_t)]
    pub certificate: String,

    /// A PEM file with the certificates above it, from the issuer of the signing certificate to the root, stored with the
    /// signature
    #[arg(long, default_value_t)]
    pub certificate_chain: String,

    /// Ask Fulcio for a certificate of the given key
    #[arg(long, hide = true, long_help = "support for this flag will be removed in the future")]
    pub issue_certificate: bool,

    /// Answer questions with yes
    #[arg(long, short = 'y')]
    pub yes: bool,

    /// A hardware key.
    #[command(flatten)]
    pub security_key: SecurityKeyArgs,

    /// The services.
    #[command(flatten)]
    pub signing_config: SigningConfigArgs,

    /// The certificate authority.
    #[command(flatten)]
    pub fulcio: FulcioArgs,

    /// The provider of identity tokens.
    #[command(flatten)]
    pub oidc: OidcArgs,

    /// The timestamp authority.
    #[command(flatten)]
    pub timestamp: TimestampArgs,
}

impl SignerArgs {
    /// Whether Fulcio is asked for a certificate: no key is given, or that of the key is wanted.
    pub fn needs_certificate(&self) -> bool {
        self.key.is_empty() && !self.security_key.security_key || self.issue_certificate
    }

    /// A key comes from one place at most.
    ///
    /// # Errors
    /// [`KeyFlagsError`].
    pub fn at_most_one_key(&self) -> Result<(), KeyFlagsError> {
        self.security_key.at_most_one_key(&self.key)
    }
}
