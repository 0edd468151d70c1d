//! Policies in Rego: modules of version 0, loaded together as one program, asked the one question `data.signature.allow`.
//!
//! The evaluator is `regorus`. What it leaves open is closed here: calls of functions that do not exist, and recursion, are found before
//! anything is evaluated ([`program`]); the functions of cryptography and tokens come from this crate ([`functions`]); evaluation is bounded
//! in time and depth.

mod error;
mod functions;
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

/// A file with a policy.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFile<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Policies that were read, ready to be asked as often as one likes.
#[derive(Clone)]
pub struct RegoPolicies {
    engine: Engine,
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
            engine.set_strict_builtin_errors(false);
            // What a policy prints is nobody's, as in the Go program.
            engine.set_gather_prints(true);
            engine.set_policy_length_config(lengths());
            for file in files {
                engine.add_policy(file.name.to_owned(), file.text.to_owned()).map_err(|error| RegoError::parse(file.name, &error))?;
            }
            program::check(engine.get_modules())?;
            functions::add(&mut engine)?;
            Ok(Self { engine })
        })?
    }

    /// Asks whether the document is allowed. `now` is the time that the policy sees; `limit` how long it may take, [`MAX_EVALUATION`] at most.
    ///
    /// # Errors
    /// Why it is not: each with its own text.
    pub fn evaluate(&self, json: &[u8], now: UnixTime, limit: Duration) -> Result<(), Vec<RegoError>> {
        on_a_deep_stack(|| self.ask(json, now, limit)).map_err(|error| vec![error])?
    }

    fn ask(&self, json: &[u8], now: UnixTime, limit: Duration) -> Result<(), Vec<RegoError>> {
        let one = |error: RegoError| vec![error];
        let text = std::str::from_utf8(json).map_err(|_| one(RegoError::InputNotText))?;
        let input = Value::from_json_str(text).map_err(|error| one(RegoError::Input(error.to_string())))?;
        let limit = limit.min(MAX_EVALUATION);
        let mut engine = self.engine.clone();
        functions::add_clock(&mut engine, now).map_err(one)?;
        engine
            .set_execution_timer_config(ExecutionTimerConfig { limit, check_interval: NonZeroU32::new(STEPS).unwrap_or(NonZeroU32::MIN) });
        engine.set_input(input);
        let results = engine.eval_query(QUERY.to_owned(), false).map_err(|error| one(RegoError::evaluation(&error)))?;
        let values: Vec<&Value> =
            results.result.iter().flat_map(|result| &result.expressions).map(|e| &e.value).filter(|v| **v != Value::Undefined).collect();
        match values.as_slice() {
            [Value::Bool(true)] => Ok(()),
            [] => Err(one(RegoError::Undefined)),
            values => Err(values.iter().map(|value| RegoError::NotTrue(value::go_text(value))).collect()),
        }
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
