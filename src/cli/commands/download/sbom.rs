//! `cosign download sbom`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::DownloadSbomArgs;
use crate::cli::commands::SBOM_NOTICE;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::download_sbom::{DownloadSbom, sbom};

/// `download sbom` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "download sbom",
    about: "DEPRECATED: Fetch the SBOM attached to an image",
    long: "Prints the SBOM that `cosign attach sbom` stored beside an image, byte for byte, without verifying it. \
        `cosign verify-attestation` gives one that was signed.",
    usage: "[flags] IMAGE",
    examples: "\
  cosign download sbom registry.example.com/app:v1 > sbom.spdx.json

  # of the image for one platform
  cosign download sbom --platform linux/amd64 registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<DownloadSbomArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for DownloadSbomArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: DownloadSbomArgs, context: &Context) -> Result<(), CommandError> {
    context.ui.warn(SBOM_NOTICE);
    context.ui.warn(
        "Downloading SBOMs this way does not ensure its authenticity. If you want to ensure a tamper-proof SBOM, download it using 'cosign download attestation <image uri>'.",
    );
    let request = DownloadSbom {
        image: args.image.clone(),
        platform: resolve::given(&args.platform).map(str::to_owned),
        place: resolve::registry::place(&args.registry, context)?,
    };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(sbom(&request, &registries, context).await?)
}
