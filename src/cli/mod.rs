//! What a person types and reads: the only floor that knows clap, the terminal and exit codes.
//!
//! A call is found among flags ([`argv::find`]), read from left to right ([`argv::Line`]), completed from the environment
//! ([`env_binding`]), bound by clap to the structs of [`args`], checked and run ([`commands::Runnable`]).

pub mod args;
pub mod argv;
pub mod commands;
pub mod completion_words;
pub mod env_binding;
pub mod error;
pub mod flag_value;
pub mod flags;
pub mod go_io;
pub mod help_text;
pub mod render;
pub mod resolve;
pub mod runtime;
#[cfg(unix)]
pub mod signals;
pub mod terminal;
pub mod usage_error;

use std::process::ExitCode;
use std::sync::Arc;

use crate::ambient::{Context, Deadline, Env, Ui};
use args::Given;
use argv::{Found, Line, find, for_clap};
use commands::{Action, Call, ROOT, Spec, suggestions};
use error::{CommandError, NotSupportedYet};
use flag_value::{GoDuration, go_quote, parse_bool};
use flags::Flags;
use help_text::Help;
use terminal::{ProcessEnv, SystemClock, SystemRng, Terminal};
use usage_error::UsageError;

/// Runs the program.
pub fn main() -> ExitCode {
    let terminal = Arc::new(Terminal::default());
    let frame = Frame { terminal: &terminal, env: &ProcessEnv };
    match frame.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(terminal.as_ref());
            failure.error.exit_code()
        }
    }
}

/// A failure and how it is told.
struct Failure {
    error: CommandError,
    /// Advice between the two error lines.
    advice: String,
    /// Whether the second line is left out, as cosign does for one failure.
    one_line: bool,
}

impl<E: Into<CommandError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), advice: String::new(), one_line: false }
    }
}

impl Failure {
    fn report(&self, ui: &dyn Ui) {
        let message = self.error.message();
        ui.status(&format!("Error: {message}{}", self.advice));
        for hint in &self.error.hints {
            ui.status(&format!("hint: {hint}"));
        }
        // The last line is what programs show to people.
        if !self.one_line {
            ui.status(&format!("error during command execution: {}", message.trim_end_matches('\n')));
        }
    }

    fn unknown_command(word: &str) -> Self {
        let error = UsageError::UnknownCommand { word: word.to_owned(), path: "cosign".to_owned(), suggestions: suggestions(word) };
        Self { advice: "\nRun 'cosign --help' for usage.".to_owned(), ..error.into() }
    }
}

/// One run of the program.
struct Frame<'a> {
    terminal: &'a Arc<Terminal>,
    env: &'a ProcessEnv,
}

impl Frame<'_> {
    fn run(&self) -> Result<(), Failure> {
        let arguments = text_arguments()?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if let Some((&request @ ("__complete" | "__completeNoDesc"), words)) = arguments.split_first() {
            return Ok(completion_words::answer(words, request == "__complete", self.terminal.as_ref(), self.env)?);
        }
        let found = find(&ROOT, &arguments);
        if let (true, Some(word)) = (found.spec.path.is_empty(), found.first_word) {
            let (line, _) = Line::read(&found.rest, Flags::of(&ROOT.command()), false);
            line.warnings.iter().for_each(|warning| self.terminal.warn(warning));
            return Err(Failure::unknown_command(word));
        }
        if matches!(found.spec.action, Action::Later) {
            return Err(CommandError::from(NotSupportedYet(found.spec.full_name())).into());
        }
        self.command(&found)
    }

    /// Everything from the notices on, in cobra's order.
    fn command(&self, found: &Found<'_>) -> Result<(), Failure> {
        let Found { spec, rest, .. } = found;
        let command = spec.command();
        let flags = Flags::of(&command);
        let experimental = self.is_experimental();
        let (mut line, result) = Line::read(rest, flags, experimental);
        found.warnings.iter().chain(&line.warnings).for_each(|warning| self.terminal.warn(warning));
        if let Some(notice) = spec.notice {
            self.terminal.status(&format!("Command {} is deprecated, {notice}", go_quote(spec.name())));
        }
        result?;
        line.notices.iter().for_each(|notice| self.terminal.status(notice));
        let Action::Run { run, .. } = spec.action else { return self.help(spec) };
        if line.wants_help() {
            return self.help(spec);
        }
        spec.check_words(&line.words)?;
        self.redirect(spec, &line)?;
        if spec.env {
            let warnings = env_binding::bind(&mut line, flags, self.env, experimental)?;
            warnings.iter().for_each(|warning| self.terminal.warn(warning));
        }
        let context = self.context(spec, &line)?;
        let takes_words = command.get_positionals().next().is_some();
        let words = for_clap(&line.uses, flags, if takes_words { &line.words } else { &[] });
        let given = Given::new(line.uses.into_iter().map(|one| one.name));
        let matches = command.try_get_matches_from(words).map_err(CommandError::from)?;
        Ok(run(Call { spec, matches, given, context: &context })?)
    }

    fn help(&self, spec: &'static Spec) -> Result<(), Failure> {
        self.terminal.result(Help::of(spec).to_string().as_bytes()).map_err(CommandError::from)?;
        Ok(())
    }

    fn redirect(&self, spec: &Spec, line: &Line) -> Result<(), Failure> {
        let path = line.last("output-file").unwrap_or_default();
        if !path.is_empty()
            && let Err(error) = self.terminal.redirect(path)
        {
            let error = OutputFileError { path: path.to_owned(), reason: go_io::go_io_error(&error) };
            return Err(Failure { one_line: spec.env, ..CommandError::from(error).into() });
        }
        if line.last("verbose") == Some("true") {
            self.terminal.be_verbose();
        }
        Ok(())
    }

    fn context(&self, spec: &Spec, line: &Line) -> Result<Context, Failure> {
        let timeout: GoDuration = line.last("timeout").unwrap_or("3m0s").parse().map_err(CommandError::from)?;
        self.terminal.set_deadline(timeout.deadline());
        let from_stdin = |name| matches!(line.last(name), Some("/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0"));
        if from_stdin("key") {
            self.terminal.claim_stdin("the key");
        }
        Ok(Context {
            env: Arc::new(ProcessEnv),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
            ui: self.terminal.clone(),
            deadline: if spec.deadline { timeout.deadline() } else { Deadline::NEVER },
        })
    }

    fn is_experimental(&self) -> bool {
        self.env.var("COSIGN_EXPERIMENTAL").is_some_and(|value| parse_bool(&value) == Ok(true))
    }
}

/// `--output-file` cannot be written. The text is cosign's.
#[derive(Debug, thiserror::Error)]
#[error("error creating output file {path}: open {path}: {reason}")]
struct OutputFileError {
    path: String,
    reason: String,
}

/// The arguments without the program's name.
fn text_arguments() -> Result<Vec<String>, UsageError> {
    std::env::args_os().skip(1).enumerate().map(|(index, word)| word.into_string().map_err(|_| UsageError::NotText(index + 1))).collect()
}
