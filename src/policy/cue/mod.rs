//! CUE policies: a native evaluator of the part of CUE that policies use, with the verdict of cosign's (`cue` v0.16.1).
//!
//! As there, the policy must be free of errors by itself; then it is unified with the JSON, and what comes out must hold no
//! error and lack no field marked `!`. A field of the policy that the data leaves out stays what it is, also where it is not
//! concrete: `predicate: Timestamp: <before` holds of a predicate without a timestamp, as in Go. A policy that wants it there
//! says `Timestamp!: <before`.
//!
//! What is not known here (a construct, a function, a package) is refused by name when the policy is read, wherever it
//! stands. Depth, work and sizes are bounded: a policy that loops ends with an error.

mod builtin;
mod check;
mod conditions;
mod data;
mod error;
mod eval;
mod number;
mod parse;
mod syntax;
mod value;

#[cfg(test)]
mod tests;

pub use error::{CueError, Position};

use super::PolicyFile;
use crate::encoding::text::quote;

/// How long a policy may be, in bytes.
const MAX_POLICY: usize = 1 << 20;

/// How many files a policy may have.
const MAX_FILES: usize = 1000;

/// A policy that was read and found to use only what is known here.
#[derive(Debug)]
pub struct CuePolicy {
    instance: syntax::Instance,
}

impl CuePolicy {
    /// Reads the files of one policy: their structs are unified, and each may refer to the top-level fields of those that name
    /// their package. A file without a package belongs to any; imports and `let` are a file's own.
    ///
    /// # Errors
    /// `Syntax`, `Packages`, `UnknownReference`, `Unused`, `Unsupported`, or `Limit` for a policy too long or nested too deep.
    pub fn parse(files: &[PolicyFile<'_>]) -> Result<Self, CueError> {
        let mut parsed: Vec<syntax::File> = Vec::new();
        let mut length = 0usize;
        for (index, file) in (0u16..).zip(files) {
            let name = quote(file.name);
            length = length.saturating_add(file.text.len());
            if length > MAX_POLICY || files.len() > MAX_FILES {
                return Err(CueError::Limit { file: name, limit: "1 MiB or a thousand files" });
            }
            parsed.push(parse::file(index, &name, file.text)?);
        }
        one_package(&parsed)?;
        let instance = syntax::Instance::new(parsed);
        check::check(&instance)?;
        Ok(Self { instance })
    }
}

/// Unifies `json` with the policy and asks that the result is valid, as Go's `cue.Final()` does.
///
/// # Errors
/// The first error of the policy itself, or of the unified value in the order of the policy's fields; `Json` for data that is none.
pub fn evaluate(policy: &CuePolicy, json: &[u8]) -> Result<(), CueError> {
    eval::verdict(&policy.instance, json)
}

/// All files that name a package name the same.
fn one_package(files: &[syntax::File]) -> Result<(), CueError> {
    let mut named = files.iter().filter_map(|file| file.package.as_deref().map(|package| (package, &file.name)));
    let Some((first, first_file)) = named.next() else { return Ok(()) };
    match named.find(|(package, _)| *package != first) {
        None => Ok(()),
        Some((second, second_file)) => {
            Err(CueError::Packages { packages: [first, second].map(quote), files: [first_file.clone(), second_file.clone()] })
        }
    }
}
