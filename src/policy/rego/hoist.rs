//! `not f(input.x)` as OPA means it.
//!
//! OPA's compiler computes what a negated call is given before the negation: `x := input.x; not f(x)`. So where `input.x` is missing
//! the whole body is undefined, and `allow { not startswith(input.x, "bad") }` does not allow. The evaluator here takes the missing
//! argument for a call that failed, and allows. Policies are therefore rewritten so, in their text, before they are evaluated. As in OPA
//! both sides of `==` stay where they are, unless they hold calls or composites: `not input.x == "y"` holds of a missing `input.x`.

use regorus::unstable::{BoolOp, Expr, LiteralStmt, Module, Ref, Span, WithModifier};

use super::RegoError;
use super::located::Located;
use super::program::fixed_path;
use super::walk::{Use, uses_of};

/// What the variables that are put in begin with.
const VARIABLE: &str = "__not";
/// How often a text is rewritten: once for each negation within the operand of another.
const MAX_PASSES: usize = 32;

/// Rewrites a policy's text until no negated call is left to compute. `parse` reads a text.
///
/// # Errors
/// Of `parse`; a negation that binds a wildcard; negations nested more than [`MAX_PASSES`] deep.
pub(super) fn rewritten(text: &str, parse: impl Fn(&str) -> Result<Vec<Ref<Module>>, RegoError>) -> Result<Option<String>, RegoError> {
    let mut current: Option<String> = None;
    let mut count = 0;
    for _ in 0..MAX_PASSES {
        let text = current.as_deref().unwrap_or(text);
        let modules = parse(text)?;
        let Some(module) = modules.first() else { return Ok(current) };
        match hoisted(module, text, &mut count)? {
            Some(next) => current = Some(next),
            None => return Ok(current),
        }
    }
    Err(RegoError::TooDeep { at: Located { place: None, message: String::new() }, limit: MAX_PASSES })
}

/// The text of `module` with the operands of negated calls computed before the negation, under the same `with`; `None` where nothing is
/// to be changed. Negations within the operand of another are left for the next pass.
fn hoisted(module: &Module, text: &str, count: &mut usize) -> Result<Option<String>, RegoError> {
    let mut edits = Edits { text, edits: Vec::new(), count };
    let mut negations = Vec::new();
    for rule in &module.policy {
        negations.extend(uses_of(rule)?.into_iter().filter_map(|found| match found {
            Use::Negation(statement, expr) => Some((statement, expr)),
            _ => None,
        }));
    }
    negations.sort_by_key(|(statement, _)| statement.span.start);
    let mut done = 0;
    for (statement, expr) in negations {
        if let Some(wildcard) = wildcard(expr) {
            return Err(RegoError::Unsafe(Located::at(wildcard, "_")));
        }
        if statement.span.start >= done && edits.negation(statement, expr)? {
            done = statement.span.end;
        }
    }
    let Edits { mut edits, .. } = edits;
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    Ok((!edits.is_empty()).then(|| apply(text, &edits)))
}

/// What is put where in a text.
struct Edits<'a> {
    text: &'a str,
    edits: Vec<(usize, usize, String)>,
    count: &'a mut usize,
}

impl Edits<'_> {
    /// Rewrites one negation; whether there is anything to rewrite.
    fn negation(&mut self, statement: &LiteralStmt, expr: &Expr) -> Result<bool, RegoError> {
        let mut operands = Vec::new();
        of_negated(expr, &mut operands);
        operands.retain(|operand| !self.is_generated(operand.span()));
        let computed: Vec<bool> = statement.with_mods.iter().map(|modifier| self.is_computed(modifier)).collect();
        if operands.is_empty() && !computed.contains(&true) {
            return Ok(false);
        }
        let start = statement.span.start as usize;
        if !self.text.get(start..).is_some_and(|rest| rest.starts_with("not")) {
            let why = ": write the operands of this negation into variables before it";
            return Err(RegoError::Unsupported { at: Located::at(&statement.span, "not"), why });
        }
        let mut before = String::new();
        let mut with = String::new();
        let mut end = expr.span().end;
        for (modifier, computed) in statement.with_mods.iter().zip(computed) {
            let value = &modifier.r#as;
            end = end.max(value.span().end);
            let value = if computed { self.variable(value, &mut before, "") } else { self.written(value).to_owned() };
            with.push_str(&format!(" with {} as {value}", modifier.refr.span().text()));
        }
        for operand in operands {
            self.variable(operand, &mut before, &with);
        }
        // `allow if not f(x)`: a body of several statements stands in braces.
        if self.text.get(..start).is_some_and(|before| before.trim_end().ends_with("if")) {
            before.insert_str(0, "{ ");
            let end = statement.span.end.max(end) as usize;
            self.edits.push((end, end, " }".to_owned()));
        }
        self.edits.push((start, start, before));
        Ok(true)
    }

    /// What stands in the text for `expr`.
    fn written(&self, expr: &Expr) -> &str {
        let (start, end) = extent(expr);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Whether what `with` puts in some place is to be computed before.
    fn is_computed(&self, modifier: &WithModifier) -> bool {
        let mut value = Vec::new();
        operand(&modifier.r#as, &mut value);
        !is_function(&modifier.refr, &modifier.r#as) && value.iter().any(|value| !self.is_generated(value.span()))
    }

    /// Whether it is a variable of an earlier pass.
    fn is_generated(&self, span: &Span) -> bool {
        span.text().strip_prefix(VARIABLE).and_then(|number| number.parse().ok()).is_some_and(|number: usize| number < *self.count)
    }

    /// Puts a variable in the place of `expr`, and its assignment into `before`.
    fn variable(&mut self, expr: &Expr, before: &mut String, with: &str) -> String {
        let name = format!("{VARIABLE}{}", self.count);
        *self.count += 1;
        before.push_str(&format!("{name} := {}{with}; ", self.written(expr)));
        let (start, end) = extent(expr);
        self.edits.push((start, end, name.clone()));
        name
    }
}

/// Where `expr` begins and ends: the span of a text leaves out its quotes, also at the ends of what it is part of.
fn extent(expr: &Expr) -> (usize, usize) {
    let span = expr.span();
    let (start, end) = (span.start as usize, span.end as usize);
    match expr {
        Expr::String { .. } | Expr::RawString { .. } => (start.saturating_sub(1), end + 1),
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. } => (extent(lhs).0.min(start), extent(rhs).1.max(end)),
        Expr::Membership { key, value, collection, .. } => {
            let first = key.as_ref().map_or(start, |key| extent(key).0);
            (extent(value).0.min(first).min(start), extent(collection).1.max(end))
        }
        _ => (start, end),
    }
}

/// Whether what `with` puts in the place of `target` may be a function, which is no value to compute.
fn is_function(target: &Expr, value: &Expr) -> bool {
    let (target, _) = fixed_path(target);
    let (value, whole) = fixed_path(value);
    let of_input = |path: &[String]| path.first().is_some_and(|first| first == "input");
    whole && !value.is_empty() && !of_input(&target) && !of_input(&value)
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
fn of_negated<'a>(expr: &'a Expr, operands: &mut Vec<&'a Expr>) {
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
        Expr::Array { .. } | Expr::Set { .. } | Expr::Object { .. } => operand(expr, operands),
        other => indices(other, operands),
    }
}

/// An operand of a call: computed before, if there is anything to compute.
fn operand<'a>(expr: &'a Expr, operands: &mut Vec<&'a Expr>) {
    let is_plain = match expr {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => true,
        Expr::Var { span, .. } => span.text() == "_",
        _ => false,
    };
    if !is_plain {
        operands.push(expr);
    }
}

/// What stands in the brackets of a reference.
fn indices<'a>(expr: &'a Expr, operands: &mut Vec<&'a Expr>) {
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

/// A wildcard that only the negation would bind: unsafe, says OPA. Those in calls within it are bound before.
fn wildcard(expr: &Expr) -> Option<&Span> {
    match expr {
        Expr::Call { params, .. } => params.iter().find_map(|param| unbound(param)),
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. } => unbound(lhs).or_else(|| unbound(rhs)),
        Expr::Membership { key, value, collection, .. } => {
            key.as_ref().and_then(|key| unbound(key)).or_else(|| unbound(value)).or_else(|| unbound(collection))
        }
        other => unbound(other),
    }
}

fn unbound(expr: &Expr) -> Option<&Span> {
    match expr {
        Expr::Var { span, .. } => (span.text() == "_").then_some(span),
        Expr::RefDot { refr, .. } => unbound(refr),
        Expr::RefBrack { refr, index, .. } => unbound(refr).or_else(|| unbound(index)),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().find_map(|item| unbound(item)),
        Expr::Object { fields, .. } => fields.iter().find_map(|(_, key, value)| unbound(key).or_else(|| unbound(value))),
        _ => None,
    }
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
