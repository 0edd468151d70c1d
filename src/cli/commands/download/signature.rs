//! `cosign download signature`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::DownloadSignatureArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::download_attached::{self, Download};

/// `download signature` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "download signature",
    about: "Fetch the signatures of an image",
    long: "Prints each bundle attached to an image (attestations, too) as one line of JSON, or where there is none each signature of the older \
        form, without verifying it.",
    usage: "[flags] IMAGE",
    examples: "  cosign download signature registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    deadline: true,
    action: Action::of::<DownloadSignatureArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for DownloadSignatureArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: DownloadSignatureArgs, context: &Context) -> Result<(), CommandError> {
    let request = Download {
        image: args.image.clone(),
        predicate_type: None,
        platform: None,
        decode: args.decode,
        place: resolve::registry::place(&args.registry, context)?,
    };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(download_attached::signatures(&request, &registries, context).await?)
}
