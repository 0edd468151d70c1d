//! The timestamp authority.

use clap::Args;

/// How a signed timestamp is asked for.
#[derive(Debug, Clone, Default, Args)]
pub struct TimestampArgs {
    /// A PEM file with the CA certificate of the timestamp authority's server
    #[arg(long, default_value_t)]
    pub timestamp_client_cacert: String,

    /// A PEM file with the certificate that is shown to that server
    #[arg(long, default_value_t)]
    pub timestamp_client_cert: String,

    /// A PEM file with the private key of that certificate
    #[arg(long, default_value_t)]
    pub timestamp_client_key: String,

    /// The name that the certificate of that server has to carry
    #[arg(long, default_value_t)]
    pub timestamp_server_name: String,

    /// The URL of the timestamp authority, with the path that answers timestamp requests
    #[arg(
        long,
        default_value_t,
        hide = true,
        long_help = "please use a signing config to specify a timestamp server url; see `cosign signing-config --help`"
    )]
    pub timestamp_server_url: String,
}
