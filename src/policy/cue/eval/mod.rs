//! The evaluation: a policy and its data become a graph of vertices, each of which gathers all that is said of it.
//!
//! A reference adds what is said of its target to the vertex that refers, so that `b: a` with `a: string` takes on what the
//! data says of `a`. Vertices are evaluated when they are asked for.

mod bounds;
mod closed;
mod comprehension;
mod describe;
mod disjunction;
mod expression;
mod finish;
mod function;
mod gather;
mod reference;
mod vertex;

use std::collections::HashMap;
use std::rc::Rc;

use super::data::{self, Document};
use super::error::{CueError, Position};
use super::syntax::*;
use super::value::{Value, VertexId};
use crate::encoding::pattern::Pattern;
pub(super) use expression::predeclared_kinds;
use vertex::{Conjunct, FrameRef, Stage, Term, Vertex};

/// How much may be done for one verdict.
const MAX_STEPS: usize = 500_000;
/// How many vertices there may be.
const MAX_VERTICES: usize = 500_000;
/// How deep evaluations may nest.
const MAX_DEPTH: usize = 600;
/// What such a depth needs of a stack, also in builds that do not optimise.
const STACK: usize = 64 << 20;

/// Why a vertex or an expression has no value.
#[derive(Debug, Clone)]
struct Problem {
    code: Code,
    error: Rc<CueError>,
    /// It was found in a value that was not whole yet, and is to be looked at again.
    early: bool,
}

impl Problem {
    /// The worse of the two; the first of two that are as bad.
    fn worse(known: Option<Self>, other: Self) -> Option<Self> {
        let Some(known) = known else { return Some(other) };
        let early = known.early || other.early;
        let worse = if known.code == Code::Fatal || other.code != Code::Fatal { known } else { other };
        Some(Self { early, ..worse })
    }
}

/// How bad that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    /// It never will have one.
    Fatal,
    /// More data might give it one.
    Incomplete,
    /// It depends on itself.
    Cycle,
}

/// The verdict of `policy` about `json`.
///
/// It runs on a thread with a stack that is large enough for the depth that is allowed.
pub(super) fn verdict(policy: &Instance, json: &[u8]) -> Result<(), CueError> {
    let run = || {
        let document = data::read(json).ok_or(CueError::Json)?;
        evaluate(policy, None)?;
        evaluate(policy, Some(&document))
    };
    let ended = || CueError::Limit { file: policy.name_of(Position::default()), limit: "the memory at hand" };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("cue".to_owned()).stack_size(STACK).spawn_scoped(scope, run);
        thread.map_err(|_| ended())?.join().map_err(|_| ended())?
    })
}

/// Evaluates the policy alone, or unified with data.
fn evaluate(policy: &Instance, data: Option<&Document>) -> Result<(), CueError> {
    let mut evaluator = Evaluator::new(policy, data.is_some_and(|data| data.repeats_keys));
    let root = evaluator.add_vertex(None, FieldName::Hidden("".into()));
    let mut conjuncts: Vec<_> = policy.files.iter().map(|file| Conjunct::new(Term::Body(&file.body), None)).collect();
    if let Some(data) = data {
        conjuncts.push(Conjunct::new(Term::Data(data.root.clone()), None));
    }
    evaluator.vertices[root].conjuncts = conjuncts;
    evaluator.finalize(root);
    evaluator.confirm(root);
    let found = match evaluator.problem_of(root) {
        Some(problem) => Err((*problem.error).clone()),
        None if data.is_some() => evaluator.validate(root, false),
        None => Ok(()),
    };
    match evaluator.abort {
        Some(error) => Err(error),
        None => found,
    }
}

/// One evaluation.
struct Evaluator<'a> {
    policy: &'a Instance,
    vertices: Vec<Vertex<'a>>,
    patterns: HashMap<String, Rc<Pattern>>,
    steps: usize,
    depth: usize,
    scopes: usize,
    /// What ends the evaluation, whatever else it would have found.
    abort: Option<CueError>,
    eager: bool,
    /// Values that were taken as given though an expression for them was not known yet.
    to_confirm: Vec<(VertexId, &'a Expr, FrameRef<'a>)>,
    /// Comprehensions that waited for what was not whole yet.
    waited: Vec<Conjunct<'a>>,
    /// Conditions on what is not there, and what they came to.
    conditions: Vec<(&'a Expr, FrameRef<'a>, bool)>,
    /// All is evaluated: what was not whole is looked at again.
    confirming: bool,
}

impl<'a> Evaluator<'a> {
    fn new(policy: &'a Instance, eager: bool) -> Self {
        Self {
            policy,
            vertices: Vec::new(),
            patterns: HashMap::new(),
            steps: 0,
            depth: 0,
            scopes: 0,
            abort: None,
            eager,
            to_confirm: Vec::new(),
            waited: Vec::new(),
            conditions: Vec::new(),
            confirming: false,
        }
    }

    /// The name of the file in which `at` is.
    fn file_of(&self, at: Position) -> String {
        self.policy.name_of(at)
    }

    /// Looks again at what was taken as given, or was not whole when it was asked for.
    fn confirm(&mut self, root: VertexId) {
        self.confirming = true;
        for (vertex, expr, frame) in std::mem::take(&mut self.to_confirm) {
            let known = self.vertices[self.deref(vertex)].value.clone();
            let problem = match (self.evaluate_expr(expr, &frame), known) {
                (Ok(value), Some(known)) if known.same(&value) => continue,
                (Ok(Value::Open(_) | Value::Composite(_) | Value::Ambiguous), _) | (_, None) => {
                    return self.refuse(expr.at, "a reference into a value that depends on it");
                }
                (Ok(value), Some(known)) => self.conflict((&known, Position::default()), (&value, expr.at)),
                (Err(problem), _) if problem.code == Code::Fatal => problem,
                (Err(_), _) => return self.refuse(expr.at, "a reference into a value that depends on it"),
            };
            let error = describe::located(&problem.error, self.path(vertex));
            self.note(root, Problem { code: Code::Fatal, error: Rc::new(error), early: false });
        }
        self.confirm_comprehensions(root);
    }

    fn add_vertex(&mut self, parent: Option<VertexId>, name: FieldName) -> VertexId {
        if self.vertices.len() >= MAX_VERTICES {
            self.limit("the number of values");
        }
        self.vertices.push(Vertex::new(parent, name, self.vertices.len()));
        self.vertices.len() - 1
    }

    /// A vertex that no path leads to, for what `expr` is.
    fn temporary(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> VertexId {
        let parent = frame.as_ref().and_then(|frame| frame.vertex());
        let id = self.add_vertex(parent, FieldName::Hidden("".into()));
        self.vertices[id].conjuncts.push(Conjunct::new(Term::Expr(expr), frame.clone()));
        id
    }

    /// Counts work; `false` when there has been too much.
    fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            self.limit("the work that one policy may take");
        }
        self.abort.is_none()
    }

    fn limit(&mut self, limit: &'static str) {
        let file = self.file_of(Position::default());
        self.abort.get_or_insert(CueError::Limit { file, limit });
    }

    fn refuse(&mut self, at: Position, what: &str) {
        let error = CueError::Unsupported { file: self.file_of(at), at, what: what.to_owned() };
        self.abort.get_or_insert(error);
    }

    /// The problem that stands for an evaluation that was ended.
    fn aborted(&self) -> Problem {
        let ended = CueError::Limit { file: self.file_of(Position::default()), limit: "its bounds" };
        Problem { code: Code::Fatal, error: Rc::new(self.abort.clone().unwrap_or(ended)), early: false }
    }

    fn evaluation_problem(&self, code: Code, at: Position, reason: String) -> Problem {
        let (file, path) = (self.file_of(at), String::new());
        let error = match code {
            Code::Fatal | Code::Cycle => CueError::Evaluation { file, at, path, reason },
            Code::Incomplete => CueError::Incomplete { file, at, path, reason },
        };
        Problem { code, error: Rc::new(error), early: false }
    }

    fn fatal(&self, at: Position, reason: impl Into<String>) -> Problem {
        self.evaluation_problem(Code::Fatal, at, reason.into())
    }

    fn incomplete(&self, at: Position, reason: impl Into<String>) -> Problem {
        self.evaluation_problem(Code::Incomplete, at, reason.into())
    }

    /// Notes a problem of `vertex`, unless it has a worse one.
    fn note(&mut self, vertex: VertexId, problem: Problem) {
        let worse = |code: Code| match code {
            Code::Fatal => 2,
            Code::Incomplete => 1,
            Code::Cycle => 0,
        };
        if self.vertices[vertex].problem.as_ref().is_none_or(|known| worse(problem.code) > worse(known.code)) {
            let error = Rc::new(describe::located(&problem.error, self.path(vertex)));
            self.vertices[vertex].problem = Some(Problem { code: problem.code, error, early: false });
        }
    }

    /// The vertex that stands for `vertex`: the one that is left of its disjunction.
    fn deref(&self, mut vertex: VertexId) -> VertexId {
        while let Some(next) = self.vertices[vertex].forward {
            vertex = next;
        }
        vertex
    }

    /// What is wrong with `vertex` or below it, once it is final.
    fn problem_of(&self, vertex: VertexId) -> Option<Problem> {
        let vertex = &self.vertices[self.deref(vertex)];
        let own = vertex.problem.as_ref();
        match (own, &vertex.child_problem) {
            (Some(own), _) if own.code == Code::Fatal => Some(own.clone()),
            (_, Some(child)) => Some(child.clone()),
            (own, None) => own.cloned(),
        }
    }

    fn is_fatal(&self, vertex: VertexId) -> bool {
        self.problem_of(vertex).is_some_and(|problem| problem.code == Code::Fatal)
    }

    /// The value of `vertex`; of a disjunction its default.
    fn read(&mut self, vertex: VertexId) -> Result<Value, Problem> {
        self.finalize(vertex);
        if self.abort.is_some() {
            return Err(self.aborted());
        }
        self.vertices[vertex].read = true;
        let vertex = self.deref(vertex);
        if self.vertices[vertex].stage != Stage::Final {
            return match self.vertices[vertex].gathered.concrete.clone() {
                Some((value, _)) => Ok(value),
                None => Err(self.cycle(vertex)),
            };
        }
        if let Some(problem) = self.problem_of(vertex) {
            return Err(problem);
        }
        if let Some(member) = self.default_member(vertex) {
            return self.read(member);
        }
        Ok(self.vertices[vertex].value.clone().unwrap_or(Value::Ambiguous))
    }

    fn cycle(&self, vertex: VertexId) -> Problem {
        let path = self.path(vertex);
        let error = CueError::Cycle { file: self.file_of(Position::default()), at: Position::default(), path, what: "cycle with field" };
        Problem { code: Code::Cycle, error: Rc::new(error), early: false }
    }

    /// Whether the final value at `vertex` may stand: no cycle, and every field marked `!` there.
    fn validate(&self, vertex: VertexId, in_definition: bool) -> Result<(), CueError> {
        let vertex = self.deref(vertex);
        let found = &self.vertices[vertex];
        if let Some(problem) = self.problem_of(vertex) {
            let tolerated = match problem.code {
                Code::Fatal => false,
                Code::Incomplete => true,
                Code::Cycle => in_definition,
            };
            return if tolerated { Ok(()) } else { Err((*problem.error).clone()) };
        }
        for arc in found.arcs.iter() {
            match self.vertices[arc].marker {
                Marker::Optional => {}
                Marker::Required if in_definition => {}
                Marker::Required => return Err(self.required(arc)),
                Marker::Regular => self.validate(arc, in_definition || !self.vertices[arc].name.is_regular())?,
            }
        }
        Ok(())
    }

    fn required(&self, arc: VertexId) -> CueError {
        let at = self.vertices[arc].conjuncts.first().map_or_else(Position::default, |conjunct| conjunct.at());
        CueError::Required { file: self.file_of(at), at, path: self.path(arc) }
    }

    /// Whether `ancestor` is `vertex` or above it; what stands for the same place counts as the same.
    fn is_above(&self, ancestor: VertexId, vertex: VertexId) -> bool {
        let origin = self.vertices[ancestor].origin;
        let mut next = Some(vertex);
        while let Some(current) = next {
            if self.vertices[current].origin == origin {
                return true;
            }
            next = self.vertices[current].parent;
        }
        false
    }
}
