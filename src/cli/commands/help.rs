//! `cosign help`.

use clap::Args;

use super::{Action, ROOT, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::argv::find;
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::help_text::{Help, unknown_topic};

/// `help` in the table of commands.
pub static SPEC: Spec =
    Spec { path: "help", about: "Help about a command", usage: "[command]", action: Action::of::<HelpArgs>(), ..Spec::DEFAULT };

/// `cosign help [command]`
#[derive(Debug, Clone, Args)]
pub struct HelpArgs {
    /// The words of a command; what follows one is ignored.
    words: Vec<String>,
}

impl Runnable for HelpArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let found = find(&ROOT, &words);
        if matches!(found.spec.action, Action::Later) {
            return Err(NotSupportedYet(found.spec.full_name()).into());
        }
        if found.spec.path.is_empty() && !words.is_empty() {
            context.ui.status(unknown_topic(&words).trim_end());
            return Ok(());
        }
        Ok(context.ui.result(Help::of(found.spec).to_string().as_bytes())?)
    }
}
