//! `cosign save`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::SaveArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::save_image::{self, SaveImage};

/// `save` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "save",
    about: "Save an image with its signatures and whatever else is attached to it into a directory",
    long: "Saves an image, or an index with all its images, with signatures, attestations, SBOMs, bundles and all other referrers into an OCI layout \
        directory. `load` brings it to a registry again; `verify --local-image` verifies it where it is. An image saved there before is replaced.",
    usage: "[flags] IMAGE",
    examples: "  cosign save --dir app registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    required: &["dir"],
    action: Action::of::<SaveArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for SaveArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: SaveArgs, context: &Context) -> Result<(), CommandError> {
    let request = SaveImage {
        image: args.image.clone(),
        directory: resolve::directory(&args.dir),
        place: resolve::registry::place(&args.registry, context)?,
    };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(save_image::save(&request, &registries).await?)
}
