//! Names, selectors and indices: what they stand for, and what following them says.

use std::rc::Rc;

use super::super::builtin::{self, Member};
use super::super::error::{CueError, Position};
use super::super::number::Number;
use super::super::syntax::*;
use super::super::value::{Kinds, Value, VertexId};
use super::closed::ScopeKind;
use super::expression::predeclared_kinds;
use super::gather::Queue;
use super::vertex::{Binding, Conjunct, Frame, FrameRef, Holds, Stage, Term, Trail};
use super::{Code, Evaluator, Problem};

/// Through how many references, one behind the other, something may be said of a vertex.
const MAX_CHAIN: usize = 200;

/// What a reference stands for.
pub(super) enum Target<'a> {
    Vertex(VertexId),
    Expr(&'a Expr, FrameRef<'a>),
    Value(Value),
}

impl<'a> Evaluator<'a> {
    /// Whether following `conjunct` leads to other conjuncts.
    pub(super) fn is_reference(&self, conjunct: &Conjunct<'a>) -> bool {
        match &conjunct.term {
            Term::Copy(_) => true,
            Term::Expr(expr) => match &expr.kind {
                ExprKind::Index(..) => true,
                ExprKind::Name(name) => self.find_name(name, &conjunct.frame).is_some(),
                ExprKind::Selector(base, _) => self.import_of(base, &conjunct.frame).is_none(),
                _ => false,
            },
            _ => false,
        }
    }

    /// Adds to the queue of `vertex` what is said of the target of `reference`.
    pub(super) fn follow(&mut self, vertex: VertexId, reference: &Conjunct<'a>, queue: &mut Queue<'a>) {
        let (target, mark) = match &reference.term {
            Term::Copy(target) => (Ok(Target::Vertex(*target)), None),
            Term::Expr(expr) => (self.target(expr, &reference.frame), Some(std::ptr::from_ref::<Expr>(expr) as usize)),
            _ => return,
        };
        match target {
            Ok(Target::Vertex(target)) => self.follow_vertex(vertex, target, reference, mark, queue),
            Ok(Target::Expr(expr, frame)) => queue.push(Conjunct { term: Term::Expr(expr), frame, ..reference.clone() }),
            Ok(Target::Value(value)) => {
                let constant = reference.with(Term::Value(value, reference.at()));
                queue.push(constant);
            }
            Err(problem) => {
                self.keep(vertex, reference);
                if let (true, Term::Expr(expr)) = (problem.early, &reference.term) {
                    self.to_confirm.push((vertex, expr, reference.frame.clone()));
                }
                self.note(vertex, problem);
            }
        }
    }

    fn follow_vertex(&mut self, vertex: VertexId, target: VertexId, reference: &Conjunct<'a>, mark: Option<usize>, queue: &mut Queue<'a>) {
        let origin = self.vertices[target].origin;
        if origin == self.vertices[vertex].origin && self.vertices[vertex].gathered.definitions.iter().any(|base| reference.lies_in(base)) {
            return self.refuse(reference.at(), "a definition that refers to what refers to it");
        }
        if origin == self.vertices[vertex].origin || Trail::has(&reference.chain, origin) {
            return;
        }
        if Trail::length(&reference.chain).max(Trail::length(&reference.trail)) > MAX_CHAIN {
            return self.limit("the length of a chain of references");
        }
        self.vertices[target].read = true;
        let again = mark.is_some_and(|mark| Trail::has(&reference.trail, mark));
        let cyclic = reference.cyclic || again || self.is_above(target, vertex);
        let trail = mark.map_or_else(|| reference.trail.clone(), |mark| Trail::then(&reference.trail, mark));
        let chain = Trail::then(&reference.chain, origin);
        let definition = self.definition_above(target).filter(|definition| !self.is_above(*definition, vertex));
        let kind = if definition.is_some() { ScopeKind::Definition } else { ScopeKind::Reference };
        let base = self.new_scope(reference.scope.clone(), kind);
        if definition.is_some() {
            self.vertices[vertex].gathered.definitions.push(base.clone());
        }
        let mut made = Vec::new();
        for conjunct in self.vertices[target].conjuncts.clone() {
            if self.abort.is_some() {
                return;
            }
            let scope = self.rebased(&conjunct.scope, &base, &mut made);
            queue.push(Conjunct { term: conjunct.term, frame: conjunct.frame, scope, trail: trail.clone(), chain: chain.clone(), cyclic });
        }
    }

    pub(super) fn structural_cycle(&self, vertex: VertexId) -> Problem {
        let at = self.vertices[vertex].conjuncts.first().map_or_else(Position::default, Conjunct::at);
        let error = CueError::Cycle { file: self.file_of(at), at, path: self.path(vertex), what: "structural cycle" };
        Problem { code: Code::Fatal, error: Rc::new(error), early: false }
    }

    /// What the nearest declaration of `name` is.
    fn find_name(&self, name: &str, frame: &FrameRef<'a>) -> Option<Result<Target<'a>, FieldInFrame>> {
        let mut next = frame.as_ref();
        while let Some(frame) = next {
            match &frame.holds {
                Holds::Variable(variable, binding) if *variable == name => {
                    return Some(Ok(match binding {
                        Binding::Vertex(vertex) => Target::Vertex(*vertex),
                        Binding::Value(value) => Target::Value(value.clone()),
                        Binding::Expr(expr, frame) => Target::Expr(expr, frame.clone()),
                    }));
                }
                Holds::Variable(..) => {}
                Holds::Struct(body, vertex) => {
                    for declaration in &body.declarations {
                        match declaration {
                            Declaration::Let { name: found, value, .. } if &**found == name => {
                                return Some(Ok(Target::Expr(value, Some(frame.clone()))));
                            }
                            Declaration::Field(field) if field.referable && field_text(&field.name) == name => {
                                return Some(Err(FieldInFrame(*vertex, field.name.clone())));
                            }
                            _ => {}
                        }
                    }
                }
            }
            next = frame.parent.as_ref();
            if next.is_none() {
                return self.shared_field(name, frame).map(Err);
            }
        }
        None
    }

    /// The field `name` of another file, if the file of `frame`, its outermost frame, has no import of that name.
    fn shared_field(&self, name: &str, frame: &Frame<'a>) -> Option<FieldInFrame> {
        let field = self.policy.shared.get(name)?;
        let imported = |file: &File| file.imports.iter().any(|import| &*import.name == name);
        match (frame.vertex(), self.file_of_frame(frame)) {
            (Some(vertex), Some(file)) if !imported(file) => Some(FieldInFrame(vertex, FieldName::of_identifier(field.clone()))),
            _ => None,
        }
    }

    /// The file whose struct the outermost frame is.
    fn file_of_frame(&self, frame: &Frame<'a>) -> Option<&'a File> {
        let Holds::Struct(body, _) = &frame.holds else { return None };
        self.policy.files.iter().find(|file| std::ptr::eq(&raw const file.body, *body))
    }

    /// The package that `base` names, if no declaration of that name is nearer.
    pub(super) fn import_of(&self, base: &Expr, frame: &FrameRef<'a>) -> Option<&'a Import> {
        let ExprKind::Name(name) = &base.kind else { return None };
        if self.find_name(name, frame).is_some() {
            return None;
        }
        let outermost = std::iter::successors(frame.as_deref(), |frame| frame.parent.as_deref()).last()?;
        self.file_of_frame(outermost)?.imports.iter().find(|import| import.name == *name)
    }

    /// What a name, a selector or an index stands for.
    pub(super) fn target(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<Target<'a>, Problem> {
        match &expr.kind {
            ExprKind::Name(name) => match self.find_name(name, frame) {
                Some(Ok(target)) => Ok(target),
                Some(Err(FieldInFrame(vertex, field))) => match self.vertices[vertex].arcs.find(&field) {
                    Some(arc) if self.vertices[arc].marker != Marker::Optional => Ok(Target::Vertex(arc)),
                    Some(arc) => Err(self.incomplete(expr.at, format!("cannot reference optional field: {}", self.path(arc)))),
                    None => Err(self.incomplete(expr.at, format!("undefined field: {}", super::describe::label(&field)))),
                },
                None => match predeclared_kinds(name) {
                    Some(constraint) => Ok(Target::Value(Value::Open(Rc::new(constraint)))),
                    None => Err(self.fatal(expr.at, "this reference has no meaning here")),
                },
            },
            ExprKind::Selector(base, name) => match self.import_of(base, frame) {
                Some(import) => self.package_member(expr.at, import, name).map(Target::Value),
                None => {
                    let base = self.vertex_of(base, frame)?;
                    self.lookup(base, name, expr.at).map(Target::Vertex)
                }
            },
            ExprKind::Index(base, index) => {
                let vertex = self.vertex_of(base, frame)?;
                let index_value = self.evaluate_expr(index, frame)?;
                self.indexed(vertex, &index_value, index.at).map(Target::Vertex)
            }
            ExprKind::Paren(inner) => self.target(inner, frame),
            _ => Ok(Target::Expr(expr, frame.clone())),
        }
    }

    fn indexed(&mut self, vertex: VertexId, index: &Value, at: Position) -> Result<VertexId, Problem> {
        match index {
            Value::Text(name) => self.lookup(vertex, &FieldName::Regular(name.clone()), at),
            Value::Number(number) => match number.to_usize() {
                Some(index) => self.lookup(vertex, &FieldName::Index(index), at),
                None => Err(self.fatal(at, format!("invalid index {number}"))),
            },
            Value::Open(open) if open.kinds.within(Kinds::INDEX) && open.kinds.meets(Kinds::TEXT.or(Kinds::INT)) => {
                Err(self.incomplete(at, "non-concrete index"))
            }
            Value::Ambiguous => Err(self.incomplete(at, "unresolved disjunction as an index")),
            other => Err(self.fatal(at, format!("invalid index {} (invalid type {})", self.show(other), other.kinds()))),
        }
    }

    fn package_member(&self, at: Position, import: &Import, name: &FieldName) -> Result<Value, Problem> {
        let member = match name {
            FieldName::Regular(name) => builtin::member(&import.path, name),
            _ => None,
        };
        match member {
            Some(Member::Text(text)) => Ok(Value::Text(text.into())),
            Some(Member::Int(value)) => Ok(Value::Number(Number::int(value))),
            Some(Member::Function(function)) => Ok(super::function::check_of(function, Vec::new(), at)),
            None => Err(self.fatal(at, "no such member of the package")),
        }
    }

    /// The vertex that holds the value of `expr`.
    pub(super) fn vertex_of(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<VertexId, Problem> {
        match self.target(expr, frame)? {
            Target::Vertex(vertex) => Ok(vertex),
            Target::Expr(expr, frame) => Ok(self.temporary(expr, &frame)),
            Target::Value(value) => {
                let vertex = self.add_vertex(None, FieldName::Hidden("".into()));
                self.vertices[vertex].conjuncts.push(Conjunct::new(Term::Value(value, expr.at), None));
                Ok(vertex)
            }
        }
    }

    /// The field or element `name` of `vertex`.
    pub(super) fn lookup(&mut self, vertex: VertexId, name: &FieldName, at: Position) -> Result<VertexId, Problem> {
        self.gather(vertex);
        let shaped = |found: &super::Vertex<'_>| found.gathered.is_struct || found.gathered.list.is_some();
        let found = &self.vertices[vertex];
        if found.stage == Stage::Gathered && (!found.gathered.disjunctions.is_empty() || !shaped(found)) {
            self.finalize(vertex);
        }
        if self.abort.is_some() {
            return Err(self.aborted());
        }
        let vertex = self.deref(vertex);
        if let Some(member) = self.default_member(vertex) {
            return self.lookup(member, name, at);
        }
        if !self.vertices[vertex].members.is_empty() {
            let is_scalar = |(member, _): &(VertexId, Option<bool>)| match &self.vertices[*member].value {
                Some(value) => !value.kinds().meets(Kinds::COMPOSITE),
                None => false,
            };
            if self.vertices[vertex].members.iter().all(is_scalar) {
                return Err(self.fatal(at, "invalid operand (want list or struct)"));
            }
            return Err(self.incomplete(at, "unresolved disjunction"));
        }
        self.gather_lazily(vertex);
        match self.vertices[vertex].arcs.find(name) {
            Some(arc) if self.vertices[arc].marker != Marker::Optional => Ok(arc),
            Some(arc) => Err(self.incomplete(at, format!("cannot reference optional field: {}", self.path(arc)))),
            None => Err(self.missing(vertex, name, at)),
        }
    }

    /// Why `vertex` has no field `name`, and whether it may yet get one.
    fn missing(&self, vertex: VertexId, name: &FieldName, at: Position) -> Problem {
        let found = &self.vertices[vertex];
        let final_value = match found.stage {
            Stage::Final | Stage::Gathered => true,
            Stage::Finishing => !found.gathered.is_disjunction,
            _ => false,
        };
        let wanted = if matches!(name, FieldName::Index(_)) { Kinds::LIST } else { Kinds::STRUCT };
        // A list that only checks are known of has no elements to ask for.
        let unknown_list = found.gathered.kinds == Kinds::LIST && found.gathered.list.is_none();
        if final_value && (unknown_list || !found.gathered.kinds.meets(Kinds::COMPOSITE)) {
            return self.fatal(at, format!("invalid operand (found {}, want list or struct)", found.gathered.kinds));
        }
        if final_value && !found.gathered.kinds.meets(wanted) {
            return self.fatal(at, format!("invalid index {} (found {})", super::describe::label(name), found.gathered.kinds));
        }
        let closed = (found.gathered.is_struct || found.gathered.may_be_struct)
            && (self.is_closed(vertex) || self.has_shapeless_definition(vertex))
            && final_value;
        if let Some(problem) = found.problem.as_ref().filter(|problem| !(closed && self.confirming && problem.code == Code::Incomplete)) {
            return problem.clone();
        }
        if found.stage == Stage::Finishing && found.value.is_none() && !found.gathered.pending.is_empty() {
            return self.cycle(vertex);
        }
        let length = found.gathered.list.as_ref().and_then(|shape| shape.length);
        match (name, length) {
            (FieldName::Index(index), Some(length)) if final_value => {
                self.fatal(at, format!("index out of range [{index}] with length {length}"))
            }
            _ if closed => self.fatal(at, format!("undefined field: {}", super::describe::label(name))),
            _ => Problem { early: !final_value, ..self.incomplete(at, format!("undefined field: {}", super::describe::label(name))) },
        }
    }
}

/// A field of the struct whose frame declares a name.
struct FieldInFrame(VertexId, FieldName);

fn field_text(name: &FieldName) -> &str {
    match name {
        FieldName::Regular(text) | FieldName::Definition(text) | FieldName::Hidden(text) => text,
        FieldName::Index(_) => "",
    }
}
