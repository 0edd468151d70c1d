//! `cosign completion`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::aot::{Shell, generate};

use super::{Action, ROOT, Runnable, Spec, Words, shown};
use crate::ambient::Context;
use crate::cli::error::CommandError;

/// The shells that there are scripts for.
const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

/// `completion` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "completion",
    about: "Make a completion script for a shell",
    long: "Prints a script that completes commands and flags of cosign in a shell.",
    usage: "bash|zsh|fish|powershell",
    examples: "\
  # bash, for this session
  source <(cosign completion bash)

  # zsh, for good
  cosign completion zsh > \"${fpath[1]}/_cosign\"

  # fish, for good
  cosign completion fish > ~/.config/fish/completions/cosign.fish",
    words: Words::OneOf(&SHELLS),
    action: Action::of::<CompletionArgs>(),
    ..Spec::DEFAULT
};

/// `cosign completion SHELL`
#[derive(Debug, Clone, Args)]
pub struct CompletionArgs {
    /// The shell.
    #[arg(default_value_t)]
    shell: String,
}

/// The whole tree, without deprecated flags: this is the only command that builds it.
fn tree(spec: &'static Spec) -> Command {
    let command = spec.command();
    let visible = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set()).cloned();
    let mut tree = Command::new(if spec.path.is_empty() { "cosign" } else { spec.name() })
        .about(spec.about)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .args(visible)
        .subcommands(shown(spec).into_iter().map(tree));
    if let Words::OneOf(words) = spec.words {
        tree = tree.arg(Arg::new("word").value_parser(PossibleValuesParser::new(words)));
    }
    tree
}

impl Runnable for CompletionArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let shell = match self.shell.as_str() {
            "bash" => Shell::Bash,
            "zsh" => Shell::Zsh,
            "fish" => Shell::Fish,
            _ => Shell::PowerShell,
        };
        let mut script = Vec::new();
        generate(shell, &mut tree(&ROOT), "cosign", &mut script);
        Ok(context.ui.result(&script)?)
    }
}
