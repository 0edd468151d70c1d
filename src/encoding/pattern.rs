//! Regular expressions with the meaning of Go's `regexp`: unanchored, linear time, `\d`, `\w`, `\s` and `\b` in ASCII.

use regex::{Regex, RegexBuilder};

/// How large a compiled pattern may become, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// A pattern. One that does not compile matches nothing and says why on use, as cosign does.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    compiled: Result<Regex, PatternError>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {reason}: `{pattern}`")]
pub struct PatternError {
    reason: String,
    pattern: String,
}

impl PatternError {
    /// The pattern as it was given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl Pattern {
    /// Compiles `text`.
    pub fn new(text: &str) -> Self {
        let compiled = RegexBuilder::new(&translate(text)).size_limit(SIZE_LIMIT).build();
        let compiled = compiled.map_err(|error| PatternError { reason: reason(&error), pattern: text.to_owned() });
        Self { text: text.to_owned(), compiled }
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches anywhere in `value`.
    pub fn is_match(&self, value: &str) -> bool {
        self.compiled.as_ref().is_ok_and(|regex| regex.is_match(value))
    }

    /// Why it is no pattern, where it is none.
    pub fn error(&self) -> Option<PatternError> {
        self.compiled.as_ref().err().cloned()
    }
}

/// Go's words for what is wrong, where they are known.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let said = text.rsplit("error: ").next().unwrap_or(&text).trim();
    match said {
        "unclosed character class" => "missing closing ]".to_owned(),
        "unclosed group" => "missing closing )".to_owned(),
        "unopened group" => "unexpected )".to_owned(),
        "repetition operator missing expression" => "missing argument to repetition operator".to_owned(),
        other => other.lines().next().unwrap_or_default().to_owned(),
    }
}

/// Rewrites Go's syntax into that of the `regex` crate where the two differ.
fn translate(go: &str) -> String {
    let mut out = String::with_capacity(go.len() + 16);
    let mut rest = go;
    let mut class: Option<usize> = None;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = match (c, class) {
            ('\\', _) => escape(&mut out, after, class.is_some()),
            ('[', None) => {
                class = Some(0);
                open_class(&mut out, after)
            }
            ('[', Some(_)) if after.starts_with(':') && after.contains(":]") => {
                let end = after.find(":]").map_or(after.len(), |at| at + 2);
                out.push('[');
                out.push_str(&after[..end]);
                &after[end..]
            }
            (']', Some(_)) => {
                class = None;
                out.push(']');
                after
            }
            // In a class of Go these are themselves; here they would nest or combine classes.
            ('[' | '&' | '~', Some(_)) => {
                out.push('\\');
                out.push(c);
                after
            }
            ('-', Some(_)) if after.starts_with('-') => {
                out.push_str("\\-");
                after
            }
            ('{', None) if !is_repetition(after) => {
                out.push_str("\\{");
                after
            }
            _ => {
                out.push(c);
                after
            }
        };
    }
    out
}

/// The beginning of a class: `^` and a first `]`, which is itself.
fn open_class<'a>(out: &mut String, after: &'a str) -> &'a str {
    out.push('[');
    let mut rest = after;
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = after;
    }
    rest
}

fn escape<'a>(out: &mut String, after: &'a str, in_class: bool) -> &'a str {
    let Some(c) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    let rest = &after[c.len_utf8()..];
    let ascii = match (c, in_class) {
        ('d', true) => "0-9",
        ('d', false) => "[0-9]",
        ('D', _) => "[^0-9]",
        ('w', true) => "0-9A-Za-z_",
        ('w', false) => "[0-9A-Za-z_]",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', true) => "\\t\\n\\f\\r ",
        ('s', false) => "[\\t\\n\\f\\r ]",
        ('S', _) => "[^\\t\\n\\f\\r ]",
        ('b', false) => "(?-u:\\b)",
        ('B', false) => "(?-u:\\B)",
        ('Q', false) => {
            let (literal, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return rest;
        }
        _ => {
            out.push('\\');
            out.push(c);
            return rest;
        }
    };
    out.push_str(ascii);
    rest
}

/// Whether what follows a `{` makes it a repetition: `n}`, `n,}`, `n,m}`.
fn is_repetition(after: &str) -> bool {
    let Some((inner, _)) = after.split_once('}') else { return false };
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    !low.is_empty() && low.bytes().chain(high.bytes()).all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = Pattern::new(pattern);
        assert_eq!(pattern.error(), None);
        pattern.is_match(text)
    }

    #[test]
    fn matches_anywhere_and_anchors_hold() {
        assert!(matches("example", "https://example.com/x"));
        assert!(!matches("^example", "https://example.com/x"));
        assert!(!matches("com$", "example.com\n"));
        assert!(matches("(?i)EXAMPLE", "example"));
    }

    #[test]
    fn classes_are_ascii_as_in_go() {
        assert!(matches(r"^\d\w\s$", "1_ "));
        assert!(!matches(r"^\d$", "٣"));
        assert!(!matches(r"^\w$", "é"));
        assert!(!matches(r"^\s$", "\u{a0}"));
        assert!(matches(r"^[\d\D]$", "é"));
        assert!(matches(r"^[^\d]$", "٣"));
        assert!(matches(r"\bb\b", "éb"));
    }

    #[test]
    fn what_go_reads_literally_is_literal() {
        assert!(matches(r"^[[a&&b]$", "&"));
        assert!(matches(r"^[[a&&b]$", "["));
        assert!(matches(r"^a{x}$", "a{x}"));
        assert!(matches(r"^a{2}$", "aa"));
        assert!(matches(r"^\Qa.b\E$", "a.b"));
        assert!(!matches(r"^\Qa.b\E$", "axb"));
        assert!(matches(r"^[]a]$", "]"));
        assert!(matches(r"^[[:digit:]x]+$", "1x"));
    }

    #[test]
    fn a_malformed_pattern_says_so_and_matches_nothing() {
        let pattern = Pattern::new("[");
        assert!(!pattern.is_match("["));
        assert_eq!(pattern.error().map(|e| e.to_string()).as_deref(), Some("error parsing regexp: missing closing ]: `[`"));
        assert!(Pattern::new("a{1000}{1000}{1000}").error().is_some());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(pattern in ".{0,40}", text in ".{0,40}") {
            let _ = Pattern::new(&pattern).is_match(&text);
        }
    }
}
