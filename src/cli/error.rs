//! Failures on their way to the terminal: text and exit code.

use std::error::Error;
use std::process::ExitCode;

/// What a failure means to a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorKind {
    /// Anything not listed here: exit code 1.
    #[default]
    General,
    /// The image carries no signature or attestation, or is not there by digest: 10.
    NoSignatures,
    /// There is no such tag: 11.
    TagNotFound,
    /// There are some, and none passes: 12.
    NoMatchingSignatures,
}

impl ErrorKind {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::NoSignatures => 10,
            Self::TagNotFound => 11,
            Self::NoMatchingSignatures => 12,
        }
    }
}

/// Why a command failed. Any error becomes one by `?`.
#[derive(Debug)]
pub struct CommandError {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// The failure itself; its chain of sources is printed too.
    pub source: Box<dyn Error + Send + Sync>,
    /// Lines that say what to do about it.
    pub hints: Vec<String>,
}

impl<E: Error + Send + Sync + 'static> From<E> for CommandError {
    fn from(source: E) -> Self {
        Self { kind: ErrorKind::General, source: Box::new(source), hints: Vec::new() }
    }
}

/// A command, or a part of one, that is still to be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}: not supported yet")]
pub struct NotSupportedYet(pub String);

/// A failure and where it happened.
#[derive(Debug, thiserror::Error)]
#[error("{prefix}: {source}")]
struct Prefixed {
    prefix: String,
    source: Box<dyn Error + Send + Sync>,
}

impl CommandError {
    /// The same failure with another meaning to scripts.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same failure with `prefix: ` before its text.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.source = Box::new(Prefixed { prefix: prefix.into(), source: self.source });
        self
    }

    /// The same failure with one more line of advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The message: the failure and its sources, joined by `: `. A source that the text before it already ends with is
    /// not repeated.
    pub fn message(&self) -> String {
        let mut text = self.source.to_string();
        let mut source = self.source.source();
        while let Some(error) = source {
            let part = error.to_string();
            if !part.is_empty() && !text.ends_with(&part) {
                text = format!("{text}: {part}");
            }
            source = error.source();
        }
        text
    }

    /// The exit code as the system takes it.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.exit_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading {path}")]
    struct Reading {
        path: &'static str,
        source: std::io::Error,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("signing: {0}")]
    struct Signing(#[from] Reading);

    #[test]
    fn joins_the_chain_without_repeating_a_part() {
        let error: CommandError = Signing(Reading { path: "a", source: std::io::Error::other("broken") }).into();
        assert_eq!(error.message(), "signing: reading a: broken");
        assert_eq!(error.with_kind(ErrorKind::TagNotFound).kind.exit_code(), 11);
    }
}
