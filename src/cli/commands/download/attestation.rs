//! `cosign download attestation`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::DownloadAttestationArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::format::intoto::predicate;
use crate::operations::download_attached::{self, Download};

/// `download attestation` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "download attestation",
    about: "Fetch the attestations of an image",
    long: "Prints each attestation of an image as one line of JSON, without verifying it: bundles as they are, and the envelopes of the older form.",
    usage: "[flags] IMAGE",
    examples: "\
  # print the SBOM that was attested
  cosign download attestation --predicate-type spdxjson --decode registry.example.com/app:v1 | jq .predicate

  # of the image for one platform
  cosign download attestation --platform linux/amd64 registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    deadline: true,
    action: Action::of::<DownloadAttestationArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for DownloadAttestationArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: DownloadAttestationArgs, context: &Context) -> Result<(), CommandError> {
    let predicate_type = resolve::given(&args.predicate_type).map(predicate::uri_of).transpose()?.map(str::to_owned);
    let request = Download {
        image: args.image.clone(),
        predicate_type,
        platform: resolve::given(&args.platform).map(str::to_owned),
        decode: args.decode,
        place: resolve::registry::place(&args.registry, context)?,
    };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(download_attached::attestations(&request, &registries, context).await?)
}
