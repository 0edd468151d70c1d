//! YAML documents as trees, within bounds; aliases share what they refer to.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::encoding::text;

/// The most nodes of a file.
const MAX_NODES: usize = 1_000_000;
/// How deep nodes may nest.
const MAX_DEPTH: usize = 100;

/// Why a file is no YAML of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// What the parser says.
    #[error("{}", text::quote(.0))]
    Syntax(String),
    /// One key twice in one mapping: which counts is told differently by different readers.
    #[error("the key {:?} stands twice in one mapping", text::quote(.0))]
    DuplicateKey(String),
    /// Too many nodes.
    #[error("more than {MAX_NODES} nodes")]
    TooLarge,
    /// Nested too deep.
    #[error("nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// An alias within what it refers to, or of nothing.
    #[error("an alias refers to nothing that is complete")]
    Alias,
}

/// A node.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    /// Nothing: empty, `~` or `null`.
    Null,
    /// A text, number or bool, as it is written.
    Scalar(String),
    /// A list.
    Sequence(Vec<Rc<Node>>),
    /// Pairs, whose keys are scalars (others are left out), in their order.
    Mapping(Vec<(String, Rc<Node>)>),
}

impl Node {
    /// The values of every key that is `name` in any letter case; of merged mappings (`<<`), too, where the mapping itself has none.
    pub fn values<'a>(&'a self, name: &str) -> Vec<&'a Node> {
        self.values_within(name, 0)
    }

    fn values_within<'a>(&'a self, name: &str, depth: usize) -> Vec<&'a Node> {
        let Self::Mapping(pairs) = self else { return Vec::new() };
        let mut found: Vec<&Node> = pairs.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect();
        if found.is_empty() && depth < MAX_DEPTH {
            for (_, merged) in pairs.iter().filter(|(key, _)| key == "<<") {
                match &**merged {
                    // The first that has it counts.
                    Self::Sequence(several) => {
                        found.extend(
                            several
                                .iter()
                                .map(|one| one.values_within(name, depth + 1))
                                .find(|found| !found.is_empty())
                                .unwrap_or_default(),
                        );
                    }
                    one => found.extend(one.values_within(name, depth + 1)),
                }
            }
        }
        found
    }
}

/// A node that is not complete.
struct Open {
    anchor: usize,
    is_mapping: bool,
    items: Vec<Rc<Node>>,
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    documents: Vec<Rc<Node>>,
    nodes: usize,
}

/// The documents of a file.
///
/// # Errors
/// [`YamlError`].
pub fn documents(text: &str) -> Result<Vec<Rc<Node>>, YamlError> {
    let mut loader = Loader::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| YamlError::Syntax(error.to_string()))?;
        loader.take(event)?;
    }
    Ok(loader.documents)
}

impl Loader {
    fn take(&mut self, event: Event<'_>) -> Result<(), YamlError> {
        match event {
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Scalar(value, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain && matches!(&*value, "" | "~" | "null" | "Null" | "NULL");
                self.done(anchor, if is_null { Node::Null } else { Node::Scalar(value.into_owned()) })?;
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, false)?,
            Event::MappingStart(anchor, _) => self.begin(anchor, true)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let node = if open.is_mapping { mapping(open.items)? } else { Node::Sequence(open.items) };
                    self.done(open.anchor, node)?;
                }
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or(YamlError::Alias)?;
                self.add(node)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, anchor: usize, is_mapping: bool) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::TooDeep);
        }
        self.open.push(Open { anchor, is_mapping, items: Vec::new() });
        Ok(())
    }

    fn done(&mut self, anchor: usize, node: Node) -> Result<(), YamlError> {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node)
    }

    fn add(&mut self, node: Rc<Node>) -> Result<(), YamlError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(YamlError::TooLarge);
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.documents.push(node),
        }
        Ok(())
    }
}

/// Keys and values stand by turns.
fn mapping(items: Vec<Rc<Node>>) -> Result<Node, YamlError> {
    let mut pairs: Vec<(String, Rc<Node>)> = Vec::with_capacity(items.len() / 2);
    let mut seen = std::collections::HashSet::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        let Node::Scalar(key) = &*key else { continue };
        if key != "<<" && !seen.insert(key.clone()) {
            return Err(YamlError::DuplicateKey(key.clone()));
        }
        pairs.push((key.clone(), value));
    }
    Ok(Node::Mapping(pairs))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn scalar(node: &Node, name: &str) -> String {
        match node.values(name).as_slice() {
            [Node::Scalar(text)] => text.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn forms_of_a_mapping() {
        for text in [
            "a: x",
            "{a: x}",
            "{\"a\":\"x\"}",
            "A: 'x'",
            "a: >-\n  x\n",
            "b: &y {a: x}\n<<: *y",
            "<<: [{b: 1}, {a: x}, {a: z}]",
            "--- # c\na: x\n...",
        ] {
            let documents = documents(text).unwrap();
            assert_eq!(scalar(&documents[0], "a"), "x", "{text}");
        }
        let several = documents("a: 1\n---\n---\n# nothing\n---\na: ~\n").unwrap();
        assert_eq!(several.len(), 4);
        assert_eq!((&*several[1], several[3].values("a")), (&Node::Null, vec![&Node::Null]));
        assert!(documents("").unwrap().is_empty());
    }

    #[test]
    fn what_is_refused() {
        let error = |text: &str| documents(text).unwrap_err();
        assert_eq!(error("a: 1\na: 2"), YamlError::DuplicateKey("a".into()));
        assert_eq!(error(&"[".repeat(MAX_DEPTH + 1)), YamlError::TooDeep);
        assert!(matches!(error("a: &x [*x]"), YamlError::Alias));
        assert!(matches!(error("a: *none"), YamlError::Syntax(_) | YamlError::Alias));
        assert!(matches!(error("a: [1"), YamlError::Syntax(_)));
        assert!(matches!(error("\tx: 1\n y"), YamlError::Syntax(_)));
    }

    proptest! {
        #[test]
        fn any_text_is_yaml_or_an_error(text in "(\\PC|[-:\\[\\]{}&*<>|'\"#\n\t ?!~a]){0,120}") {
            let _ = documents(&text);
        }
    }
}
