//! The package `strings`.

use std::rc::Rc;
use std::sync::Arc;

use super::{Call, Function, Kinds, count, elements, int, text, texts};
use crate::policy::cue::data::Data;

const TEXT: Kinds = Kinds::TEXT;
const INT: Kinds = Kinds::INT;
/// The longest text that a function makes.
const LONGEST: usize = 1 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "strings.Contains", parameters: &[TEXT, TEXT], call: Call::Check(|a| Ok(text(a, 0).contains(text(a, 1)))) },
    Function {
        name: "strings.ContainsAny",
        parameters: &[TEXT, TEXT],
        call: Call::Check(|a| Ok(text(a, 0).contains(|c| text(a, 1).contains(c)))),
    },
    Function { name: "strings.HasPrefix", parameters: &[TEXT, TEXT], call: Call::Check(|a| Ok(text(a, 0).starts_with(text(a, 1)))) },
    Function { name: "strings.HasSuffix", parameters: &[TEXT, TEXT], call: Call::Check(|a| Ok(text(a, 0).ends_with(text(a, 1)))) },
    Function { name: "strings.MinRunes", parameters: &[TEXT, INT], call: Call::Check(|a| Ok(runes(a) >= int(a, 1)?)) },
    Function { name: "strings.MaxRunes", parameters: &[TEXT, INT], call: Call::Check(|a| Ok(runes(a) <= int(a, 1)?)) },
    Function { name: "strings.Compare", parameters: &[TEXT, TEXT], call: Call::Value(compare) },
    Function { name: "strings.Count", parameters: &[TEXT, TEXT], call: Call::Value(occurrences) },
    Function { name: "strings.Index", parameters: &[TEXT, TEXT], call: Call::Value(|a| Ok(found(text(a, 0).find(text(a, 1))))) },
    Function { name: "strings.LastIndex", parameters: &[TEXT, TEXT], call: Call::Value(|a| Ok(found(text(a, 0).rfind(text(a, 1))))) },
    Function { name: "strings.Split", parameters: &[TEXT, TEXT], call: Call::Value(split) },
    Function { name: "strings.Fields", parameters: &[TEXT], call: Call::Value(|a| Ok(texts(text(a, 0).split_whitespace()))) },
    Function { name: "strings.Join", parameters: &[Kinds::LIST, TEXT], call: Call::Value(join) },
    Function { name: "strings.Repeat", parameters: &[TEXT, INT], call: Call::Value(repeat) },
    Function { name: "strings.TrimSpace", parameters: &[TEXT], call: Call::Value(|a| Ok(owned(text(a, 0).trim()))) },
    Function {
        name: "strings.Trim",
        parameters: &[TEXT, TEXT],
        call: Call::Value(|a| Ok(owned(text(a, 0).trim_matches(|c| text(a, 1).contains(c))))),
    },
    Function {
        name: "strings.TrimLeft",
        parameters: &[TEXT, TEXT],
        call: Call::Value(|a| Ok(owned(text(a, 0).trim_start_matches(|c| text(a, 1).contains(c))))),
    },
    Function {
        name: "strings.TrimRight",
        parameters: &[TEXT, TEXT],
        call: Call::Value(|a| Ok(owned(text(a, 0).trim_end_matches(|c| text(a, 1).contains(c))))),
    },
    Function {
        name: "strings.TrimPrefix",
        parameters: &[TEXT, TEXT],
        call: Call::Value(|a| Ok(owned(text(a, 0).strip_prefix(text(a, 1)).unwrap_or(text(a, 0))))),
    },
    Function {
        name: "strings.TrimSuffix",
        parameters: &[TEXT, TEXT],
        call: Call::Value(|a| Ok(owned(text(a, 0).strip_suffix(text(a, 1)).unwrap_or(text(a, 0))))),
    },
    Function { name: "strings.ToLower", parameters: &[TEXT], call: Call::Value(|a| mapped(text(a, 0), char::to_ascii_lowercase)) },
    Function { name: "strings.ToUpper", parameters: &[TEXT], call: Call::Value(|a| mapped(text(a, 0), char::to_ascii_uppercase)) },
    Function { name: "strings.Replace", parameters: &[TEXT, TEXT, TEXT, INT], call: Call::Value(replace) },
];

fn owned(text: &str) -> Data {
    Data::Text(Arc::from(text))
}

fn runes(arguments: &[Rc<Data>]) -> i64 {
    i64::try_from(text(arguments, 0).chars().count()).unwrap_or(i64::MAX)
}

/// Go's and Rust's tables of letters may differ by a version of Unicode, so only ASCII is mapped.
fn mapped(text: &str, map: fn(&char) -> char) -> Result<Data, String> {
    if !text.is_ascii() {
        return Err("text beyond ASCII is not supported".to_owned());
    }
    Ok(Data::Text(text.chars().map(|c| map(&c)).collect::<String>().into()))
}

fn compare(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let order = text(arguments, 0).cmp(text(arguments, 1));
    Ok(Data::Number(crate::policy::cue::number::Number::int(order as i64)))
}

fn occurrences(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let (text, part) = (text(arguments, 0), text(arguments, 1));
    Ok(count(if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() }))
}

/// A byte offset, or −1.
fn found(offset: Option<usize>) -> Data {
    offset.map_or_else(|| Data::Number(crate::policy::cue::number::Number::int(-1)), count)
}

fn split(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let (text, separator) = (text(arguments, 0), text(arguments, 1));
    if separator.is_empty() {
        let mut buffer = [0u8; 4];
        let characters = text.chars().map(|c| Rc::new(owned(c.encode_utf8(&mut buffer)))).collect();
        return Ok(Data::List(characters));
    }
    Ok(texts(text.split(separator)))
}

fn join(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let text_of = |element: &Rc<Data>| match &**element {
        Data::Text(text) => Ok(text.to_string()),
        _ => Err("invalid list element: expected a string".to_owned()),
    };
    let all = elements(arguments, 0).iter().map(text_of).collect::<Result<Vec<_>, _>>()?;
    Ok(Data::Text(all.join(text(arguments, 1)).into()))
}

fn repeat(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let times = usize::try_from(int(arguments, 1)?).map_err(|_| "negative Repeat count".to_owned())?;
    repeated(text(arguments, 0), times)
}

/// `text`, `times` over.
pub(super) fn repeated(text: &str, times: usize) -> Result<Data, String> {
    if text.len().saturating_mul(times) > LONGEST {
        return Err(format!("a text of more than {LONGEST} bytes is not supported"));
    }
    Ok(Data::Text(text.repeat(if text.is_empty() { 0 } else { times }).into()))
}

fn replace(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let (text, from, to) = (text(arguments, 0), text(arguments, 1), text(arguments, 2));
    let most = match usize::try_from(int(arguments, 3)?) {
        Ok(most) => most,
        Err(_) => usize::MAX,
    };
    let pieces = text.len().saturating_add(1).min(most);
    if text.len().saturating_add(pieces.saturating_mul(to.len())) > LONGEST.max(text.len() * 2) {
        return Err(format!("a text of more than {LONGEST} bytes is not supported"));
    }
    Ok(Data::Text(text.replacen(from, to, most).into()))
}
