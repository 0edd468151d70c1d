//! `cosign generate-key-pair`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::GenerateKeyPairArgs;
use crate::cli::error::CommandError;
use crate::cli::runtime::block_on;
use crate::operations::generate_key_pair::{GenerateKeyPair, generate_key_pair};

/// `generate-key-pair` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "generate-key-pair",
    about: "Make a key pair",
    long: "Makes an ECDSA P-256 key pair. The private key is encrypted with a password, which COSIGN_PASSWORD holds or which is asked for.",
    usage: "[flags] [SCHEME://REF]",
    examples: "\
  # cosign.key and cosign.pub in this directory
  cosign generate-key-pair

  # release.key and release.pub
  cosign generate-key-pair --output-key-prefix release",
    env: true,
    action: Action::of::<GenerateKeyPairArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for GenerateKeyPairArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: GenerateKeyPairArgs, context: &Context) -> Result<(), CommandError> {
    let request = GenerateKeyPair {
        output_key_prefix: args.output_key_prefix,
        argument: args.words.into_iter().next(),
        kms: Some(args.kms).filter(|kms| !kms.is_empty()),
    };
    Ok(generate_key_pair(&request, context).await?)
}
