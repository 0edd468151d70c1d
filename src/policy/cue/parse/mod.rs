//! Reads a policy: tokens, then declarations and expressions.

mod expression;
mod lex;
mod text;

use std::sync::Arc;

use super::error::{CueError, Position};
use super::syntax::*;
use lex::{Spot, Token};

/// How deep expressions may nest.
const MAX_DEPTH: usize = 100;

/// Names that begin a clause or a declaration, and are labels only in front of a colon.
const KEYWORDS: &[&str] = &["package", "import", "for", "in", "if", "let", "true", "false", "null", "div", "mod", "quo", "rem"];

/// Reads the file `name`, the policy's `index`th, with the text `text`.
pub(super) fn file(index: u16, name: &str, text: &str) -> Result<File, CueError> {
    let tokens = lex::tokens((index, name), text)?;
    let mut parser = Parser { file: name, tokens: &tokens, next: 0, depth: 0 };
    parser.file()
}

struct Parser<'a> {
    file: &'a str,
    tokens: &'a [Spot],
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<File, CueError> {
        if matches!(self.token(), Token::Attribute) {
            return Err(self.unsupported(self.at(), "a file attribute"));
        }
        let mut package = None;
        if self.is_name("package") && matches!(self.ahead(1), Token::Name(_)) {
            self.next += 1;
            let name = self.take_name()?;
            if name.starts_with('#') || (name.starts_with('_') && name.len() > 1) {
                return Err(self.error("invalid package name"));
            }
            self.end_of_declaration(Token::End)?;
            package = Some(name).filter(|name| &**name != "_");
        }
        let mut imports = Vec::new();
        while self.is_name("import") && matches!(self.ahead(1), Token::Text(_) | Token::Symbol("(") | Token::Name(_)) {
            self.next += 1;
            self.import(&mut imports)?;
            self.end_of_declaration(Token::End)?;
        }
        let at = self.at();
        let declarations = self.declarations(Token::End)?;
        Ok(File { name: self.file.to_owned(), package, imports, body: Struct { at, declarations } })
    }

    fn import(&mut self, imports: &mut Vec<Import>) -> Result<(), CueError> {
        if !self.accept("(") {
            imports.push(self.import_spec()?);
            return Ok(());
        }
        while !self.is(")") {
            imports.push(self.import_spec()?);
            self.end_of_declaration(Token::Symbol(")"))?;
        }
        self.expect(")")
    }

    fn import_spec(&mut self) -> Result<Import, CueError> {
        let at = self.at();
        let name = if matches!(self.token(), Token::Name(_)) { Some(self.take_name()?) } else { None };
        let Token::Text(path) = self.token().clone() else { return Err(self.error("missing import path; require quoted string")) };
        self.next += 1;
        let last = path.rsplit('/').next().unwrap_or(&path);
        let name = name.unwrap_or_else(|| Arc::from(last));
        Ok(Import { at, name, path })
    }

    /// Declarations up to `end`, which is not taken.
    fn declarations(&mut self, end: Token) -> Result<Vec<Declaration>, CueError> {
        let mut declarations = Vec::new();
        while !self.at_token(&end) {
            if matches!(self.token(), Token::End) {
                return Err(self.error("expected '}', found 'EOF'"));
            }
            if matches!(self.token(), Token::Attribute) {
                self.next += 1;
            } else {
                let declaration = self.declaration()?;
                declarations.push(declaration);
                while matches!(self.token(), Token::Attribute) {
                    self.next += 1;
                }
            }
            self.end_of_declaration(end.clone())?;
        }
        Ok(declarations)
    }

    /// The comma (or line end) behind a declaration; none is needed in front of `end`.
    fn end_of_declaration(&mut self, end: Token) -> Result<(), CueError> {
        if self.accept(",") || self.at_token(&end) {
            return Ok(());
        }
        Err(self.unexpected("missing ',' in struct literal"))
    }

    fn declaration(&mut self) -> Result<Declaration, CueError> {
        if self.accept("...") {
            if !self.is(",") && !self.is("}") && !matches!(self.token(), Token::End) {
                return Err(self.unsupported(self.at(), "a type behind '...' in a struct"));
            }
            return Ok(Declaration::Ellipsis);
        }
        if !self.is_label() {
            if self.is_name("let") {
                return self.let_declaration();
            }
            if self.is_name("for") || self.is_name("if") || self.is_name("try") && matches!(self.ahead(1), Token::Symbol("{")) {
                return Ok(Declaration::Comprehension(self.comprehension()?));
            }
        }
        self.field_or_embedding()
    }

    fn let_declaration(&mut self) -> Result<Declaration, CueError> {
        let at = self.at();
        self.next += 1;
        let name = self.take_name()?;
        self.expect("=")?;
        let value = self.expression()?;
        Ok(Declaration::Let { at, name, value })
    }

    /// `label: value`, with as many labels as there are, or an expression alone.
    fn field_or_embedding(&mut self) -> Result<Declaration, CueError> {
        self.enter()?;
        let label = self.label_or_expression()?;
        if self.is("=") || self.is("~") {
            return Err(self.unsupported(self.at(), "an alias"));
        }
        let Some(marker) = self.marker() else {
            self.leave();
            return match label {
                Labelled::Expr(value) => Ok(Declaration::Embedding(value)),
                Labelled::Keyword(..) => Err(self.unexpected("expected operand")),
            };
        };
        let value = self.field_value()?;
        self.leave();
        self.field(label, marker, value)
    }

    /// What stands behind the colon: an expression, or another label with its colon.
    fn field_value(&mut self) -> Result<Expr, CueError> {
        let at = self.at();
        let declaration = self.field_or_embedding()?;
        Ok(match declaration {
            Declaration::Embedding(value) => value,
            field => Expr { at, kind: ExprKind::Struct(Struct { at, declarations: vec![field] }) },
        })
    }

    /// `:`, `?:` or `!:`, taken if it is there.
    fn marker(&mut self) -> Option<Marker> {
        let marker = if self.is(":") {
            Marker::Regular
        } else if self.is("?") && self.ahead_is(1, ":") {
            self.next += 1;
            Marker::Optional
        } else if self.is("!") && self.ahead_is(1, ":") {
            self.next += 1;
            Marker::Required
        } else {
            return None;
        };
        self.next += 1;
        Some(marker)
    }

    /// Whether a label and its colon come next, though it may be a keyword.
    fn is_label(&self) -> bool {
        let colon = |at: usize| self.ahead_is(at, ":");
        matches!(self.token(), Token::Name(_)) && (colon(1) || ((self.ahead_is(1, "?") || self.ahead_is(1, "!")) && colon(2)))
    }

    fn label_or_expression(&mut self) -> Result<Labelled, CueError> {
        if let Token::Name(name) = self.token()
            && KEYWORDS.contains(&&**name)
            && self.is_label()
        {
            let (at, name) = (self.at(), name.clone());
            self.next += 1;
            return Ok(Labelled::Keyword(at, name));
        }
        self.expression().map(Labelled::Expr)
    }

    fn field(&self, label: Labelled, marker: Marker, value: Expr) -> Result<Declaration, CueError> {
        let label = match label {
            Labelled::Keyword(at, name) => {
                return Ok(Declaration::Field(Field { at, name: FieldName::Regular(name), referable: true, marker, value }));
            }
            Labelled::Expr(label) => label,
        };
        let at = label.at;
        let simple = |name, referable, value| Ok(Declaration::Field(Field { at, name, referable, marker, value }));
        match label.kind {
            ExprKind::Name(name) if &*name == "_" => Err(self.syntax(at, "cannot use _ as label")),
            ExprKind::Name(name) if name.starts_with("__") => Err(self.syntax(at, "identifiers starting with '__' are reserved")),
            ExprKind::Name(name) => simple(FieldName::of_identifier(name), true, value),
            ExprKind::Null => simple(FieldName::Regular("null".into()), true, value),
            ExprKind::Text(name) => simple(FieldName::Regular(name), false, value),
            ExprKind::Interpolation { bytes: false, .. } => Ok(Declaration::Dynamic { label, marker, value }),
            ExprKind::Paren(label) => Ok(Declaration::Dynamic { label: *label, marker, value }),
            ExprKind::List(mut elements) if elements.len() == 1 && marker == Marker::Regular => match elements.pop() {
                Some(Element::Value(pattern)) => Ok(Declaration::Pattern { pattern, value }),
                _ => Err(self.syntax(at, "invalid label")),
            },
            ExprKind::Bytes(_) | ExprKind::Interpolation { .. } => Err(self.unsupported(at, "a label of bytes")),
            _ => Err(self.syntax(at, "invalid label")),
        }
    }

    fn comprehension(&mut self) -> Result<Comprehension, CueError> {
        let at = self.at();
        let mut clauses = Vec::new();
        loop {
            if self.is_name("for") {
                self.next += 1;
                clauses.push(self.for_clause()?);
            } else if self.is_name("if") {
                self.next += 1;
                clauses.push(Clause::If(self.expression()?));
            } else if self.is_name("let") && !clauses.is_empty() {
                self.next += 1;
                let name = self.take_name()?;
                self.expect("=")?;
                clauses.push(Clause::Let { name, value: self.expression()? });
            } else if self.is_name("try") {
                return Err(self.unsupported(self.at(), "try"));
            } else {
                break;
            }
            // A comma or line end may stand between clauses.
            if self.is(",") && (self.ahead_is_name(1, "for") || self.ahead_is_name(1, "if") || self.ahead_is_name(1, "let")) {
                self.next += 1;
            }
        }
        if !self.is("{") {
            return Err(self.unexpected("expected struct literal after comprehension"));
        }
        let value = self.primary()?;
        if self.is_name("else") || self.is_name("fallback") || self.is_name("otherwise") {
            return Err(self.unsupported(self.at(), "else"));
        }
        Ok(Comprehension { at, clauses, value })
    }

    fn for_clause(&mut self) -> Result<Clause, CueError> {
        let first = self.take_name()?;
        let second = if self.accept(",") { Some(self.take_name()?) } else { None };
        if !self.is_name("in") {
            return Err(self.unexpected("expected 'in'"));
        }
        self.next += 1;
        let source = self.expression()?;
        Ok(match second {
            Some(value) => Clause::For { key: Some(first), value, source },
            None => Clause::For { key: None, value: first, source },
        })
    }
}

/// A label that is a keyword, or what may be a label or an embedding.
enum Labelled {
    Keyword(Position, Arc<str>),
    Expr(Expr),
}

impl<'a> Parser<'a> {
    fn token(&self) -> &'a Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &'a Token {
        self.tokens.get(self.next + count).map_or(&Token::End, |spot| &spot.token)
    }

    fn at(&self) -> Position {
        self.tokens.get(self.next).or(self.tokens.last()).map_or_else(Position::default, |spot| spot.at)
    }

    fn is(&self, symbol: &str) -> bool {
        self.ahead_is(0, symbol)
    }

    fn ahead_is(&self, count: usize, symbol: &str) -> bool {
        matches!(self.ahead(count), Token::Symbol(found) if *found == symbol)
    }

    fn is_name(&self, name: &str) -> bool {
        self.ahead_is_name(0, name)
    }

    fn ahead_is_name(&self, count: usize, name: &str) -> bool {
        matches!(self.ahead(count), Token::Name(found) if &**found == name)
    }

    fn at_token(&self, token: &Token) -> bool {
        match (self.token(), token) {
            (Token::End, Token::End) => true,
            (Token::Symbol(found), Token::Symbol(wanted)) => found == wanted,
            _ => false,
        }
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        if found {
            self.next += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), CueError> {
        if self.accept(symbol) { Ok(()) } else { Err(self.unexpected(&format!("expected '{symbol}'"))) }
    }

    fn take_name(&mut self) -> Result<Arc<str>, CueError> {
        let Token::Name(name) = self.token() else { return Err(self.unexpected("expected 'IDENT'")) };
        self.next += 1;
        Ok(name.clone())
    }

    fn enter(&mut self) -> Result<(), CueError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(CueError::Limit { file: self.file.to_owned(), limit: "the depth of expressions" }) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn syntax(&self, at: Position, reason: &str) -> CueError {
        CueError::Syntax { file: self.file.to_owned(), at, reason: reason.to_owned() }
    }

    fn error(&self, reason: &str) -> CueError {
        self.syntax(self.at(), reason)
    }

    /// `reason, found '…'`, as Go says it.
    fn unexpected(&self, reason: &str) -> CueError {
        let found = match self.token() {
            Token::Symbol(",") => "newline".to_owned(),
            Token::Symbol(symbol) => format!("'{symbol}'"),
            Token::Name(name) => format!("'IDENT' {}", crate::encoding::text::quote(name)),
            Token::End => "'EOF'".to_owned(),
            Token::Attribute => "attribute".to_owned(),
            _ => "literal".to_owned(),
        };
        self.error(&format!("{reason}, found {found}"))
    }

    fn unsupported(&self, at: Position, what: &str) -> CueError {
        CueError::Unsupported { file: self.file.to_owned(), at, what: what.to_owned() }
    }
}
