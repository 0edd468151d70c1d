//! `cosign import-key-pair`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::ImportKeyPairArgs;
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::runtime::block_on;

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

async fn run(args: ImportKeyPairArgs, _context: &Context) -> Result<(), CommandError> {
    Err(NotSupportedYet(format!("cosign import-key-pair --key {}", args.key)).into())
}
