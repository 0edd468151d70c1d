//! `cosign generate-key-pair`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::GenerateKeyPairArgs;
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::runtime::block_on;

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

/// An argument that names no place for the pair. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Not of the form `SCHEME://REF`.
    #[error("could not parse scheme, use <scheme>://<ref> format")]
    NoScheme,
    /// An unknown scheme.
    #[error("undefined provider: {0}")]
    Undefined(String),
}

impl Runnable for GenerateKeyPairArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        if self.kms.is_empty()
            && let Some(word) = self.words.first()
        {
            let (scheme, _) = word.split_once("://").ok_or(ProviderError::NoScheme)?;
            if !matches!(scheme, "k8s" | "gitlab" | "github") {
                return Err(ProviderError::Undefined(scheme.to_owned()).into());
            }
            return Err(NotSupportedYet(format!("cosign generate-key-pair {scheme}://")).into());
        }
        block_on(context, run(self, context))
    }
}

async fn run(args: GenerateKeyPairArgs, _context: &Context) -> Result<(), CommandError> {
    if !args.kms.is_empty() {
        return Err(NotSupportedYet(format!("cosign generate-key-pair --kms {}", args.kms)).into());
    }
    Err(NotSupportedYet("cosign generate-key-pair".to_owned()).into())
}
