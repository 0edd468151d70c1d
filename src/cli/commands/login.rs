//! `cosign login`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::LoginArgs;
use crate::cli::error::CommandError;
use crate::cli::terminal::input;
use crate::operations::login::{Login, login};
use crate::secret::Password;

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
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let password = if self.password_stdin { password_from_stdin(context)? } else { self.password };
        let request = Login { server: self.server, username: self.username, password };
        Ok(login(&request, context)?)
    }
}

/// All of standard input, without one line break at its end.
fn password_from_stdin(context: &Context) -> Result<Password, CommandError> {
    let bytes = input::whole(context.deadline)?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Ok(Password::new(text.strip_suffix(b"\r").unwrap_or(text)))
}
