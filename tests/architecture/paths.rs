//! Just enough of Rust's grammar: comments and literals away, `use` trees and inline paths as lists of segments.

/// A path named in a source file, a `use` tree spread out: `use a::{b, c::d};` gives `a::b` and `a::c::d`.
#[derive(Debug)]
pub struct SourcePath {
    pub segments: Vec<String>,
    pub line: usize,
    /// In how many `mod x { … }` of its file it stands.
    pub inline: usize,
}

impl SourcePath {
    /// Whether the path is, or goes through, `what`. Names of crates count only as the first segment.
    pub fn names(&self, what: &[&str]) -> bool {
        let matches = |window: &[String]| window.iter().zip(what).all(|(a, b)| a == b);
        if what.len() == 1 || what[0] == "std" {
            return self.segments.len() >= what.len() && matches(&self.segments[..what.len()]);
        }
        self.segments.windows(what.len()).any(matches)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    PathSeparator,
    Symbol(char),
}

/// The text with comments, strings and character literals blanked out, lines kept.
pub fn strip(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = skipped_until(&bytes, at, &out);
        if end == at {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(bytes[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that starts at `at` ends; `at` where none starts there.
fn skipped_until(text: &[char], at: usize, before: &str) -> usize {
    let next = text.get(at + 1).copied();
    match (text[at], next) {
        ('/', Some('/')) => text[at..].iter().position(|c| *c == '\n').map_or(text.len(), |n| at + n),
        ('/', Some('*')) => block_comment_end(text, at),
        ('"', _) => string_end(text, at),
        ('r', Some('"' | '#')) if !before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_') => raw_string_end(text, at),
        ('\'', Some('\\')) => text[at + 3..].iter().position(|c| *c == '\'').map_or(text.len(), |n| at + n + 4),
        ('\'', Some(_)) if text.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn block_comment_end(text: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at + 1 < text.len() {
        match (text[at], text[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') if depth == 1 => return at + 2,
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    text.len()
}

fn string_end(text: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn raw_string_end(text: &[char], start: usize) -> usize {
    let hashes = text[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return start; // a raw identifier
    }
    let mut at = open + 1;
    while at < text.len() {
        if text[at] == '"' && text[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    text.len()
}

/// The code without its `#[cfg(test)] mod … { … }` blocks, and nothing where the whole file is tests. Expects stripped text.
pub fn without_tests(file: &str, stripped: &str) -> String {
    if file.ends_with("/tests.rs") || file.contains("/tests/") {
        return String::new();
    }
    let mut rest = stripped.to_owned();
    while let Some(start) = rest.find("#[cfg(test)]") {
        let Some(open) = rest[start..].find(['{', ';']).map(|n| start + n) else { break };
        let mut end = open + 1;
        if rest[open..].starts_with('{') {
            let mut depth = 1;
            for (offset, c) in rest[open + 1..].char_indices() {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                if depth == 0 {
                    end = open + 1 + offset + 1;
                    break;
                }
            }
        }
        let blank: String = rest[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    rest
}

fn tokens(stripped: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    for (number, line) in stripped.lines().enumerate() {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if c.is_alphanumeric() || c == '_' {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(next);
                }
                found.push((number + 1, Token::Word(word)));
            } else if c == ':' && chars.next_if_eq(&':').is_some() {
                found.push((number + 1, Token::PathSeparator));
            } else if !c.is_whitespace() {
                found.push((number + 1, Token::Symbol(c)));
            }
        }
    }
    found
}

/// The macros that are called: line and name.
pub fn macros_of(stripped: &str) -> Vec<(usize, String)> {
    let tokens = tokens(stripped);
    let mut found = Vec::new();
    for pair in tokens.windows(3) {
        if let [(line, Token::Word(name)), (_, Token::Symbol('!')), (_, Token::Symbol('(' | '{' | '['))] = pair {
            found.push((*line, name.clone()));
        }
    }
    found
}

/// Every path of more than one segment, and every path imported by `use`. Expects stripped text.
pub fn paths_of(stripped: &str) -> Vec<SourcePath> {
    let tokens = tokens(stripped);
    let mut found = Vec::new();
    let mut at = 0;
    // The braces that are open; true for those of a module.
    let mut braces: Vec<bool> = Vec::new();
    while at < tokens.len() {
        let known = found.len();
        let continues = at > 0 && matches!(tokens[at - 1].1, Token::PathSeparator | Token::Symbol('.'));
        match &tokens[at].1 {
            Token::Word(word) if word == "use" => {
                at += 1;
                at = tree(&tokens, at, &[], &mut found);
            }
            Token::Word(_) if !continues && tokens.get(at + 1).is_some_and(|(_, next)| *next == Token::PathSeparator) => {
                at = tree(&tokens, at, &[], &mut found);
            }
            Token::Symbol('{') => {
                let is_module = at >= 2 && matches!(&tokens[at - 2].1, Token::Word(word) if word == "mod");
                braces.push(is_module);
                at += 1;
            }
            Token::Symbol('}') => {
                braces.pop();
                at += 1;
            }
            _ => at += 1,
        }
        let inline = braces.iter().filter(|module| **module).count();
        found[known..].iter_mut().for_each(|path: &mut SourcePath| path.inline = inline);
    }
    found
}

/// Reads one `use` tree (or inline path) that starts at `at`; gives the position after it.
fn tree(tokens: &[(usize, Token)], mut at: usize, prefix: &[String], found: &mut Vec<SourcePath>) -> usize {
    let mut segments = prefix.to_vec();
    if matches!(tokens.get(at), Some((_, Token::PathSeparator))) {
        at += 1;
    }
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    loop {
        match tokens.get(at).map(|(_, token)| token) {
            Some(Token::Word(word)) => segments.push(word.clone()),
            Some(Token::Symbol('*')) => segments.push("*".into()),
            Some(Token::Symbol('{')) => return group(tokens, at + 1, &segments, found),
            _ => break,
        }
        at += 1;
        if !matches!(tokens.get(at), Some((_, Token::PathSeparator))) {
            break;
        }
        at += 1;
    }
    if !segments.is_empty() {
        found.push(SourcePath { segments, line, inline: 0 });
    }
    if matches!(tokens.get(at), Some((_, Token::Word(word))) if word == "as") {
        at += 2;
    }
    at
}

fn group(tokens: &[(usize, Token)], mut at: usize, prefix: &[String], found: &mut Vec<SourcePath>) -> usize {
    while at < tokens.len() {
        match &tokens[at].1 {
            Token::Symbol('}') => return at + 1,
            Token::Symbol(',') => at += 1,
            _ => {
                let next = tree(tokens, at, prefix, found);
                at = next.max(at + 1);
            }
        }
    }
    at
}
