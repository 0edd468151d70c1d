//! From what was typed to what is to be done: every rule that turns flags into a request of an operation is here.

pub mod registry;
pub mod sign;
pub mod verify;

use std::path::PathBuf;

/// An empty text counts as not given, as in cosign.
pub(super) fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// As [`given`], for a path.
pub(super) fn given_path(text: &str) -> Option<PathBuf> {
    given(text).map(PathBuf::from)
}
