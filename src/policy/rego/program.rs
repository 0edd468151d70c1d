//! What is looked at before anything is evaluated: every call names a function that is there, no function calls itself, nothing is too deep.
//!
//! OPA's compiler refuses such programs; the evaluator would fail on them late, or never return.

use std::collections::{BTreeMap, HashSet};

use regorus::unstable::{Expr, Import, Module, Ref, Rule, RuleHead};

use super::RegoError;
use super::functions::{self, Standing};
use super::located::Located;
use super::walk::{Use, uses_of};

/// How many rules may be evaluated within each other.
pub(super) const MAX_DEPTH: usize = 512;

/// A rule's or a function's full path, without what is not fixed.
pub(super) type Path = Vec<String>;

/// The rules of one path.
#[derive(Default)]
struct Node {
    /// Where it was first defined.
    at: Option<Located>,
    /// What it refers to, calls included.
    refers: HashSet<Path>,
}

/// Checks the modules of a program.
///
/// # Errors
/// [`RegoError`].
pub(super) fn check(modules: &[Ref<Module>]) -> Result<bool, RegoError> {
    let mut program = Program::default();
    let mut defaults = HashSet::new();
    for module in modules {
        let names = Names::of(module);
        for rule in &module.policy {
            let (path, is_function) = names.head(rule);
            program.nodes.entry(path.clone()).or_default();
            if matches!(rule.as_ref(), Rule::Default { .. }) && !defaults.insert(path.clone()) {
                return Err(RegoError::MultipleDefaults(Located::at(rule.span(), path.join("."))));
            }
            if is_function {
                program.functions.insert(path);
            }
        }
    }
    for module in modules {
        let names = Names::of(module);
        for rule in &module.policy {
            program.add(&names, rule)?;
        }
    }
    program.check_recursion()?;
    program.check_depth()?;
    Ok(program.negates)
}

/// What names mean within one module.
struct Names {
    package: Path,
    imports: BTreeMap<String, Path>,
}

impl Names {
    fn of(module: &Module) -> Self {
        let mut package = vec!["data".to_owned()];
        package.extend(fixed_path(&module.package.refr).0);
        Self { package, imports: module.imports.iter().filter_map(Self::import).collect() }
    }

    fn import(import: &Import) -> Option<(String, Path)> {
        let (path, _) = fixed_path(&import.refr);
        let alias = import.r#as.as_ref().map_or_else(|| path.last().cloned(), |alias| Some(alias.text().to_owned()))?;
        Some((alias, path))
    }

    /// The path of a rule, and whether it is a function.
    fn head(&self, rule: &Rule) -> (Path, bool) {
        let (refr, is_function) = match rule {
            Rule::Spec { head: RuleHead::Func { refr, .. }, .. } => (refr, true),
            Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, .. } => (refr, false),
            Rule::Default { refr, args, .. } => (refr, !args.is_empty()),
        };
        let mut path = self.package.clone();
        path.extend(fixed_path(refr).0);
        (path, is_function)
    }

    /// What a name stands for; `None` for what is below `input`.
    fn resolve(&self, name: &[String]) -> Option<Path> {
        let (first, rest) = name.split_first()?;
        let mut path = match first.as_str() {
            "data" => vec!["data".to_owned()],
            "input" => return None,
            alias => match self.imports.get(alias) {
                Some(path) if path.first().is_some_and(|root| root == "data") => path.clone(),
                Some(_) => return None,
                None => [&self.package[..], &[alias.to_owned()]].concat(),
            },
        };
        path.extend_from_slice(rest);
        Some(path)
    }
}

/// The fixed beginning of a reference, and whether that is all of it.
pub(super) fn fixed_path(refr: &Expr) -> (Path, bool) {
    let mut steps = Vec::new();
    let mut at = refr;
    loop {
        match at {
            Expr::Var { span, .. } => {
                steps.push(Some(span.text().to_owned()));
                break;
            }
            Expr::RefDot { refr, field, .. } => {
                steps.push(Some(field.0.text().to_owned()));
                at = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                let fixed = match index.as_ref() {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => value.as_string().ok().map(|text| text.to_string()),
                    _ => None,
                };
                steps.push(fixed);
                at = refr;
            }
            _ => return (Vec::new(), false),
        }
    }
    let all = steps.len();
    let path: Path = steps.into_iter().rev().map_while(|step| step).collect();
    let whole = path.len() == all;
    (path, whole)
}

#[derive(Default)]
struct Program {
    functions: HashSet<Path>,
    nodes: BTreeMap<Path, Node>,
    negates: bool,
}

impl Program {
    fn add(&mut self, names: &Names, rule: &Rule) -> Result<(), RegoError> {
        let (path, _) = names.head(rule);
        let mut refers = HashSet::new();
        for found in uses_of(rule)? {
            match found {
                Use::Call(name, span) => match names.resolve(&name).filter(|path| self.functions.contains(path)) {
                    Some(function) => {
                        refers.insert(function);
                    }
                    None => known(&name.join("."), &Located::at(span, name.join(".")))?,
                },
                Use::Reference(name) => refers.extend(names.resolve(&name)),
                Use::Negation(..) => self.negates = true,
            }
        }
        let node = self.nodes.entry(path.clone()).or_default();
        node.at.get_or_insert_with(|| Located::at(rule.span(), path.join(".")));
        node.refers.extend(refers);
        Ok(())
    }

    /// A rule or a function that refers to itself, through others perhaps.
    fn check_recursion(&self) -> Result<(), RegoError> {
        let mut done: HashSet<&Path> = HashSet::new();
        for start in self.nodes.keys() {
            if done.contains(start) {
                continue;
            }
            // Depth first, with the way back on a stack of its own.
            let mut way: Vec<(&Path, Vec<&Path>)> = vec![(start, self.referred(start))];
            let mut on_way: HashSet<&Path> = HashSet::from([start]);
            while let Some((at, rest)) = way.last_mut() {
                let Some(next) = rest.pop() else {
                    done.insert(*at);
                    on_way.remove(*at);
                    way.pop();
                    continue;
                };
                if on_way.contains(next) {
                    return Err(RegoError::Recursion(self.place(next)));
                }
                if !done.contains(next) {
                    on_way.insert(next);
                    way.push((next, self.referred(next)));
                }
            }
        }
        Ok(())
    }

    /// The longest way through references, ways back left out.
    fn check_depth(&self) -> Result<(), RegoError> {
        let mut depths: BTreeMap<&Path, usize> = BTreeMap::new();
        for start in self.nodes.keys() {
            let mut way: Vec<(&Path, Vec<&Path>, usize)> = vec![(start, self.referred(start), 0)];
            while let Some((at, rest, deepest)) = way.last_mut() {
                if let Some(next) = rest.pop() {
                    match depths.get(next) {
                        Some(depth) => *deepest = (*deepest).max(*depth),
                        None if way.iter().any(|(path, ..)| *path == next) => {}
                        None => way.push((next, self.referred(next), 0)),
                    }
                } else {
                    let (at, depth) = (*at, *deepest + 1);
                    depths.insert(at, depth);
                    way.pop();
                    if let Some((_, _, deepest)) = way.last_mut() {
                        *deepest = (*deepest).max(depth);
                    }
                }
                if way.len() > MAX_DEPTH {
                    return Err(RegoError::TooDeep { at: self.place(start), limit: MAX_DEPTH });
                }
            }
            if depths.get(start).is_some_and(|depth| *depth > MAX_DEPTH) {
                return Err(RegoError::TooDeep { at: self.place(start), limit: MAX_DEPTH });
            }
        }
        Ok(())
    }

    /// The rules that a rule's references may be about: below the path, or above it.
    fn referred<'a>(&'a self, path: &Path) -> Vec<&'a Path> {
        let Some(node) = self.nodes.get(path) else { return Vec::new() };
        let mut found = Vec::new();
        for refers in &node.refers {
            found.extend(self.nodes.range(refers.clone()..).map(|(path, _)| path).take_while(|path| path.starts_with(refers)));
            found.extend((2..refers.len()).filter_map(|length| self.nodes.get_key_value(&refers[..length])).map(|(path, _)| path));
        }
        found
    }

    fn place(&self, path: &Path) -> Located {
        let at = self.nodes.get(path).and_then(|node| node.at.clone());
        at.unwrap_or_else(|| Located { place: None, message: path.join(".") })
    }
}

fn known(name: &str, at: &Located) -> Result<(), RegoError> {
    match functions::standing(name) {
        Standing::Here => Ok(()),
        Standing::Absent(why) => Err(RegoError::Unsupported { at: at.clone(), why }),
        Standing::Unknown => Err(RegoError::UndefinedFunction { at: at.clone() }),
    }
}
