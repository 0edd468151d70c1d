//! The package `encoding/json`, as far as a predicate that holds JSON in a text needs it.

use std::rc::Rc;

use super::{Call, Function, Kinds, text};
use crate::policy::cue::data::{self, Data};

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "json.Unmarshal", parameters: &[Kinds::TEXT], call: Call::Value(unmarshal) },
    Function { name: "json.Valid", parameters: &[Kinds::TEXT], call: Call::Check(valid) },
];

fn unmarshal(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let document = data::read(text(arguments, 0).as_bytes()).ok_or("invalid JSON")?;
    if document.repeats_keys {
        return Err("JSON that repeats a key is not supported".to_owned());
    }
    Rc::try_unwrap(document.root).map_err(|_| "invalid JSON".to_owned())
}

fn valid(arguments: &[Rc<Data>]) -> Result<bool, String> {
    Ok(data::read(text(arguments, 0).as_bytes()).is_some())
}
