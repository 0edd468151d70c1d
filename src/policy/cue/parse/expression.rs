//! Expressions, by precedence.

use std::sync::Arc;

use super::super::error::{CueError, Position};
use super::super::syntax::*;
use super::lex::{Piece, Spot, Token};
use super::{KEYWORDS, Parser};

/// What binds two values together, and how tight.
const BINARY: &[(&str, u8, BinaryOp)] = &[
    ("||", 3, BinaryOp::BoolOr),
    ("&&", 4, BinaryOp::BoolAnd),
    ("==", 5, BinaryOp::Equal),
    ("!=", 5, BinaryOp::Compare(BoundOp::NotEqual)),
    ("<", 5, BinaryOp::Compare(BoundOp::Less)),
    ("<=", 5, BinaryOp::Compare(BoundOp::LessEqual)),
    (">", 5, BinaryOp::Compare(BoundOp::Greater)),
    (">=", 5, BinaryOp::Compare(BoundOp::GreaterEqual)),
    ("=~", 5, BinaryOp::Compare(BoundOp::Match)),
    ("!~", 5, BinaryOp::Compare(BoundOp::NotMatch)),
    ("+", 6, BinaryOp::Add),
    ("-", 6, BinaryOp::Subtract),
    ("*", 7, BinaryOp::Multiply),
    ("/", 7, BinaryOp::Divide),
    ("div", 7, BinaryOp::Div),
    ("mod", 7, BinaryOp::Mod),
    ("quo", 7, BinaryOp::Quo),
    ("rem", 7, BinaryOp::Rem),
];

const BOUNDS: &[(&str, BoundOp)] = &[
    ("<", BoundOp::Less),
    ("<=", BoundOp::LessEqual),
    (">", BoundOp::Greater),
    (">=", BoundOp::GreaterEqual),
    ("!=", BoundOp::NotEqual),
    ("=~", BoundOp::Match),
    ("!~", BoundOp::NotMatch),
];

impl Parser<'_> {
    /// An expression with everything that may stand in it.
    pub(super) fn expression(&mut self) -> Result<Expr, CueError> {
        self.enter()?;
        let at = self.at();
        let mut disjuncts = vec![self.disjunct()?];
        while self.accept("|") {
            disjuncts.push(self.disjunct()?);
        }
        self.leave();
        if disjuncts.len() > 1 {
            return Ok(Expr { at, kind: ExprKind::Or(disjuncts) });
        }
        match disjuncts.pop() {
            Some(Disjunct { preferred: false, value }) => Ok(value),
            _ => Err(self.syntax(at, "preference mark not allowed at this position")),
        }
    }

    fn disjunct(&mut self) -> Result<Disjunct, CueError> {
        let at = self.at();
        let preferred = self.accept("*");
        let value = self.conjunction()?;
        if preferred && matches!(value.kind, ExprKind::And(..) | ExprKind::Binary(..)) {
            return Err(self.syntax(at, "preference mark not allowed at this position"));
        }
        Ok(Disjunct { preferred, value })
    }

    fn conjunction(&mut self) -> Result<Expr, CueError> {
        let at = self.at();
        let mut left = self.binary(3)?;
        let mut length = 0;
        while self.accept("&") {
            length += 1;
            self.check_length(length)?;
            let right = self.binary(3)?;
            left = Expr { at, kind: ExprKind::And(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn binary(&mut self, least: u8) -> Result<Expr, CueError> {
        let at = self.at();
        let mut left = self.unary()?;
        let mut length = 0;
        while let Some((precedence, op)) = self.operator().filter(|(precedence, _)| *precedence >= least) {
            self.next += 1;
            length += 1;
            self.check_length(length)?;
            let right = self.binary(precedence + 1)?;
            left = Expr { at, kind: ExprKind::Binary(op, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    /// A chain becomes a tree as deep as it is long.
    fn check_length(&self, length: usize) -> Result<(), CueError> {
        if length > super::MAX_DEPTH {
            Err(CueError::Limit { file: self.file.to_owned(), limit: "the length of expressions" })
        } else {
            Ok(())
        }
    }

    fn operator(&self) -> Option<(u8, BinaryOp)> {
        let text: &str = match self.token() {
            Token::Symbol(symbol) => symbol,
            Token::Name(name) => name,
            _ => return None,
        };
        BINARY.iter().find(|(name, ..)| *name == text).map(|(_, precedence, op)| (*precedence, *op))
    }

    fn unary(&mut self) -> Result<Expr, CueError> {
        let at = self.at();
        let Token::Symbol(symbol) = self.token() else { return self.primary() };
        if let Some((_, op)) = BOUNDS.iter().find(|(name, _)| name == symbol) {
            self.next += 1;
            return self.operand(at, |operand| ExprKind::Bound(*op, operand));
        }
        let op = match *symbol {
            "+" => UnaryOp::Plus,
            "-" => UnaryOp::Minus,
            "!" => UnaryOp::Not,
            "*" => return Err(self.error("preference mark not allowed at this position")),
            _ => return self.primary(),
        };
        self.next += 1;
        self.operand(at, |operand| ExprKind::Unary(op, operand))
    }

    fn operand(&mut self, at: Position, kind: impl FnOnce(Box<Expr>) -> ExprKind) -> Result<Expr, CueError> {
        self.enter()?;
        let operand = self.unary()?;
        self.leave();
        Ok(Expr { at, kind: kind(Box::new(operand)) })
    }

    /// An operand with its selectors, indices and calls.
    pub(super) fn primary(&mut self) -> Result<Expr, CueError> {
        let at = self.at();
        let mut expr = Expr { at, kind: self.simple()? };
        let mut length = 0;
        loop {
            length += 1;
            self.check_length(length)?;
            let base = |expr| Box::new(expr);
            if self.accept(".") {
                let name = self.selector()?;
                expr = Expr { at, kind: ExprKind::Selector(base(expr), name) };
            } else if self.accept("[") {
                if self.is(":") {
                    return Err(self.unsupported(at, "a slice"));
                }
                let index = self.expression()?;
                if self.is(":") {
                    return Err(self.unsupported(at, "a slice"));
                }
                self.accept(",");
                self.expect("]")?;
                expr = Expr { at, kind: ExprKind::Index(base(expr), Box::new(index)) };
            } else if self.accept("(") {
                let arguments = self.arguments()?;
                expr = Expr { at, kind: ExprKind::Call(base(expr), arguments) };
            } else if self.is("?") && !self.ahead_is(1, ":") {
                return Err(self.unsupported(self.at(), "an optional reference"));
            } else {
                return Ok(expr);
            }
        }
    }

    fn selector(&mut self) -> Result<FieldName, CueError> {
        let name = match self.token() {
            Token::Name(name) => FieldName::of_identifier(name.clone()),
            Token::Text(name) => FieldName::Regular(name.clone()),
            _ => return Err(self.unexpected("expected selector")),
        };
        self.next += 1;
        Ok(name)
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, CueError> {
        let mut arguments = Vec::new();
        while !self.is(")") {
            arguments.push(self.expression()?);
            if !self.accept(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(arguments)
    }

    fn simple(&mut self) -> Result<ExprKind, CueError> {
        let token = self.token();
        let kind = match token {
            Token::Name(name) => self.named(name)?,
            Token::Number(number) => ExprKind::Number(number.clone()),
            Token::Text(text) => ExprKind::Text(text.clone()),
            Token::Bytes(bytes) => ExprKind::Bytes(bytes.clone()),
            Token::Interpolation { pieces, bytes } => self.interpolation(pieces, *bytes)?,
            Token::Symbol("_|_") => ExprKind::Bottom,
            Token::Symbol("(") => return self.paren(),
            Token::Symbol("{") => return self.struct_literal(),
            Token::Symbol("[") => return self.list_literal(),
            _ => return Err(self.unexpected("expected operand")),
        };
        self.next += 1;
        Ok(kind)
    }

    fn named(&self, name: &Arc<str>) -> Result<ExprKind, CueError> {
        Ok(match &**name {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "div" | "mod" | "quo" | "rem" if self.ahead_is(1, "(") => ExprKind::Name(name.clone()),
            keyword if KEYWORDS.contains(&keyword) => return Err(self.unexpected("expected operand")),
            "func" if self.ahead_is(1, "(") => return Err(self.unsupported(self.at(), "func")),
            _ => ExprKind::Name(name.clone()),
        })
    }

    fn paren(&mut self) -> Result<ExprKind, CueError> {
        self.next += 1;
        let inner = self.expression()?;
        self.accept(",");
        self.expect(")")?;
        Ok(ExprKind::Paren(Box::new(inner)))
    }

    fn struct_literal(&mut self) -> Result<ExprKind, CueError> {
        let at = self.at();
        self.enter()?;
        self.next += 1;
        let declarations = self.declarations(Token::Symbol("}"))?;
        self.expect("}")?;
        self.leave();
        Ok(ExprKind::Struct(Struct { at, declarations }))
    }

    fn list_literal(&mut self) -> Result<ExprKind, CueError> {
        self.enter()?;
        self.next += 1;
        let mut elements = Vec::new();
        while !self.is("]") {
            if self.accept("...") {
                let none = self.is("]") || self.is(",");
                elements.push(Element::Ellipsis(if none { None } else { Some(self.expression()?) }));
                self.accept(",");
                break;
            }
            if self.is_name("for") || self.is_name("if") {
                elements.push(Element::Comprehension(self.comprehension()?));
            } else {
                elements.push(Element::Value(self.expression()?));
            }
            if !self.accept(",") {
                break;
            }
        }
        if !self.accept("]") {
            return Err(self.unexpected("missing ',' before newline in list literal"));
        }
        self.leave();
        Ok(ExprKind::List(elements))
    }

    fn interpolation(&mut self, pieces: &[Piece], bytes: bool) -> Result<ExprKind, CueError> {
        let mut parts = Vec::with_capacity(pieces.len());
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Tokens(tokens) => Part::Expr(self.nested(tokens)?),
            });
        }
        Ok(ExprKind::Interpolation { parts, bytes })
    }

    /// The expression of an interpolation, whose tokens are its own.
    fn nested(&mut self, tokens: &[Spot]) -> Result<Expr, CueError> {
        self.enter()?;
        let mut inner = Parser { file: self.file, tokens, next: 0, depth: self.depth };
        let expr = inner.expression()?;
        inner.accept(",");
        if !matches!(inner.token(), Token::End) {
            return Err(inner.unexpected("expected ')'"));
        }
        self.leave();
        Ok(expr)
    }
}
