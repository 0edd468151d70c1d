//! The person, or the script, at the other end: what operations may tell and ask them.

use std::io;

use super::DeadlineExceeded;
use crate::secret::Password;

/// Output and questions. `cli/terminal.rs` implements it for a real process.
///
/// Messages are whole lines without the final newline. Text from outside in them must have gone through
/// [`crate::encoding::text::quote`] already.
pub trait Ui: Send + Sync {
    /// Writes a result to stdout (or to `--output-file`), exactly these bytes.
    ///
    /// # Errors
    /// The stream cannot be written. A reader that went away is no error: the process ends quietly.
    fn result(&self, bytes: &[u8]) -> io::Result<()>;

    /// One line for people, on stderr.
    fn status(&self, line: &str);

    /// One warning on stderr; the implementation puts `WARNING: ` before it.
    fn warn(&self, line: &str);

    /// A block of the `--verbose` trace, on stderr; a no-op unless [`Ui::traces`]. Secrets are redacted before this is called.
    fn trace(&self, block: &str);

    /// Whether `--verbose` is on.
    fn traces(&self) -> bool;

    /// Asks for consent. No answer (end of input, no terminal) counts as *no*, at once, with a line that names
    /// `consent.flag`, where there is one.
    ///
    /// # Errors
    /// [`PromptError`], whose texts are the Go program's.
    fn confirm(&self, consent: &Consent<'_>) -> Result<(), PromptError>;

    /// Whether a person sits at a terminal: questions can be asked.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Asks for one line of text, on stderr. Without an answer it is declined.
    ///
    /// # Errors
    /// [`PromptError`].
    fn ask(&self, question: &str) -> Result<String, PromptError> {
        let _ = question;
        Err(PromptError::Declined)
    }

    /// The password of an existing key: `COSIGN_PASSWORD`, else a prompt on a terminal, else the whole of stdin, exactly
    /// as given. The caller tries variants without and with a final newline.
    ///
    /// # Errors
    /// [`PasswordError`].
    fn password(&self) -> Result<Password, PasswordError>;

    /// The password of a new key: as [`Ui::password`], but a terminal asks twice.
    ///
    /// # Errors
    /// [`PasswordError`].
    fn new_password(&self, what: NewPassword) -> Result<Password, PasswordError>;

    /// Starts showing the progress of something long: `total` in `unit`s, when known. Silent unless stderr is a terminal.
    fn progress(&self, what: &str, total: Option<u64>) -> Box<dyn Progress>;
}

/// A running progress display; it vanishes when dropped.
pub trait Progress: Send + Sync {
    /// So much more is done.
    fn advance(&self, amount: u64);
}

/// A question that wants a yes.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// The warning printed before the question; `None` for none.
    pub warning: Option<&'a str>,
    /// The flag that answers it beforehand, such as `--yes`.
    pub flag: Option<&'a str>,
}

/// What a new password is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewPassword {
    /// `generate-key-pair`.
    Generated,
    /// `import-key-pair`.
    Imported,
}

/// Why there is no consent.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// An answer of *no*, an empty one, or none at all.
    #[error("user declined the prompt")]
    Declined,
    /// Neither yes nor no.
    #[error("invalid input {0:?} (allowed values y, n)")]
    Invalid(String),
    /// stdin failed.
    #[error("reading the answer: {0}")]
    Io(#[from] io::Error),
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The two that were typed differ.
    #[error("passwords do not match")]
    Mismatch,
    /// stdin is closed or `/dev/null`: nobody is there to ask.
    #[error("no password: set COSIGN_PASSWORD, pipe the password to standard input, or run on a terminal")]
    Nobody,
    /// stdin is used for something else already.
    #[error("the password cannot come from standard input, which holds {0}: set COSIGN_PASSWORD")]
    StdinTaken(&'static str),
    /// `--timeout` passed while waiting.
    #[error("waiting for the password on standard input: {0} (set COSIGN_PASSWORD)")]
    Deadline(#[from] DeadlineExceeded),
    /// stdin or the terminal failed.
    #[error("reading the password: {0}")]
    Io(#[from] io::Error),
}
