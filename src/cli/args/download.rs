//! The flags of `download`.

use clap::Args;

use super::RegistryArgs;
use crate::cli::flags::ADDED;

/// `cosign download attestation [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct DownloadAttestationArgs {
    /// The image.
    pub image: String,

    /// Only attestations of this type: a short name such as spdxjson, or a URI
    #[arg(long, default_value_t)]
    pub predicate_type: String,

    /// The attestations of the image for this platform (os/arch[/variant]) in a multi-platform image
    #[arg(long, default_value_t)]
    pub platform: String,

    /// Print the statements instead of what they are packed into
    #[arg(long, help_heading = ADDED)]
    pub decode: bool,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign download signature [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct DownloadSignatureArgs {
    /// The image.
    pub image: String,

    /// Print the signed payloads instead of what they are packed into
    #[arg(long, help_heading = ADDED)]
    pub decode: bool,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `cosign download sbom [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct DownloadSbomArgs {
    /// The image.
    pub image: String,

    /// The SBOM of the image for this platform (os/arch[/variant]) in a multi-platform image
    #[arg(long, default_value_t)]
    pub platform: String,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
