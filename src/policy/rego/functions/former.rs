//! Functions that version 0 of the language still has and later ones do not, and `regex.match` with the meaning of Go's expressions.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Function, text};
use crate::encoding::pattern::Pattern;

pub(super) const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("all", 1, |values| Some(Value::from(items(values.first()?)?.iter().all(is_true)))),
    ("any", 1, |values| Some(Value::from(items(values.first()?)?.iter().any(is_true)))),
    ("re_match", 2, matches_pattern),
    ("regex.match", 2, matches_pattern),
    ("set_diff", 2, |values| difference(values.first()?, values.get(1)?)),
    ("cast_array", 1, |values| Some(Value::from(items(values.first()?)?))),
    ("cast_set", 1, |values| Some(Value::from(items(values.first()?)?.into_iter().collect::<BTreeSet<_>>()))),
    ("cast_string", 1, |values| only(values, |value| matches!(value, Value::String(_)))),
    ("cast_boolean", 1, |values| only(values, |value| matches!(value, Value::Bool(_)))),
    ("cast_null", 1, |values| only(values, |value| matches!(value, Value::Null))),
    ("cast_object", 1, |values| only(values, |value| matches!(value, Value::Object(_)))),
];

fn matches_pattern(values: &[Value]) -> Option<Value> {
    let pattern = Pattern::new(text(values, 0)?);
    pattern.error().is_none().then(|| Some(Value::from(pattern.is_match(text(values, 1)?))))?
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.iter().cloned().collect()),
        Value::Set(items) => Some(items.iter().cloned().collect()),
        _ => None,
    }
}

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}

fn only(values: &[Value], fits: fn(&Value) -> bool) -> Option<Value> {
    values.first().filter(|value| fits(value)).cloned()
}

/// What is in one set and not in the other.
pub(super) fn difference(all: &Value, less: &Value) -> Option<Value> {
    Some(all.as_set().ok()?.difference(less.as_set().ok()?).cloned().collect::<BTreeSet<Value>>().into())
}
