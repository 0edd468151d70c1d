//! JSON through a Go struct: read as `encoding/json` reads it, written as it writes it.

use serde_json::{Map, Value};

use crate::encoding::UnixTime;
use crate::encoding::text;

/// Go's zero time.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// A struct, by its fields in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct GoStruct(pub(super) &'static [Field]);

/// A field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    omit_empty: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// `string`.
    Text,
    /// `bool`.
    Bool,
    /// `interface{}`.
    Any,
    /// `time.Time`.
    Time,
    /// `*time.Time`.
    OptionalTime,
    /// `map[string]string`.
    Texts,
    /// `map[string]T`.
    Named(&'static Kind),
    /// `[]T`.
    List(&'static Kind),
    /// A struct.
    Struct(GoStruct),
    /// A pointer to a struct.
    OptionalStruct(GoStruct),
}

/// A value of another kind than its field's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructError {
    /// Another kind.
    #[error("json: cannot unmarshal {found} into Go struct field {} of type {wanted}", text::quote(.field))]
    Kind {
        /// Which field.
        field: String,
        /// What it holds.
        found: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// No time.
    #[error("parsing time {} of {}: no RFC 3339 time", text::quote(.value), text::quote(.field))]
    Time {
        /// Which field.
        field: String,
        /// What it holds.
        value: String,
    },
}

impl Field {
    /// A field that is always written.
    pub(super) const fn always(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, omit_empty: false }
    }

    /// A field that is left out while it is empty.
    pub(super) const fn given(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, omit_empty: true }
    }
}

impl GoStruct {
    /// Reads `value`, which is found at `place`, and writes it again. `null` leaves everything at its zero value.
    pub(super) fn read(self, value: &Value, place: &str) -> Result<Value, StructError> {
        let none = Map::new();
        let found = match value {
            Value::Object(fields) => fields,
            Value::Null => &none,
            other => return Err(unfit(other, place, "struct")),
        };
        let mut out = Map::new();
        for Field { name, kind, omit_empty } in self.0 {
            let given = found.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or(&Value::Null, |(_, value)| value);
            let place = if place.is_empty() { (*name).to_owned() } else { format!("{place}.{name}") };
            let value = kind.read(given, &place)?;
            if !(*omit_empty && kind.is_empty(&value)) {
                out.insert((*name).to_owned(), value);
            }
        }
        Ok(out.into())
    }
}

impl Kind {
    fn read(self, value: &Value, place: &str) -> Result<Value, StructError> {
        match (self, value) {
            (Self::Any, value) => Ok(value.clone()),
            (Self::Struct(fields), value) => fields.read(value, place),
            (Self::Text, Value::Null) => Ok("".into()),
            (Self::Bool, Value::Null) => Ok(false.into()),
            (Self::Time, Value::Null) => Ok(ZERO_TIME.into()),
            (_, Value::Null) => Ok(Value::Null),
            (Self::Text, Value::String(_)) | (Self::Bool, Value::Bool(_)) => Ok(value.clone()),
            (Self::Time | Self::OptionalTime, Value::String(time)) => match time_text(time) {
                Some(time) => Ok(time.into()),
                None => Err(StructError::Time { field: place.to_owned(), value: time.clone() }),
            },
            (Self::Texts, Value::Object(entries)) => named(entries, Self::Text, place),
            (Self::Named(kind), Value::Object(entries)) => named(entries, *kind, place),
            (Self::List(kind), Value::Array(items)) => items.iter().map(|item| kind.read(item, place)).collect(),
            (Self::OptionalStruct(fields), value) => fields.read(value, place),
            (_, other) => Err(unfit(other, place, self.go_name())),
        }
    }

    /// What `omitempty` leaves out: a struct never is.
    fn is_empty(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Struct(_), _) => false,
            (_, Value::Null) => true,
            (Self::Text, Value::String(text)) => text.is_empty(),
            (Self::Bool, value) => *value == Value::Bool(false),
            (Self::Texts | Self::Named(_), Value::Object(entries)) => entries.is_empty(),
            (Self::List(_), Value::Array(items)) => items.is_empty(),
            _ => false,
        }
    }

    fn go_name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Bool => "bool",
            Self::Any => "interface {}",
            Self::Time | Self::OptionalTime => "time.Time",
            Self::Texts | Self::Named(_) => "map",
            Self::List(_) => "slice",
            Self::Struct(_) | Self::OptionalStruct(_) => "struct",
        }
    }
}

fn named(entries: &Map<String, Value>, kind: Kind, place: &str) -> Result<Value, StructError> {
    let read = |(key, value): (&String, &Value)| Ok((key.clone(), kind.read(value, place)?));
    Ok(Value::Object(entries.iter().map(read).collect::<Result<_, StructError>>()?))
}

fn unfit(value: &Value, place: &str, wanted: &'static str) -> StructError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    StructError::Kind { field: place.to_owned(), found, wanted }
}

/// RFC 3339 as Go writes it: a fraction without zeros at its end.
fn time_text(time: &str) -> Option<String> {
    UnixTime::parse_rfc3339(time)?;
    let Some((seconds, rest)) = time.split_once('.') else { return Some(time.to_owned()) };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at(digits);
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() { format!("{seconds}{zone}") } else { format!("{seconds}.{fraction}{zone}") })
}
