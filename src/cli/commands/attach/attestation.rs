//! `cosign attach attestation`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::AttachAttestationArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::attach::attestation;

/// `attach attestation` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "attach attestation",
    about: "Attach attestations to an image",
    long: "Stores attestations that were made elsewhere, DSSE envelopes or bundles, beside those that an image has already. \
        Nothing is verified: `cosign verify-attestation` does that.",
    usage: "[flags] IMAGE",
    examples: "\
  cosign attach attestation --attestation provenance.json registry.example.com/app:v1

  # all attestations of another image
  cosign download attestation registry.example.com/app:v1 > all.jsonl
  cosign attach attestation --attestation all.jsonl mirror.example.com/app:v1",
    words: Words::AtLeast(1),
    env: true,
    action: Action::of::<AttachAttestationArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for AttachAttestationArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: AttachAttestationArgs, context: &Context) -> Result<(), CommandError> {
    let request = resolve::attach::attestation(&args, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(attestation::attestations(&request, &registries, context).await?)
}
