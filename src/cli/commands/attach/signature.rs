//! `cosign attach signature`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::AttachSignatureArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::attach::signature;
use crate::operations::fetch_url::HttpFetch;

/// `attach signature` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "attach signature",
    about: "Attach a signature to an image",
    long: "Stores a signature that was made elsewhere, over the payload that `cosign generate` prints, beside those that an image has already; \
        or a bundle. Nothing is verified: `cosign verify` does that.",
    usage: "[flags] IMAGE",
    examples: "\
  # sign with a tool of your own
  cosign generate registry.example.com/app:v1 > payload.json
  openssl dgst -sha256 -sign key.pem payload.json | base64 > payload.sig
  cosign attach signature --payload payload.json --signature payload.sig registry.example.com/app:v1

  # with certificate and log entry
  cosign attach signature --payload payload.json --signature payload.sig --certificate leaf.pem --certificate-chain chain.pem \\
    --rekor-response entry.json registry.example.com/app:v1

  # a bundle
  cosign attach signature --bundle app.sigstore.json registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<AttachSignatureArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for AttachSignatureArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: AttachSignatureArgs, context: &Context) -> Result<(), CommandError> {
    let request = resolve::attach::signature(&args, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(signature::signature(&request, &registries, &HttpFetch::new(context), context).await?)
}
