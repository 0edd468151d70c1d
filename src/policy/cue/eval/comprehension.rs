//! What has to wait for values before it says anything: comprehensions, computed labels, calls.

use std::rc::Rc;

use super::super::builtin::Call;
use super::super::number::Number;
use super::super::syntax::*;
use super::super::value::{Kinds, Value, VertexId};
use super::closed::ScopeKind;
use super::vertex::{Binding, Conjunct, Frame, FrameRef, Holds, Term};
use super::{Code, Evaluator, Problem};

impl<'a> Evaluator<'a> {
    /// Resolves what can be resolved, until nothing more can; the rest is noted.
    pub(super) fn resolve_deferred(&mut self, vertex: VertexId) {
        loop {
            let deferred = std::mem::take(&mut self.vertices[vertex].gathered.deferred);
            if deferred.is_empty() {
                return;
            }
            let mut waiting = Vec::new();
            let mut progress = false;
            for conjunct in deferred {
                if self.abort.is_some() {
                    return;
                }
                match self.resolve(vertex, &conjunct) {
                    Ok(conjuncts) => {
                        progress = true;
                        self.absorb(vertex, conjuncts);
                    }
                    Err(problem) if problem.code == Code::Fatal => {
                        self.keep(vertex, &conjunct);
                        self.note(vertex, problem);
                    }
                    Err(problem) => waiting.push((conjunct, problem)),
                }
            }
            if !progress {
                for (conjunct, problem) in waiting {
                    self.keep(vertex, &conjunct);
                    if problem.early && matches!(conjunct.term, Term::Comprehension(_)) {
                        self.waited.push(conjunct.clone());
                    }
                    self.note(vertex, problem);
                }
                return;
            }
            let waiting = waiting.into_iter().map(|(conjunct, _)| conjunct);
            self.vertices[vertex].gathered.deferred.extend(waiting);
        }
    }

    /// What `conjunct` says of `vertex`.
    fn resolve(&mut self, vertex: VertexId, conjunct: &Conjunct<'a>) -> Result<Vec<Conjunct<'a>>, Problem> {
        match &conjunct.term {
            Term::Comprehension(comprehension) => {
                self.vertices[vertex].gathered.may_be_struct = true;
                let mut frames = Vec::new();
                self.yields(&comprehension.clauses, &conjunct.frame, &mut frames)?;
                let yielded = |frame| Conjunct { frame, ..conjunct.with(Term::Expr(&comprehension.value)) };
                Ok(frames.into_iter().map(yielded).collect())
            }
            Term::Dynamic(Declaration::Dynamic { label, value, .. }) => {
                let name = match self.evaluate_expr(label, &conjunct.frame)? {
                    Value::Text(name) => FieldName::Regular(name),
                    Value::Open(open) if open.kinds.meets(Kinds::TEXT) => return Err(self.incomplete(label.at, "non-concrete label")),
                    Value::Ambiguous => return Err(self.incomplete(label.at, "unresolved disjunction as a label")),
                    other => return Err(self.fatal(label.at, format!("invalid label {}", self.show(&other)))),
                };
                self.insert_arc(vertex, &name, Marker::Regular, conjunct.below(Term::Expr(value)));
                Ok(Vec::new())
            }
            Term::Expr(expr) => match &expr.kind {
                ExprKind::Call(function, arguments) => self.called(vertex, expr, (function, arguments), conjunct),
                ExprKind::List(elements) => self.listed(vertex, elements, conjunct),
                _ => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }

    fn called(
        &mut self,
        vertex: VertexId,
        expr: &'a Expr,
        call: (&'a Expr, &'a [Expr]),
        conjunct: &Conjunct<'a>,
    ) -> Result<Vec<Conjunct<'a>>, Problem> {
        let (function, arguments) = call;
        let function = self.function_of(function, &conjunct.frame)?;
        match (function.call, arguments) {
            (Call::And | Call::Or, [list]) => {
                let elements = self.elements_of(list, &conjunct.frame)?;
                if matches!(function.call, Call::Or) {
                    if elements.is_empty() {
                        return Err(self.fatal(expr.at, "empty list in call to or"));
                    }
                    return Ok(vec![conjunct.with(Term::Either(Rc::new(elements), expr.at))]);
                }
                Ok(elements.into_iter().map(|element| conjunct.with(Term::Copy(element))).collect())
            }
            (Call::Close, [argument]) => {
                let scope = self.new_scope(conjunct.scope.clone(), ScopeKind::Close(vertex));
                Ok(vec![Conjunct { scope, ..conjunct.with(Term::Expr(argument)) }])
            }
            _ => {
                let value = self.call(function, arguments, &conjunct.frame, expr.at)?;
                Ok(vec![conjunct.with(Term::Value(value, expr.at))])
            }
        }
    }

    /// A list with comprehensions in it.
    fn listed(&mut self, vertex: VertexId, elements: &'a [Element], conjunct: &Conjunct<'a>) -> Result<Vec<Conjunct<'a>>, Problem> {
        let mut values = Vec::new();
        let mut rest = None;
        for element in elements {
            match element {
                Element::Value(expr) => values.push(conjunct.below(Term::Expr(expr))),
                Element::Ellipsis(of) => rest = Some(of.as_ref()),
                Element::Comprehension(comprehension) => {
                    let mut frames = Vec::new();
                    self.yields(&comprehension.clauses, &conjunct.frame, &mut frames)?;
                    let yielded = |frame| Conjunct { frame, ..conjunct.below(Term::Expr(&comprehension.value)) };
                    values.extend(frames.into_iter().map(yielded));
                }
            }
        }
        self.keep(vertex, conjunct);
        self.admit_elements(vertex, values, rest, conjunct);
        Ok(Vec::new())
    }

    /// Looks again at conditions and sources, now that all is known: what would come out differently is refused.
    pub(super) fn confirm_comprehensions(&mut self, root: VertexId) {
        for conjunct in std::mem::take(&mut self.waited) {
            let Term::Comprehension(comprehension) = conjunct.term else { continue };
            match self.yields(&comprehension.clauses, &conjunct.frame, &mut Vec::new()) {
                Err(problem) if problem.code == Code::Fatal => self.note(root, problem),
                Err(problem) if problem.code == Code::Incomplete && !problem.early => {}
                _ => return self.refuse(comprehension.at, "a comprehension over a value that depends on it"),
            }
        }
        for (condition, frame, holds) in std::mem::take(&mut self.conditions) {
            if !matches!(self.evaluate_expr(condition, &frame), Ok(Value::Bool(found)) if found == holds) {
                return self.refuse(condition.at, "a condition on a value that depends on it");
            }
        }
    }

    /// The frames in which the clauses let the value be.
    fn yields(&mut self, clauses: &'a [Clause], frame: &FrameRef<'a>, out: &mut Vec<FrameRef<'a>>) -> Result<(), Problem> {
        if !self.step() {
            return Err(self.aborted());
        }
        let Some((clause, rest)) = clauses.split_first() else {
            out.push(frame.clone());
            return Ok(());
        };
        match clause {
            Clause::If(condition) => match self.evaluate_expr(condition, frame)? {
                Value::Bool(holds) => {
                    if condition.mentions_bottom() {
                        self.conditions.push((condition, frame.clone(), holds));
                    }
                    if holds { self.yields(rest, frame, out) } else { Ok(()) }
                }
                Value::Open(open) if open.kinds.meets(Kinds::BOOL) => Err(self.incomplete(condition.at, "incomplete bool in condition")),
                Value::Ambiguous => Err(self.incomplete(condition.at, "unresolved disjunction in condition")),
                other => Err(self.fatal(condition.at, format!("cannot use {} (type {}) as type bool", self.show(&other), other.kinds()))),
            },
            Clause::Let { name, value } => {
                let frame = variable(frame, name, Binding::Expr(value, frame.clone()));
                self.yields(rest, &frame, out)
            }
            Clause::For { key, value, source } => {
                for (label, vertex) in self.iterated(source, frame)? {
                    let mut inner = frame.clone();
                    if let Some(key) = key {
                        inner = variable(&inner, key, Binding::Value(label));
                    }
                    inner = variable(&inner, value, Binding::Vertex(vertex));
                    self.yields(rest, &inner, out)?;
                }
                Ok(())
            }
        }
    }

    /// The labels and vertices of what `source` holds.
    fn iterated(&mut self, source: &'a Expr, frame: &FrameRef<'a>) -> Result<Vec<(Value, VertexId)>, Problem> {
        let vertex = match self.evaluate_expr(source, frame)? {
            Value::Composite(vertex) => vertex,
            Value::Open(open) if open.kinds.meets(Kinds::COMPOSITE) => return Err(self.incomplete(source.at, "incomplete source of for")),
            Value::Ambiguous => return Err(self.incomplete(source.at, "unresolved disjunction in for")),
            other => {
                return Err(self
                    .fatal(source.at, format!("cannot range over {} (found {}, want list or struct)", self.show(&other), other.kinds())));
            }
        };
        self.gather_lazily(vertex);
        let mut found = Vec::new();
        for (name, arc) in self.vertices[vertex].arcs.named() {
            match self.vertices[*arc].marker {
                Marker::Regular => {}
                Marker::Optional => continue,
                Marker::Required => {
                    let missing = format!("missing required field in for comprehension: {}", super::describe::label(name));
                    return Err(self.incomplete(source.at, missing));
                }
            }
            match name {
                FieldName::Regular(text) => found.push((Value::Text(text.clone()), *arc)),
                FieldName::Index(index) => found.push((Value::Number(Number::int(i64::try_from(*index).unwrap_or(i64::MAX))), *arc)),
                _ => {}
            }
        }
        Ok(found)
    }

    fn elements_of(&mut self, list: &'a Expr, frame: &FrameRef<'a>) -> Result<Vec<VertexId>, Problem> {
        Ok(self.iterated(list, frame)?.into_iter().map(|(_, element)| element).collect())
    }
}

fn variable<'a>(frame: &FrameRef<'a>, name: &'a str, binding: Binding<'a>) -> FrameRef<'a> {
    Some(Rc::new(Frame { parent: frame.clone(), holds: Holds::Variable(name, binding) }))
}
