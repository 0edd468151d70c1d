//! `cosign attach sbom`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::AttachSbomArgs;
use crate::cli::commands::SBOM_NOTICE;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::encoding::text;
use crate::operations::attach::sbom;
use crate::operations::fetch_url::HttpFetch;

/// `attach sbom` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "attach sbom",
    about: "DEPRECATED: Attach an SBOM to an image",
    long: "Stores an SBOM beside an image, unsigned, in the place of an earlier one. `cosign attest` signs it.",
    usage: "[flags] IMAGE",
    examples: "  cosign attach sbom --sbom sbom.spdx.json registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<AttachSbomArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for AttachSbomArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: AttachSbomArgs, context: &Context) -> Result<(), CommandError> {
    context.ui.warn(SBOM_NOTICE);
    let media_type = resolve::attach::sbom_media_type(&args)?;
    context.ui.warn(&format!(
        "Attaching SBOMs this way does not sign them. To sign them, use 'cosign attest --predicate {} --key <key path>'.",
        text::quote(&args.sbom)
    ));
    let request = resolve::attach::sbom(&args, media_type, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(sbom::sbom(&request, &registries, &HttpFetch::new(context), context).await?)
}
