//! JSON as Go's `encoding/json` writes it: compact, `<`, `>`, `&`, U+2028 and U+2029 escaped, control characters as
//! `\u00XX` (but `\b`, `\f`, `\n`, `\r`, `\t`). Struct fields keep their order; maps must be `BTreeMap`s to be sorted as Go sorts them.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Serializes `value` compactly, byte for byte as Go would.
///
/// # Errors
/// What `serde_json` says, for a value that has no JSON form (a map whose keys are no strings).
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, GoFormatter))?;
    Ok(out)
}

/// As Go's `json.MarshalIndent` without a prefix.
///
/// # Errors
/// As [`to_vec`].
pub fn to_vec_indented<T: Serialize + ?Sized>(value: &T, indent: &str) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    let formatter = GoIndented(PrettyFormatter::with_indent(indent.as_bytes()));
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    Ok(out)
}

/// As [`to_vec`], as text.
///
/// # Errors
/// As [`to_vec`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    to_vec(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a document as Go reads one into structs with fields of these `names`: letter case does not count in a name, of a field that
/// is there twice the last one counts, and `null` counts as absent.
///
/// # Errors
/// What `serde_json` says.
pub fn value_with_names(json: &[u8], names: &[&str]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(json).map(|value| with_names(value, names))
}

fn with_names(value: Value, names: &[&str]) -> Value {
    let Value::Object(fields) = value else { return value };
    let named = |key: String| names.iter().find(|name| name.eq_ignore_ascii_case(&key)).map_or(key, |name| (*name).to_owned());
    let given = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(key, value)| (named(key), with_names(value, names))).collect())
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        escaped(writer, fragment)
    }
}

fn escaped<W: ?Sized + io::Write>(writer: &mut W, fragment: &str) -> io::Result<()> {
    let mut start = 0;
    for (index, c) in fragment.char_indices() {
        if matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}') {
            writer.write_all(&fragment.as_bytes()[start..index])?;
            write!(writer, "\\u{:04x}", u32::from(c))?;
            start = index + c.len_utf8();
        }
    }
    writer.write_all(&fragment.as_bytes()[start..])
}

/// Indents as `serde_json` does, which is Go's way, and escapes as Go does.
struct GoIndented<'a>(PrettyFormatter<'a>);

impl Formatter for GoIndented<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        escaped(writer, fragment)
    }
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }
    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }
    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_go_does() {
        let json = br#"{"A":1,"b":{"LogId":[null]},"a":2,"c":null,"D":3}"#;
        let read = value_with_names(json, &["a", "logID"]).map(|value| value.to_string());
        assert_eq!(read.ok().as_deref(), Some(r#"{"a":2,"b":{"logID":[null]},"D":3}"#));
        assert!(value_with_names(b"{}x", &[]).is_err());
    }

    #[test]
    fn indents_as_go_does() {
        let value = serde_json::json!({"a": [], "b": [{"c": "<"}, 1], "d": {}});
        let text = to_vec_indented(&value, "   ").ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let expected = "{\n   \"a\": [],\n   \"b\": [\n      {\n         \"c\": \"\\u003c\"\n      },\n      1\n   ],\n   \"d\": {}\n}";
        assert_eq!(text.as_deref(), Some(expected));
    }

    #[test]
    fn escapes_as_go_does() {
        // What Go 1.26 prints for json.Marshal of the same text.
        assert_eq!(to_string("<a&b>\u{2028}\u{1}\n\u{8}\u{c}é\"").ok().as_deref(), Some(r#""\u003ca\u0026b\u003e\u2028\u0001\n\b\fé\"""#));
    }
}
