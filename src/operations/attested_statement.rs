//! What is attested: a predicate or a whole statement, from a file or from standard input. Read once, whatever is made of it.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::files;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{PathError, UnixTime, text};
use crate::format::intoto::statement::{STATEMENT_V01, STATEMENT_V1};
use crate::format::intoto::{Predicate, PredicateError, Statement, StatementError};

/// Where it comes from.
#[derive(Debug, Clone)]
pub enum StatementSource {
    /// `--predicate` and `--type`.
    Predicate {
        /// The file; `-` for standard input.
        path: String,
        /// The type: a short name or a URI.
        kind: String,
    },
    /// `--statement`.
    Statement(PathBuf),
}

/// What was read.
pub enum Attested {
    /// A predicate, to be said about any subject.
    Predicate(Predicate),
    /// A statement, to be signed as it is.
    Statement {
        /// Its bytes.
        bytes: Vec<u8>,
        /// What it says.
        statement: Statement,
    },
}

/// Why there is nothing to attest.
#[derive(Debug, thiserror::Error)]
pub enum StatementSourceError {
    /// The predicate cannot be opened.
    #[error("getting predicate reader: {0}")]
    Open(PathError),
    /// The predicate cannot be read.
    #[error(transparent)]
    Read(PathError),
    /// It is none of its type.
    #[error(transparent)]
    Predicate(#[from] PredicateError),
    /// The statement cannot be read.
    #[error("could not read statement: {0}")]
    ReadStatement(PathError),
    /// It is none.
    #[error("invalid statement: {0}")]
    Statement(#[from] StatementError),
    /// It lacks what every verifier asks for.
    #[error("invalid statement: {0}")]
    Incomplete(&'static str),
    /// Its type is none of the two.
    #[error("invalid statement: wrong statement type {}", text::quote(.0))]
    Version(String),
    /// It says nothing about what is to be attested.
    #[error("the statement is not about {subject}: its subjects have the digests {found}")]
    OtherSubject {
        /// What is to be attested.
        subject: String,
        /// What the statement is about.
        found: String,
    },
}

impl StatementSource {
    /// Reads it, and says so on stderr as cosign does.
    ///
    /// # Errors
    /// [`StatementSourceError`].
    pub fn read(&self, context: &Context) -> Result<Attested, StatementSourceError> {
        match self {
            Self::Predicate { path, kind } => {
                let bytes = read_predicate(path, context)?;
                Ok(Attested::Predicate(Predicate::read(kind, bytes, UnixTime::from(context.clock.now()))?))
            }
            Self::Statement(path) => {
                context.ui.status(&format!("Using statement from: {}", text::quote(&path.display().to_string())));
                let bytes = files::read(path).map_err(StatementSourceError::ReadStatement)?;
                let statement = Statement::parse(&bytes)?;
                check(&statement)?;
                Ok(Attested::Statement { bytes, statement })
            }
        }
    }
}

fn read_predicate(path: &str, context: &Context) -> Result<Vec<u8>, StatementSourceError> {
    if path == "-" {
        context.ui.status("Using payload from: standard input");
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(PathError::of("read", "/dev/stdin")).map_err(StatementSourceError::Read)?;
        return Ok(bytes);
    }
    context.ui.status(&format!("Using payload from: {}", text::quote(path)));
    files::read(Path::new(path)).map_err(StatementSourceError::Open)
}

/// What in-toto asks of a statement.
fn check(statement: &Statement) -> Result<(), StatementSourceError> {
    if ![STATEMENT_V1, STATEMENT_V01].contains(&statement.statement_type.as_str()) {
        return Err(StatementSourceError::Version(statement.statement_type.clone()));
    }
    if statement.subjects.is_empty() {
        return Err(StatementSourceError::Incomplete("at least one subject required"));
    }
    if statement.subjects.iter().any(|subject| subject.digest.is_empty()) {
        return Err(StatementSourceError::Incomplete("at least one digest required"));
    }
    if statement.predicate_type.is_empty() {
        return Err(StatementSourceError::Incomplete("predicate type required"));
    }
    if statement.predicate.is_none() {
        return Err(StatementSourceError::Incomplete("predicate object required"));
    }
    Ok(())
}

impl Attested {
    /// Its predicate type.
    pub fn predicate_type(&self) -> &str {
        match self {
            Self::Predicate(predicate) => predicate.predicate_type(),
            Self::Statement { statement, .. } => &statement.predicate_type,
        }
    }

    /// Fails where a whole statement was given and none of its subjects has that digest.
    ///
    /// # Errors
    /// [`StatementSourceError::OtherSubject`].
    pub fn check_about(&self, digest: &Digest) -> Result<(), StatementSourceError> {
        match self {
            Self::Statement { statement, .. } if !statement.subjects.iter().any(|subject| subject.has(digest)) => {
                let digests = statement.subjects.iter().flat_map(|subject| &subject.digest);
                let found: BTreeSet<String> = digests.map(|(algorithm, hex)| format!("{algorithm}:{hex}")).collect();
                let found = text::quote(&found.into_iter().collect::<Vec<_>>().join(", "));
                Err(StatementSourceError::OtherSubject { subject: digest.to_string(), found })
            }
            _ => Ok(()),
        }
    }

    /// The statement about a subject of that name and digest (the function's name, hexadecimal); one that was given is as it was.
    pub fn statement(&self, name: &str, digest: (&str, &str)) -> Vec<u8> {
        match self {
            Self::Predicate(predicate) => predicate.statement(name, digest),
            Self::Statement { bytes, .. } => bytes.clone(),
        }
    }
}
