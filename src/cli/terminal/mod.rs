//! The person, or the script, at the other end: the only place that writes to stdout and stderr.

mod confirm;
pub(super) mod input;
mod password;
mod progress;
mod system;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub use system::{ProcessEnv, SystemClock, SystemRng};

use crate::ambient::{Consent, Deadline, NewPassword, PasswordError, Progress, PromptError, Ui};
use crate::cli::go_io::go_io_error;
use crate::secret::Password;

/// What a shell shows for a program that a closed pipe ended.
const BROKEN_PIPE_EXIT: i32 = 141;

/// The standard streams of this process.
#[derive(Default)]
pub struct Terminal {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Takes the place of stdout.
    output_file: Option<File>,
    verbose: bool,
    /// For how long a pipe is waited for.
    deadline: Deadline,
    /// What stdin holds instead of answers.
    stdin_holds: Option<&'static str>,
}

impl Terminal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends results to the file at `path`, which is made or emptied.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn redirect(&self, path: &str) -> io::Result<()> {
        self.state().output_file = Some(File::create(path)?);
        Ok(())
    }

    /// Switches `--verbose` on.
    pub fn be_verbose(&self) {
        self.state().verbose = true;
    }

    /// Sets until when a pipe is waited for.
    pub fn set_deadline(&self, deadline: Deadline) {
        self.state().deadline = deadline;
    }

    /// Keeps passwords off stdin, which holds `what`.
    pub fn claim_stdin(&self, what: &'static str) {
        self.state().stdin_holds = Some(what);
    }

    /// Writes to stderr. That nobody can read it must not end the command.
    fn say(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

impl Ui for Terminal {
    fn result(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.state().output_file {
            return file.write_all(bytes);
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(BROKEN_PIPE_EXIT),
            Err(error) => Err(io::Error::new(error.kind(), format!("write /dev/stdout: {}", go_io_error(&error)))),
            Ok(()) => Ok(()),
        }
    }

    fn status(&self, line: &str) {
        self.say(&format!("{line}\n"));
    }

    fn warn(&self, line: &str) {
        self.say(&format!("WARNING: {line}\n"));
    }

    fn trace(&self, block: &str) {
        if self.traces() {
            self.say(&format!("{} {block}\n", time_stamp(SystemTime::now())));
        }
    }

    fn traces(&self) -> bool {
        self.state().verbose
    }

    fn confirm(&self, consent: &Consent<'_>) -> Result<(), PromptError> {
        confirm::ask(self, consent)
    }

    fn is_interactive(&self) -> bool {
        self.state().stdin_holds.is_none() && input::kind() == input::Stdin::Terminal
    }

    fn ask(&self, question: &str) -> Result<String, PromptError> {
        self.say(question);
        if self.state().stdin_holds.is_some() {
            return Err(PromptError::Declined);
        }
        let (answer, ended) = input::line()?;
        if ended { Err(PromptError::Declined) } else { Ok(answer.trim().to_owned()) }
    }

    fn password(&self) -> Result<Password, PasswordError> {
        password::ask(self, false)
    }

    fn new_password(&self, _what: NewPassword) -> Result<Password, PasswordError> {
        password::ask(self, true)
    }

    fn progress(&self, what: &str, total: Option<u64>) -> Box<dyn Progress> {
        progress::start(what, total)
    }
}

/// As Go's log package writes it, in UTC.
fn time_stamp(now: SystemTime) -> String {
    let now = time::OffsetDateTime::from(now);
    let (date, clock) = (now.date(), now.time());
    format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// How wide a help text may be: the terminal's width within bounds, 100 columns without a terminal.
pub fn columns() -> usize {
    const BARE: usize = 100;
    if !io::stdout().is_terminal() {
        return BARE;
    }
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
    {
        return usize::from(size.ws_col).clamp(60, 120);
    }
    80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_gos() {
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_257_894_000);
        assert_eq!(time_stamp(moment), "2009/11/10 23:00:00");
    }
}
