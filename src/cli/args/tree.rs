//! The flags of `tree`.

use clap::Args;

use super::{ReferrersModeArgs, RegistryArgs};

/// `cosign tree [flags] IMAGE`
#[derive(Debug, Clone, Args)]
pub struct TreeArgs {
    /// The image.
    pub image: String,

    /// Show what refers to the image, too
    #[arg(long, default_value_t = true, hide = true, long_help = "OCI referrers will be the default behavior in future versions")]
    pub experimental_oci11: bool,

    /// How references are kept.
    #[command(flatten)]
    pub referrers_mode: ReferrersModeArgs,

    /// Access to the registry.
    #[command(flatten)]
    pub registry: RegistryArgs,
}
