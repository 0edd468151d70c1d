//! `cosign clean`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Consent, Context};
use crate::cli::args::CleanArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::clean_image::{self, CleanImage};

/// `clean` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "clean",
    about: "Remove the signatures of an image, and what else is attached to it",
    long: "Removes what is attached to an image from its registry: signatures, attestations and SBOMs of the older form, and bundles. Referrers of other \
        kinds stay. It asks first, unless --force is given.",
    usage: "[flags] IMAGE",
    examples: "\
  cosign clean registry.example.com/app:v1

  # signatures of the older form only, without a question
  cosign clean --type signature --force registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<CleanArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for CleanArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        if !self.force {
            context.ui.confirm(&Consent { warning: Some(self.kind.warning()), flag: Some("--force") })?;
        }
        block_on(context, run(self, context))
    }
}

async fn run(args: CleanArgs, context: &Context) -> Result<(), CommandError> {
    let request = CleanImage { image: args.image.clone(), kind: args.kind, place: resolve::registry::place(&args.registry, context)? };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(clean_image::clean(&request, &registries, context).await?)
}
