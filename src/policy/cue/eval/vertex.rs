//! What an evaluation is made of.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::data::Data;
use super::super::error::Position;
use super::super::syntax::*;
use super::super::value::{Bound, Check, Kinds, Value, VertexId};
use super::Problem;
use super::closed::ScopeRef;

/// From how many arcs on they are found by a table.
const FEW: usize = 12;

/// A place in the result: all that is said of it, and what follows from that.
pub(super) struct Vertex<'a> {
    pub parent: Option<VertexId>,
    pub name: FieldName,
    /// The vertex that this one tries a member of a disjunction for; itself otherwise.
    pub origin: VertexId,
    pub marker: Marker,
    pub conjuncts: Vec<Conjunct<'a>>,
    pub arcs: Arcs,
    pub stage: Stage,
    /// Whether something was concluded from it, so that nothing may be added any more.
    pub read: bool,
    pub gathered: Box<Gathered<'a>>,
    pub problem: Option<Problem>,
    pub child_problem: Option<Problem>,
    /// The only member of its disjunction that is left.
    pub forward: Option<VertexId>,
    /// The members of its disjunction, and whether each is a default (`None`: nothing was marked).
    pub members: Vec<(VertexId, Option<bool>)>,
    pub value: Option<Value>,
}

/// How far a vertex is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Fresh,
    Gathering,
    /// Its arcs are known.
    Gathered,
    Finishing,
    Final,
}

impl Vertex<'_> {
    pub fn new(parent: Option<VertexId>, name: FieldName, id: VertexId) -> Self {
        Self {
            parent,
            name,
            origin: id,
            marker: Marker::Regular,
            conjuncts: Vec::new(),
            arcs: Arcs::default(),
            stage: Stage::Fresh,
            read: false,
            gathered: Box::default(),
            problem: None,
            child_problem: None,
            forward: None,
            members: Vec::new(),
            value: None,
        }
    }
}

/// The fields or elements of a vertex, in order.
#[derive(Default)]
pub(super) struct Arcs {
    list: Vec<(FieldName, VertexId)>,
    table: HashMap<FieldName, VertexId>,
}

impl Arcs {
    pub fn find(&self, name: &FieldName) -> Option<VertexId> {
        if self.list.len() > FEW {
            return self.table.get(name).copied();
        }
        self.list.iter().find(|(found, _)| found == name).map(|(_, arc)| *arc)
    }

    pub fn push(&mut self, name: FieldName, arc: VertexId) {
        self.list.push((name, arc));
        if self.list.len() == FEW + 1 {
            self.table = self.list.iter().cloned().collect();
        } else if self.list.len() > FEW {
            let (name, arc) = &self.list[self.list.len() - 1];
            self.table.insert(name.clone(), *arc);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = VertexId> + '_ {
        self.list.iter().map(|(_, arc)| *arc)
    }

    pub fn named(&self) -> impl Iterator<Item = &(FieldName, VertexId)> + '_ {
        self.list.iter()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }
}

/// One of the things that are said of a vertex.
#[derive(Clone)]
pub(super) struct Conjunct<'a> {
    pub term: Term<'a>,
    pub frame: FrameRef<'a>,
    pub scope: ScopeRef,
    /// The references that led here from above.
    pub trail: Option<Rc<Trail>>,
    /// The vertices whose conjuncts it came through, at this vertex.
    pub chain: Option<Rc<Trail>>,
    /// Whether it came here through a reference that leads back to where it stands.
    pub cyclic: bool,
}

/// What is said.
#[derive(Clone)]
pub(super) enum Term<'a> {
    Expr(&'a Expr),
    Body(&'a Struct),
    /// The fields of a struct whose frame is known, without its embeddings and comprehensions.
    Fields(&'a Struct),
    Dynamic(&'a Declaration),
    Comprehension(&'a Comprehension),
    Data(Rc<Data>),
    Value(Value, Position),
    /// All that is said of a vertex.
    Copy(VertexId),
    /// One of these.
    Either(Rc<Vec<VertexId>>, Position),
}

impl<'a> Conjunct<'a> {
    pub fn new(term: Term<'a>, frame: FrameRef<'a>) -> Self {
        Self { term, frame, scope: None, trail: None, chain: None, cyclic: false }
    }

    /// Another term in the same place.
    pub fn with(&self, term: Term<'a>) -> Self {
        Self { term, ..self.clone() }
    }

    /// What a field below takes over.
    pub fn below(&self, term: Term<'a>) -> Self {
        Self { term, chain: None, cyclic: false, ..self.clone() }
    }

    /// Whether it came through `scope`.
    pub fn lies_in(&self, scope: &ScopeRef) -> bool {
        scope.as_ref().is_some_and(|scope| scope.holds(&self.scope))
    }

    /// Where it stands in the policy; nowhere for data.
    pub fn at(&self) -> Position {
        match &self.term {
            Term::Expr(expr) => expr.at,
            Term::Body(body) | Term::Fields(body) => body.at,
            Term::Comprehension(comprehension) => comprehension.at,
            Term::Value(_, at) | Term::Either(_, at) => *at,
            Term::Dynamic(_) | Term::Data(_) | Term::Copy(_) => Position::default(),
        }
    }
}

/// A list of marks, the newest first.
pub(super) struct Trail {
    pub mark: usize,
    pub length: usize,
    pub before: Option<Rc<Trail>>,
}

impl Trail {
    pub fn has(trail: &Option<Rc<Self>>, mark: usize) -> bool {
        let mut next = trail.as_ref();
        while let Some(trail) = next {
            if trail.mark == mark {
                return true;
            }
            next = trail.before.as_ref();
        }
        false
    }

    pub fn length(trail: &Option<Rc<Self>>) -> usize {
        trail.as_ref().map_or(0, |trail| trail.length)
    }

    pub fn then(trail: &Option<Rc<Self>>, mark: usize) -> Option<Rc<Self>> {
        Some(Rc::new(Self { mark, length: Self::length(trail) + 1, before: trail.clone() }))
    }
}

/// Where names are looked up, the innermost first.
pub(super) type FrameRef<'a> = Option<Rc<Frame<'a>>>;

/// The names of a struct or a clause.
pub(super) struct Frame<'a> {
    pub parent: FrameRef<'a>,
    pub holds: Holds<'a>,
}

pub(super) enum Holds<'a> {
    Struct(&'a Struct, VertexId),
    Variable(&'a str, Binding<'a>),
}

/// What a variable stands for.
#[derive(Clone)]
pub(super) enum Binding<'a> {
    Vertex(VertexId),
    Value(Value),
    Expr(&'a Expr, FrameRef<'a>),
}

impl Frame<'_> {
    /// The innermost vertex.
    pub fn vertex(&self) -> Option<VertexId> {
        match (&self.holds, &self.parent) {
            (Holds::Struct(_, vertex), _) => Some(*vertex),
            (Holds::Variable(..), Some(parent)) => parent.vertex(),
            (Holds::Variable(..), None) => None,
        }
    }
}

/// What the conjuncts of a vertex say, taken together.
pub(super) struct Gathered<'a> {
    pub kinds: Kinds,
    pub concrete: Option<(Value, Position)>,
    pub bounds: Vec<Bound>,
    pub checks: Vec<Check>,
    /// What was said of the kind, for messages.
    pub claims: Vec<(Kinds, Option<Value>, Position)>,
    pub is_struct: bool,
    /// There was a struct that embeds something, which may be no struct.
    pub may_be_struct: bool,
    pub list: Option<ListShape<'a>>,
    pub patterns: Vec<FieldPattern<'a>>,
    /// How many patterns and ellipses have been applied to each arc.
    pub applied: HashMap<VertexId, usize>,
    /// The scopes with `...`.
    pub open: Vec<ScopeRef>,
    /// The scopes of the definitions it refers to.
    pub definitions: Vec<ScopeRef>,
    /// The data says that it is a struct.
    pub is_data_struct: bool,
    pub is_disjunction: bool,
    /// The scopes of the structs in it.
    pub structs: Vec<ScopeRef>,
    /// The scopes that say something of it. A reference to itself says nothing.
    pub declared: Vec<ScopeRef>,
    pub disjunctions: Vec<Conjunct<'a>>,
    /// Expressions that give a scalar.
    pub pending: Vec<Conjunct<'a>>,
    /// What gives further conjuncts: comprehensions, computed labels, calls.
    pub deferred: Vec<Conjunct<'a>>,
    /// All but the disjunctions, ready to be said of another vertex.
    pub flat: Vec<Conjunct<'a>>,
    pub cyclic: bool,
    pub not_cyclic: bool,
}

impl Gathered<'_> {
    /// Notes that `scope` says something.
    pub fn declare(&mut self, scope: &ScopeRef) {
        let Some(scope) = scope else { return };
        if !self.declared.last().and_then(Option::as_ref).is_some_and(|known| Rc::ptr_eq(known, scope)) {
            self.declared.push(Some(scope.clone()));
        }
    }
}

impl Default for Gathered<'_> {
    fn default() -> Self {
        Self {
            kinds: Kinds::TOP,
            concrete: None,
            bounds: Vec::new(),
            checks: Vec::new(),
            claims: Vec::new(),
            is_struct: false,
            may_be_struct: false,
            list: None,
            patterns: Vec::new(),
            applied: HashMap::new(),
            open: Vec::new(),
            definitions: Vec::new(),
            is_data_struct: false,
            is_disjunction: false,
            structs: Vec::new(),
            declared: Vec::new(),
            disjunctions: Vec::new(),
            pending: Vec::new(),
            deferred: Vec::new(),
            flat: Vec::new(),
            cyclic: false,
            not_cyclic: false,
        }
    }
}

/// How long a list may be.
#[derive(Default)]
pub(super) struct ListShape<'a> {
    /// Its length, if a literal without `...` says it.
    pub length: Option<usize>,
    /// From which element on what `...T` says holds.
    pub rest: Vec<(usize, Conjunct<'a>)>,
    /// The scopes of the literals with `...`.
    pub open: Vec<ScopeRef>,
}

/// `[pattern]: value`.
#[derive(Clone)]
pub(super) struct FieldPattern<'a> {
    pub pattern: &'a Expr,
    pub value: Conjunct<'a>,
}
