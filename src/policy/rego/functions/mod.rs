//! OPA's functions that the evaluator lacks, in this crate's own cryptography, and what is said of those that are missing here too.
//!
//! As in OPA an error within a function makes its call undefined; it ends the evaluation of a strict engine only.

mod digest;
mod former;
mod jwk;
mod jwt;
mod moment;
mod operators;

use regorus::unstable::BUILTINS;
use regorus::{Engine, Value};

use super::RegoError;
use crate::encoding::UnixTime;

/// A function of a policy: `None` is undefined.
type Function = fn(&[Value]) -> Option<Value>;

/// Whether a policy may call something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may.
    Here,
    /// OPA has it, this program does not; with more about it, or nothing.
    Absent(&'static str),
    /// Nobody has it.
    Unknown,
}

/// The time, which is the caller's.
const NOW: &str = "time.now_ns";
/// It compares with the time.
const DECODE_VERIFY: &str = "io.jwt.decode_verify";
/// What printing means is up to the evaluator: nothing.
const PRINT: &str = "print";

/// What OPA has and this program refuses to do.
const REFUSED: &[(&str, &str)] = &[
    ("http.send", ": a policy reaches no network"),
    ("net.lookup_ip_addr", ": a policy reaches no network"),
    ("opa.runtime", ": there is no OPA around it"),
    ("rego.metadata.chain", ""),
    ("rego.metadata.rule", ""),
    ("rego.parse_module", ""),
    ("uuid.parse", ""),
    ("uuid.rfc4122", ""),
];

/// Families of OPA's functions of which no other member is here.
const REFUSED_FAMILIES: &[&str] =
    &["crypto.", "graphql.", "io.jwt.", "json.", "net.", "providers.aws.", "regex.", "strings.", "time.", "uri.", "yaml."];

/// Name, number of arguments, and what it does.
fn tables() -> impl Iterator<Item = &'static (&'static str, u8, Function)> {
    [digest::FUNCTIONS, former::FUNCTIONS, jwt::FUNCTIONS, moment::FUNCTIONS, operators::FUNCTIONS].into_iter().flatten()
}

/// Whether a policy may call `name`.
pub(super) fn standing(name: &str) -> Standing {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Standing::Absent(why);
    }
    if [NOW, DECODE_VERIFY, PRINT].contains(&name) || tables().any(|(known, ..)| *known == name) || is_builtin(name) {
        return Standing::Here;
    }
    if REFUSED_FAMILIES.iter().any(|family| name.starts_with(family)) { Standing::Absent("") } else { Standing::Unknown }
}

/// What the evaluator has; what it has beyond OPA's functions is none of a policy's.
fn is_builtin(name: &str) -> bool {
    BUILTINS.contains_key(name) && !name.starts_with("__") && !name.starts_with("test.")
}

/// What became of a call.
fn outcome(name: &str, value: Option<Value>, strict: bool) -> anyhow::Result<Value> {
    match value {
        Some(value) => Ok(value),
        None if strict => Err(anyhow::anyhow!("{name} fails")),
        None => Ok(Value::Undefined),
    }
}

/// Adds them to an engine, in whose eyes an error is one (`strict`) or undefined.
///
/// # Errors
/// The engine does not take one.
pub(super) fn add(engine: &mut Engine, strict: bool) -> Result<(), RegoError> {
    for (name, arguments, function) in tables() {
        let run = move |values: Vec<Value>| -> anyhow::Result<Value> { outcome(name, function(&values), strict) };
        engine.add_extension((*name).to_owned(), *arguments, Box::new(run)).map_err(|error| RegoError::evaluation(&error))?;
    }
    Ok(())
}

/// Adds the functions that know the time.
///
/// # Errors
/// As [`add`].
pub(super) fn add_clock(engine: &mut Engine, now: UnixTime, strict: bool) -> Result<(), RegoError> {
    let nanoseconds = i128::from(now.0) * 1_000_000_000;
    let clock = move |_: Vec<Value>| -> anyhow::Result<Value> { Ok(Value::from(nanoseconds)) };
    let verify = move |values: Vec<Value>| outcome(DECODE_VERIFY, jwt::decode_verify(&values, now), strict);
    engine.add_extension(NOW.to_owned(), 0, Box::new(clock)).map_err(|error| RegoError::evaluation(&error))?;
    engine.add_extension(DECODE_VERIFY.to_owned(), 2, Box::new(verify)).map_err(|error| RegoError::evaluation(&error))
}

/// A text among the arguments.
fn text(values: &[Value], index: usize) -> Option<&str> {
    match values.get(index)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
