//! `cosign signing-config`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::SigningConfigCreateArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;

/// The group in the table of commands.
pub static GROUP: Spec =
    Spec { path: "signing-config", about: "Make signing configs: which services sign", usage: "[command]", ..Spec::DEFAULT };

/// `signing-config create` in the table of commands.
pub static CREATE: Spec = Spec {
    path: "signing-config create",
    about: "Make a signing config",
    long: "Makes a signing config: what signing commands take as --signing-config. One without services lets a key sign alone.",
    usage: "[flags]",
    examples: "\
  # sign with a key alone
  cosign signing-config create --out signing_config.json

  # services of one's own
  cosign signing-config create \\
    --fulcio url=https://fulcio.example.com,api-version=1,start-time=2024-01-01T00:00:00Z,operator=example.com \\
    --rekor url=https://rekor.example.com,api-version=2,start-time=2024-01-01T00:00:00Z,operator=example.com --rekor-config ANY \\
    --oidc-provider url=https://login.example.com,api-version=1,start-time=2024-01-01T00:00:00Z,operator=example.com \\
    --tsa url=https://tsa.example.com/api/v1/timestamp,api-version=1,start-time=2024-01-01T00:00:00Z,operator=example.com \\
    --tsa-config EXACT:1 --out signing_config.json

  # the public services, but no timestamp authority
  cosign signing-config create --with-default-services --no-default-tsa --out signing_config.json",
    deadline: true,
    exclusive: &[&["base-config", "with-default-services"], &["base-config", "with-default-rekor-v2"]],
    action: Action::of::<SigningConfigCreateArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for SigningConfigCreateArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let config = resolve::signing_config::resolve(&self, context)?;
        super::write_document(&self.out, config.to_json(), context)
    }
}
