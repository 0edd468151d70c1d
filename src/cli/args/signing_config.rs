//! Which services a signature is made with.

use clap::Args;

/// The public log.
pub const DEFAULT_REKOR_URL: &str = "https://rekor.sigstore.dev";

/// The services of a signature.
#[derive(Debug, Clone, Args)]
pub struct SigningConfigArgs {
    /// Take the URLs of the services from the signing config that Sigstore distributes by TUF
    #[arg(long, default_value_t = true)]
    pub use_signing_config: bool,

    /// Take the URLs of the services from this signing config
    #[arg(long, default_value_t)]
    pub signing_config: String,

    /// Check the new signature with this trusted root
    #[arg(long, default_value_t)]
    pub trusted_root: String,

    /// Whether the signature is entered into a transparency log
    #[arg(long, default_value_t = true, hide = true, long_help = "prefer using a --signing-config file with no transparency log services")]
    pub tlog_upload: bool,

    /// The URL of the transparency log
    #[arg(long, default_value = DEFAULT_REKOR_URL, hide = true,
        long_help = "please use a signing config to specify a rekor url; see `cosign signing-config --help`")]
    pub rekor_url: String,

    /// Whether the signature is packed into a Sigstore bundle
    #[arg(long, default_value_t = true, hide = true, long_help = "this will be the only supported format in future versions")]
    pub new_bundle_format: bool,
}
