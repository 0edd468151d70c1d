//! The flags of `dockerfile verify` and `manifest verify`.

use clap::Args;

use super::VerifyArgs;

/// `cosign manifest verify [flags] FILE`
#[derive(Debug, Clone, Args)]
pub struct ManifestVerifyArgs {
    /// Those of `verify`; its images are the file.
    #[command(flatten)]
    pub verify: VerifyArgs,
}

/// `cosign dockerfile verify [flags] FILE`
#[derive(Debug, Clone, Args)]
pub struct DockerfileVerifyArgs {
    /// Verify only the base image: that of the last FROM which names one
    #[arg(long)]
    pub base_image_only: bool,

    /// Those of `verify`; its images are the file.
    #[command(flatten)]
    pub verify: VerifyArgs,
}
