//! `not f(input.x)` as OPA means it.
//!
//! OPA's compiler computes what a negated call is given before the negation: `x := input.x; not f(x)`. So where `input.x` is missing
//! the whole body is undefined, and `allow { not startswith(input.x, "bad") }` does not allow. The evaluator here takes the missing
//! argument for a call that failed, and allows. Policies are therefore rewritten so, in their text, before they are evaluated. As in OPA
//! both sides of `==` stay where they are, unless they hold calls or composites: `not input.x == "y"` holds of a missing `input.x`.

use regorus::unstable::{BoolOp, Expr, Module, Span};

use super::RegoError;
use super::located::Located;
use super::walk::{Use, uses_of};

/// The text of `module` with the operands of negated calls computed before the negation; `None` where nothing is to be changed.
///
/// # Errors
/// A negation that cannot be rewritten: with `with`, or within the operand of another.
pub(super) fn hoisted(module: &Module, text: &str) -> Result<Option<String>, RegoError> {
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    let mut count = 0;
    for rule in &module.policy {
        for found in uses_of(rule)? {
            let Use::Negation(statement, expr) = found else { continue };
            let mut operands = Vec::new();
            of_negated(expr, &mut operands);
            if let Some(wildcard) = wildcard(expr) {
                return Err(RegoError::Unsafe(Located::at(wildcard, "_")));
            }
            if operands.is_empty() {
                continue;
            }
            let start = statement.span.start as usize;
            if !statement.with_mods.is_empty() || !text.get(start..).is_some_and(|rest| rest.starts_with("not")) {
                return Err(unsupported(&statement.span));
            }
            let mut before = String::new();
            for operand in operands {
                before.push_str(&format!("__not{count} := {}; ", operand.text()));
                edits.push((operand.start as usize, operand.end as usize, format!("__not{count}")));
                count += 1;
            }
            // `allow if not f(x)`: a body of several statements stands in braces.
            if text.get(..start).is_some_and(|before| before.trim_end().ends_with("if")) {
                before.insert_str(0, "{ ");
                edits.push((statement.span.end as usize, statement.span.end as usize, " }".to_owned()));
            }
            edits.push((start, start, before));
        }
    }
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    if let Some([_, (start, ..)]) = edits.windows(2).find(|pair| pair[0].1 > pair[1].0) {
        return Err(RegoError::Unsupported { at: at_offset(module, text, *start), why: WHY });
    }
    Ok((!edits.is_empty()).then(|| apply(text, &edits)))
}

const WHY: &str = ": write the operands of this negation into variables before it";

fn unsupported(span: &Span) -> RegoError {
    RegoError::Unsupported { at: Located::at(span, "not"), why: WHY }
}

fn at_offset(module: &Module, text: &str, offset: usize) -> Located {
    let line = text.get(..offset).map_or(0, |before| before.matches('\n').count()) + 1;
    let file = module.package.span.source.get_path().clone();
    Located { place: Some((file, u32::try_from(line).unwrap_or(u32::MAX))), message: "not".to_owned() }
}

fn apply(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut out = String::with_capacity(text.len() + 64 * edits.len());
    let mut done = 0;
    for (start, end, replacement) in edits {
        out.push_str(text.get(done..*start).unwrap_or_default());
        out.push_str(replacement);
        done = *end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// What OPA computes before the negation of `expr`.
fn of_negated<'a>(expr: &'a Expr, operands: &mut Vec<&'a Span>) {
    match expr {
        Expr::Call { params, .. } => params.iter().for_each(|param| operand(param, operands)),
        Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
            [lhs, rhs].into_iter().for_each(|side| if calls(side) { operand(side, operands) } else { indices(side, operands) });
        }
        Expr::BoolExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } | Expr::BinExpr { lhs, rhs, .. } => {
            [lhs, rhs].into_iter().for_each(|side| operand(side, operands));
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).for_each(|part| operand(part, operands));
        }
        Expr::UnaryExpr { expr, .. } => operand(expr, operands),
        other => indices(other, operands),
    }
}

/// An operand of a call: computed before, if there is anything to compute.
fn operand<'a>(expr: &'a Expr, operands: &mut Vec<&'a Span>) {
    let is_plain = match expr {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => true,
        Expr::Var { span, .. } => span.text() == "_",
        _ => false,
    };
    if !is_plain {
        operands.push(expr.span());
    }
}

/// What stands in the brackets of a reference.
fn indices<'a>(expr: &'a Expr, operands: &mut Vec<&'a Span>) {
    let mut at = expr;
    loop {
        match at {
            Expr::RefDot { refr, .. } => at = refr,
            Expr::RefBrack { refr, index, .. } => {
                operand(index, operands);
                at = refr;
            }
            Expr::Call { params, .. } => return params.iter().for_each(|param| operand(param, operands)),
            _ => return,
        }
    }
}

/// A wildcard that only the negation would bind: unsafe, says OPA.
fn wildcard(expr: &Expr) -> Option<&Span> {
    let in_brackets = |expr: &'_ Expr| {
        let mut at = expr;
        loop {
            at = match at {
                Expr::RefBrack { index, .. } if matches!(&**index, Expr::Var { span, .. } if span.text() == "_") => return true,
                Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => refr,
                _ => return false,
            };
        }
    };
    let sides: Vec<&Expr> = match expr {
        Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => vec![&**lhs, &**rhs],
        other => vec![other],
    };
    sides.into_iter().find(|side| !calls(side) && in_brackets(side)).map(Expr::span)
}

/// Whether a call, arithmetic or a composite is in it.
fn calls(expr: &Expr) -> bool {
    match expr {
        Expr::Call { .. } | Expr::ArithExpr { .. } | Expr::BinExpr { .. } | Expr::BoolExpr { .. } | Expr::Membership { .. } => true,
        // Their parts are computed before, too.
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => true,
        Expr::UnaryExpr { expr, .. } => calls(expr),
        Expr::RefDot { refr, .. } => calls(refr),
        Expr::RefBrack { refr, index, .. } => calls(refr) || calls(index),
        _ => false,
    }
}
