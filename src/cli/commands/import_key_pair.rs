//! `cosign import-key-pair`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::ImportKeyPairArgs;
use crate::cli::error::CommandError;
use crate::cli::runtime::block_on;
use crate::operations::import_key_pair::{ImportKeyPair, import_key_pair};

/// `import-key-pair` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "import-key-pair",
    about: "Encrypt an existing private key for cosign",
    long: "Reads an RSA, ECDSA or Ed25519 private key in PEM and writes it encrypted with a password, with its public key beside it. \
        COSIGN_PASSWORD holds the password, or it is asked for.",
    examples: "\
  # import-cosign.key and import-cosign.pub
  cosign import-key-pair --key openssl.pem

  # my-key.key and my-key.pub
  cosign import-key-pair --key openssl.pem --output-key-prefix my-key",
    env: true,
    action: Action::of::<ImportKeyPairArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for ImportKeyPairArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: ImportKeyPairArgs, context: &Context) -> Result<(), CommandError> {
    if args.key.is_empty() {
        return Err(NoKey.into());
    }
    let request = ImportKeyPair { key: args.key.into(), output_key_prefix: args.output_key_prefix, skip_confirmation: args.yes };
    Ok(import_key_pair(&request, context).await?)
}

/// `--key` is missing; cosign reports that the current directory is no key.
#[derive(Debug, thiserror::Error)]
#[error("nothing to import: name the private key with --key")]
pub struct NoKey;
