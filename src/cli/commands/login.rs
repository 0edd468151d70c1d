//! `cosign login`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::LoginArgs;
use crate::cli::error::{CommandError, NotSupportedYet};

/// `login` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "login",
    about: "Store credentials for a registry",
    long: "Stores a user name and a password for a registry in the Docker config ($DOCKER_CONFIG, else ~/.docker). \
        The registry is not contacted.",
    usage: "[flags] SERVER",
    examples: "\
  # take the password from standard input
  echo \"$PASSWORD\" | cosign login registry.example.com -u me --password-stdin",
    words: Words::Exactly(1),
    action: Action::of::<LoginArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for LoginArgs {
    fn run(self, _context: &Context) -> Result<(), CommandError> {
        Err(NotSupportedYet(format!("cosign login {}", self.server)).into())
    }
}
