//! What expressions evaluate to.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::builtin::Function;
use super::error::Position;
use super::number::Number;
use super::syntax::BoundOp;

/// Where a vertex lies in the evaluator's arena.
pub(super) type VertexId = usize;

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub const NULL: Self = Self(1);
    pub const BOOL: Self = Self(2);
    pub const INT: Self = Self(4);
    pub const FLOAT: Self = Self(8);
    pub const NUMBER: Self = Self(12);
    pub const TEXT: Self = Self(16);
    pub const BYTES: Self = Self(32);
    pub const LIST: Self = Self(64);
    pub const STRUCT: Self = Self(128);
    pub const TOP: Self = Self(255);
    pub const NOT_NULL: Self = Self(254);
    pub const COMPOSITE: Self = Self(192);
    pub const SCALAR: Self = Self(2 + 4 + 8 + 16 + 32);
    /// What an index may be of while it is not known.
    pub const INDEX: Self = Self(4 + 8 + 16);
    /// What `<` and its like compare.
    pub const ORDERED: Self = Self(4 + 8 + 16 + 32);

    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every kind of it is in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: &[(Kinds, &str)] = &[
            (Kinds::NULL, "null"),
            (Kinds::BOOL, "bool"),
            (Kinds::NUMBER, "number"),
            (Kinds::INT, "int"),
            (Kinds::FLOAT, "float"),
            (Kinds::TEXT, "string"),
            (Kinds::BYTES, "bytes"),
            (Kinds::LIST, "list"),
            (Kinds::STRUCT, "struct"),
        ];
        if *self == Self::TOP {
            return f.write_str("_");
        }
        let mut left = *self;
        let mut names = Vec::new();
        for (kinds, name) in NAMES {
            if !kinds.is_empty() && kinds.within(left) {
                names.push(*name);
                left = Self(left.0 & !kinds.0);
            }
        }
        match names.as_slice() {
            [] => f.write_str("_|_"),
            [one] => f.write_str(one),
            _ => write!(f, "({})", names.join("|")),
        }
    }
}

/// The value of an expression or a vertex.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    /// A struct or a list.
    Composite(VertexId),
    /// Not concrete: kinds, bounds and checks.
    Open(Rc<Constraint>),
    /// A disjunction of several values without one default.
    Ambiguous,
}

/// What a value must be, while it is not known.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    pub kinds: Kinds,
    pub bounds: Vec<Bound>,
    pub checks: Vec<Check>,
}

impl Constraint {
    /// A value of these kinds.
    pub fn of(kinds: Kinds) -> Self {
        Self { kinds, bounds: Vec::new(), checks: Vec::new() }
    }
}

/// `<5`, `!="x"`, `=~"^a"`.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub op: BoundOp,
    pub value: Value,
    pub at: Position,
}

impl Bound {
    /// The kinds of values that can meet it.
    pub fn kinds(&self) -> Kinds {
        match (&self.op, &self.value) {
            (BoundOp::Match | BoundOp::NotMatch, _) => Kinds::TEXT,
            (BoundOp::NotEqual, Value::Null) => Kinds::NOT_NULL,
            (_, Value::Number(_)) => Kinds::NUMBER,
            (_, Value::Text(_)) => Kinds::TEXT,
            (_, Value::Bytes(_)) => Kinds::BYTES,
            (_, Value::Bool(_)) => Kinds::BOOL,
            _ => Kinds::TOP,
        }
    }
}

/// A function that wants its first argument: the value.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub function: &'static Function,
    pub arguments: Vec<Value>,
    pub at: Position,
}

impl BoundOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::NotEqual => "!=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
        }
    }
}
