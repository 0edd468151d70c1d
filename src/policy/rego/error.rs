//! Why a document is not allowed, or a policy is none.

use std::fmt;

use super::QUERY;
use super::located::Located;
use crate::encoding::text;

/// Why. Texts keep OPA's phrases, with its codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegoError {
    /// The policy does not parse.
    #[error("1 error occurred during loading: {}rego_parse_error: {}", Place(.0), text::quote(&.0.message))]
    Parse(Located),
    /// A call of a function that does not exist.
    #[error("1 error occurred: {}rego_type_error: undefined function {}", Place(.at), text::quote(&.at.message))]
    UndefinedFunction {
        /// Where; the message is the function's name.
        at: Located,
    },
    /// A call of one of OPA's functions that this program does not have.
    #[error("1 error occurred: {}the function {} is not supported{}", Place(.at), text::quote(&.at.message), .why)]
    Unsupported {
        /// Where; the message is the function's name.
        at: Located,
        /// Why not; may be empty.
        why: &'static str,
    },
    /// Something that is called and is no name.
    #[error("1 error occurred: {}rego_parse_error: what is called is no function's name", Place(.0))]
    NotAName(Located),
    /// A variable that nothing binds.
    #[error("1 error occurred: {}rego_unsafe_var_error: var {} is unsafe", Place(.0), text::quote(&.0.message))]
    Unsafe(Located),
    /// A rule or a function that refers to itself, through others perhaps.
    #[error("1 error occurred: {}rego_recursion_error: rule {} is recursive", Place(.0), text::quote(&.0.message))]
    Recursion(Located),
    /// Two defaults for one rule.
    #[error("1 error occurred: {}rego_type_error: multiple default rules {} found", Place(.0), text::quote(&.0.message))]
    MultipleDefaults(Located),
    /// A reference into a literal.
    #[error("1 error occurred: {}rego_parse_error: illegal ref (head cannot be {})", Place(.at), .kind)]
    IllegalHead {
        /// Where.
        at: Located,
        /// The literal's kind.
        kind: &'static str,
    },
    /// Rules within rules, too deep.
    #[error("{}the rules refer to each other more than {limit} deep", Place(.at))]
    TooDeep {
        /// Where it begins.
        at: Located,
        /// How deep they may.
        limit: usize,
    },
    /// The evaluation fails.
    #[error("{}eval_error: {}", Place(.0), text::quote(&.0.message))]
    Evaluation(Located),
    /// A function fails in a program that uses `not`, for which its failure would count as consent.
    #[error("a function fails, and the policy uses not: {}eval_error: {}", Place(.0), text::quote(&.0.message))]
    FailureNegated(Located),
    /// It takes too long.
    #[error("the policy was stopped: its evaluation takes longer than {milliseconds} ms")]
    TooLong {
        /// How long it may take.
        milliseconds: u128,
    },
    /// The document is no text.
    #[error("the input is not valid UTF-8")]
    InputNotText,
    /// The document is no JSON.
    #[error("the input is no JSON: {}", text::quote(.0))]
    Input(String),
    /// The answer is another than `true`.
    #[error("expression value, {}, is not true", text::quote(.0))]
    NotTrue(String),
    /// There is no answer.
    #[error("result is undefined for query '{QUERY}'")]
    Undefined,
    /// No thread to evaluate on.
    #[error("no thread to evaluate the policy on: {0}")]
    Thread(String),
    /// The evaluator broke down.
    #[error("the evaluator of policies failed")]
    Panicked,
}

/// A place as messages begin with it; nothing where it is unknown.
struct Place<'a>(&'a Located);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.place {
            Some((file, line)) => write!(f, "{}:{line}: ", text::quote(file)),
            None => Ok(()),
        }
    }
}

impl RegoError {
    pub(super) fn parse(file: &str, error: &anyhow::Error) -> Self {
        let mut at = Located::of(&error.to_string());
        at.place.get_or_insert_with(|| (file.to_owned(), 1));
        Self::Parse(at)
    }

    pub(super) fn evaluation(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<regorus::LimitError>() {
            Some(regorus::LimitError::TimeLimitExceeded { limit, .. }) => Self::TooLong { milliseconds: limit.as_millis() },
            _ => Self::Evaluation(Located::of(&error.to_string())),
        }
    }
}
