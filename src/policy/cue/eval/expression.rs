//! Expressions that give a value: operators, interpolations, and everything else by way of a vertex.

use super::super::error::Position;
use super::super::number::Number;
use super::super::syntax::*;
use super::super::value::{Bound, Constraint, Kinds, Value};
use super::bounds::{equal_scalars, ordering};
use super::reference::Target;
use super::vertex::{Conjunct, FrameRef, Term};
use super::{Code, Evaluator, MAX_DEPTH, Problem};

/// The longest text that operators make.
const LONGEST: usize = 1 << 20;

impl<'a> Evaluator<'a> {
    /// The value of `expr`, defaults being taken.
    pub(super) fn evaluate_expr(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<Value, Problem> {
        if !self.step() {
            return Err(self.aborted());
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.limit("the depth of values");
        }
        let value = self.evaluated(expr, frame);
        self.depth -= 1;
        if self.abort.is_some() { Err(self.aborted()) } else { value }
    }

    fn evaluated(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<Value, Problem> {
        match &expr.kind {
            ExprKind::Null => Ok(Value::Null),
            ExprKind::Bottom => Err(self.fatal(expr.at, "explicit error (_|_ literal) in source")),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Number(number) => Ok(Value::Number(number.clone())),
            ExprKind::Text(text) => Ok(Value::Text(text.clone())),
            ExprKind::Bytes(bytes) => Ok(Value::Bytes(bytes.clone())),
            ExprKind::Interpolation { parts, .. } => self.interpolated(parts, frame),
            ExprKind::Paren(inner) => self.evaluate_expr(inner, frame),
            ExprKind::Name(_) | ExprKind::Selector(..) | ExprKind::Index(..) => match self.target(expr, frame)? {
                Target::Vertex(vertex) if self.vertices[vertex].marker == Marker::Required => {
                    Err(self.incomplete(expr.at, format!("{}: field is required but not present", self.path(vertex))))
                }
                Target::Vertex(vertex) => self.read(vertex),
                Target::Value(value) => Ok(value),
                Target::Expr(expr, frame) => self.evaluate_expr(expr, &frame),
            },
            ExprKind::Unary(op, operand) => self.unary(*op, operand, frame, expr.at),
            ExprKind::Bound(op, operand) => self.bound(*op, operand, frame, expr.at),
            ExprKind::Binary(op, left, right) => self.binary(*op, (left, right), frame, expr.at),
            ExprKind::Call(function, arguments) => {
                let function = self.function_of(function, frame)?;
                match function.call {
                    super::super::builtin::Call::And | super::super::builtin::Call::Or | super::super::builtin::Call::Close => {
                        self.read_temporary(expr, frame)
                    }
                    _ => self.call(function, arguments, frame, expr.at),
                }
            }
            ExprKind::And(..) | ExprKind::Or(_) | ExprKind::Struct(_) | ExprKind::List(_) => self.read_temporary(expr, frame),
        }
    }

    fn read_temporary(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<Value, Problem> {
        let vertex = self.temporary(expr, frame);
        self.read(vertex)
    }

    /// Whether the label `name` is among what `pattern` says.
    pub(super) fn pattern_matches(&mut self, pattern: &'a Expr, frame: &FrameRef<'a>, name: &std::sync::Arc<str>) -> Result<bool, Problem> {
        let vertex = self.temporary(pattern, frame);
        let label = Value::Text(name.clone());
        self.vertices[vertex].conjuncts.push(Conjunct::new(Term::Value(label, pattern.at), None));
        self.finalize(vertex);
        match self.problem_of(vertex) {
            None => Ok(true),
            Some(problem) if problem.code == Code::Fatal => Ok(false),
            Some(problem) => Err(problem),
        }
    }

    fn interpolated(&mut self, parts: &'a [Part], frame: &FrameRef<'a>) -> Result<Value, Problem> {
        let mut out = Vec::new();
        let mut worst = None;
        for part in parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Expr(expr) => match self.interpolated_part(expr, frame) {
                    Ok(text) => out.extend_from_slice(text.as_bytes()),
                    Err(problem) => worst = Problem::worse(worst, problem),
                },
            }
            if out.len() > LONGEST {
                self.limit("the length of a text");
                return Err(self.aborted());
            }
        }
        if let Some(problem) = worst {
            return Err(problem);
        }
        String::from_utf8(out)
            .map(|text| Value::Text(text.into()))
            .map_err(|_| self.fatal(Position::default(), "invalid UTF-8 in interpolation"))
    }

    fn interpolated_part(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<String, Problem> {
        let value = self.evaluate_expr(expr, frame)?;
        match &value {
            Value::Text(text) => Ok(text.to_string()),
            Value::Number(number) if !number.is_float() => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            Value::Open(open) if !open.kinds.meets(Kinds::SCALAR) => {
                Err(self.fatal(expr.at, format!("invalid interpolation: cannot use {} (type {})", self.show(&value), open.kinds)))
            }
            Value::Open(_) | Value::Ambiguous => Err(self.incomplete(expr.at, "non-concrete value in interpolation")),
            Value::Number(_) | Value::Bytes(_) => {
                self.refuse(expr.at, "a float or bytes in an interpolation");
                Err(self.aborted())
            }
            other => Err(self.fatal(expr.at, format!("invalid interpolation: cannot use {} (type {})", self.show(other), other.kinds()))),
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &'a Expr, frame: &FrameRef<'a>, at: Position) -> Result<Value, Problem> {
        let value = self.evaluate_expr(operand, frame)?;
        match (op, &value) {
            (UnaryOp::Plus, Value::Number(_)) => Ok(value),
            (UnaryOp::Minus, Value::Number(number)) => Ok(Value::Number(number.negated())),
            (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
            (_, Value::Open(open)) => {
                let wanted = if op == UnaryOp::Not { Kinds::BOOL } else { Kinds::NUMBER };
                if open.kinds.meets(wanted) {
                    return Err(self.incomplete(operand.at, "non-concrete operand"));
                }
                Err(self.fatal(at, format!("invalid operation (type {})", open.kinds)))
            }
            (_, Value::Ambiguous) => Err(self.incomplete(operand.at, "unresolved disjunction")),
            (_, other) => Err(self.fatal(at, format!("invalid operation on {} (type {})", self.show(other), other.kinds()))),
        }
    }

    fn bound(&mut self, op: BoundOp, operand: &'a Expr, frame: &FrameRef<'a>, at: Position) -> Result<Value, Problem> {
        let value = self.evaluate_expr(operand, frame)?;
        let allowed = match op {
            BoundOp::Match | BoundOp::NotMatch => Kinds::TEXT,
            BoundOp::NotEqual => Kinds::ORDERED.or(Kinds::NULL).or(Kinds::COMPOSITE),
            _ => Kinds::ORDERED,
        };
        match &value {
            Value::Ambiguous => return Err(self.incomplete(operand.at, "unresolved disjunction in a bound")),
            Value::Open(open) if open.kinds.meets(allowed) => return Err(self.incomplete(operand.at, "non-concrete value for a bound")),
            Value::Composite(_) | Value::Open(_) if op == BoundOp::NotEqual => {
                self.refuse(at, "!= with a struct or list as a constraint");
                return Err(self.aborted());
            }
            Value::Composite(_) | Value::Open(_) => {}
            other if other.kinds().within(allowed) => {
                let bound = Bound { op, value, at };
                let mut constraint = Constraint::of(bound.kinds());
                constraint.bounds.push(bound);
                return Ok(Value::Open(constraint.into()));
            }
            _ => {}
        }
        Err(self.fatal(at, format!("cannot use {} for bound {} (type {})", self.show(&value), op.symbol(), value.kinds())))
    }

    fn binary(&mut self, op: BinaryOp, operands: (&'a Expr, &'a Expr), frame: &FrameRef<'a>, at: Position) -> Result<Value, Problem> {
        let (left, right) = operands;
        let equality = matches!(op, BinaryOp::Equal | BinaryOp::Compare(BoundOp::NotEqual));
        for (bottom, other) in [(left, right), (right, left)] {
            if equality && matches!(bottom.kind, ExprKind::Bottom) {
                return self.exists(other, frame).map(|exists| Value::Bool(exists == (op != BinaryOp::Equal)));
            }
        }
        let first = self.operand(left, frame);
        let second = self.operand(right, frame);
        match (first, second) {
            (Ok(first), Ok(second)) => self.combine(op, &first, &second, at),
            (Err(first), Err(second)) => Err(Problem::worse(Some(first.clone()), second).unwrap_or(first)),
            (Err(problem), Ok(_)) | (Ok(_), Err(problem)) => Err(problem),
        }
    }

    /// Whether `expr` has a value: `!= _|_`. As in Go, a scalar that is not concrete has none, but an undecided
    /// disjunction has, and what may be a struct.
    fn exists(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<bool, Problem> {
        match self.evaluate_expr(expr, frame) {
            Ok(Value::Open(open)) => Ok(open.kinds.meets(Kinds::COMPOSITE)),
            Ok(_) => Ok(true),
            Err(_) if self.abort.is_some() => Err(self.aborted()),
            Err(problem) if problem.code == Code::Cycle => Err(problem),
            Err(_) => Ok(false),
        }
    }

    /// A concrete operand.
    fn operand(&mut self, expr: &'a Expr, frame: &FrameRef<'a>) -> Result<Value, Problem> {
        match self.evaluate_expr(expr, frame)? {
            Value::Open(open) => Err(self.incomplete(expr.at, format!("non-concrete value {} in operand", open.kinds))),
            Value::Ambiguous => Err(self.incomplete(expr.at, "unresolved disjunction")),
            // As in Go, also what no operator takes must be concrete.
            value @ Value::Composite(_) => self.export(&value, expr.at).map(|_| value),
            value => Ok(value),
        }
    }

    fn combine(&mut self, op: BinaryOp, left: &Value, right: &Value, at: Position) -> Result<Value, Problem> {
        let result = match (op, left, right) {
            (BinaryOp::Equal, ..) => Some(Value::Bool(self.equal(left, right, at)?)),
            (BinaryOp::Compare(BoundOp::NotEqual), ..) => Some(Value::Bool(!self.equal(left, right, at)?)),
            (BinaryOp::Compare(compare), ..) => match self.compare(compare, left, right) {
                Ok(found) => found.map(Value::Bool),
                Err(reason) => return Err(self.fatal(at, reason)),
            },
            (BinaryOp::BoolAnd, Value::Bool(left), Value::Bool(right)) => Some(Value::Bool(*left && *right)),
            (BinaryOp::BoolOr, Value::Bool(left), Value::Bool(right)) => Some(Value::Bool(*left || *right)),
            (_, Value::Number(left), Value::Number(right)) => return self.arithmetic(op, left, right, at),
            (BinaryOp::Add, Value::Text(left), Value::Text(right)) if left.len() + right.len() <= LONGEST => {
                Some(Value::Text([&**left, right].concat().into()))
            }
            (BinaryOp::Add, Value::Bytes(left), Value::Bytes(right)) if left.len() + right.len() <= LONGEST => {
                Some(Value::Bytes([&**left, right].concat().into()))
            }
            (BinaryOp::Multiply, Value::Text(text), Value::Number(times))
            | (BinaryOp::Multiply, Value::Number(times), Value::Text(text))
                if !times.is_float() =>
            {
                match times.to_usize().filter(|times| text.len().saturating_mul(*times) <= LONGEST && *times <= LONGEST) {
                    Some(times) => Some(Value::Text(text.repeat(times).into())),
                    None => return Err(self.fatal(at, "string multiplication out of range")),
                }
            }
            (BinaryOp::Multiply, Value::Bytes(_), _) | (BinaryOp::Multiply, _, Value::Bytes(_)) => {
                self.refuse(at, "a multiplication of bytes");
                None
            }
            _ => None,
        };
        result.ok_or_else(|| {
            let (shown, other) = (self.show(left), self.show(right));
            self.fatal(at, format!("invalid operands {shown} and {other} (type {} and {})", left.kinds(), right.kinds()))
        })
    }

    fn equal(&mut self, left: &Value, right: &Value, at: Position) -> Result<bool, Problem> {
        if let (Value::Composite(_), Value::Composite(_)) = (left, right) {
            let (left, right) = (self.export(left, at)?, self.export(right, at)?);
            return Ok(super::super::builtin::equal(&left, &right));
        }
        Ok(equal_scalars(left, right).unwrap_or(false) && (ordering(left, right).is_some() || left.kinds() == right.kinds()))
    }

    fn arithmetic(&mut self, op: BinaryOp, left: &Number, right: &Number, at: Position) -> Result<Value, Problem> {
        let ints = !left.is_float() && !right.is_float();
        let number = match op {
            BinaryOp::Add => left.plus(right),
            BinaryOp::Subtract => left.minus(right),
            BinaryOp::Multiply => left.times(right),
            BinaryOp::Divide => left.over(right),
            BinaryOp::Div if ints => left.euclidean(right).map(|result| result.0),
            BinaryOp::Mod if ints => left.euclidean(right).map(|result| result.1),
            BinaryOp::Quo if ints => left.truncated(right).map(|result| result.0),
            BinaryOp::Rem if ints => left.truncated(right).map(|result| result.1),
            _ => return Err(self.fatal(at, format!("invalid operands {left} and {right}"))),
        };
        let division = !matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply) && right.is_zero();
        let reason = if division { "failed arithmetic: division by zero" } else { "failed arithmetic: number out of range" };
        number.map(Value::Number).ok_or_else(|| self.fatal(at, reason))
    }
}

/// What a predeclared name of a type stands for.
pub(in super::super) fn predeclared_kinds(name: &str) -> Option<Constraint> {
    let ranged = |kinds: Kinds, low: &str, high: Option<&str>| {
        let bound = |op, text: &str| Number::parse(text).map(|number| Bound { op, value: Value::Number(number), at: Position::default() });
        let mut constraint = Constraint::of(kinds);
        constraint.bounds.extend(bound(BoundOp::GreaterEqual, low));
        constraint.bounds.extend(high.and_then(|high| bound(BoundOp::LessEqual, high)));
        Some(constraint)
    };
    let int = |low: &str, high: &str| ranged(Kinds::INT, low, Some(high));
    match name {
        "_" => Some(Constraint::of(Kinds::TOP)),
        "string" => Some(Constraint::of(Kinds::TEXT)),
        "bytes" => Some(Constraint::of(Kinds::BYTES)),
        "bool" => Some(Constraint::of(Kinds::BOOL)),
        "int" => Some(Constraint::of(Kinds::INT)),
        "float" => Some(Constraint::of(Kinds::FLOAT)),
        "number" => Some(Constraint::of(Kinds::NUMBER)),
        "uint" => ranged(Kinds::INT, "0", None),
        "rune" => int("0", "1114111"),
        "int8" => int("-128", "127"),
        "int16" => int("-32768", "32767"),
        "int32" => int("-2147483648", "2147483647"),
        "int64" => int("-9223372036854775808", "9223372036854775807"),
        "int128" => int("-170141183460469231731687303715884105728", "170141183460469231731687303715884105727"),
        "uint8" => int("0", "255"),
        "uint16" => int("0", "65535"),
        "uint32" => int("0", "4294967295"),
        "uint64" => int("0", "18446744073709551615"),
        "uint128" => int("0", "340282366920938463463374607431768211455"),
        "float32" => {
            ranged(Kinds::NUMBER, "-3.40282346638528859811704183484516925440e38", Some("3.40282346638528859811704183484516925440e38"))
        }
        "float64" => {
            ranged(Kinds::NUMBER, "-1.797693134862315708145274237317043567981e308", Some("1.797693134862315708145274237317043567981e308"))
        }
        _ => None,
    }
}
