//! The calls and references in a rule.

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleAssign, RuleHead, Span};

use super::RegoError;
use super::located::Located;
use super::program::{Path, fixed_path};

/// How deep an expression may be nested.
const MAX_NESTING: usize = 2000;

/// Something that a rule uses.
pub(super) enum Use<'a> {
    /// A call of this name, at this place.
    Call(Path, &'a Span),
    /// A reference, as far as it is fixed.
    Reference(Path),
    /// A `not`, and what it negates.
    Negation(&'a LiteralStmt, &'a Expr),
}

/// All that a rule uses.
///
/// # Errors
/// What is called is no name; an expression is nested too deeply.
pub(super) fn uses_of(rule: &Rule) -> Result<Vec<Use<'_>>, RegoError> {
    let mut walk = Walk { found: Vec::new() };
    match rule {
        Rule::Default { value, args, .. } => {
            args.iter().try_for_each(|arg| walk.expr(arg, 0))?;
            walk.expr(value, 0)?;
        }
        Rule::Spec { head, bodies, .. } => {
            walk.head(head)?;
            for body in bodies {
                walk.assign(body.assign.as_ref())?;
                walk.query(&body.query, 0)?;
            }
        }
    }
    Ok(walk.found)
}

fn illegal(at: &Span, kind: &'static str) -> Result<(), RegoError> {
    Err(RegoError::IllegalHead { at: Located::at(at, ""), kind })
}

struct Walk<'a> {
    found: Vec<Use<'a>>,
}

impl<'a> Walk<'a> {
    fn head(&mut self, head: &'a RuleHead) -> Result<(), RegoError> {
        match head {
            RuleHead::Compr { refr, assign, .. } => {
                self.indices(refr, 0)?;
                self.assign(assign.as_ref())
            }
            RuleHead::Set { refr, key, .. } => {
                self.indices(refr, 0)?;
                key.as_ref().map_or(Ok(()), |key| self.expr(key, 0))
            }
            RuleHead::Func { refr, args, assign, .. } => {
                self.indices(refr, 0)?;
                args.iter().try_for_each(|arg| self.expr(arg, 0))?;
                self.assign(assign.as_ref())
            }
        }
    }

    fn assign(&mut self, assign: Option<&'a RuleAssign>) -> Result<(), RegoError> {
        assign.map_or(Ok(()), |assign| self.expr(&assign.value, 0))
    }

    fn query(&mut self, query: &'a Query, depth: usize) -> Result<(), RegoError> {
        query.stmts.iter().try_for_each(|statement| self.statement(statement, depth))
    }

    fn statement(&mut self, statement: &'a LiteralStmt, depth: usize) -> Result<(), RegoError> {
        for modifier in &statement.with_mods {
            self.expr(&modifier.refr, depth)?;
            self.expr(&modifier.r#as, depth)?;
        }
        match &statement.literal {
            Literal::SomeVars { .. } => Ok(()),
            Literal::SomeIn { key, value, collection, .. } => {
                key.as_ref().map_or(Ok(()), |key| self.expr(key, depth))?;
                self.expr(value, depth)?;
                self.expr(collection, depth)
            }
            Literal::Expr { expr, .. } => self.expr(expr, depth),
            Literal::NotExpr { expr, .. } => {
                self.found.push(Use::Negation(statement, expr));
                self.expr(expr, depth)
            }
            Literal::Every { domain, query, .. } => {
                self.expr(domain, depth)?;
                self.query(query, depth + 1)
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr, depth: usize) -> Result<(), RegoError> {
        if depth > MAX_NESTING {
            return Err(RegoError::TooDeep { at: Located::at(expr.span(), ""), limit: MAX_NESTING });
        }
        let depth = depth + 1;
        match expr {
            Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => Ok(()),
            Expr::Var { .. } => {
                self.found.push(Use::Reference(fixed_path(expr).0));
                Ok(())
            }
            Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.found.push(Use::Reference(fixed_path(expr).0));
                self.indices(expr, depth)
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().try_for_each(|item| self.expr(item, depth)),
            Expr::Object { fields, .. } => fields.iter().try_for_each(|(_, key, value)| {
                self.expr(key, depth)?;
                self.expr(value, depth)
            }),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term, depth)?;
                self.query(query, depth)
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expr(key, depth)?;
                self.expr(value, depth)?;
                self.query(query, depth)
            }
            Expr::Call { span, fcn, params, .. } => {
                let (name, whole) = fixed_path(fcn);
                if !whole {
                    return Err(RegoError::NotAName(Located::at(span, "")));
                }
                self.found.push(Use::Call(name, span));
                params.iter().try_for_each(|item| self.expr(item, depth))
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr, depth),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs, depth)?;
                self.expr(rhs, depth)
            }
            Expr::Membership { key, value, collection, .. } => {
                key.as_ref().map_or(Ok(()), |key| self.expr(key, depth))?;
                self.expr(value, depth)?;
                self.expr(collection, depth)
            }
        }
    }

    /// What stands in brackets along a reference, and what it begins with where that is no name.
    fn indices(&mut self, refr: &'a Expr, depth: usize) -> Result<(), RegoError> {
        let mut at = refr;
        loop {
            match at {
                Expr::Var { .. } => return Ok(()),
                Expr::RefDot { refr, .. } => at = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.expr(index, depth + 1)?;
                    at = refr;
                }
                Expr::String { span, .. } | Expr::RawString { span, .. } => return illegal(span, "string"),
                Expr::Number { span, .. } => return illegal(span, "number"),
                Expr::Bool { span, .. } => return illegal(span, "boolean"),
                Expr::Null { span, .. } => return illegal(span, "null"),
                other => return self.expr(other, depth + 1),
            }
        }
    }
}
