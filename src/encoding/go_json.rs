//! JSON as Go's `encoding/json` writes it: compact, `<`, `>`, `&`, U+2028 and U+2029 escaped, control characters as
//! `\u00XX` (but `\b`, `\f`, `\n`, `\r`, `\t`). Struct fields keep their order; maps must be `BTreeMap`s to be sorted as Go sorts them.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// Serializes `value` compactly, byte for byte as Go would.
///
/// # Errors
/// What `serde_json` says, for a value that has no JSON form (a map whose keys are no strings).
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, GoFormatter))?;
    Ok(out)
}

/// As [`to_vec`], as text.
///
/// # Errors
/// As [`to_vec`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    to_vec(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go_does() {
        // What Go 1.26 prints for json.Marshal of the same text.
        assert_eq!(to_string("<a&b>\u{2028}\u{1}\n\u{8}\u{c}é\"").ok().as_deref(), Some(r#""\u003ca\u0026b\u003e\u2028\u0001\n\b\fé\"""#));
    }
}
