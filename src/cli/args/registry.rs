//! How to reach a registry.

use clap::Args;

use super::given::password;
use crate::cli::flag_value::ReferrersMode;
use crate::secret::Password;

/// Access to a registry.
#[derive(Debug, Clone, Args)]
pub struct RegistryArgs {
    /// Take any TLS certificate from a registry, also an expired or self-signed one; for tests only
    #[arg(long)]
    pub allow_insecure_registry: bool,

    /// Speak HTTP without TLS to a registry that does not answer otherwise; for tests only
    #[arg(long)]
    pub allow_http_registry: bool,

    /// Find credentials as Kubernetes nodes do (workload identity of the cloud) instead of in the Docker config alone
    #[arg(long)]
    pub k8s_keychain: bool,

    /// The user name for the registry
    #[arg(long, default_value_t)]
    pub registry_username: String,

    /// The password for the registry
    #[arg(long, default_value = "", value_parser = password)]
    pub registry_password: Password,

    /// The bearer token for the registry
    #[arg(long, default_value = "", value_parser = password)]
    pub registry_token: Password,

    /// A PEM file with the CA certificate of the registry
    #[arg(long, default_value_t)]
    pub registry_cacert: String,

    /// A PEM file with the certificate that is shown to the registry
    #[arg(long, default_value_t)]
    pub registry_client_cert: String,

    /// A PEM file with the private key of that certificate
    #[arg(long, default_value_t)]
    pub registry_client_key: String,

    /// The name that the certificate of the registry has to carry
    #[arg(long, default_value_t)]
    pub registry_server_name: String,

    /// A prefix for the tags of attachments, `[PREFIX]sha256-[DIGEST].[NAME]`
    #[arg(long, default_value_t, hide = true, long_help = "please use OCI referrers")]
    pub attachment_tag_prefix: String,
}

/// How references to an image are kept.
#[derive(Debug, Clone, Default, Args)]
pub struct ReferrersModeArgs {
    /// How the registry keeps what refers to an image: legacy or oci-1-1
    #[arg(long, value_parser = ReferrersMode::parse)]
    pub registry_referrers_mode: Option<ReferrersMode>,
}
