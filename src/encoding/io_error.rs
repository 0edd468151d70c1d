//! Errors of the system in Go's words, which other programs match on: `open cosign.key: no such file or directory`.

use std::io;
use std::path::PathBuf;

/// An operation on a file that failed. Displays as Go's `fs.PathError`.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {path}: {reason}", path = path.display(), reason = describe(reason))]
pub struct PathError {
    /// What was tried: `open`, `read`, `write`, `rename`, ….
    pub operation: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the system said.
    pub reason: io::Error,
}

impl PathError {
    /// For `map_err`: names what was tried on what.
    pub fn of(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |reason| Self { operation, path, reason }
    }
}

/// What the system said, as Go words it: in lower case and without the number.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let Some(code) = error.raw_os_error() else { return text };
    let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
    // "Is a directory" becomes "is a directory"; "RPC struct is bad" stays.
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_words() {
        #[cfg(unix)]
        let missing = std::fs::read("no/such/file").map_err(PathError::of("open", "no/such/file"));
        #[cfg(unix)]
        assert_eq!(missing.map_err(|error| error.to_string()), Err("open no/such/file: no such file or directory".to_owned()));
        assert_eq!(describe(&io::Error::other("As it is")), "As it is");
    }
}
