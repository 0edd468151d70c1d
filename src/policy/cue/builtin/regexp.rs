//! The package `regexp`, with Go's meaning and linear time.

use std::rc::Rc;

use super::{Call, Function, Kinds, text};
use crate::encoding::pattern::Pattern;
use crate::policy::cue::data::Data;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "regexp.Match", parameters: &[Kinds::TEXT, Kinds::TEXT], call: Call::Check(matches) },
    Function { name: "regexp.Valid", parameters: &[Kinds::TEXT], call: Call::Check(valid) },
];

/// The pattern is the first argument: as a constraint, the field is the pattern.
fn matches(arguments: &[Rc<Data>]) -> Result<bool, String> {
    let pattern = Pattern::new(text(arguments, 0));
    match pattern.error() {
        Some(error) => Err(error.to_string()),
        None => Ok(pattern.is_match(text(arguments, 1))),
    }
}

fn valid(arguments: &[Rc<Data>]) -> Result<bool, String> {
    Pattern::new(text(arguments, 0)).error().map_or(Ok(true), |error| Err(error.to_string()))
}
