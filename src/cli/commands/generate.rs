//! `cosign generate`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::GenerateArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::generate_payload::payload;

/// `generate` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "generate",
    about: "Print the payload to sign for an image",
    long: "Prints the simple signing payload of an image, as `cosign sign --new-bundle-format=false` signs it, for signing with other tools; \
        `cosign attach signature` stores the signature.",
    usage: "[flags] IMAGE",
    examples: "\
  cosign generate registry.example.com/app:v1 > payload.json

  # with annotations
  cosign generate -a build=17 registry.example.com/app:v1",
    notice: Some(
        "generate will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use in-toto tooling",
    ),
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<GenerateArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for GenerateArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: GenerateArgs, context: &Context) -> Result<(), CommandError> {
    let annotations = args.annotations.pairs()?.into_iter().collect();
    let place = resolve::registry::place(&args.registry, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(context.ui.result(&payload(&args.image, &annotations, &place, &registries).await?)?)
}
