//! Closed structs: which fields a definition, or `close`, lets a struct have.
//!
//! Every conjunct knows its scope: the chain of definitions, embeddings and structs through which it came. A closed scope
//! allows a field that is declared within it, or beside it in a struct that embeds it.

use std::cell::Cell;
use std::rc::Rc;

use super::super::error::CueError;
use super::super::syntax::{FieldName, Marker};
use super::super::value::VertexId;
use super::vertex::Stage;
use super::{Code, Evaluator, Problem};

/// How long a chain of scopes may be.
const MAX_DEPTH: usize = 120;

pub(super) type ScopeRef = Option<Rc<Scope>>;

/// A link of that chain.
pub(super) struct Scope {
    id: usize,
    parent: ScopeRef,
    kind: ScopeKind,
    depth: usize,
    /// It is a struct that embeds a definition, and so closed with all below, too.
    closed: Cell<bool>,
}

/// What made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    /// A struct with embeddings.
    Struct,
    /// Something embedded in the struct above.
    Embedding,
    /// A definition: closed, and so is all below.
    Definition,
    /// `close(…)`, which closes one vertex.
    Close(VertexId),
    /// Something else that must be told from its neighbours.
    Reference,
}

impl Scope {
    fn is_closed_at(&self, vertex: VertexId) -> bool {
        match self.kind {
            ScopeKind::Definition => true,
            ScopeKind::Close(at) => at == vertex,
            _ => self.closed.get(),
        }
    }

    fn chain(scope: &ScopeRef) -> impl Iterator<Item = &Rc<Self>> {
        std::iter::successors(scope.as_ref(), |scope| scope.parent.as_ref())
    }

    /// Whether `scope` lies in the scope `id`.
    fn lies_in(scope: &ScopeRef, id: usize) -> bool {
        Self::chain(scope).any(|scope| scope.id == id)
    }

    /// Whether `scope` lies in this one.
    pub(super) fn holds(&self, scope: &ScopeRef) -> bool {
        Self::lies_in(scope, self.id)
    }

    /// Whether this closed scope lets a field be that `declared` declares.
    fn allows(self: &Rc<Self>, declared: &ScopeRef) -> bool {
        if Self::lies_in(declared, self.id) {
            return true;
        }
        let mut current = self.clone();
        while let Some(parent) = current.parent.clone() {
            if current.kind == ScopeKind::Embedding && Self::lies_in(declared, parent.id) && !Self::lies_in(declared, current.id) {
                return true;
            }
            current = parent;
        }
        false
    }
}

impl Evaluator<'_> {
    pub(super) fn new_scope(&mut self, parent: ScopeRef, kind: ScopeKind) -> ScopeRef {
        self.scopes += 1;
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        if depth > MAX_DEPTH {
            self.limit("the length of a chain of references");
        }
        self.step();
        Some(Rc::new(Scope { id: self.scopes, parent, kind, depth, closed: Cell::new(false) }))
    }

    /// Closes, with all below them, the structs that embed a definition without `...`.
    pub(super) fn close_embedding(&self, vertex: VertexId) {
        let gathered = &self.vertices[vertex].gathered;
        for definition in gathered.definitions.iter().flatten() {
            if gathered.open.iter().any(|open| Scope::lies_in(open, definition.id)) {
                continue;
            }
            let definition = Some(definition.clone());
            for link in Scope::chain(&definition).filter(|link| link.kind == ScopeKind::Embedding) {
                if let Some(embedding) = &link.parent {
                    embedding.closed.set(true);
                }
            }
        }
    }

    /// `scope` as seen from a reference in `base`: what it shares with `base` stays, the rest is made anew below it.
    pub(super) fn rebased(&mut self, scope: &ScopeRef, base: &ScopeRef, made: &mut Vec<(usize, ScopeRef)>) -> ScopeRef {
        let Some(old) = scope else { return base.clone() };
        // Looking through the chain is work, too.
        self.steps += old.depth / 4;
        if self.abort.is_some() || Scope::lies_in(base, old.id) {
            return base.clone();
        }
        if let Some((_, new)) = made.iter().find(|(id, _)| *id == old.id) {
            return new.clone();
        }
        let parent = self.rebased(&old.parent, base, made);
        let new = self.new_scope(parent, old.kind);
        made.push((old.id, new.clone()));
        new
    }

    /// The closed scopes that a struct at `vertex` is in.
    fn closing_scopes(&self, vertex: VertexId) -> Vec<Rc<Scope>> {
        let mut closing: Vec<Rc<Scope>> = Vec::new();
        for scope in &self.vertices[vertex].gathered.structs {
            for link in Scope::chain(scope).filter(|link| link.is_closed_at(vertex)) {
                if !closing.iter().any(|known| known.id == link.id) {
                    closing.push(link.clone());
                }
            }
        }
        closing
    }

    /// Whether no field can be added to the struct at `vertex`.
    pub(super) fn is_closed(&self, vertex: VertexId) -> bool {
        let closing = self.closing_scopes(vertex);
        let open = &self.vertices[vertex].gathered.open;
        closing.iter().any(|scope| !open.iter().any(|declared| scope.allows(declared))) || (open.is_empty() && self.in_definition(vertex))
    }

    /// Whether `vertex` is a definition or lies in one.
    fn in_definition(&self, vertex: VertexId) -> bool {
        self.definition_above(vertex).is_some()
    }

    /// The outermost definition at or above `vertex`.
    pub(super) fn definition_above(&self, vertex: VertexId) -> Option<VertexId> {
        let mut found = None;
        let mut next = Some(vertex);
        while let Some(current) = next {
            if matches!(self.vertices[current].name, FieldName::Definition(_)) {
                found = Some(current);
            }
            next = self.vertices[current].parent;
        }
        found
    }

    /// Go closes the policy's own struct to the data where it is unified with a definition that says nothing of its fields.
    /// That is not copied here.
    fn check_shapeless_definitions(&mut self, vertex: VertexId) {
        let gathered = &self.vertices[vertex].gathered;
        if gathered.is_data_struct && !gathered.structs.is_empty() && self.has_shapeless_definition(vertex) {
            self.refuse(self.claimed_at(vertex), "a definition without fields, unified with a struct");
        }
    }

    /// Whether a definition is about `vertex` but says nothing of its fields, while another struct, or the data, does.
    pub(super) fn has_shapeless_definition(&self, vertex: VertexId) -> bool {
        let gathered = &self.vertices[vertex].gathered;
        let shapes = |id: usize| gathered.structs.iter().any(|scope| Scope::lies_in(scope, id));
        let within = gathered.declared.iter().flat_map(Scope::chain).filter(|link| link.kind == ScopeKind::Definition);
        (gathered.is_data_struct || !gathered.structs.is_empty())
            && within.chain(gathered.definitions.iter().flatten()).any(|definition| !shapes(definition.id))
    }

    /// Notes every field of `vertex` that one of its closed scopes does not allow.
    pub(super) fn check_closed(&mut self, vertex: VertexId) {
        self.check_shapeless_definitions(vertex);
        let closing = self.closing_scopes(vertex);
        if closing.is_empty() {
            return;
        }
        let arcs: Vec<VertexId> = self.vertices[vertex].arcs.named().filter(|(name, _)| name.is_regular()).map(|(_, arc)| *arc).collect();
        for arc in arcs.iter().filter(|arc| self.vertices[**arc].marker == Marker::Regular).copied().collect::<Vec<_>>() {
            self.gather(arc);
        }
        let mut refused = Vec::new();
        for arc in &arcs {
            let arc_vertex = &self.vertices[*arc];
            if arc_vertex.marker != Marker::Regular {
                continue;
            }
            let gathered = &self.vertices[vertex].gathered;
            let open = match &gathered.list {
                Some(list) if matches!(arc_vertex.name, FieldName::Index(_)) => &list.open,
                _ => &gathered.open,
            };
            let unfinished = if arc_vertex.stage == Stage::Gathering { arc_vertex.conjuncts.as_slice() } else { &[] };
            let declared = || arc_vertex.gathered.declared.iter().chain(unfinished.iter().map(|conjunct| &conjunct.scope)).chain(open);
            if closing.iter().any(|scope| !declared().any(|declared| scope.allows(declared))) {
                refused.push(*arc);
            }
        }
        for arc in refused {
            let at = self.vertices[arc].conjuncts.iter().map(super::vertex::Conjunct::at).max().unwrap_or_default();
            let error = CueError::NotAllowed { file: self.file_of(at), at, path: self.path(arc) };
            self.note(arc, Problem { code: Code::Fatal, error: Rc::new(error), early: false });
        }
    }
}
