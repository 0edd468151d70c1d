//! The functions and constants of CUE's packages that policies may use. Everything else is refused by name.

mod json;
mod list;
mod regexp;
mod strings;
mod time;

use std::rc::Rc;
use std::sync::Arc;

use super::data::Data;
use super::number::Number;
use super::value::Kinds;

/// A function: of a package, or predeclared.
#[derive(Debug)]
pub(super) struct Function {
    /// `package.Name`, as messages say it.
    pub name: &'static str,
    /// What its arguments may be.
    pub parameters: &'static [Kinds],
    pub call: Call,
}

/// How a function is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// With concrete data; gives a value.
    Value(fn(&[Rc<Data>]) -> Result<Data, String>),
    /// With concrete data; says whether it holds, so that the first argument may be left to the field.
    Check(fn(&[Rc<Data>]) -> Result<bool, String>),
    /// As `Check`, of how many elements the first argument has, whatever they are.
    Count(fn(usize, usize) -> Result<bool, String>, Want),
    Len,
    Close,
    And,
    Or,
}

/// What a `Count` bounds: too few is no error yet of what may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    AtLeast,
    AtMost,
}

impl Function {
    /// Whether it may be used as a constraint.
    pub fn is_check(&self) -> bool {
        matches!(self.call, Call::Check(_) | Call::Count(..))
    }
}

/// What a package's member is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    Function(&'static Function),
    Text(&'static str),
    Int(i64),
}

/// Whether CUE's package `path` is known here.
pub(super) fn is_package(path: &str) -> bool {
    matches!(path, "time" | "list" | "struct" | "strings" | "regexp" | "encoding/json")
}

/// A member of a package.
pub(super) fn member(path: &str, name: &str) -> Option<Member> {
    let functions: &[Function] = match path {
        "time" => {
            if let Some(constant) = time::constant(name) {
                return Some(constant);
            }
            time::FUNCTIONS
        }
        "list" => list::FUNCTIONS,
        "struct" => list::STRUCT_FUNCTIONS,
        "strings" => strings::FUNCTIONS,
        "regexp" => regexp::FUNCTIONS,
        "encoding/json" => json::FUNCTIONS,
        _ => return None,
    };
    let named = |function: &&Function| function.name.rsplit('.').next() == Some(name);
    functions.iter().find(named).map(Member::Function)
}

/// A predeclared function.
pub(super) fn predeclared(name: &str) -> Option<&'static Function> {
    PREDECLARED.iter().find(|function| function.name == name)
}

const PREDECLARED: &[Function] = &[
    Function { name: "len", parameters: &[Kinds::TEXT.or(Kinds::BYTES).or(Kinds::COMPOSITE)], call: Call::Len },
    Function { name: "close", parameters: &[Kinds::STRUCT], call: Call::Close },
    Function { name: "and", parameters: &[Kinds::LIST], call: Call::And },
    Function { name: "or", parameters: &[Kinds::LIST], call: Call::Or },
    Function { name: "div", parameters: &[Kinds::INT, Kinds::INT], call: Call::Value(|a| division(a, |a, b| a.euclidean(b).map(|r| r.0))) },
    Function { name: "mod", parameters: &[Kinds::INT, Kinds::INT], call: Call::Value(|a| division(a, |a, b| a.euclidean(b).map(|r| r.1))) },
    Function { name: "quo", parameters: &[Kinds::INT, Kinds::INT], call: Call::Value(|a| division(a, |a, b| a.truncated(b).map(|r| r.0))) },
    Function { name: "rem", parameters: &[Kinds::INT, Kinds::INT], call: Call::Value(|a| division(a, |a, b| a.truncated(b).map(|r| r.1))) },
];

fn division(arguments: &[Rc<Data>], divide: fn(&Number, &Number) -> Option<Number>) -> Result<Data, String> {
    let [Data::Number(left), Data::Number(right)] = [&*arguments[0], &*arguments[1]] else { return Err("expected ints".to_owned()) };
    divide(left, right).map(Data::Number).ok_or_else(|| "division by zero".to_owned())
}

/// A text argument; its kind was checked before the call.
fn text(arguments: &[Rc<Data>], index: usize) -> &str {
    match arguments.get(index).map(|data| &**data) {
        Some(Data::Text(text)) => text,
        _ => "",
    }
}

/// A list argument; its kind was checked before the call.
fn elements(arguments: &[Rc<Data>], index: usize) -> &[Rc<Data>] {
    match arguments.get(index).map(|data| &**data) {
        Some(Data::List(elements)) => elements,
        _ => &[],
    }
}

/// An int argument that must fit.
fn int(arguments: &[Rc<Data>], index: usize) -> Result<i64, String> {
    match arguments.get(index).map(|data| &**data) {
        Some(Data::Number(number)) => number.to_i64().ok_or_else(|| format!("int {number} out of range")),
        _ => Err("expected an int".to_owned()),
    }
}

fn count(count: usize) -> Data {
    Data::Number(Number::int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Data {
    Data::List(texts.map(|text| Rc::new(Data::Text(Arc::from(text)))).collect())
}

/// Whether two values are the same to CUE's `==`.
pub(super) fn equal(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Null, Data::Null) => true,
        (Data::Bool(left), Data::Bool(right)) => left == right,
        (Data::Number(left), Data::Number(right)) => left.compare(right).is_eq(),
        (Data::Text(left), Data::Text(right)) => left == right,
        (Data::Bytes(left), Data::Bytes(right)) => left == right,
        (Data::List(left), Data::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Data::Object(left), Data::Object(right)) => {
            let found = |key, value: &Data| right.iter().any(|(name, other)| name == key && equal(value, other));
            left.len() == right.len() && left.iter().all(|(key, value)| found(key, value))
        }
        _ => false,
    }
}
