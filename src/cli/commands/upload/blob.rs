//! `cosign upload blob`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::UploadBlobArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::cli::usage_error::UsageError;
use crate::operations::upload_files;

/// `upload blob` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "upload blob",
    about: "Store files in a registry",
    long: "Stores a file as an image of one layer, or several files, each for a platform, behind an index.",
    usage: "[flags] IMAGE",
    examples: "\
  cosign upload blob -f app.tar.gz registry.example.com/app:v1

  # one for each platform
  cosign upload blob -f app-linux:linux/amd64 -f app-mac:darwin/arm64 registry.example.com/app:v1

  # with a media type and annotations
  cosign upload blob -f data.json --ct application/json -a team=build registry.example.com/data:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<UploadBlobArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for UploadBlobArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        if self.files.is_empty() { Err(UsageError::HelpRequested.into()) } else { Ok(()) }
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: UploadBlobArgs, context: &Context) -> Result<(), CommandError> {
    let request = resolve::upload::blob(&args);
    let registries = resolve::registry::registries(&args.registry, context)?;
    let stored = upload_files::files(&request, &registries, context).await?;
    if request.files.len() > 1 {
        context.ui.status(&format!("Uploading multi-platform index to {stored}"));
        return Ok(());
    }
    context.ui.status("Uploaded image to:");
    Ok(context.ui.result(format!("{stored}\n").as_bytes())?)
}
