//! `cosign bundle upgrade`.

use std::path::Path;

use super::{Action, Runnable, Spec, Words, write_document};
use crate::ambient::Context;
use crate::cli::args::BundleUpgradeArgs;
use crate::cli::error::CommandError;
use crate::cli::runtime::block_on;
use crate::operations::files;
use crate::operations::upgrade_bundle::upgrade_bundle;

/// `bundle upgrade` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "bundle upgrade",
    about: "Bring a bundle to version 0.3",
    long: "Brings a bundle of version 0.1 or 0.2 to version 0.3: one certificate instead of a chain, and a proof for every log entry.",
    usage: "[flags] BUNDLE",
    examples: "  cosign bundle upgrade --out new.sigstore.json old.sigstore.json",
    words: Words::Exactly(1),
    action: Action::of::<BundleUpgradeArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for BundleUpgradeArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: BundleUpgradeArgs, context: &Context) -> Result<(), CommandError> {
    let json = files::read(Path::new(&args.bundle)).map_err(|error| CommandError::from(error).with_prefix("reading input file"))?;
    let upgraded =
        upgrade_bundle(json, &args.rekor_url, context).await.map_err(|error| CommandError::from(error).with_prefix("upgrading bundle"))?;
    write_document(&args.out, upgraded, context)?;
    if !args.out.is_empty() {
        context.ui.status(&format!("Successfully upgraded bundle written to {}", args.out));
    }
    Ok(())
}
