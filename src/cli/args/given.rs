//! Which flags were given.

use std::collections::BTreeSet;
use std::convert::Infallible;

use crate::secret::Password;

/// The names of the flags that the command line or the environment gives, whatever their value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given(BTreeSet<String>);

impl Given {
    /// These flags.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Whether `--name` was given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// A value that no `Debug` shows.
pub(super) fn password(text: &str) -> Result<Password, Infallible> {
    Ok(Password::new(text.as_bytes()))
}
