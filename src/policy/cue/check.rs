//! What is known before any data is: every name is declared, every import and `let` used, every function known.
//!
//! The whole file is looked at, also the branches that no data would reach.

use std::collections::HashSet;
use std::sync::Arc;

use super::builtin::{self, Call, Member};
use super::conditions;
use super::error::{CueError, Position};
use super::eval::predeclared_kinds;
use super::syntax::*;

/// Checks all files of `policy`.
pub(super) fn check(policy: &Instance) -> Result<(), CueError> {
    for file in &policy.files {
        check_file(file, &policy.shared)?;
        conditions::check(file)?;
    }
    Ok(())
}

fn check_file(file: &File, shared: &HashSet<Arc<str>>) -> Result<(), CueError> {
    let name = &file.name;
    let mut checker = Checker { name, shared, imports: &file.imports, used_imports: HashSet::new(), scopes: Vec::new() };
    checker.imports(file)?;
    checker.body(&file.body)?;
    for (index, import) in file.imports.iter().enumerate() {
        if !checker.used_imports.contains(&index) {
            return Err(CueError::Unused {
                file: name.to_owned(),
                at: import.at,
                what: format!("imported and not used: \"{}\"", crate::encoding::text::quote(&import.path)),
            });
        }
    }
    Ok(())
}

struct Checker<'a> {
    name: &'a str,
    /// What other files declare.
    shared: &'a HashSet<Arc<str>>,
    imports: &'a [Import],
    used_imports: HashSet<usize>,
    scopes: Vec<Scope<'a>>,
}

/// What a struct or a clause declares.
#[derive(Default)]
struct Scope<'a> {
    names: HashSet<&'a str>,
    lets: Vec<(&'a str, Position)>,
    used: HashSet<&'a str>,
}

impl<'a> Checker<'a> {
    fn imports(&self, file: &'a File) -> Result<(), CueError> {
        let mut names = HashSet::new();
        for import in &file.imports {
            if !builtin::is_package(&import.path) {
                return Err(self.unsupported(import.at, format!("the package \"{}\"", crate::encoding::text::quote(&import.path))));
            }
            if !names.insert(&*import.name) || import.name.starts_with(['_', '#', '.']) {
                return Err(self.unsupported(import.at, "an import of that name"));
            }
        }
        let clash = file.body.declarations.iter().find_map(|declaration| {
            match declaration {
                Declaration::Field(Field { at, name: FieldName::Regular(name), referable: true, .. }) => Some((at, name)),
                Declaration::Let { at, name, .. } => Some((at, name)),
                _ => None,
            }
            .filter(|(_, name)| names.contains(&***name))
        });
        match clash {
            Some((at, name)) => {
                Err(self.syntax(*at, format!("{} redeclared as imported package name", crate::encoding::text::quote(name))))
            }
            None => Ok(()),
        }
    }

    fn body(&mut self, body: &'a Struct) -> Result<(), CueError> {
        let mut scope = Scope { names: body.field_names().map(|name| &**name).collect(), ..Scope::default() };
        for declaration in &body.declarations {
            if let Declaration::Let { at, name, .. } = declaration {
                scope.lets.push((name, *at));
            }
        }
        for (index, (name, at)) in scope.lets.iter().enumerate() {
            let twice = scope.lets[..index].iter().any(|(other, _)| other == name);
            if twice || scope.names.contains(name) || *name == "_" || name.starts_with('#') {
                return Err(self.syntax(*at, format!("{} is declared twice in this scope", crate::encoding::text::quote(name))));
            }
        }
        self.scopes.push(scope);
        for declaration in &body.declarations {
            self.declaration(declaration)?;
        }
        self.leave_scope()
    }

    fn leave_scope(&mut self) -> Result<(), CueError> {
        let Some(scope) = self.scopes.pop() else { return Ok(()) };
        match scope.lets.iter().find(|(name, _)| !scope.used.contains(name)) {
            Some((name, at)) => Err(CueError::Unused {
                file: self.name.to_owned(),
                at: *at,
                what: format!("unreferenced alias or let clause {}", crate::encoding::text::quote(name)),
            }),
            None => Ok(()),
        }
    }

    fn declaration(&mut self, declaration: &'a Declaration) -> Result<(), CueError> {
        match declaration {
            Declaration::Field(field) => self.expr(&field.value),
            Declaration::Pattern { pattern, value } => {
                self.expr(pattern)?;
                self.expr(value)
            }
            Declaration::Dynamic { label, marker, value } => {
                if *marker != Marker::Regular {
                    return Err(self.unsupported(label.at, "a marker behind a computed label"));
                }
                self.expr(label)?;
                self.expr(value)
            }
            Declaration::Ellipsis => Ok(()),
            Declaration::Embedding(expr) => self.expr(expr),
            Declaration::Let { name, value, .. } => {
                if mentions(value, name) {
                    return Err(self.unsupported(value.at, "a let that names itself"));
                }
                self.expr(value)
            }
            Declaration::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn comprehension(&mut self, comprehension: &'a Comprehension) -> Result<(), CueError> {
        let outer = self.scopes.len();
        for clause in &comprehension.clauses {
            match clause {
                Clause::If(condition) => self.expr(condition)?,
                Clause::For { key, value, source } => {
                    self.expr(source)?;
                    let names = key.iter().chain([value]).map(|name| &**name).filter(|name| *name != "_").collect();
                    self.scopes.push(Scope { names, ..Scope::default() });
                }
                Clause::Let { name, value } => {
                    self.expr(value)?;
                    self.scopes.push(Scope { names: HashSet::from([&**name]), ..Scope::default() });
                }
            }
        }
        self.expr(&comprehension.value)?;
        self.scopes.truncate(outer);
        Ok(())
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<(), CueError> {
        match &expr.kind {
            ExprKind::Name(name) => self.name(expr.at, name),
            ExprKind::Selector(base, member) => match self.import_of(base) {
                Some(index) => self.member(expr.at, index, member),
                None => self.expr(base),
            },
            ExprKind::Call(function, arguments) => self.call(function, arguments),
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Unary(_, inner) => {
                self.concrete_operand(inner)?;
                self.expr(inner)
            }
            ExprKind::Binary(_, left, right) => {
                self.concrete_operand(left)?;
                self.concrete_operand(right)?;
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::Bound(op, inner) => {
                if matches!(inner.kind, ExprKind::Bottom) && *op == BoundOp::NotEqual {
                    return Err(self.unsupported(expr.at, "!= _|_ as a constraint"));
                }
                self.concrete_operand(inner)?;
                self.expr(inner)
            }
            ExprKind::Index(left, right) | ExprKind::And(left, right) => {
                self.expr(left)?;
                self.expr(right)
            }
            ExprKind::Or(disjuncts) => disjuncts.iter().try_for_each(|disjunct| self.expr(&disjunct.value)),
            ExprKind::Struct(body) => self.body(body),
            ExprKind::List(elements) => elements.iter().try_for_each(|element| match element {
                Element::Value(expr) | Element::Ellipsis(Some(expr)) => self.expr(expr),
                Element::Comprehension(comprehension) => self.comprehension(comprehension),
                Element::Ellipsis(None) => Ok(()),
            }),
            ExprKind::Interpolation { parts, bytes } => {
                if *bytes {
                    return Err(self.unsupported(expr.at, "an interpolation of bytes"));
                }
                parts.iter().try_for_each(|part| match part {
                    Part::Expr(expr) => self.expr(expr),
                    Part::Text(_) => Ok(()),
                })
            }
            ExprKind::Null | ExprKind::Bottom | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bytes(_) => Ok(()),
        }
    }

    /// Refuses a type or a bound where only something concrete can stand.
    fn concrete_operand(&self, operand: &Expr) -> Result<(), CueError> {
        let open = match &operand.kind {
            ExprKind::Paren(inner) => return self.concrete_operand(inner),
            ExprKind::Bound(..) => true,
            ExprKind::Name(name) => !self.is_declared(name) && predeclared_kinds(name).is_some(),
            _ => false,
        };
        if open { Err(self.syntax(operand.at, "invalid operand: requires concrete value".to_owned())) } else { Ok(()) }
    }

    /// The import that `base` names, if no field or variable of that name is nearer.
    fn import_of(&self, base: &Expr) -> Option<usize> {
        let ExprKind::Name(name) = &base.kind else { return None };
        if self.scopes.iter().any(|scope| scope.names.contains(&**name) || scope.lets.iter().any(|(other, _)| *other == &**name)) {
            return None;
        }
        self.imports.iter().position(|import| import.name == *name)
    }

    fn member(&mut self, at: Position, index: usize, member: &FieldName) -> Result<(), CueError> {
        self.used_imports.insert(index);
        let FieldName::Regular(name) = member else { return Err(self.unsupported(at, "that member of a package")) };
        let import = &self.imports[index];
        match builtin::member(&import.path, name) {
            Some(Member::Function(function)) if !function.is_check() || function.parameters.len() > 1 => {
                Err(self.unsupported(at, format!("{} without a call", function.name)))
            }
            Some(_) => Ok(()),
            None => Err(self.unknown_member(at, import, name)),
        }
    }

    fn unknown_member(&self, at: Position, import: &Import, name: &str) -> CueError {
        self.unsupported(at, format!("{}.{}", crate::encoding::text::quote(&import.path), crate::encoding::text::quote(name)))
    }

    fn call(&mut self, function: &'a Expr, arguments: &'a [Expr]) -> Result<(), CueError> {
        let found = match &function.kind {
            ExprKind::Selector(base, FieldName::Regular(name)) => match self.import_of(base) {
                Some(index) => {
                    self.used_imports.insert(index);
                    match builtin::member(&self.imports[index].path, name) {
                        Some(Member::Function(function)) => Some(function),
                        Some(_) => None,
                        None => return Err(self.unknown_member(function.at, &self.imports[index], name)),
                    }
                }
                None => None,
            },
            ExprKind::Name(name) if !self.is_declared(name) => match builtin::predeclared(name) {
                Some(found) => Some(found),
                None if predeclared_kinds(name).is_none() => {
                    self.name(function.at, name)?;
                    None
                }
                None => None,
            },
            _ => None,
        };
        let Some(found) = found else { return Err(self.unsupported(function.at, "a call of something that is no known function")) };
        let least = found.parameters.len() - usize::from(found.is_check());
        if arguments.len() < least || arguments.len() > found.parameters.len() {
            let problem = if arguments.len() < least { "not enough" } else { "too many" };
            return Err(self.syntax(
                function.at,
                format!("{problem} arguments in call to {} (have {}, want {})", found.name, arguments.len(), found.parameters.len()),
            ));
        }
        if let (Call::Close, [argument]) = (found.call, arguments)
            && !is_plain_struct(argument)
        {
            return Err(self.unsupported(argument.at, "close of anything but a struct literal without embeddings"));
        }
        arguments.iter().try_for_each(|argument| self.expr(argument))
    }

    fn is_declared(&self, name: &str) -> bool {
        let within = |scope: &Scope<'_>| scope.names.contains(name) || scope.lets.iter().any(|(other, _)| *other == name);
        self.scopes.iter().any(within) || self.imports.iter().any(|import| &*import.name == name) || self.shared.contains(name)
    }

    fn name(&mut self, at: Position, name: &'a str) -> Result<(), CueError> {
        for scope in self.scopes.iter_mut().rev() {
            if scope.names.contains(name) {
                return Ok(());
            }
            if scope.lets.iter().any(|(other, _)| *other == name) {
                scope.used.insert(name);
                return Ok(());
            }
        }
        let imported = self.imports.iter().any(|import| &*import.name == name);
        if !imported && (self.shared.contains(name) || predeclared_kinds(name).is_some()) {
            return Ok(());
        }
        let foreign = ["error", "matchIf", "matchN", "self"].contains(&name) || name.starts_with("__");
        if foreign || imported || builtin::predeclared(name).is_some() {
            return Err(self.unsupported(at, format!("{} here", crate::encoding::text::quote(name))));
        }
        Err(CueError::UnknownReference { file: self.name.to_owned(), at, name: crate::encoding::text::quote(name) })
    }

    fn syntax(&self, at: Position, reason: String) -> CueError {
        CueError::Syntax { file: self.name.to_owned(), at, reason }
    }

    fn unsupported(&self, at: Position, what: impl Into<String>) -> CueError {
        CueError::Unsupported { file: self.name.to_owned(), at, what: what.into() }
    }
}

fn is_plain_struct(expr: &Expr) -> bool {
    let ExprKind::Struct(body) = &expr.kind else { return false };
    body.declarations
        .iter()
        .all(|declaration| matches!(declaration, Declaration::Field(_) | Declaration::Pattern { .. } | Declaration::Ellipsis))
}

/// Whether `name` is among the names in `expr`, wherever it may point to.
fn mentions(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(found) if &**found == name) || expr.operands().into_iter().any(|operand| mentions(operand, name))
}
