//! The syntax tree of a policy.

use std::collections::HashSet;
use std::sync::Arc;

use super::error::Position;
use super::number::Number;

/// A file of a policy as it was written.
#[derive(Debug)]
pub(super) struct File {
    /// Its name, safe to show.
    pub name: String,
    /// The package that it belongs to; `None` for `_`, too.
    pub package: Option<Arc<str>>,
    pub imports: Vec<Import>,
    pub body: Struct,
}

/// The files of a policy: their structs are unified.
#[derive(Debug)]
pub(super) struct Instance {
    pub files: Vec<File>,
    /// The top-level fields, by plain names, of the files that belong to a package: every file may refer to these.
    pub shared: HashSet<Arc<str>>,
}

impl Instance {
    /// Joins files.
    pub fn new(files: Vec<File>) -> Self {
        let shared = files.iter().filter(|file| file.package.is_some()).flat_map(|file| file.body.field_names().cloned()).collect();
        Self { files, shared }
    }

    /// The name of the file in which `at` is.
    pub fn name_of(&self, at: Position) -> String {
        self.files.get(usize::from(at.file)).map_or_else(String::new, |file| file.name.clone())
    }
}

/// `import name "path"`.
#[derive(Debug)]
pub(super) struct Import {
    pub at: Position,
    pub name: Arc<str>,
    pub path: Arc<str>,
}

/// An expression and where it begins.
#[derive(Debug)]
pub(super) struct Expr {
    pub at: Position,
    pub kind: ExprKind,
}

impl Expr {
    /// The expressions that it is made of, not looking into structs and lists.
    pub fn operands(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) | ExprKind::Bound(_, inner) | ExprKind::Selector(inner, _) => vec![inner],
            ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) | ExprKind::And(left, right) => vec![left, right],
            ExprKind::Call(_, arguments) => arguments.iter().collect(),
            ExprKind::Or(disjuncts) => disjuncts.iter().map(|disjunct| &disjunct.value).collect(),
            ExprKind::Interpolation { parts, .. } => {
                parts.iter().filter_map(|part| if let Part::Expr(expr) = part { Some(expr) } else { None }).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether `_|_` is part of it.
    pub fn mentions_bottom(&self) -> bool {
        matches!(self.kind, ExprKind::Bottom) || self.operands().into_iter().any(Self::mentions_bottom)
    }
}

/// What an expression is.
#[derive(Debug)]
pub(super) enum ExprKind {
    Null,
    Bottom,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Interpolation {
        parts: Vec<Part>,
        bytes: bool,
    },
    /// A name: a field, a `let`, a variable, an import or something predeclared.
    Name(Arc<str>),
    Paren(Box<Expr>),
    Selector(Box<Expr>, FieldName),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Bound(BoundOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Vec<Disjunct>),
    Struct(Struct),
    List(Vec<Element>),
}

/// A member of a disjunction; the preferred ones are marked `*`.
#[derive(Debug)]
pub(super) struct Disjunct {
    pub preferred: bool,
    pub value: Expr,
}

/// A piece of an interpolated text.
#[derive(Debug)]
pub(super) enum Part {
    Text(Vec<u8>),
    Expr(Expr),
}

/// An element of a list.
#[derive(Debug)]
pub(super) enum Element {
    Value(Expr),
    Comprehension(Comprehension),
    /// `...` or `...T`, always last.
    Ellipsis(Option<Expr>),
}

/// Signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnaryOp {
    Plus,
    Minus,
    Not,
}

/// What a bound compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoundOp {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    NotEqual,
    Match,
    NotMatch,
}

/// Operators between two values; `&` and `|` are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Div,
    Mod,
    Quo,
    Rem,
    Equal,
    Compare(BoundOp),
    BoolAnd,
    BoolOr,
}

/// `{ … }`, or the whole file.
#[derive(Debug)]
pub(super) struct Struct {
    pub at: Position,
    pub declarations: Vec<Declaration>,
}

impl Struct {
    /// The names of its fields that a name may refer to.
    pub fn field_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.declarations.iter().filter_map(|declaration| match declaration {
            Declaration::Field(Field {
                name: FieldName::Regular(name) | FieldName::Definition(name) | FieldName::Hidden(name),
                referable: true,
                ..
            }) => Some(name),
            _ => None,
        })
    }
}

/// What stands in a struct.
#[derive(Debug)]
pub(super) enum Declaration {
    Field(Field),
    /// `[pattern]: value`.
    Pattern {
        pattern: Expr,
        value: Expr,
    },
    /// `(label): value` or `"\(label)": value`.
    Dynamic {
        label: Expr,
        marker: Marker,
        value: Expr,
    },
    Ellipsis,
    Embedding(Expr),
    Let {
        at: Position,
        name: Arc<str>,
        value: Expr,
    },
    Comprehension(Comprehension),
}

/// `label: value`.
#[derive(Debug)]
pub(super) struct Field {
    pub at: Position,
    pub name: FieldName,
    /// Whether references can name it: it was written without quotes.
    pub referable: bool,
    pub marker: Marker,
    pub value: Expr,
}

/// `?`, `!` or nothing behind a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Regular,
    Optional,
    Required,
}

/// A label: the same text names different fields as `x`, `#x` and `_x` written without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FieldName {
    Regular(Arc<str>),
    Definition(Arc<str>),
    Hidden(Arc<str>),
    Index(usize),
}

impl FieldName {
    /// The label that an identifier written without quotes is.
    pub fn of_identifier(name: Arc<str>) -> Self {
        if name.starts_with('#') || name.starts_with("_#") {
            Self::Definition(name)
        } else if name.starts_with('_') {
            Self::Hidden(name)
        } else {
            Self::Regular(name)
        }
    }

    /// The label itself; none of an element.
    pub fn text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Regular(name) | Self::Definition(name) | Self::Hidden(name) => Some(name),
            Self::Index(_) => None,
        }
    }

    /// Whether it is data: not a definition, not hidden.
    pub fn is_regular(&self) -> bool {
        matches!(self, Self::Regular(_) | Self::Index(_))
    }
}

/// `for …`, `if …` and `let …` clauses, and what they yield.
#[derive(Debug)]
pub(super) struct Comprehension {
    pub at: Position,
    pub clauses: Vec<Clause>,
    /// Always a struct literal.
    pub value: Expr,
}

/// A clause of a comprehension.
#[derive(Debug)]
pub(super) enum Clause {
    For { key: Option<Arc<str>>, value: Arc<str>, source: Expr },
    If(Expr),
    Let { name: Arc<str>, value: Expr },
}
