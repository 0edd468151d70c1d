//! Conditions that the struct they stand in, or the field that they add, would change: Go's evaluator refuses most of these as circular
//! and lets some pass, by an order of evaluation that is its own. Here all are refused, by name. So are disjunctions over their own struct.

use std::collections::{HashMap, HashSet};

use super::error::{CueError, Position};
use super::syntax::*;

/// Looks at all conditions of `file`.
pub(super) fn check(file: &File) -> Result<(), CueError> {
    let mut walker = Walker { file: &file.name, mentioned: mentioned(&file.body), scopes: Vec::new(), path: Vec::new() };
    walker.body(&file.body)
}

struct Walker<'a> {
    file: &'a str,
    /// What each top-level field mentions, and what that mentions.
    mentioned: HashMap<&'a str, HashSet<&'a str>>,
    scopes: Vec<Scope<'a>>,
    /// Where in the result the walk is.
    path: Vec<Step<'a>>,
}

/// A label on the way, or something that has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Field(&'a FieldName),
    /// The place of an element, a pattern or a computed label in the text.
    Other(usize),
}

/// What is declared, and where it lies.
struct Scope<'a> {
    fields: Vec<&'a FieldName>,
    /// Names that are no fields.
    variables: Vec<&'a str>,
    depth: usize,
}

impl<'a> Walker<'a> {
    fn body(&mut self, body: &'a Struct) -> Result<(), CueError> {
        let mut scope = Scope { fields: Vec::new(), variables: Vec::new(), depth: self.path.len() };
        for declaration in &body.declarations {
            match declaration {
                Declaration::Field(field) if field.referable => scope.fields.push(&field.name),
                Declaration::Let { name, .. } => scope.variables.push(name),
                _ => {}
            }
        }
        self.scopes.push(scope);
        let found =
            body.declarations.iter().try_for_each(|declaration| self.declaration(declaration)).and_then(|()| self.beside_disjunction(body));
        self.scopes.pop();
        found
    }

    /// Go tries each member of an embedded disjunction with the whole struct, and takes what is not known yet for an error there.
    fn beside_disjunction(&self, body: &'a Struct) -> Result<(), CueError> {
        let embedded = |declaration: &'a Declaration| match declaration {
            Declaration::Embedding(expr) if is_disjunction(expr) => Some(expr.at),
            _ => None,
        };
        let Some(at) = body.declarations.iter().find_map(embedded) else { return Ok(()) };
        let mut names = HashSet::new();
        for declaration in body.declarations.iter().filter(|declaration| embedded(declaration).is_none()) {
            collect_names_in(declaration, &mut names);
        }
        let known =
            |name: &str| self.scopes.iter().any(|scope| scope.fields.iter().any(|field| field.is_regular() && is_named(field, name)));
        if names.into_iter().any(known) {
            return self.refuse(at, "an embedded disjunction beside references to fields");
        }
        Ok(())
    }

    fn declaration(&mut self, declaration: &'a Declaration) -> Result<(), CueError> {
        match declaration {
            Declaration::Field(field) => self.below(Step::Field(&field.name), &field.value),
            Declaration::Pattern { value, .. } | Declaration::Dynamic { value, .. } => self.below(Step::Other(address(value)), value),
            Declaration::Let { value, .. } => self.below(Step::Other(address(value)), value),
            Declaration::Embedding(expr) => {
                self.embedding(expr)?;
                self.expr(expr)
            }
            Declaration::Comprehension(comprehension) => self.comprehension(comprehension),
            Declaration::Ellipsis => Ok(()),
        }
    }

    fn below(&mut self, step: Step<'a>, value: &'a Expr) -> Result<(), CueError> {
        self.path.push(step);
        let found = self.expr(value);
        self.path.pop();
        found
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<(), CueError> {
        match &expr.kind {
            ExprKind::Struct(body) => self.body(body),
            ExprKind::List(elements) => elements.iter().try_for_each(|element| match element {
                Element::Value(value) | Element::Ellipsis(Some(value)) => self.below(Step::Other(address(value)), value),
                Element::Comprehension(comprehension) => {
                    self.path.push(Step::Other(address(&comprehension.value)));
                    let found = self.comprehension(comprehension);
                    self.path.pop();
                    found
                }
                Element::Ellipsis(None) => Ok(()),
            }),
            _ => expr.operands().into_iter().try_for_each(|operand| self.expr(operand)),
        }
    }

    fn comprehension(&mut self, comprehension: &'a Comprehension) -> Result<(), CueError> {
        let outer = self.scopes.len();
        let mut found = Ok(());
        for clause in &comprehension.clauses {
            let variables = match clause {
                Clause::If(condition) => {
                    found = found.and_then(|()| self.condition(condition, &comprehension.value));
                    continue;
                }
                Clause::For { key, value, source } => {
                    found = found.and_then(|()| self.source(source, &comprehension.value));
                    key.iter().chain([value]).map(|name| &**name).collect()
                }
                Clause::Let { name, .. } => vec![&**name],
            };
            self.scopes.push(Scope { fields: Vec::new(), variables, depth: self.path.len() });
        }
        let found = found.and_then(|()| self.expr(&comprehension.value));
        self.scopes.truncate(outer);
        found
    }

    fn condition(&self, condition: &'a Expr, value: &'a Expr) -> Result<(), CueError> {
        let refuse = |what: &str| self.refuse(condition.at, what);
        let added = self.added(value);
        let mut references = Vec::new();
        collect_references(condition, false, &mut references);
        for (reference, beside_bottom) in references {
            if let (ExprKind::Name(name), true) = (&reference.kind, beside_bottom)
                && name.contains('#')
            {
                return refuse("a definition compared with _|_");
            }
            let Some(path) = self.path_of(reference) else { continue };
            if self.path.starts_with(&path) {
                return refuse("a condition on the struct that it stands in");
            }
            let above = || (2..=path.len()).any(|length| added.iter().any(|added| added.as_slice() == &path[..length]));
            let depends = || added.iter().any(|added| self.depends(&path, added));
            if added.contains(&path) || beside_bottom && (above() || depends()) {
                return refuse("a condition on the field that it adds");
            }
        }
        Ok(())
    }

    /// The source of a `for`.
    fn source(&self, source: &'a Expr, value: &'a Expr) -> Result<(), CueError> {
        let added = self.added(value);
        let mut references = Vec::new();
        collect_references(source, false, &mut references);
        for path in references.iter().filter_map(|(reference, _)| self.path_of(reference)) {
            if self.path.starts_with(&path) {
                return self.refuse(source.at, "a comprehension over the struct that it stands in");
            }
            if added.contains(&path) {
                return self.refuse(source.at, "a comprehension over the field that it adds");
            }
        }
        Ok(())
    }

    /// An embedded disjunction decides what its struct is by what the struct's own fields are.
    fn embedding(&self, expr: &'a Expr) -> Result<(), CueError> {
        let inner = match &expr.kind {
            ExprKind::Paren(inner) => return self.embedding(inner),
            ExprKind::And(left, right) => {
                self.embedding(left)?;
                return self.embedding(right);
            }
            ExprKind::Or(_) => expr,
            _ => return Ok(()),
        };
        let mut references = Vec::new();
        collect_references(inner, false, &mut references);
        let own = |path: Vec<Step<'a>>| match path.get(self.path.len()) {
            Some(Step::Field(name)) => path.starts_with(&self.path) && name.is_regular(),
            _ => false,
        };
        if references.into_iter().filter_map(|(reference, _)| self.path_of(reference)).any(own) {
            return self.refuse(expr.at, "an embedded disjunction over fields of its own struct");
        }
        Ok(())
    }

    fn refuse(&self, at: Position, what: &str) -> Result<(), CueError> {
        Err(CueError::Unsupported { file: self.file.to_owned(), at, what: what.to_owned() })
    }

    /// The fields that a comprehension with this value adds.
    fn added(&self, value: &'a Expr) -> Vec<Vec<Step<'a>>> {
        let mut added = Vec::new();
        collect_added(value, &mut self.path.clone(), &mut added);
        added
    }

    /// Whether the top-level field of `path` depends on another one, that of `added`.
    fn depends(&self, path: &[Step<'a>], added: &[Step<'a>]) -> bool {
        let (Some(Step::Field(from)), Some(Step::Field(to))) = (path.first(), added.first()) else { return false };
        let (Some(from), Some(to)) = (from.text(), to.text()) else { return false };
        from != to && self.mentioned.get(&**from).is_some_and(|names| names.contains(&**to))
    }

    /// Where the field lies that `reference` names, as far as the text tells.
    fn path_of(&self, reference: &'a Expr) -> Option<Vec<Step<'a>>> {
        match &reference.kind {
            ExprKind::Paren(inner) | ExprKind::Index(inner, _) => self.path_of(inner),
            ExprKind::Selector(base, name) => {
                let mut path = self.path_of(base)?;
                path.push(Step::Field(name));
                Some(path)
            }
            ExprKind::Name(name) => {
                for scope in self.scopes.iter().rev() {
                    if scope.variables.contains(&&**name) {
                        return None;
                    }
                    if let Some(field) = scope.fields.iter().find(|field| is_named(field, name)) {
                        let mut path = self.path[..scope.depth].to_vec();
                        path.push(Step::Field(field));
                        return Some(path);
                    }
                }
                None
            }
            _ => None,
        }
    }
}

/// The longest references in `expr`, and whether each is compared with `_|_`.
fn collect_references<'a>(expr: &'a Expr, beside_bottom: bool, out: &mut Vec<(&'a Expr, bool)>) {
    match &expr.kind {
        ExprKind::Index(_, index) => {
            out.push((expr, beside_bottom));
            collect_references(index, false, out);
        }
        ExprKind::Name(_) | ExprKind::Selector(..) => out.push((expr, beside_bottom)),
        ExprKind::Paren(inner) => collect_references(inner, beside_bottom, out),
        _ => {
            let operands = expr.operands();
            let bottom =
                matches!(expr.kind, ExprKind::Binary(..)) && operands.iter().any(|operand| matches!(operand.kind, ExprKind::Bottom));
            for operand in operands {
                collect_references(operand, bottom, out);
            }
        }
    }
}

/// The fields that `value` adds at `path`.
fn collect_added<'a>(value: &'a Expr, path: &mut Vec<Step<'a>>, out: &mut Vec<Vec<Step<'a>>>) {
    match &value.kind {
        ExprKind::Struct(body) => {
            for declaration in &body.declarations {
                match declaration {
                    Declaration::Field(field) => {
                        path.push(Step::Field(&field.name));
                        out.push(path.clone());
                        collect_added(&field.value, path, out);
                        path.pop();
                    }
                    Declaration::Embedding(inner) => collect_added(inner, path, out),
                    Declaration::Comprehension(inner) => collect_added(&inner.value, path, out),
                    _ => {}
                }
            }
        }
        ExprKind::Paren(_) | ExprKind::And(..) | ExprKind::Or(_) => {
            value.operands().into_iter().for_each(|operand| collect_added(operand, path, out));
        }
        _ => {}
    }
}

/// What each field of `body` mentions, by any number of steps.
fn mentioned(body: &Struct) -> HashMap<&str, HashSet<&str>> {
    let mut direct: HashMap<&str, HashSet<&str>> = HashMap::new();
    for declaration in &body.declarations {
        if let Declaration::Field(Field { name, value, .. }) = declaration
            && let Some(name) = name.text()
        {
            collect_names(value, direct.entry(name).or_default());
        }
    }
    let mut all = HashMap::new();
    for name in direct.keys() {
        let (mut found, mut next) = (HashSet::new(), vec![*name]);
        while let Some(name) = next.pop() {
            next.extend(direct.get(name).into_iter().flatten().filter(|name| found.insert(**name)));
        }
        all.insert(*name, found);
    }
    all
}

/// All names in `expr`.
fn collect_names<'a>(expr: &'a Expr, out: &mut HashSet<&'a str>) {
    match &expr.kind {
        ExprKind::Name(name) => {
            out.insert(name);
        }
        ExprKind::Struct(body) => {
            body.declarations.iter().for_each(|declaration| collect_names_in(declaration, out));
        }
        ExprKind::List(elements) => {
            for element in elements {
                match element {
                    Element::Value(value) | Element::Ellipsis(Some(value)) => collect_names(value, out),
                    Element::Comprehension(comprehension) => collect_names_of(comprehension, out),
                    Element::Ellipsis(None) => {}
                }
            }
        }
        _ => expr.operands().into_iter().for_each(|operand| collect_names(operand, out)),
    }
}

fn collect_names_in<'a>(declaration: &'a Declaration, out: &mut HashSet<&'a str>) {
    match declaration {
        Declaration::Field(Field { value, .. }) | Declaration::Let { value, .. } | Declaration::Embedding(value) => {
            collect_names(value, out);
        }
        Declaration::Pattern { pattern: other, value } | Declaration::Dynamic { label: other, value, .. } => {
            collect_names(other, out);
            collect_names(value, out);
        }
        Declaration::Comprehension(comprehension) => collect_names_of(comprehension, out),
        Declaration::Ellipsis => {}
    }
}

fn is_disjunction(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => is_disjunction(inner),
        ExprKind::And(left, right) => is_disjunction(left) || is_disjunction(right),
        ExprKind::Or(_) => true,
        _ => false,
    }
}

fn is_named(field: &FieldName, name: &str) -> bool {
    field.text().is_some_and(|text| &**text == name)
}

fn collect_names_of<'a>(comprehension: &'a Comprehension, out: &mut HashSet<&'a str>) {
    for clause in &comprehension.clauses {
        match clause {
            Clause::If(expr) | Clause::For { source: expr, .. } | Clause::Let { value: expr, .. } => collect_names(expr, out),
        }
    }
    collect_names(&comprehension.value, out);
}

fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr) as usize
}
