//! `cosign tree`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::TreeArgs;
use crate::cli::error::CommandError;
use crate::cli::flag_value::ReferrersMode;
use crate::cli::render::attached::{AttachedTree, headline};
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::tree;

/// `tree` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "tree",
    about: "Show what is attached to an image",
    long: "Lists what is attached to an image in a registry, without verifying it: signatures, SBOMs and attestations under tags of their own, \
        and all that refers to it, bundles with the type of their predicate.",
    usage: "[flags] IMAGE",
    examples: "  cosign tree registry.example.com/app:v1",
    words: Words::Exactly(1),
    env: true,
    action: Action::of::<TreeArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for TreeArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: TreeArgs, context: &Context) -> Result<(), CommandError> {
    let place = resolve::registry::place(&args.registry, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    let subject = tree::open(&args.image, &place, &registries)?;
    context.ui.result(headline(&subject.typed).as_bytes())?;
    let referrers = args.experimental_oci11 || args.referrers_mode.registry_referrers_mode == Some(ReferrersMode::Oci11);
    let groups = tree::attached(&subject, referrers, context).await?;
    Ok(context.ui.result(AttachedTree { image: &subject.typed, groups: &groups }.to_string().as_bytes())?)
}
