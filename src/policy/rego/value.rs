//! Values as Go's `%v` prints them.

use regorus::Value;

/// A value as Go prints the JSON that OPA makes of it: sets are lists, keys are sorted.
pub(super) fn go_text(value: &Value) -> String {
    let list = |items: Vec<String>| format!("[{}]", items.join(" "));
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Undefined => "<undefined>".to_owned(),
        Value::String(text) => text.to_string(),
        Value::Array(items) => list(items.iter().map(go_text).collect()),
        Value::Set(items) => list(items.iter().map(go_text).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<(String, String)> = entries.iter().map(|(key, value)| (key_text(key), go_text(value))).collect();
            entries.sort();
            let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Keys that are no text are JSON.
fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}
