//! Makes a vertex final: its value, its arcs, what is wrong with it.

use std::rc::Rc;

use super::super::data::Data;
use super::super::syntax::{FieldName, Marker};
use super::super::value::{Constraint, Kinds, Value, VertexId};
use super::vertex::{Stage, Term};
use super::{Code, Evaluator};

impl Evaluator<'_> {
    /// Evaluates `vertex` and all below it, unless that is going on already.
    pub(super) fn finalize(&mut self, vertex: VertexId) {
        if self.vertices[vertex].stage == Stage::Fresh && self.is_plain_data(vertex) {
            self.vertices[vertex].stage = Stage::Final;
            self.vertices[vertex].value = Some(Value::Composite(vertex));
            return;
        }
        self.gather(vertex);
        if self.vertices[vertex].stage != Stage::Gathered || !self.step() {
            return;
        }
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            self.limit("the depth of values");
        }
        self.vertices[vertex].stage = Stage::Finishing;
        if self.has_own_fatal(vertex) {
            // Nothing can mend it.
        } else if !self.vertices[vertex].gathered.disjunctions.is_empty() {
            self.resolve_disjunctions(vertex);
        } else {
            self.finish(vertex);
        }
        self.vertices[vertex].stage = Stage::Final;
        self.vertices[vertex].gathered.flat = Vec::new();
        self.depth -= 1;
    }

    fn has_own_fatal(&self, vertex: VertexId) -> bool {
        self.vertices[vertex].problem.as_ref().is_some_and(|problem| problem.code == Code::Fatal)
    }

    /// Whether only data is said of it: such a struct or list need not be looked into until it is asked for.
    fn is_plain_data(&self, vertex: VertexId) -> bool {
        match self.vertices[vertex].conjuncts.as_slice() {
            [only] => !self.eager && matches!(&only.term, Term::Data(data) if matches!(**data, Data::Object(_) | Data::List(_))),
            _ => false,
        }
    }

    /// Gives plain data its arcs.
    pub(super) fn gather_lazily(&mut self, vertex: VertexId) {
        let untouched = self.vertices[vertex].gathered.kinds == Kinds::TOP && self.vertices[vertex].arcs.len() == 0;
        if self.vertices[vertex].stage == Stage::Final && untouched && self.is_plain_data(vertex) {
            let conjuncts = self.vertices[vertex].conjuncts.clone();
            self.absorb(vertex, conjuncts);
        }
    }

    fn finish(&mut self, vertex: VertexId) {
        for conjunct in self.vertices[vertex].gathered.pending.clone() {
            let Term::Expr(expr) = conjunct.term else { continue };
            match self.evaluate_expr(expr, &conjunct.frame) {
                Ok(value) => self.add_value(vertex, value, expr.at),
                // What is known may be what the cycle asks for; whether it is, is seen when all is known.
                Err(problem) if problem.code == Code::Cycle && self.vertices[vertex].gathered.concrete.is_some() => {
                    self.to_confirm.push((vertex, expr, conjunct.frame));
                }
                Err(problem) => {
                    if problem.early {
                        self.to_confirm.push((vertex, expr, conjunct.frame));
                    }
                    self.note(vertex, problem);
                }
            }
        }
        self.check_list(vertex);
        let value = self.own_value(vertex);
        self.vertices[vertex].value = Some(value.clone());
        if !self.has_own_fatal(vertex) {
            self.finish_arcs(vertex);
        }
        if !self.is_fatal(vertex) && !matches!(value, Value::Open(_)) {
            self.check_value(vertex, &value);
        }
    }

    fn check_list(&mut self, vertex: VertexId) {
        let Some(shape) = &self.vertices[vertex].gathered.list else { return };
        let count = self.vertices[vertex].arcs.named().filter(|(name, _)| matches!(name, FieldName::Index(_))).count();
        if let Some(length) = shape.length.filter(|length| *length < count) {
            let problem = self.fatal(self.claimed_at(vertex), format!("incompatible list lengths ({length} and {count})"));
            self.note(vertex, problem);
        }
    }

    /// The value that the gathered constraints leave.
    fn own_value(&mut self, vertex: VertexId) -> Value {
        let gathered = &self.vertices[vertex].gathered;
        if let Some((value, _)) = &gathered.concrete {
            return value.clone();
        }
        let embeds_nothing = gathered.may_be_struct && gathered.kinds == Kinds::TOP;
        if gathered.is_struct || gathered.list.is_some() || embeds_nothing {
            return Value::Composite(vertex);
        }
        let constraint = Constraint { kinds: gathered.kinds, bounds: gathered.bounds.clone(), checks: gathered.checks.clone() };
        match self.simplified(constraint) {
            Ok(Value::Open(constraint)) => Value::Open(constraint),
            Ok(value) => {
                let at = self.claimed_at(vertex);
                self.vertices[vertex].gathered.concrete = Some((value.clone(), at));
                value
            }
            Err(reason) => {
                let problem = self.fatal(self.claimed_at(vertex), reason);
                self.note(vertex, problem);
                Value::Open(Rc::new(Constraint::of(self.vertices[vertex].gathered.kinds)))
            }
        }
    }

    /// Holds a concrete value against the bounds and checks on it.
    fn check_value(&mut self, vertex: VertexId, value: &Value) {
        let (bounds, checks) = (self.vertices[vertex].gathered.bounds.clone(), self.vertices[vertex].gathered.checks.clone());
        for bound in bounds {
            match self.meets(&bound, value) {
                Ok(true) => {}
                Ok(false) => {
                    let problem = self.out_of_bound(value, &bound);
                    self.note(vertex, problem);
                }
                Err(problem) => self.note(vertex, problem),
            }
        }
        for check in checks {
            if let Err(problem) = self.satisfies(&check, value) {
                self.note(vertex, problem);
            }
        }
    }

    fn finish_arcs(&mut self, vertex: VertexId) {
        self.check_closed(vertex);
        let arcs: Vec<VertexId> = self.vertices[vertex].arcs.iter().collect();
        for arc in arcs {
            if self.vertices[arc].marker == Marker::Optional || self.abort.is_some() {
                continue;
            }
            self.finalize(arc);
            if self.vertices[vertex].child_problem.is_none()
                && let Some(problem) = self.problem_of(arc).filter(|problem| problem.code == Code::Fatal)
            {
                self.vertices[vertex].child_problem = Some(problem);
            }
        }
    }
}
