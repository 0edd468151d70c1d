//! `cosign upload wasm`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::UploadWasmArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::upload_files;

/// `upload wasm` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "upload wasm",
    about: "Store a WebAssembly module in a registry",
    long: "Stores a WebAssembly module as an image of one layer.",
    usage: "[flags] IMAGE",
    examples: "  cosign upload wasm -f policy.wasm registry.example.com/policy:v1",
    words: Words::Exactly(1),
    env: true,
    required: &["file"],
    action: Action::of::<UploadWasmArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for UploadWasmArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: UploadWasmArgs, context: &Context) -> Result<(), CommandError> {
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(upload_files::wasm(&args.image, args.file.into(), &registries, context).await?)
}
