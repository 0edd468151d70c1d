//! The flags of the `bundle` commands.

use clap::Args;

use super::signing_config::DEFAULT_REKOR_URL;

/// `cosign bundle create [flags]`
#[derive(Debug, Clone, Args)]
pub struct BundleCreateArgs {
    /// The file that was signed
    #[arg(long, default_value_t)]
    pub artifact: String,

    /// A file with the signed envelope of an attestation
    #[arg(long, default_value_t)]
    pub attestation: String,

    /// A bundle in the JSON of version 2
    #[arg(long, default_value_t)]
    pub bundle: String,

    /// A file with the certificate of the signature
    #[arg(long, default_value_t)]
    pub certificate: String,

    /// Do not look for an entry in a transparency log
    #[arg(long)]
    pub ignore_tlog: bool,

    /// The public key of the signature: a file, env://VARIABLE, a URL, a KMS URI or a Kubernetes secret
    #[arg(long, default_value_t)]
    pub key: String,

    /// Write to this file instead of standard output
    #[arg(long, default_value_t)]
    pub out: String,

    /// The URL of the transparency log
    #[arg(long, default_value = DEFAULT_REKOR_URL, hide = true,
        long_help = "please use a signing config to specify a rekor url; see `cosign signing-config --help`")]
    pub rekor_url: String,

    /// A file with the signed timestamp
    #[arg(long, default_value_t)]
    pub rfc3161_timestamp: String,

    /// A file with the signature
    #[arg(long, default_value_t)]
    pub signature: String,

    /// Use a hardware security key
    #[arg(long = "sk")]
    pub security_key: bool,

    /// Its slot: authentication, signature, card-authentication or key-management
    #[arg(long, default_value = "signature")]
    pub slot: String,
}

/// `cosign bundle inspect BUNDLE`
#[derive(Debug, Clone, Args)]
pub struct BundleInspectArgs {
    /// The file.
    pub bundle: String,
}

/// `cosign bundle upgrade BUNDLE [flags]`
#[derive(Debug, Clone, Args)]
pub struct BundleUpgradeArgs {
    /// The file.
    pub bundle: String,

    /// Write to this file instead of standard output
    #[arg(long, default_value_t)]
    pub out: String,

    /// The URL of the transparency log
    #[arg(long, default_value = DEFAULT_REKOR_URL)]
    pub rekor_url: String,
}
