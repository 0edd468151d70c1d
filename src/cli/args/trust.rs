//! The flags of `trusted-root create` and `signing-config create`.

use clap::Args;

/// `cosign trusted-root create [flags]`
#[derive(Debug, Clone, Default, Args)]
pub struct TrustedRootCreateArgs {
    /// A certificate authority: url=URL,certificate-chain=FILE[,start-time=TIME][,end-time=TIME]; repeatable
    #[arg(long, value_name = "stringArray")]
    pub fulcio: Vec<String>,

    /// A transparency log: url=URL,public-key=FILE,start-time=TIME[,end-time=TIME][,origin=NAME]; repeatable
    #[arg(long, value_name = "stringArray")]
    pub rekor: Vec<String>,

    /// A Certificate Transparency log: url=URL,public-key=FILE,start-time=TIME[,end-time=TIME][,origin=NAME]; repeatable
    #[arg(long, value_name = "stringArray")]
    pub ctfe: Vec<String>,

    /// A timestamp authority: url=URL,certificate-chain=FILE[,start-time=TIME][,end-time=TIME]; repeatable
    #[arg(long, value_name = "stringArray")]
    pub tsa: Vec<String>,

    /// Add the services of the public instance
    #[arg(long)]
    pub with_default_services: bool,

    /// With --with-default-services: not its certificate authorities
    #[arg(long)]
    pub no_default_fulcio: bool,

    /// With --with-default-services: not its Certificate Transparency logs
    #[arg(long)]
    pub no_default_ctfe: bool,

    /// With --with-default-services: not its timestamp authorities
    #[arg(long)]
    pub no_default_tsa: bool,

    /// With --with-default-services: not its transparency logs
    #[arg(long)]
    pub no_default_rekor: bool,

    /// Write to this file instead of standard output
    #[arg(long, default_value_t)]
    pub out: String,

    /// The older flags.
    #[command(flatten)]
    pub old: OldTrustedRootArgs,
}

/// The older flags of `trusted-root create`: the first of one kind goes with the first of the others.
#[derive(Debug, Clone, Default, Args)]
pub struct OldTrustedRootArgs {
    /// A PEM file with the chain of a certificate authority
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --fulcio instead")]
    pub certificate_chain: Vec<String>,

    /// Its URI
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --fulcio instead")]
    pub fulcio_uri: Vec<String>,

    /// A PEM file with the key of a Certificate Transparency log
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --ctfe instead")]
    pub ctfe_key: Vec<String>,

    /// From when it counts
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --ctfe instead")]
    pub ctfe_start_time: Vec<String>,

    /// Until when it counts
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --ctfe instead")]
    pub ctfe_end_time: Vec<String>,

    /// Its URL
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --ctfe instead")]
    pub ctfe_url: Vec<String>,

    /// A PEM file with the key of a transparency log, and behind a comma the name under which a Rekor v2 signs
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --rekor instead")]
    pub rekor_key: Vec<String>,

    /// From when it counts
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --rekor instead")]
    pub rekor_start_time: Vec<String>,

    /// Until when it counts
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --rekor instead")]
    pub rekor_end_time: Vec<String>,

    /// Its URL
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --rekor instead")]
    pub rekor_url: Vec<String>,

    /// A PEM file with the chain of a timestamp authority
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --tsa instead")]
    pub timestamp_certificate_chain: Vec<String>,

    /// Its URI
    #[arg(long, value_name = "stringArray", hide = true, long_help = "use --tsa instead")]
    pub timestamp_uri: Vec<String>,
}

/// `cosign signing-config create [flags]`
#[derive(Debug, Clone, Default, Args)]
pub struct SigningConfigCreateArgs {
    /// A certificate authority: url=URL,api-version=N,start-time=TIME,operator=NAME[,end-time=TIME]; repeatable
    #[arg(long, value_name = "stringArray")]
    pub fulcio: Vec<String>,

    /// A transparency log, written likewise; repeatable
    #[arg(long, value_name = "stringArray")]
    pub rekor: Vec<String>,

    /// A provider of identity tokens, written likewise; repeatable
    #[arg(long, value_name = "stringArray")]
    pub oidc_provider: Vec<String>,

    /// A timestamp authority, written likewise; repeatable
    #[arg(long, value_name = "stringArray")]
    pub tsa: Vec<String>,

    /// Which of the transparency logs are used: ANY, ALL or EXACT:N
    #[arg(long, default_value_t)]
    pub rekor_config: String,

    /// Which of the timestamp authorities are used: ANY, ALL or EXACT:N
    #[arg(long, default_value_t)]
    pub tsa_config: String,

    /// A signing config whose services are taken over where no other of their kind are given
    #[arg(long, default_value_t)]
    pub base_config: String,

    /// Add the services of the public instance
    #[arg(long)]
    pub with_default_services: bool,

    /// With --with-default-services: its config for Rekor v2
    #[arg(long)]
    pub with_default_rekor_v2: bool,

    /// Not the certificate authorities of --base-config or the public instance
    #[arg(long)]
    pub no_default_fulcio: bool,

    /// Not the transparency logs of --base-config or the public instance
    #[arg(long)]
    pub no_default_rekor: bool,

    /// Not the providers of identity tokens of --base-config or the public instance
    #[arg(long)]
    pub no_default_oidc: bool,

    /// Not the timestamp authorities of --base-config or the public instance
    #[arg(long)]
    pub no_default_tsa: bool,

    /// Write to this file instead of standard output
    #[arg(long, default_value_t)]
    pub out: String,
}
