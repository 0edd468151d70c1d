//! A tree of labels and values, as text for people.

use std::fmt;

use crate::encoding::text;

/// A label, perhaps with a value, and what is below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    label: String,
    value: String,
    children: Vec<Tree>,
}

/// The label of what is wrong.
const WARNING: &str = "[!] WARNING";

impl Tree {
    /// A root without label.
    pub(super) fn root() -> Self {
        Self::default()
    }

    /// Adds a line and returns it. Text from outside is escaped and cut.
    pub(super) fn add(&mut self, label: impl Into<String>, value: impl fmt::Display) -> &mut Self {
        let child = Self { label: text::quote(&label.into()), value: text::quote(&value.to_string()), children: Vec::new() };
        let at = self.children.len();
        self.children.push(child);
        &mut self.children[at]
    }

    /// Adds a line about something that is wrong.
    pub(super) fn warn(&mut self, what: &str) {
        self.add(WARNING, what);
    }

    /// Adds how long something is.
    pub(super) fn present(&mut self, label: &str, bytes: usize) {
        self.add(label, format_args!("Present ({bytes} bytes)"));
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        for child in &self.children {
            let (indent, label, value) = ("  ".repeat(depth), &child.label, &child.value);
            let blank = if value.is_empty() { "" } else { " " };
            writeln!(f, "{indent}- {label}:{blank}{value}")?;
            child.print(f, depth + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}
