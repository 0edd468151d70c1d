//! Bounds: whether a value meets one, and what several of them leave.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::number::Number;
use super::super::syntax::BoundOp;
use super::super::value::{Bound, Constraint, Kinds, Value};
use super::{Evaluator, Problem};
use crate::encoding::pattern::Pattern;

impl Evaluator<'_> {
    /// The pattern `text`, compiled once.
    pub(super) fn pattern(&mut self, text: &str) -> Rc<Pattern> {
        if let Some(pattern) = self.patterns.get(text) {
            return pattern.clone();
        }
        let pattern = Rc::new(Pattern::new(text));
        self.patterns.insert(text.to_owned(), pattern.clone());
        pattern
    }

    /// Whether `value` is within `bound`.
    pub(super) fn meets(&mut self, bound: &Bound, value: &Value) -> Result<bool, Problem> {
        if matches!(value, Value::Composite(_)) {
            self.export(value, bound.at)?;
        }
        match self.compare(bound.op, value, &bound.value) {
            Ok(Some(holds)) => Ok(holds),
            Ok(None) => Ok(false),
            Err(reason) => Err(self.fatal(bound.at, reason)),
        }
    }

    /// `left op right`; `None` where the two cannot be compared.
    pub(super) fn compare(&mut self, op: BoundOp, left: &Value, right: &Value) -> Result<Option<bool>, String> {
        if matches!(op, BoundOp::Match | BoundOp::NotMatch) {
            let (Value::Text(text), Value::Text(pattern)) = (left, right) else { return Ok(None) };
            let pattern = self.pattern(pattern);
            if let Some(error) = pattern.error() {
                return Err(format!("invalid regexp: {error}"));
            }
            return Ok(Some(pattern.is_match(text) == (op == BoundOp::Match)));
        }
        if op == BoundOp::NotEqual {
            return Ok(equal_scalars(left, right).map(|equal| !equal));
        }
        Ok(ordering(left, right).map(|order| match op {
            BoundOp::Less => order.is_lt(),
            BoundOp::LessEqual => order.is_le(),
            BoundOp::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    /// What is left of bounds that nothing concrete was held against: fewer of them, one value, or none.
    pub(super) fn simplified(&mut self, mut constraint: Constraint) -> Result<Value, String> {
        let ints_only = !constraint.kinds.meets(Kinds::FLOAT);
        let mut exact = None;
        for (index, upper) in constraint.bounds.iter().enumerate() {
            for lower in &constraint.bounds {
                let (true, true) = (is_lower(lower.op), is_upper(upper.op)) else { continue };
                let both = constraint.bounds.get(index).is_some();
                if !both {
                    continue;
                }
                match (&lower.value, &upper.value) {
                    (Value::Number(low), Value::Number(high)) => {
                        if let Some(number) = between(lower.op, low, upper.op, high, ints_only).map_err(|()| {
                            format!(
                                "incompatible {} bounds {} and {}",
                                if ints_only { "integer" } else { "number" },
                                bound_text(upper),
                                bound_text(lower)
                            )
                        })? {
                            exact = Some(Value::Number(number));
                        }
                    }
                    (low @ (Value::Text(_) | Value::Bytes(_)), high) => {
                        let empty = match ordering(low, high) {
                            Some(Ordering::Greater) => true,
                            Some(Ordering::Equal) => lower.op != BoundOp::GreaterEqual || upper.op != BoundOp::LessEqual,
                            _ => false,
                        };
                        if empty {
                            return Err(format!("incompatible string bounds {} and {}", bound_text(upper), bound_text(lower)));
                        }
                        if ordering(low, high) == Some(Ordering::Equal) {
                            exact = Some(low.clone());
                        }
                    }
                    _ => {}
                }
            }
        }
        if let Some(value) = exact.filter(|value| constraint.kinds.meets(value.kinds())) {
            for bound in constraint.bounds.drain(..) {
                if self.compare(bound.op, &value, &bound.value)? == Some(false) {
                    return Err(format!("invalid value (out of bound {})", bound_text(&bound)));
                }
            }
            return Ok(value);
        }
        Ok(Value::Open(Rc::new(constraint)))
    }
}

fn is_lower(op: BoundOp) -> bool {
    matches!(op, BoundOp::Greater | BoundOp::GreaterEqual)
}

fn is_upper(op: BoundOp) -> bool {
    matches!(op, BoundOp::Less | BoundOp::LessEqual)
}

fn bound_text(bound: &Bound) -> String {
    let value = match &bound.value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("\"{}\"", crate::encoding::text::quote(text)),
        _ => "…".to_owned(),
    };
    format!("{}{value}", bound.op.symbol())
}

/// The one number between two bounds, `None` if there are more, an error if there is none.
fn between(lower: BoundOp, low: &Number, upper: BoundOp, high: &Number, ints_only: bool) -> Result<Option<Number>, ()> {
    let (low, high) = if ints_only {
        (low.to_whole(lower == BoundOp::Greater), high.to_whole(upper == BoundOp::LessEqual))
    } else {
        (low.clone(), high.clone())
    };
    let inclusive = lower == BoundOp::GreaterEqual && upper == BoundOp::LessEqual;
    match low.compare(&high) {
        Ordering::Greater => return Err(()),
        Ordering::Equal if inclusive => return Ok(Some(if ints_only { low.as_int() } else { low })),
        Ordering::Equal => return Err(()),
        Ordering::Less => {}
    }
    let one = Number::int(1);
    let gap_is = |wanted: i64| high.minus(&low).is_some_and(|gap| gap.compare(&Number::int(wanted)) == Ordering::Equal);
    if !ints_only {
        return Ok(None);
    }
    match (lower, upper) {
        (BoundOp::GreaterEqual, BoundOp::Less) if gap_is(1) => Ok(Some(low.as_int())),
        (BoundOp::Greater, BoundOp::LessEqual) if gap_is(1) => Ok(Some(high.as_int())),
        (BoundOp::Greater, BoundOp::Less) if gap_is(1) => Err(()),
        (BoundOp::Greater, BoundOp::Less) if gap_is(2) => Ok(low.as_int().plus(&one)),
        _ => Ok(None),
    }
}

/// The order of two scalars of one kind.
pub(super) fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.compare(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whether two scalars are equal; `None` for what is no scalar.
pub(super) fn equal_scalars(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Open(_) | Value::Ambiguous, _) | (_, Value::Open(_) | Value::Ambiguous) => None,
        (Value::Composite(_), Value::Composite(_)) => None,
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        _ => Some(ordering(left, right) == Some(Ordering::Equal)),
    }
}
