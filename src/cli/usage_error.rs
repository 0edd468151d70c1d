//! Mistakes in a call, in the words of cosign's command library.

use super::flag_value::{ValueError, go_quote};

fn did_you_mean(suggestions: &[&str]) -> String {
    if suggestions.is_empty() {
        return String::new();
    }
    let names: String = suggestions.iter().map(|name| format!("\t{name}\n")).collect();
    format!("\n\nDid you mean this?\n{names}")
}

/// What is wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// No such command.
    #[error("unknown command {} for {}{}", go_quote(word), go_quote(path), did_you_mean(suggestions))]
    UnknownCommand {
        /// The word that names none.
        word: String,
        /// The command in which it was looked for.
        path: String,
        /// What could have been meant.
        suggestions: Vec<&'static str>,
    },
    /// No such flag.
    #[error("unknown flag: --{0}")]
    UnknownFlag(String),
    /// No such shorthand.
    #[error("unknown shorthand flag: {0:?} in -{0}")]
    UnknownShorthand(char),
    /// A word that only looks like a flag.
    #[error("bad flag syntax: {0}")]
    BadSyntax(String),
    /// A flag at the end that wants a value.
    #[error("flag needs an argument: --{0}")]
    NeedsArgument(String),
    /// A shorthand at the end that wants a value.
    #[error("flag needs an argument: {letter:?} in -{cluster}")]
    ShorthandNeedsArgument {
        /// The shorthand.
        letter: char,
        /// It, and what follows it.
        cluster: String,
    },
    /// A value that does not fit the flag.
    #[error("invalid argument {} for {} flag: {reason}", go_quote(value), go_quote(flag))]
    InvalidValue {
        /// The value.
        value: String,
        /// As messages name the flag.
        flag: String,
        /// Why.
        reason: Box<ValueError>,
    },
    /// A value from the environment that does not fit the flag.
    #[error("invalid value {} of the variable {variable} for {} flag: {reason}", go_quote(value), go_quote(flag))]
    InvalidVariable {
        /// The value.
        value: String,
        /// The variable.
        variable: String,
        /// As messages name the flag.
        flag: String,
        /// Why.
        reason: Box<ValueError>,
    },
    /// Too many arguments.
    #[error("accepts at most {most} arg(s), received {received}")]
    TooMany {
        /// How many there may be.
        most: usize,
        /// How many there are.
        received: usize,
    },
    /// Too few arguments.
    #[error("requires at least {wanted} arg(s), only received {received}")]
    TooFew {
        /// How many there have to be.
        wanted: usize,
        /// How many there are.
        received: usize,
    },
    /// Not the one number of arguments.
    #[error("accepts {wanted} arg(s), received {received}")]
    NotExactly {
        /// How many there have to be.
        wanted: usize,
        /// How many there are.
        received: usize,
    },
    /// An argument that is none of the words that a command knows.
    #[error("invalid argument {} for {}", go_quote(word), go_quote(path))]
    InvalidWord {
        /// The argument.
        word: String,
        /// The command.
        path: String,
    },
    /// Required flags are missing.
    #[error("required flag(s) {} not set", .0.iter().map(|name| go_quote(name)).collect::<Vec<_>>().join(", "))]
    Required(Vec<&'static str>),
    /// None of a group of flags is given.
    #[error("at least one of the flags in the group [{0}] is required")]
    OneRequired(String),
    /// Several of a group of flags are given.
    #[error("if any flags in the group [{group}] are set none of the others can be; [{given}] were all set")]
    Exclusive {
        /// All of them, in the order of their declaration.
        group: String,
        /// The given ones, sorted.
        given: String,
    },
    /// An argument that is no text.
    #[error("argument {0} is not valid UTF-8")]
    NotText(usize),
    /// What cosign says where its own check of the arguments fails.
    #[error("flag: help requested")]
    HelpRequested,
}
