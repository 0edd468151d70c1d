//! Why a policy is refused, or why it refuses.

use std::fmt;

use crate::encoding::text::quote;

/// A place in a policy. Lines and columns count from 1; columns count bytes, as Go's do. What stands in no file is line 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Which of the policy's files, from 0 on.
    pub file: u16,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a policy, or with the data it was asked about. The sentences are Go's where programs may know them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CueError {
    /// The text is no CUE.
    #[error("{reason} ({file}:{at})")]
    Syntax {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// What was expected.
        reason: String,
    },
    /// Valid CUE that this evaluator does not know, and therefore refuses.
    #[error("{what} is not supported ({file}:{at})")]
    Unsupported {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// The construct's name.
        what: String,
    },
    /// Files of different packages.
    #[error("found packages \"{}\" ({}) and \"{}\" ({})", packages[0], files[0], packages[1], files[1])]
    Packages {
        /// The two packages.
        packages: [String; 2],
        /// The files that name them.
        files: [String; 2],
    },
    /// A name that nothing declares.
    #[error("reference \"{name}\" not found ({file}:{at})")]
    UnknownReference {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// The name.
        name: String,
    },
    /// An import or a `let` that nothing uses; CUE refuses these.
    #[error("{what} ({file}:{at})")]
    Unused {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// Go's sentence.
        what: String,
    },
    /// The data is no JSON.
    #[error("json: invalid JSON")]
    Json,
    /// Two values that cannot both be.
    #[error("{}conflicting values {left} and {right}{kinds}{}", Prefix(path), Place(file, *at))]
    Conflict {
        /// The policy's name.
        file: String,
        /// Where the second value stands in the policy.
        at: Position,
        /// The field.
        path: String,
        /// What is there.
        left: String,
        /// What the policy wants.
        right: String,
        /// ` (mismatched types …)`, or nothing.
        kinds: Box<str>,
    },
    /// A value outside a bound of the policy.
    #[error("{}invalid value {value} (out of bound {bound}){}", Prefix(path), Place(file, *at))]
    OutOfBound {
        /// The policy's name.
        file: String,
        /// Where the bound stands.
        at: Position,
        /// The field.
        path: String,
        /// The value.
        value: String,
        /// The bound.
        bound: String,
    },
    /// A value that a function of the policy refuses.
    #[error("{}invalid value {value} (does not satisfy {check}){reason}{}", Prefix(path), Place(file, *at))]
    Unsatisfied {
        /// The policy's name.
        file: String,
        /// Where the function stands.
        at: Position,
        /// The field.
        path: String,
        /// The value.
        value: String,
        /// The function as it was called.
        check: String,
        /// `: ` and why, or nothing.
        reason: Box<str>,
    },
    /// A field that a closed struct does not have.
    #[error("{}field not allowed{}", Prefix(path), Place(file, *at))]
    NotAllowed {
        /// The policy's name.
        file: String,
        /// Where the field stands, if in the policy.
        at: Position,
        /// The field.
        path: String,
    },
    /// A field marked `!` that is not there.
    #[error("{}field is required but not present{}", Prefix(path), Place(file, *at))]
    Required {
        /// The policy's name.
        file: String,
        /// Where it is required.
        at: Position,
        /// The field.
        path: String,
    },
    /// No member of a disjunction is left.
    #[error("{}{count} errors in empty disjunction{}", Prefix(path), Place(file, *at))]
    EmptyDisjunction {
        /// The policy's name.
        file: String,
        /// Where the disjunction stands.
        at: Position,
        /// The field.
        path: String,
        /// How many were tried.
        count: usize,
    },
    /// A field that depends on itself.
    #[error("{}{what}{}", Prefix(path), Place(file, *at))]
    Cycle {
        /// The policy's name.
        file: String,
        /// Where it closes.
        at: Position,
        /// The field.
        path: String,
        /// `structural cycle` or `cycle with field`.
        what: &'static str,
    },
    /// An expression that has no value.
    #[error("{}{reason}{}", Prefix(path), Place(file, *at))]
    Evaluation {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// The field.
        path: String,
        /// Why.
        reason: String,
    },
    /// Something the policy decides on that is not concrete, where CUE wants it so.
    #[error("{}{reason}{}", Prefix(path), Place(file, *at))]
    Incomplete {
        /// The policy's name.
        file: String,
        /// Where.
        at: Position,
        /// The field.
        path: String,
        /// What is not concrete.
        reason: String,
    },
    /// A bound of this evaluator was met: it ends rather than runs on.
    #[error("the policy exceeds {limit} ({file})")]
    Limit {
        /// The policy's name.
        file: String,
        /// Which bound.
        limit: &'static str,
    },
}

/// `path: `, or nothing at the root.
struct Prefix<'a>(&'a str);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{}: ", quote(self.0)) }
    }
}

/// ` (file:line:column)`, or nothing for what stands in the data.
struct Place<'a>(&'a str, Position);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 == Position::default() { Ok(()) } else { write!(f, " ({}:{})", self.0, self.1) }
    }
}
