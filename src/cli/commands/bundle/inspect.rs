//! `cosign bundle inspect`.

use std::path::Path;

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::BundleInspectArgs;
use crate::cli::error::CommandError;
use crate::cli::render::bundle_tree;
use crate::format::bundle::Bundle;
use crate::operations::files;

/// `bundle inspect` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "bundle inspect",
    about: "Show what is in a bundle",
    long: "Shows what a bundle says. Nothing is verified.",
    usage: "[flags] BUNDLE",
    examples: "  cosign bundle inspect release.sigstore.json",
    words: Words::Exactly(1),
    action: Action::of::<BundleInspectArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for BundleInspectArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        context.ui.warn("This command only inspects the contents of the bundle.");
        context.ui.status("It does not perform cryptographic verification or verify log inclusion.");
        context.ui.status("");
        let json = files::read(Path::new(&self.bundle)).map_err(|error| CommandError::from(error).with_prefix("opening bundle file"))?;
        let bundle = Bundle::read(&json).map_err(|error| CommandError::from(error).with_prefix("unmarshaling bundle"))?;
        Ok(context.ui.result(bundle_tree::of(&bundle).to_string().as_bytes())?)
    }
}
