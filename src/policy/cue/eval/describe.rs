//! Values, paths and conflicts in words.

use std::rc::Rc;

use super::super::error::{CueError, Position};
use super::super::syntax::FieldName;
use super::super::value::{Bound, Kinds, Value, VertexId};
use super::vertex::{Conjunct, Term};
use super::{Code, Evaluator, Problem};
use crate::encoding::text::quote;

/// How much of a struct or list a message shows.
const SHOWN: usize = 8;

impl Value {
    /// Its kind, or the kinds that it may be of.
    pub(in super::super) fn kinds(&self) -> Kinds {
        match self {
            Self::Null => Kinds::NULL,
            Self::Bool(_) => Kinds::BOOL,
            Self::Number(number) => {
                if number.is_float() {
                    Kinds::FLOAT
                } else {
                    Kinds::INT
                }
            }
            Self::Text(_) => Kinds::TEXT,
            Self::Bytes(_) => Kinds::BYTES,
            Self::Composite(_) => Kinds::COMPOSITE,
            Self::Open(constraint) => constraint.kinds,
            Self::Ambiguous => Kinds::TOP,
        }
    }

    /// Whether two scalars are one value: same kind, same content.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Bytes(left), Self::Bytes(right)) => left == right,
            _ => false,
        }
    }
}

/// A label as it would be written in a policy.
pub(super) fn label(name: &FieldName) -> String {
    match name {
        FieldName::Index(index) => index.to_string(),
        FieldName::Definition(text) | FieldName::Hidden(text) => quote(text),
        FieldName::Regular(text) => {
            let plain = text.chars().enumerate().all(|(at, c)| c.is_alphabetic() || c == '$' || (at > 0 && (c.is_numeric() || c == '_')));
            if plain && !text.is_empty() { quote(text) } else { format!("\"{}\"", quote(text)) }
        }
    }
}

/// `error` with the path of the field, if it has none yet.
pub(super) fn located(error: &CueError, place: String) -> CueError {
    let mut error = error.clone();
    match &mut error {
        CueError::Conflict { path, .. }
        | CueError::OutOfBound { path, .. }
        | CueError::Unsatisfied { path, .. }
        | CueError::Evaluation { path, .. }
        | CueError::Incomplete { path, .. }
            if path.is_empty() =>
        {
            *path = place;
        }
        _ => {}
    }
    error
}

impl Evaluator<'_> {
    /// The path of `vertex` from the root.
    pub(super) fn path(&self, vertex: VertexId) -> String {
        let mut labels = Vec::new();
        let mut next = Some(vertex);
        while let Some(current) = next {
            let found = &self.vertices[current];
            if !matches!(&found.name, FieldName::Hidden(text) if text.is_empty()) {
                labels.push(label(&found.name));
            }
            next = found.parent;
        }
        labels.reverse();
        labels.join(".")
    }

    /// The kinds of a value; of a struct or list which of the two it is.
    pub(super) fn kinds_of(&self, value: &Value) -> Kinds {
        match value {
            Value::Composite(vertex) => match (&self.vertices[*vertex].gathered.list, self.vertices[*vertex].conjuncts.as_slice()) {
                (Some(_), _) => Kinds::LIST,
                (None, [Conjunct { term: Term::Data(data), .. }]) if matches!(**data, super::super::data::Data::List(_)) => Kinds::LIST,
                _ => Kinds::STRUCT,
            },
            value => value.kinds(),
        }
    }

    /// A value for a message.
    pub(super) fn show(&self, value: &Value) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => quote(&number.to_string()),
            Value::Text(text) => format!("\"{}\"", quote(&text.replace('\\', "\\\\").replace('"', "\\\""))),
            Value::Bytes(bytes) => format!("'{}'", bytes.escape_ascii().to_string().chars().take(256).collect::<String>()),
            Value::Composite(vertex) => self.show_vertex(*vertex, 0),
            Value::Ambiguous => "unresolved disjunction".to_owned(),
            Value::Open(constraint) => {
                let mut parts: Vec<String> = constraint.bounds.iter().map(|bound| self.show_bound(bound)).collect();
                parts.extend(constraint.checks.iter().map(|check| {
                    let arguments: Vec<String> = check.arguments.iter().map(|argument| self.show(argument)).collect();
                    format!("{}({})", check.function.name, arguments.join(","))
                }));
                if parts.is_empty() { constraint.kinds.to_string() } else { parts.join(" & ") }
            }
        }
    }

    fn show_bound(&self, bound: &Bound) -> String {
        format!("{}{}", bound.op.symbol(), self.show(&bound.value))
    }

    fn show_vertex(&self, vertex: VertexId, depth: usize) -> String {
        let vertex = self.deref(vertex);
        let found = &self.vertices[vertex];
        if let [Conjunct { term: Term::Data(data), .. }] = found.conjuncts.as_slice() {
            return show_data(data, depth);
        }
        let is_list = found.gathered.list.is_some();
        if depth > 3 {
            return "…".to_owned();
        }
        let mut parts = Vec::new();
        for (name, arc) in found.arcs.named().take(SHOWN) {
            let arc = self.deref(*arc);
            let shown = match &self.vertices[arc].value {
                Some(Value::Composite(inner)) => self.show_vertex(*inner, depth + 1),
                Some(value) => self.show(value),
                None => "_".to_owned(),
            };
            parts.push(if is_list { shown } else { format!("{}:{shown}", label(name)) });
        }
        if found.arcs.len() > SHOWN {
            parts.push("…".to_owned());
        }
        if is_list { format!("[{}]", parts.join(",")) } else { format!("{{{}}}", parts.join(",")) }
    }

    /// Where something that limits `vertex` stands in the policy.
    pub(super) fn claimed_at(&self, vertex: VertexId) -> Position {
        self.vertices[vertex].gathered.claims.iter().map(|(_, _, at)| *at).max().unwrap_or_default()
    }

    pub(super) fn out_of_bound(&self, value: &Value, bound: &Bound) -> Problem {
        let (file, path) = (self.file_of(bound.at), String::new());
        let error = CueError::OutOfBound { file, at: bound.at, path, value: self.show(value), bound: self.show_bound(bound) };
        Problem { code: Code::Fatal, error: Rc::new(error), early: false }
    }

    /// Two scalars that are not one; what the data says comes first.
    pub(super) fn conflict(&self, first: (&Value, Position), second: (&Value, Position)) -> Problem {
        let (left, right) = if first.1 > second.1 { (second, first) } else { (first, second) };
        let kinds = if left.0.kinds() == right.0.kinds() {
            String::new()
        } else {
            format!(" (mismatched types {} and {})", left.0.kinds(), right.0.kinds())
        };
        let (file, path) = (self.file_of(right.1), String::new());
        let error = CueError::Conflict { file, at: right.1, path, left: self.show(left.0), right: self.show(right.0), kinds: kinds.into() };
        Problem { code: Code::Fatal, error: Rc::new(error), early: false }
    }

    /// The first two things said of `vertex` that exclude each other by kind.
    pub(super) fn kind_conflict(&self, vertex: VertexId) -> Problem {
        let claims = &self.vertices[vertex].gathered.claims;
        let mut pairs = claims.iter().enumerate().flat_map(|(at, first)| claims[..at].iter().map(move |second| (second, first)));
        let found = pairs.find(|(first, second)| !first.0.meets(second.0));
        let Some(((left_kinds, left, left_at), (right_kinds, right, right_at))) = found else {
            return self.fatal(self.claimed_at(vertex), "conflicting values of different types");
        };
        let shown = |kinds: &Kinds, value: &Option<Value>| match value {
            Some(value) => self.show(value),
            None if *kinds == Kinds::LIST => self.show_vertex(vertex, 0).replace(['{', '}'], ""),
            None => "{…}".to_owned(),
        };
        let sides = [(shown(left_kinds, left), left_kinds, left_at), (shown(right_kinds, right), right_kinds, right_at)];
        let [first, second] = if left_at > right_at { [&sides[1], &sides[0]] } else { [&sides[0], &sides[1]] };
        let error = CueError::Conflict {
            file: self.file_of(*second.2),
            at: *second.2,
            path: String::new(),
            left: first.0.clone(),
            right: second.0.clone(),
            kinds: format!(" (mismatched types {} and {})", first.1, second.1).into(),
        };
        Problem { code: Code::Fatal, error: Rc::new(error), early: false }
    }
}

fn show_data(data: &super::super::data::Data, depth: usize) -> String {
    use super::super::data::Data;
    let joined = |parts: Vec<String>, more: bool| parts.join(",") + if more { ",…" } else { "" };
    match data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Number(number) => quote(&number.to_string()),
        Data::Text(text) => format!("\"{}\"", quote(text)),
        Data::Bytes(_) => "bytes".to_owned(),
        _ if depth > 3 => "…".to_owned(),
        Data::List(elements) => {
            let parts = elements.iter().take(SHOWN).map(|element| show_data(element, depth + 1)).collect();
            format!("[{}]", joined(parts, elements.len() > SHOWN))
        }
        Data::Object(members) => {
            let shown = |(key, value): &(std::sync::Arc<str>, Rc<Data>)| {
                format!("{}:{}", label(&FieldName::Regular(key.clone())), show_data(value, depth + 1))
            };
            let parts = members.iter().take(SHOWN).map(shown).collect();
            format!("{{{}}}", joined(parts, members.len() > SHOWN))
        }
    }
}
