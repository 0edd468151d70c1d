//! Disjunctions: every member is tried on a vertex of its own, together with all else that is said.

use std::rc::Rc;

use super::super::error::{CueError, Position};
use super::super::syntax::ExprKind;
use super::super::value::{Value, VertexId};
use super::vertex::{Conjunct, Frame, FrameRef, Holds, Term};
use super::{Code, Evaluator, Problem};

/// How many combinations one vertex may try.
const MAX_COMBINATIONS: usize = 4096;

/// A choice of members, one of each disjunction that was looked at.
struct Choice<'a> {
    chosen: Vec<Conjunct<'a>>,
    vertex: Option<VertexId>,
    default: Option<bool>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn resolve_disjunctions(&mut self, vertex: VertexId) {
        let disjunctions = std::mem::take(&mut self.vertices[vertex].gathered.disjunctions);
        self.vertices[vertex].gathered.is_disjunction = true;
        let mut choices = vec![Choice { chosen: Vec::new(), vertex: None, default: None }];
        for disjunction in &disjunctions {
            let members = members(disjunction);
            let marked = members.iter().any(|(preferred, _)| *preferred);
            let mut next = Vec::new();
            let mut tried = 0;
            for choice in &choices {
                for (preferred, member) in &members {
                    tried += 1;
                    if tried > MAX_COMBINATIONS || !self.step() {
                        return self.limit("the members that a disjunction may have");
                    }
                    let mut chosen = choice.chosen.clone();
                    chosen.push(member.clone());
                    let candidate = self.attempt(vertex, &chosen);
                    if self.abort.is_some() {
                        return;
                    }
                    if !self.is_fatal(candidate) {
                        let default = both_default(choice.default, marked.then_some(*preferred));
                        next.push(Choice { chosen, vertex: Some(candidate), default });
                    }
                }
            }
            if next.is_empty() {
                return self.nothing_left(vertex, disjunction.at(), tried);
            }
            choices = next;
        }
        self.settle(vertex, choices);
    }

    fn nothing_left(&mut self, vertex: VertexId, at: Position, count: usize) {
        let error = CueError::EmptyDisjunction { file: self.file_of(at), at, path: self.path(vertex), count };
        self.note(vertex, Problem { code: Code::Fatal, error: Rc::new(error), early: false });
    }

    /// A vertex in the place of `vertex`, of which `chosen` is said as well.
    fn attempt(&mut self, vertex: VertexId, chosen: &[Conjunct<'a>]) -> VertexId {
        let (parent, name, origin) = (self.vertices[vertex].parent, self.vertices[vertex].name.clone(), self.vertices[vertex].origin);
        let candidate = self.add_vertex(parent, name);
        self.vertices[candidate].origin = origin;
        let all: Vec<Conjunct<'a>> = self.vertices[vertex].gathered.flat.iter().chain(chosen).cloned().collect();
        let moved = all.into_iter().map(|conjunct| Conjunct { frame: moved(&conjunct.frame, vertex, candidate), ..conjunct });
        self.vertices[candidate].conjuncts = moved.collect();
        self.vertices[candidate].gathered.definitions = self.vertices[vertex].gathered.definitions.clone();
        self.finalize(candidate);
        candidate
    }

    /// Takes what is left: one value, or several and which of them are defaults.
    fn settle(&mut self, vertex: VertexId, choices: Vec<Choice<'a>>) {
        let mut found: Vec<(VertexId, Option<bool>)> = Vec::new();
        for choice in choices {
            let Some(candidate) = choice.vertex.map(|candidate| self.deref(candidate)) else { continue };
            let inner = self.vertices[candidate].members.clone();
            let inner = if inner.is_empty() { vec![(candidate, None)] } else { inner };
            for (member, default) in inner {
                let default = match (choice.default, default) {
                    (None, inner) => inner,
                    (Some(true), inner) => Some(inner.unwrap_or(true)),
                    (Some(false), _) => Some(false),
                };
                match found.iter().position(|(known, _)| self.same(*known, member, 0)) {
                    Some(known) => found[known].1 = either_default(found[known].1, default),
                    None => found.push((member, default)),
                }
            }
        }
        match found.as_slice() {
            [(only, _)] => self.vertices[vertex].forward = Some(*only),
            _ => self.vertices[vertex].members = found,
        }
    }

    /// The one default of an undecided disjunction.
    pub(super) fn default_member(&self, vertex: VertexId) -> Option<VertexId> {
        let mut defaults = self.vertices[vertex].members.iter().filter(|(_, default)| *default == Some(true));
        match (defaults.next(), defaults.next()) {
            (Some((only, _)), None) => Some(*only),
            _ => None,
        }
    }

    /// Whether two final vertices have the same value.
    fn same(&self, left: VertexId, right: VertexId, depth: usize) -> bool {
        let (left, right) = (self.deref(left), self.deref(right));
        let (first, second) = (&self.vertices[left], &self.vertices[right]);
        if first.problem.is_some() || second.problem.is_some() || !first.members.is_empty() || !second.members.is_empty() || depth > 64 {
            return false;
        }
        match (&first.value, &second.value) {
            (Some(Value::Composite(_)), Some(Value::Composite(_))) => {
                first.gathered.kinds == second.gathered.kinds
                    && first.gathered.patterns.is_empty()
                    && second.gathered.patterns.is_empty()
                    && first.gathered.open.len() == second.gathered.open.len()
                    && self.is_closed(left) == self.is_closed(right)
                    && first.arcs.len() == second.arcs.len()
                    && first.arcs.named().all(|(name, arc)| {
                        let other = second.arcs.find(name);
                        other.is_some_and(|other| {
                            self.vertices[*arc].marker == self.vertices[other].marker && self.same(*arc, other, depth + 1)
                        })
                    })
            }
            (Some(Value::Open(first)), Some(Value::Open(second))) => {
                let plain = |open: &super::super::value::Constraint| open.bounds.is_empty() && open.checks.is_empty();
                first.kinds == second.kinds && plain(first) && plain(second)
            }
            (Some(first), Some(second)) => first.same(second),
            _ => false,
        }
    }
}

/// The members of a disjunction, and which are marked.
fn members<'a>(disjunction: &Conjunct<'a>) -> Vec<(bool, Conjunct<'a>)> {
    match &disjunction.term {
        Term::Expr(expr) => match &expr.kind {
            ExprKind::Or(disjuncts) => {
                disjuncts.iter().map(|disjunct| (disjunct.preferred, disjunction.with(Term::Expr(&disjunct.value)))).collect()
            }
            _ => Vec::new(),
        },
        Term::Either(vertices, _) => vertices.iter().map(|vertex| (false, disjunction.with(Term::Copy(*vertex)))).collect(),
        _ => Vec::new(),
    }
}

/// Of a value that is a member of two disjunctions: it is a default if each that has defaults counts it among them.
fn both_default(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (None, other) | (other, None) => other,
        (Some(left), Some(right)) => Some(left && right),
    }
}

fn either_default(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        _ => Some(false),
    }
}

/// `frame` with `to` in the place of `from`.
fn moved<'a>(frame: &FrameRef<'a>, from: VertexId, to: VertexId) -> FrameRef<'a> {
    let inner = frame.as_ref()?;
    let holds = match &inner.holds {
        Holds::Struct(body, vertex) if *vertex == from => Holds::Struct(body, to),
        Holds::Struct(..) => return frame.clone(),
        Holds::Variable(name, binding) => Holds::Variable(name, binding.clone()),
    };
    Some(Rc::new(Frame { parent: moved(&inner.parent, from, to), holds }))
}
