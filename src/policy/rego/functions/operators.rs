//! Operators by their names, `plus(1, 2)` for `1 + 2`, and functions of newer releases of OPA.

use regorus::Value;

use super::Function;
use super::former::difference;

/// Something done with two numbers, whose type has no name outside of the evaluator.
macro_rules! numbers {
    ($values:expr, |$a:ident, $b:ident| $result:expr) => {{
        let ($a, $b) = ($values.first()?.as_number().ok()?, $values.get(1)?.as_number().ok()?);
        Some(Value::from($result.ok()?))
    }};
}

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("eq", 2, |values| compare(values, |a, b| a == b)),
    ("equal", 2, |values| compare(values, |a, b| a == b)),
    ("neq", 2, |values| compare(values, |a, b| a != b)),
    ("lt", 2, |values| compare(values, |a, b| a < b)),
    ("lte", 2, |values| compare(values, |a, b| a <= b)),
    ("gt", 2, |values| compare(values, |a, b| a > b)),
    ("gte", 2, |values| compare(values, |a, b| a >= b)),
    ("plus", 2, |values| numbers!(values, |a, b| a.add(b))),
    ("mul", 2, |values| numbers!(values, |a, b| a.mul(b))),
    ("minus", 2, minus),
    ("div", 2, |values| numbers!(values, |a, b| a.clone().divide(b))),
    ("rem", 2, |values| numbers!(values, |a, b| a.clone().modulo(b))),
    ("array.flatten", 1, flatten),
];

fn compare(values: &[Value], holds: fn(&Value, &Value) -> bool) -> Option<Value> {
    Some(Value::from(holds(values.first()?, values.get(1)?)))
}

/// Of numbers, or of sets.
fn minus(values: &[Value]) -> Option<Value> {
    match (values.first()?, values.get(1)?) {
        (all @ Value::Set(_), less) => difference(all, less),
        _ => numbers!(values, |a, b| a.sub(b)),
    }
}

/// One level of arrays within an array, dissolved.
fn flatten(values: &[Value]) -> Option<Value> {
    let mut flat = Vec::new();
    for item in values.first()?.as_array().ok()?.iter() {
        match item {
            Value::Array(items) => flat.extend(items.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Some(Value::from(flat))
}
