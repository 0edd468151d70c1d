//! What `--key` may say.

/// A parsed `--key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRef {}
