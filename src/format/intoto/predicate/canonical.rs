//! JSON with the keys of every object sorted, as protobuf's `Struct` has it. It is rewritten from the text, without a tree: an SBOM may have hundreds
//! of megabytes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::PredicateError;

/// The deepest nesting that is followed.
pub(super) const MAX_DEPTH: usize = 500;

/// The same JSON, compact, keys sorted; of duplicate keys the last one counts, as in Go. Numbers stay as they were written.
///
/// # Errors
/// [`PredicateError`]: no JSON, nested deeper than [`MAX_DEPTH`], a number beyond a float's range.
pub(super) fn sorted(json: &[u8]) -> Result<Box<RawValue>, PredicateError> {
    let failed = |error| PredicateError::Json { what: String::new(), error };
    let raw: &RawValue = serde_json::from_slice(json).map_err(failed)?;
    let mut out = String::with_capacity(json.len());
    write(raw.get(), 0, &mut out)?;
    RawValue::from_string(out).map_err(failed)
}

fn write(raw: &str, depth: usize, out: &mut String) -> Result<(), PredicateError> {
    if depth > MAX_DEPTH {
        return Err(PredicateError::TooDeep(MAX_DEPTH));
    }
    let failed = |error| PredicateError::Json { what: String::new(), error };
    match raw.bytes().next() {
        Some(b'{') => {
            let Entries(mut entries) = serde_json::from_str(raw).map_err(failed)?;
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            let mut separator = '{';
            for (at, (key, value)) in entries.iter().enumerate() {
                if entries.get(at + 1).is_some_and(|(next, _)| next == key) {
                    continue;
                }
                out.push(separator);
                text(key, out);
                out.push(':');
                write(value.get(), depth + 1, out)?;
                separator = ',';
            }
            out.push_str(if separator == '{' { "{}" } else { "}" });
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(raw).map_err(failed)?;
            let mut separator = '[';
            for element in &elements {
                out.push(separator);
                write(element.get(), depth + 1, out)?;
                separator = ',';
            }
            out.push_str(if separator == '[' { "[]" } else { "]" });
        }
        Some(b'"') => text(&serde_json::from_str::<Key<'_>>(raw).map_err(failed)?.0, out),
        Some(b't' | b'f' | b'n') => out.push_str(raw),
        _ => match raw.parse::<f64>() {
            Ok(number) if number.is_finite() => out.push_str(raw),
            _ => return Err(PredicateError::Number(raw.to_owned())),
        },
    }
    Ok(())
}

fn text(text: &str, out: &mut String) {
    // Text always has a JSON form.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object's entries in their order, borrowed from the text.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Entries<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Key(key), value)) = object.next_entry::<Key<'de>, &'de RawValue>()? {
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}
