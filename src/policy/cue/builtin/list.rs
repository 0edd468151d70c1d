//! The packages `list` and `struct`.

use std::rc::Rc;

use super::{Call, Function, Kinds, Want, elements, equal, int};
use crate::policy::cue::data::Data;
use crate::policy::cue::number::Number;

/// A list that `list.Range` and `list.Repeat` may make at most.
const LONGEST: usize = 10_000;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "list.MinItems", parameters: &[Kinds::LIST, Kinds::INT], call: Call::Count(min_items, Want::AtLeast) },
    Function { name: "list.MaxItems", parameters: &[Kinds::LIST, Kinds::INT], call: Call::Count(max_items, Want::AtMost) },
    Function { name: "list.UniqueItems", parameters: &[Kinds::LIST], call: Call::Check(unique) },
    Function { name: "list.Contains", parameters: &[Kinds::LIST, Kinds::TOP], call: Call::Check(|a| Ok(contains(a))) },
    Function { name: "list.Concat", parameters: &[Kinds::LIST], call: Call::Value(concat) },
    Function { name: "list.Sum", parameters: &[Kinds::LIST], call: Call::Value(sum) },
    Function { name: "list.Max", parameters: &[Kinds::LIST], call: Call::Value(|a| extreme(a, "Max", std::cmp::Ordering::Greater)) },
    Function { name: "list.Min", parameters: &[Kinds::LIST], call: Call::Value(|a| extreme(a, "Min", std::cmp::Ordering::Less)) },
    Function { name: "list.Repeat", parameters: &[Kinds::LIST, Kinds::INT], call: Call::Value(repeat) },
    Function { name: "list.Reverse", parameters: &[Kinds::LIST], call: Call::Value(reverse) },
    Function { name: "list.SortStrings", parameters: &[Kinds::LIST], call: Call::Value(sort_strings) },
];

pub(super) const STRUCT_FUNCTIONS: &[Function] = &[
    Function { name: "struct.MinFields", parameters: &[Kinds::STRUCT, Kinds::INT], call: Call::Count(min_fields, Want::AtLeast) },
    Function { name: "struct.MaxFields", parameters: &[Kinds::STRUCT, Kinds::INT], call: Call::Count(max_fields, Want::AtMost) },
];

fn min_items(has: usize, wanted: usize) -> Result<bool, String> {
    if has < wanted { Err(format!("len(list) < MinItems({wanted}) ({has} < {wanted})")) } else { Ok(true) }
}

fn max_items(has: usize, wanted: usize) -> Result<bool, String> {
    if has > wanted { Err(format!("len(list) > MaxItems({wanted}) ({has} > {wanted})")) } else { Ok(true) }
}

fn min_fields(has: usize, wanted: usize) -> Result<bool, String> {
    if has < wanted { Err(format!("len(fields) < MinFields({wanted}) ({has} < {wanted})")) } else { Ok(true) }
}

fn max_fields(has: usize, wanted: usize) -> Result<bool, String> {
    if has > wanted { Err(format!("len(fields) > MaxFields({wanted}) ({has} > {wanted})")) } else { Ok(true) }
}

fn unique(arguments: &[Rc<Data>]) -> Result<bool, String> {
    let list = elements(arguments, 0);
    if list.len() > LONGEST {
        return Err(format!("a list of more than {LONGEST} elements is not supported"));
    }
    for (at, element) in list.iter().enumerate() {
        if let Some(other) = list[at + 1..].iter().position(|other| equal(element, other)) {
            return Err(format!("equal value at position {at} and {}", at + 1 + other));
        }
    }
    Ok(true)
}

fn contains(arguments: &[Rc<Data>]) -> bool {
    elements(arguments, 0).iter().any(|element| equal(element, &arguments[1]))
}

fn concat(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let mut all = Vec::new();
    for list in elements(arguments, 0) {
        let Data::List(list) = &**list else { return Err("expected a list of lists".to_owned()) };
        all.extend(list.iter().cloned());
    }
    Ok(Data::List(all))
}

fn numbers(arguments: &[Rc<Data>]) -> Result<Vec<Number>, String> {
    let number = |element: &Rc<Data>| match &**element {
        Data::Number(number) => Ok(number.clone()),
        _ => Err("expected a list of numbers".to_owned()),
    };
    elements(arguments, 0).iter().map(number).collect()
}

fn sum(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let mut sum = Number::int(0);
    for number in numbers(arguments)? {
        sum = sum.plus(&number).ok_or("number out of range")?;
    }
    Ok(Data::Number(sum))
}

fn extreme(arguments: &[Rc<Data>], name: &str, wanted: std::cmp::Ordering) -> Result<Data, String> {
    let better = |best: Number, next: Number| if next.compare(&best) == wanted { next } else { best };
    numbers(arguments)?.into_iter().reduce(better).map(Data::Number).ok_or_else(|| format!("empty list in {name}"))
}

fn repeat(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let times = usize::try_from(int(arguments, 1)?).map_err(|_| "negative count".to_owned())?;
    let list = elements(arguments, 0);
    if list.len().saturating_mul(times) > LONGEST {
        return Err(format!("a list of more than {LONGEST} elements is not supported"));
    }
    Ok(Data::List(list.iter().cycle().take(list.len() * times).cloned().collect()))
}

fn reverse(arguments: &[Rc<Data>]) -> Result<Data, String> {
    Ok(Data::List(elements(arguments, 0).iter().rev().cloned().collect()))
}

fn sort_strings(arguments: &[Rc<Data>]) -> Result<Data, String> {
    let text = |element: &Rc<Data>| match &**element {
        Data::Text(text) => Ok(text.clone()),
        _ => Err("invalid list element: expected a string".to_owned()),
    };
    let mut all = elements(arguments, 0).iter().map(text).collect::<Result<Vec<_>, _>>()?;
    all.sort_unstable();
    Ok(super::texts(all.iter().map(|text| &**text)))
}
