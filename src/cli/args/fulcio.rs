//! The certificate authority.

use std::convert::Infallible;

use clap::Args;

use crate::secret::IdToken;

/// The public Fulcio.
pub const DEFAULT_FULCIO_URL: &str = "https://fulcio.sigstore.dev";

/// How a certificate is asked for.
#[derive(Debug, Clone, Args)]
pub struct FulcioArgs {
    /// The URL of Fulcio
    #[arg(long, default_value = DEFAULT_FULCIO_URL, hide = true,
        long_help = "please use a signing config to specify a fulcio url; see `cosign signing-config --help`")]
    pub fulcio_url: String,

    /// The identity token that a certificate is asked for with: the token itself, or the path of a file that holds it
    #[arg(long, default_value = "", value_parser = token)]
    pub identity_token: IdToken,

    /// How a person is identified: normal, device, token or client_credentials; decided by the surroundings if not given
    #[arg(long, default_value_t)]
    pub fulcio_auth_flow: String,

    /// Do not check the certificate's SCT
    #[arg(long, hide = true, long_help = "SCT verification is no longer performed during signing/attestation.")]
    pub insecure_skip_verify: bool,
}

fn token(text: &str) -> Result<IdToken, Infallible> {
    Ok(IdToken::new(text))
}
