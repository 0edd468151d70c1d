//! Calls of functions, and functions as checks.

use std::rc::Rc;

use super::super::builtin::{self, Call, Function, Member, Want};
use super::super::data::Data;
use super::super::error::{CueError, Position};
use super::super::number::Number;
use super::super::syntax::*;
use super::super::value::{Check, Constraint, Kinds, Value, VertexId};
use super::vertex::{Conjunct, FrameRef, Term};
use super::{Code, Evaluator, Problem};

/// `function` as a constraint, with all its arguments but the first.
pub(super) fn check_of(function: &'static Function, arguments: Vec<Value>, at: Position) -> Value {
    let mut constraint = Constraint::of(function.parameters.first().copied().unwrap_or(Kinds::TOP));
    constraint.checks.push(Check { function, arguments, at });
    Value::Open(constraint.into())
}

impl<'a> Evaluator<'a> {
    /// The function that `expr` names.
    pub(super) fn function_of(&self, expr: &Expr, frame: &FrameRef<'a>) -> Result<&'static Function, Problem> {
        let found = match &expr.kind {
            ExprKind::Name(name) => builtin::predeclared(name),
            ExprKind::Selector(base, FieldName::Regular(name)) => {
                self.import_of(base, frame).and_then(|import| match builtin::member(&import.path, name) {
                    Some(Member::Function(function)) => Some(function),
                    _ => None,
                })
            }
            _ => None,
        };
        found.ok_or_else(|| self.fatal(expr.at, "cannot call non-function"))
    }

    /// The value of a call; without its first argument, a function that checks is a constraint.
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        arguments: &'a [Expr],
        frame: &FrameRef<'a>,
        at: Position,
    ) -> Result<Value, Problem> {
        let mut values = Vec::with_capacity(arguments.len());
        let partial = arguments.len() < function.parameters.len();
        let mut worst = None;
        for (index, argument) in arguments.iter().enumerate() {
            let wanted = function.parameters[index + usize::from(partial)];
            match self.evaluate_expr(argument, frame) {
                Ok(value) => match self.check_argument(function, index, &value, wanted, argument.at) {
                    Ok(()) => values.push(value),
                    Err(problem) => worst = Problem::worse(worst, problem),
                },
                Err(problem) => worst = Problem::worse(worst, problem),
            }
        }
        if let Some(problem) = worst {
            return Err(problem);
        }
        if partial {
            return Ok(check_of(function, values, at));
        }
        match function.call {
            Call::Len => self.length(&values[0], at),
            Call::Value(run) => {
                let data = self.exported(&values, at)?;
                let result = run(&data).map_err(|reason| self.fatal(at, format!("error in call to {}: {reason}", function.name)))?;
                Ok(self.imported(Rc::new(result)))
            }
            _ => match self.holds(function, &values, at)? {
                Ok(holds) => Ok(Value::Bool(holds)),
                Err(reason) => Err(self.fatal(at, format!("error in call to {}: {reason}", function.name))),
            },
        }
    }

    fn check_argument(&self, function: &Function, index: usize, value: &Value, wanted: Kinds, at: Position) -> Result<(), Problem> {
        match value {
            Value::Ambiguous => Err(self.incomplete(at, "unresolved disjunction")),
            Value::Open(open) if open.kinds.meets(wanted) => {
                Err(self.incomplete(at, format!("non-concrete argument {} in call to {}", index + 1, function.name)))
            }
            value if self.kinds_of(value).within(wanted) => Ok(()),
            value => {
                let (shown, kinds) = (self.show(value), self.kinds_of(value));
                Err(self.fatal(at, format!("cannot use {shown} (type {kinds}) as {wanted} in argument {} to {}", index + 1, function.name)))
            }
        }
    }

    /// What a function that checks says: whether it holds, or why it does not.
    fn holds(&mut self, function: &Function, arguments: &[Value], at: Position) -> Result<Result<bool, String>, Problem> {
        match function.call {
            Call::Check(run) => match self.exported(arguments, at) {
                Ok(arguments) => Ok(run(&arguments)),
                Err(problem) => {
                    if arguments.iter().any(|argument| matches!(argument, Value::Composite(_))) {
                        self.refuse(at, &format!("{} of what is not concrete", function.name));
                    }
                    Err(problem)
                }
            },
            Call::Count(run, want) => {
                let has = self.count(&arguments[0]);
                let wanted = match &arguments[1] {
                    Value::Number(number) => number.to_usize(),
                    _ => None,
                };
                let result = wanted.map_or_else(|| Err("count out of range".to_owned()), |wanted| run(has, wanted));
                match &result {
                    Err(reason) if want == Want::AtLeast && self.may_grow(&arguments[0]) => Err(self.incomplete(at, reason.clone())),
                    _ => Ok(result),
                }
            }
            _ => Ok(Err("is no check".to_owned())),
        }
    }

    /// Holds `value` against `check`.
    pub(super) fn satisfies(&mut self, check: &Check, value: &Value) -> Result<(), Problem> {
        let mut arguments = vec![value.clone()];
        arguments.extend(check.arguments.iter().cloned());
        let reason = match self.holds(check.function, &arguments, check.at)? {
            Ok(true) => return Ok(()),
            Ok(false) => String::new(),
            Err(reason) => format!(": {reason}"),
        };
        let given: Vec<String> = check.arguments.iter().map(|argument| self.show(argument)).collect();
        let call = if given.is_empty() { check.function.name.to_owned() } else { format!("{}({})", check.function.name, given.join(",")) };
        let (file, at, value) = (self.file_of(check.at), check.at, self.show(value));
        let error = CueError::Unsatisfied { file, at, path: String::new(), value, check: call, reason: reason.into() };
        Err(Problem { code: Code::Fatal, error: Rc::new(error), early: false })
    }

    /// Whether more data could add fields or elements to a value.
    fn may_grow(&self, value: &Value) -> bool {
        let Value::Composite(vertex) = value else { return false };
        match &self.vertices[*vertex].gathered.list {
            Some(shape) => shape.length.is_none(),
            None => !self.is_closed(*vertex),
        }
    }

    /// How many fields or elements a value has.
    fn count(&mut self, value: &Value) -> usize {
        let Value::Composite(vertex) = value else { return 0 };
        self.gather_lazily(*vertex);
        let counts = |(name, arc): &&(FieldName, VertexId)| name.is_regular() && self.vertices[*arc].marker == Marker::Regular;
        self.vertices[*vertex].arcs.named().filter(counts).count()
    }

    fn length(&mut self, value: &Value, at: Position) -> Result<Value, Problem> {
        let length = match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Composite(_) => self.count(value),
            _ => return Err(self.incomplete(at, "non-concrete argument in call to len")),
        };
        Ok(Value::Number(Number::int(i64::try_from(length).unwrap_or(i64::MAX))))
    }

    fn exported(&mut self, values: &[Value], at: Position) -> Result<Vec<Rc<Data>>, Problem> {
        values.iter().map(|value| self.export(value, at)).collect()
    }

    /// A concrete value as data.
    pub(super) fn export(&mut self, value: &Value, at: Position) -> Result<Rc<Data>, Problem> {
        Ok(Rc::new(match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => Data::Number(number.clone()),
            Value::Text(text) => Data::Text(text.clone()),
            Value::Bytes(bytes) => Data::Bytes(bytes.clone()),
            Value::Open(_) | Value::Ambiguous => return Err(self.incomplete(at, "non-concrete value")),
            Value::Composite(vertex) => return self.export_composite(*vertex, at),
        }))
    }

    fn export_composite(&mut self, vertex: VertexId, at: Position) -> Result<Rc<Data>, Problem> {
        if let [Conjunct { term: Term::Data(data), .. }] = self.vertices[vertex].conjuncts.as_slice()
            && !self.eager
        {
            return Ok(data.clone());
        }
        self.gather_lazily(vertex);
        let is_list = self.vertices[vertex].gathered.list.is_some();
        let arcs: Vec<(FieldName, VertexId)> = self.vertices[vertex].arcs.named().cloned().collect();
        let (mut elements, mut members) = (Vec::new(), Vec::new());
        for (name, arc) in arcs {
            if self.vertices[arc].marker == Marker::Required {
                return Err(self.incomplete(at, "a required field is not there"));
            }
            if self.vertices[arc].marker != Marker::Regular || !name.is_regular() {
                continue;
            }
            let value = self.read(arc)?;
            let data = self.export(&value, at)?;
            match name {
                FieldName::Regular(key) => members.push((key, data)),
                _ => elements.push(data),
            }
        }
        Ok(Rc::new(if is_list { Data::List(elements) } else { Data::Object(members) }))
    }

    /// Data as a value.
    fn imported(&mut self, data: Rc<Data>) -> Value {
        match &*data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::Text(text.clone()),
            Data::Bytes(bytes) => Value::Bytes(bytes.clone()),
            Data::List(_) | Data::Object(_) => {
                let vertex = self.add_vertex(None, FieldName::Hidden("".into()));
                self.vertices[vertex].conjuncts.push(Conjunct::new(Term::Data(data), None));
                self.finalize(vertex);
                Value::Composite(vertex)
            }
        }
    }
}
