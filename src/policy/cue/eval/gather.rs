//! Collects what the conjuncts of a vertex say: kinds, values, bounds, and the conjuncts of the arcs.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::data::Data;
use super::super::error::Position;
use super::super::syntax::*;
use super::super::value::{Constraint, Kinds, Value, VertexId};
use super::closed::ScopeKind;
use super::vertex::{Conjunct, FieldPattern, Frame, Holds, ListShape, Stage, Term};
use super::{Evaluator, MAX_DEPTH};

/// What is still to be looked at; references wait until all else has been.
pub(super) struct Queue<'a> {
    now: VecDeque<Conjunct<'a>>,
    references: VecDeque<Conjunct<'a>>,
}

impl<'a> Queue<'a> {
    pub fn push(&mut self, conjunct: Conjunct<'a>) {
        self.now.push_back(conjunct);
    }
}

impl<'a> Evaluator<'a> {
    /// Brings `vertex` so far that its arcs are known.
    pub(super) fn gather(&mut self, vertex: VertexId) {
        if self.vertices[vertex].stage != Stage::Fresh || !self.step() {
            return;
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.limit("the depth of values");
        }
        self.vertices[vertex].stage = Stage::Gathering;
        let conjuncts = self.vertices[vertex].conjuncts.clone();
        self.absorb(vertex, conjuncts);
        self.resolve_deferred(vertex);
        self.close_embedding(vertex);
        let gathered = &self.vertices[vertex].gathered;
        if gathered.cyclic && !gathered.not_cyclic {
            let problem = self.structural_cycle(vertex);
            self.note(vertex, problem);
        }
        self.vertices[vertex].stage = Stage::Gathered;
        self.depth -= 1;
    }

    /// Takes `conjuncts` into `vertex`, with all that they refer to.
    pub(super) fn absorb(&mut self, vertex: VertexId, conjuncts: Vec<Conjunct<'a>>) {
        let mut queue = Queue { now: conjuncts.into(), references: VecDeque::new() };
        while self.step() {
            if let Some(conjunct) = queue.now.pop_front() {
                if self.is_reference(&conjunct) {
                    queue.references.push_back(conjunct);
                } else {
                    self.admit(vertex, conjunct, &mut queue);
                }
            } else if let Some(reference) = queue.references.pop_front() {
                self.follow(vertex, &reference, &mut queue);
            } else {
                break;
            }
        }
        self.apply_patterns(vertex);
    }

    fn admit(&mut self, vertex: VertexId, conjunct: Conjunct<'a>, queue: &mut Queue<'a>) {
        match conjunct.term.clone() {
            Term::Expr(expr) => self.admit_expr(vertex, expr, conjunct, queue),
            Term::Body(body) => self.admit_struct(vertex, body, conjunct, queue),
            Term::Fields(body) => self.admit_fields(vertex, body, &conjunct),
            Term::Data(data) => self.admit_data(vertex, &data, &conjunct),
            Term::Value(Value::Composite(id), _) => queue.push(conjunct.with(Term::Copy(id))),
            Term::Value(value, at) => {
                self.keep(vertex, &conjunct);
                self.add_value(vertex, value, at);
            }
            Term::Copy(_) => {}
            Term::Either(..) => self.admit_disjunction(vertex, conjunct),
            Term::Dynamic(_) | Term::Comprehension(_) => self.vertices[vertex].gathered.deferred.push(conjunct),
        }
    }

    fn admit_expr(&mut self, vertex: VertexId, expr: &'a Expr, conjunct: Conjunct<'a>, queue: &mut Queue<'a>) {
        let value = match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Number(number) => Value::Number(number.clone()),
            ExprKind::Text(text) => Value::Text(text.clone()),
            ExprKind::Bytes(bytes) => Value::Bytes(bytes.clone()),
            ExprKind::Bottom => {
                let problem = self.fatal(expr.at, "explicit error (_|_ literal) in source");
                self.keep(vertex, &conjunct);
                return self.note(vertex, problem);
            }
            ExprKind::Paren(inner) => return queue.push(conjunct.with(Term::Expr(inner))),
            ExprKind::And(left, right) => {
                queue.push(conjunct.with(Term::Expr(left)));
                return queue.push(conjunct.with(Term::Expr(right)));
            }
            ExprKind::Or(_) => return self.admit_disjunction(vertex, conjunct),
            ExprKind::Struct(body) => return self.admit_struct(vertex, body, conjunct, queue),
            ExprKind::List(elements) if elements.iter().any(|element| matches!(element, Element::Comprehension(_))) => {
                return self.vertices[vertex].gathered.deferred.push(conjunct);
            }
            ExprKind::List(elements) => {
                self.keep(vertex, &conjunct);
                return self.admit_list(vertex, elements, &conjunct);
            }
            ExprKind::Call(..) => {
                self.vertices[vertex].gathered.declare(&conjunct.scope);
                return self.vertices[vertex].gathered.deferred.push(conjunct);
            }
            ExprKind::Unary(..) | ExprKind::Bound(..) | ExprKind::Binary(..) | ExprKind::Interpolation { .. } => {
                self.keep(vertex, &conjunct);
                return self.vertices[vertex].gathered.pending.push(conjunct);
            }
            // What names a constant: references went elsewhere.
            ExprKind::Name(_) | ExprKind::Selector(..) | ExprKind::Index(..) => match self.evaluate_expr(expr, &conjunct.frame) {
                Ok(value) => value,
                Err(problem) => {
                    self.keep(vertex, &conjunct);
                    return self.note(vertex, problem);
                }
            },
        };
        self.keep(vertex, &conjunct);
        self.add_value(vertex, value, expr.at);
    }

    fn admit_disjunction(&mut self, vertex: VertexId, conjunct: Conjunct<'a>) {
        let gathered = &mut self.vertices[vertex].gathered;
        gathered.declare(&conjunct.scope);
        gathered.disjunctions.push(conjunct);
    }

    /// Keeps a conjunct for the members of a disjunction.
    pub(super) fn keep(&mut self, vertex: VertexId, conjunct: &Conjunct<'a>) {
        let gathered = &mut self.vertices[vertex].gathered;
        gathered.cyclic |= conjunct.cyclic;
        gathered.not_cyclic |= !conjunct.cyclic;
        gathered.declare(&conjunct.scope);
        gathered.flat.push(Conjunct { chain: None, ..conjunct.clone() });
    }

    fn admit_struct(&mut self, vertex: VertexId, body: &'a Struct, conjunct: Conjunct<'a>, queue: &mut Queue<'a>) {
        let frame = Some(Rc::new(Frame { parent: conjunct.frame.clone(), holds: Holds::Struct(body, vertex) }));
        let embeds = |declaration: &Declaration| matches!(declaration, Declaration::Embedding(_) | Declaration::Comprehension(_));
        let scope = if body.declarations.iter().any(embeds) {
            self.new_scope(conjunct.scope.clone(), ScopeKind::Struct)
        } else {
            conjunct.scope.clone()
        };
        let inner = Conjunct { frame, scope: scope.clone(), ..conjunct };
        self.admit_fields(vertex, body, &inner.with(Term::Fields(body)));
        for declaration in &body.declarations {
            let term = match declaration {
                Declaration::Embedding(expr) => Term::Expr(expr),
                Declaration::Comprehension(comprehension) => Term::Comprehension(comprehension),
                Declaration::Dynamic { .. } => Term::Dynamic(declaration),
                _ => continue,
            };
            let embedded = !matches!(term, Term::Dynamic(_));
            let scope = if embedded { self.new_scope(scope.clone(), ScopeKind::Embedding) } else { scope.clone() };
            queue.push(Conjunct { scope, ..inner.with(term) });
        }
    }

    /// The fields, patterns and `...` of a struct, whose frame is the conjunct's.
    fn admit_fields(&mut self, vertex: VertexId, body: &'a Struct, conjunct: &Conjunct<'a>) {
        self.keep(vertex, conjunct);
        let mut plain = true;
        let mut fields = false;
        for declaration in &body.declarations {
            match declaration {
                Declaration::Field(field) => {
                    fields |= field.name.is_regular();
                    self.insert_arc(vertex, &field.name, field.marker, conjunct.below(Term::Expr(&field.value)));
                }
                Declaration::Pattern { pattern, value } => {
                    fields = true;
                    let value = conjunct.below(Term::Expr(value));
                    self.vertices[vertex].gathered.patterns.push(FieldPattern { pattern, value });
                }
                Declaration::Ellipsis => {
                    fields = true;
                    self.vertices[vertex].gathered.open.push(conjunct.scope.clone());
                }
                Declaration::Dynamic { .. } => fields = true,
                Declaration::Embedding(_) | Declaration::Comprehension(_) => plain = false,
                Declaration::Let { .. } => {}
            }
        }
        self.vertices[vertex].gathered.structs.push(conjunct.scope.clone());
        if plain || fields {
            self.claim_struct(vertex, body.at);
        } else {
            self.vertices[vertex].gathered.may_be_struct = true;
        }
    }

    fn claim_struct(&mut self, vertex: VertexId, at: Position) {
        self.vertices[vertex].gathered.is_struct = true;
        self.claim(vertex, Kinds::STRUCT, None, at);
    }

    fn admit_data(&mut self, vertex: VertexId, data: &Rc<Data>, conjunct: &Conjunct<'a>) {
        self.keep(vertex, conjunct);
        let at = Position::default();
        let value = match &**data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::Text(text.clone()),
            Data::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Data::Object(members) => {
                self.claim_struct(vertex, at);
                self.vertices[vertex].gathered.is_data_struct = true;
                for (key, value) in members {
                    let name = FieldName::Regular(key.clone());
                    self.insert_arc(vertex, &name, Marker::Regular, conjunct.below(Term::Data(value.clone())));
                }
                return;
            }
            Data::List(elements) => {
                self.claim_list(vertex, at, Some(elements.len()));
                for (index, element) in elements.iter().enumerate() {
                    self.insert_arc(vertex, &FieldName::Index(index), Marker::Regular, conjunct.below(Term::Data(element.clone())));
                }
                return;
            }
        };
        self.add_value(vertex, value, at);
    }

    fn admit_list(&mut self, vertex: VertexId, elements: &'a [Element], conjunct: &Conjunct<'a>) {
        let mut values = Vec::new();
        let mut rest = None;
        for element in elements {
            match element {
                Element::Value(expr) => values.push(conjunct.below(Term::Expr(expr))),
                Element::Ellipsis(of) => rest = Some(of.as_ref()),
                Element::Comprehension(_) => {}
            }
        }
        self.admit_elements(vertex, values, rest, conjunct);
    }

    /// A list of these elements, and, behind them, any of what `rest` says, if there is a `rest`.
    pub(super) fn admit_elements(
        &mut self,
        vertex: VertexId,
        values: Vec<Conjunct<'a>>,
        rest: Option<Option<&'a Expr>>,
        conjunct: &Conjunct<'a>,
    ) {
        let count = values.len();
        self.claim_list(vertex, conjunct.at(), rest.is_none().then_some(count));
        for (index, value) in values.into_iter().enumerate() {
            self.insert_arc(vertex, &FieldName::Index(index), Marker::Regular, value);
        }
        let (Some(rest), Some(shape)) = (rest, &mut self.vertices[vertex].gathered.list) else { return };
        shape.open.push(conjunct.scope.clone());
        if let Some(of) = rest {
            shape.rest.push((count, conjunct.below(Term::Expr(of))));
        }
    }

    fn claim_list(&mut self, vertex: VertexId, at: Position, length: Option<usize>) {
        self.claim(vertex, Kinds::LIST, None, at);
        let shape = self.vertices[vertex].gathered.list.get_or_insert_with(ListShape::default);
        match (shape.length, length) {
            (Some(known), Some(length)) if known != length => {
                let problem = self.fatal(at, format!("incompatible list lengths ({known} and {length})"));
                self.note(vertex, problem);
            }
            (None, _) => shape.length = length,
            _ => {}
        }
    }

    /// Says that the value is of one of `kinds`.
    pub(super) fn claim(&mut self, vertex: VertexId, kinds: Kinds, value: Option<Value>, at: Position) {
        let gathered = &mut self.vertices[vertex].gathered;
        let left = gathered.kinds.and(kinds);
        let conflict = left.is_empty() && !gathered.kinds.is_empty();
        gathered.kinds = left;
        gathered.claims.push((kinds, value, at));
        if conflict {
            let problem = self.kind_conflict(vertex);
            self.note(vertex, problem);
        }
    }

    pub(super) fn add_value(&mut self, vertex: VertexId, value: Value, at: Position) {
        match &value {
            Value::Open(constraint) => {
                let Constraint { kinds, bounds, checks } = &**constraint;
                let gathered = &mut self.vertices[vertex].gathered;
                gathered.bounds.extend(bounds.iter().cloned());
                gathered.checks.extend(checks.iter().cloned());
                self.claim(vertex, *kinds, Some(value.clone()), at);
            }
            Value::Ambiguous => {
                let problem = self.incomplete(at, "unresolved disjunction");
                self.note(vertex, problem);
            }
            _ => {
                let known = self.vertices[vertex].gathered.concrete.clone();
                match known {
                    None => {
                        self.vertices[vertex].gathered.concrete = Some((value.clone(), at));
                        self.claim(vertex, value.kinds(), Some(value), at);
                    }
                    Some((other, other_at)) if !other.same(&value) => {
                        let problem = self.conflict((&other, other_at), (&value, at));
                        self.note(vertex, problem);
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Says `conjunct` of the field `name`, which comes to be if it is not there.
    pub(super) fn insert_arc(&mut self, vertex: VertexId, name: &FieldName, marker: Marker, conjunct: Conjunct<'a>) {
        let arc = match self.vertices[vertex].arcs.find(name) {
            Some(arc) => arc,
            None => {
                let arc = self.add_vertex(Some(vertex), name.clone());
                self.vertices[arc].marker = marker;
                self.vertices[vertex].arcs.push(name.clone(), arc);
                arc
            }
        };
        let known = self.vertices[arc].marker;
        self.vertices[arc].marker = match (known, marker) {
            (Marker::Regular, _) | (_, Marker::Regular) => Marker::Regular,
            (Marker::Required, _) | (_, Marker::Required) => Marker::Required,
            _ => Marker::Optional,
        };
        self.add_conjunct(arc, conjunct);
    }

    /// Says one thing more of `vertex`, which is too late once something was concluded from it.
    pub(super) fn add_conjunct(&mut self, vertex: VertexId, conjunct: Conjunct<'a>) {
        let at = conjunct.at();
        self.vertices[vertex].conjuncts.push(conjunct.clone());
        match self.vertices[vertex].stage {
            Stage::Fresh if !self.vertices[vertex].read => {}
            Stage::Gathered if !self.vertices[vertex].read && self.vertices[vertex].gathered.disjunctions.is_empty() => {
                self.absorb(vertex, vec![conjunct]);
                self.resolve_deferred(vertex);
            }
            _ => self.refuse(at, "a constraint that depends on the field it constrains"),
        }
    }

    /// Applies to every field the patterns, and to every element the `...T`, that were not applied to it yet.
    pub(super) fn apply_patterns(&mut self, vertex: VertexId) {
        let gathered = &self.vertices[vertex].gathered;
        let rest = gathered.list.as_ref().map_or(0, |shape| shape.rest.len());
        if gathered.patterns.is_empty() && rest == 0 {
            return;
        }
        let arcs: Vec<(FieldName, VertexId)> = self.vertices[vertex].arcs.named().cloned().collect();
        for (name, arc) in arcs {
            if self.vertices[arc].marker == Marker::Optional || self.abort.is_some() {
                continue;
            }
            let from = self.vertices[vertex].gathered.applied.get(&arc).copied().unwrap_or(0);
            match &name {
                FieldName::Regular(text) => self.apply_to_field(vertex, arc, text, from),
                FieldName::Index(index) => self.apply_to_element(vertex, arc, *index, from),
                _ => {}
            }
        }
    }

    fn apply_to_field(&mut self, vertex: VertexId, arc: VertexId, name: &std::sync::Arc<str>, from: usize) {
        let count = self.vertices[vertex].gathered.patterns.len();
        self.vertices[vertex].gathered.applied.insert(arc, count);
        for index in from..count {
            let FieldPattern { pattern, value } = self.vertices[vertex].gathered.patterns[index].clone();
            match self.pattern_matches(pattern, &value.frame, name) {
                Ok(true) => self.add_conjunct(arc, value),
                Ok(false) => {}
                Err(problem) => self.note(vertex, problem),
            }
        }
    }

    fn apply_to_element(&mut self, vertex: VertexId, arc: VertexId, index: usize, from: usize) {
        let Some(shape) = &self.vertices[vertex].gathered.list else { return };
        let rest: Vec<Conjunct<'a>> = shape.rest[from..].iter().filter(|(start, _)| index >= *start).map(|(_, of)| of.clone()).collect();
        let count = shape.rest.len();
        self.vertices[vertex].gathered.applied.insert(arc, count);
        for of in rest {
            self.add_conjunct(arc, of);
        }
    }
}
