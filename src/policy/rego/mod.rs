//! Policies in Rego: modules of version 0, loaded together as one program, asked the one question `data.signature.allow`.
//!
//! The evaluator is `regorus`. What it leaves open is closed here: calls of functions that do not exist, and recursion, are found before
//! anything is evaluated ([`program`]); the functions of cryptography and tokens come from this crate ([`functions`]); evaluation is bounded
//! in time and depth.

mod error;
mod functions;
mod hoist;
mod located;
mod program;
mod value;
mod walk;

#[cfg(test)]
mod tests;

use std::num::{NonZeroU32, NonZeroUsize};
use std::thread;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, PolicyLengthConfig, Value};

use super::PolicyFile;
use crate::encoding::UnixTime;

pub use error::RegoError;
pub use located::Located;

/// What every policy is asked.
pub const QUERY: &str = "data.signature.allow";
/// The most that one evaluation may take, whatever the caller allows.
pub const MAX_EVALUATION: Duration = Duration::from_secs(30);
/// The largest policy, in bytes.
pub const MAX_POLICY: usize = 1 << 20;
/// The longest line of a policy, in characters.
const MAX_COLUMN: u32 = 64 << 10;
/// The most lines of a policy.
const MAX_LINES: usize = 100_000;
/// The stack of the thread that parses and evaluates: enough for [`program::MAX_DEPTH`] rules within each other. Only what is used is taken.
const STACK: usize = 256 << 20;
/// How many steps pass between two looks at the clock.
const STEPS: u32 = 64;

/// Policies that were read, ready to be asked as often as one likes.
#[derive(Clone)]
pub struct RegoPolicies {
    engine: Engine,
    /// Of programs that use `not`: the same, where a function that fails ends the evaluation. OPA's compiler and its evaluation refuse
    /// most of what would here be consent (`not startswith(1, "a")`), so what the first engine allows must pass this one too.
    strict: Option<Engine>,
}

impl std::fmt::Debug for RegoPolicies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegoPolicies")
    }
}

impl RegoPolicies {
    /// Reads policies. As in OPA they make up one program: rules of one name in two files are one rule.
    ///
    /// # Errors
    /// A file that does not parse, a call of a function that does not exist or is not supported here, recursion.
    pub fn parse(files: &[PolicyFile<'_>]) -> Result<Self, RegoError> {
        on_a_deep_stack(|| {
            let mut engine = Engine::new();
            engine.set_rego_v0(true);
            // What a policy prints is nobody's, as in the Go program.
            engine.set_gather_prints(true);
            engine.set_policy_length_config(lengths());
            for file in files {
                add_policy(&mut engine, file)?;
            }
            let negates = program::check(engine.get_modules())?;
            let strict = negates.then(|| ready(engine.clone(), true)).transpose()?;
            Ok(Self { engine: ready(engine, false)?, strict })
        })?
    }

    /// Asks whether the document is allowed. `now` is the time that the policy sees; `limit` how long it may take, [`MAX_EVALUATION`] at most.
    ///
    /// # Errors
    /// Why it is not: each with its own text.
    pub fn evaluate(&self, json: &[u8], now: UnixTime, limit: Duration) -> Result<(), Vec<RegoError>> {
        let one = |error: RegoError| vec![error];
        let text = std::str::from_utf8(json).map_err(|_| one(RegoError::InputNotText))?;
        let input = Value::from_json_str(text).map_err(|error| one(RegoError::Input(error.to_string())))?;
        let ask = || {
            ask(self.engine.clone(), input.clone(), now, (limit, false))?;
            match &self.strict {
                Some(strict) => ask(strict.clone(), input, now, (limit, true)),
                None => Ok(()),
            }
        };
        on_a_deep_stack(ask).map_err(one)?
    }
}

/// Adds a file, in the words that OPA's compiler would make of it.
fn add_policy(engine: &mut Engine, file: &PolicyFile<'_>) -> Result<(), RegoError> {
    let add = |engine: &mut Engine, text: &str| {
        engine.add_policy(file.name.to_owned(), text.to_owned()).map(|_| ()).map_err(|error| RegoError::parse(file.name, &error))
    };
    let parse = |text: &str| {
        let mut alone = Engine::new();
        alone.set_rego_v0(true);
        alone.set_policy_length_config(lengths());
        add(&mut alone, text)?;
        Ok(alone.get_modules().clone())
    };
    let rewritten = hoist::rewritten(file.text, parse)?;
    add(engine, rewritten.as_deref().unwrap_or(file.text))
}

/// Sets an engine up.
fn ready(mut engine: Engine, strict: bool) -> Result<Engine, RegoError> {
    engine.set_strict_builtin_errors(strict);
    functions::add(&mut engine, strict)?;
    Ok(engine)
}

fn ask(mut engine: Engine, input: Value, now: UnixTime, (limit, strict): (Duration, bool)) -> Result<(), Vec<RegoError>> {
    let one = |error: RegoError| vec![error];
    let limit = limit.min(MAX_EVALUATION);
    functions::add_clock(&mut engine, now, strict).map_err(one)?;
    engine.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval: NonZeroU32::new(STEPS).unwrap_or(NonZeroU32::MIN) });
    engine.set_input(input);
    let results = engine.eval_query(QUERY.to_owned(), false).map_err(|error| one(failure(&error, strict)))?;
    let values: Vec<&Value> =
        results.result.iter().flat_map(|result| &result.expressions).map(|e| &e.value).filter(|v| **v != Value::Undefined).collect();
    match values.as_slice() {
        [Value::Bool(true)] => Ok(()),
        [] => Err(one(RegoError::Undefined)),
        values => Err(values.iter().map(|value| RegoError::NotTrue(value::go_text(value))).collect()),
    }
}

fn failure(error: &anyhow::Error, strict: bool) -> RegoError {
    match RegoError::evaluation(error) {
        RegoError::Evaluation(at) if strict => RegoError::FailureNegated(at),
        error => error,
    }
}

fn lengths() -> PolicyLengthConfig {
    let default = PolicyLengthConfig::default();
    PolicyLengthConfig {
        max_col: NonZeroU32::new(MAX_COLUMN).unwrap_or(default.max_col),
        max_file_bytes: NonZeroUsize::new(MAX_POLICY).unwrap_or(default.max_file_bytes),
        max_lines: NonZeroUsize::new(MAX_LINES).unwrap_or(default.max_lines),
    }
}

/// Parser and evaluator recurse; how deep is bounded elsewhere.
fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, RegoError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("rego".to_owned()).stack_size(STACK).spawn_scoped(scope, work);
        thread.map_err(|error| RegoError::Thread(error.to_string()))?.join().map_err(|_| RegoError::Panicked)
    })
}
