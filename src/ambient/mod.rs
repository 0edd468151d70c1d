//! What comes from outside, as traits: environment, time, randomness, the terminal, the deadline. [`Context`] joins them.
//!
//! Nothing below `cli/` reads a variable, a clock or a terminal in any other way, so a test can give each its own.

mod deadline;
#[cfg(test)]
pub mod fake;
mod ui;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

pub use deadline::{Deadline, DeadlineExceeded};
pub use ui::{Consent, NewPassword, PasswordError, Progress, PromptError, Ui};

/// Environment variables.
pub trait Env: Send + Sync {
    /// The value of `name`; `None` when it is not set. A value that is no UTF-8 is returned with replacement characters.
    fn var(&self, name: &str) -> Option<String> {
        self.var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// The value of `name` as the system has it: for paths.
    fn var_os(&self, name: &str) -> Option<OsString>;

    /// All variables, in no fixed order.
    fn vars(&self) -> Vec<(String, String)>;

    /// A variable that holds a path; an empty one counts as unset.
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

/// The wall clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// A source of cryptographically secure random bytes.
pub trait Rng: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The system has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// Everything from outside that an operation may use.
#[derive(Clone)]
pub struct Context {
    /// Environment variables.
    pub env: Arc<dyn Env>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// The person, or the script, at the other end.
    pub ui: Arc<dyn Ui>,
    /// When the whole command has to be over (`--timeout`).
    pub deadline: Deadline,
}
