//! `cosign load`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::LoadArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::load_image::{self, LoadImage};

/// `load` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "load",
    about: "Load a saved image with everything attached to it into a registry",
    long: "Loads what `save` wrote, of this program or of cosign, or the only image of any OCI layout directory, with everything that is attached to it. \
        Signatures that the image has at the destination already are kept.",
    usage: "[flags] IMAGE",
    examples: "  cosign load --dir app mirror.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    required: &["dir"],
    action: Action::of::<LoadArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for LoadArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: LoadArgs, context: &Context) -> Result<(), CommandError> {
    let request = LoadImage {
        directory: resolve::directory(&args.dir),
        image: args.image.clone(),
        place: resolve::registry::place(&args.registry, context)?,
    };
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(load_image::load(&request, &registries).await?)
}
