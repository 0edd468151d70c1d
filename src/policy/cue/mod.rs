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

/// How long a policy may be, in bytes.
const MAX_POLICY: usize = 1 << 20;

/// A policy that was read and found to use only what is known here.
#[derive(Debug)]
pub struct CuePolicy {
    name: String,
    file: syntax::File,
}

impl CuePolicy {
    /// Reads `text`; `name` stands in messages.
    ///
    /// # Errors
    /// `Syntax`, `UnknownReference`, `Unused`, `Unsupported`, or `Limit` for a policy too long or nested too deep.
    pub fn parse(name: &str, text: &str) -> Result<Self, CueError> {
        let name = crate::encoding::text::quote(name);
        if text.len() > MAX_POLICY {
            return Err(CueError::Limit { file: name, limit: "1 MiB" });
        }
        let file = parse::file(&name, text)?;
        check::check(&name, &file)?;
        Ok(Self { name, file })
    }
}

/// Unifies `json` with the policy and asks that the result is valid, as Go's `cue.Final()` does.
///
/// # Errors
/// The first error of the policy itself, or of the unified value in the order of the policy's fields; `Json` for data that is none.
pub fn evaluate(policy: &CuePolicy, json: &[u8]) -> Result<(), CueError> {
    eval::verdict(&policy.name, &policy.file, json)
}
