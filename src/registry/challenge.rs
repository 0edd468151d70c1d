//! `WWW-Authenticate` (RFC 9110 section 11.6.1): several challenges, in one header or in several.

use crate::http::header::{HeaderMap, WWW_AUTHENTICATE};

/// The most challenges that are read.
const LIMIT: usize = 16;

/// What a server wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case: `basic`, `bearer`.
    pub scheme: String,
    /// Names in lower case, values unquoted.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter; `None` where it is absent or empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// All challenges of an answer, in order; what makes no sense is skipped.
pub fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    values.flat_map(parse).take(LIMIT).collect()
}

/// The challenges of one header value.
pub fn parse(value: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = value;
    while found.len() <= LIMIT {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (word, after) = token(rest);
        if word.is_empty() {
            break;
        }
        let spaced = after.trim_start_matches([' ', '\t']);
        match spaced.strip_prefix('=').filter(|_| !found.is_empty()) {
            Some(after_equals) => {
                let (parameter, after) = parameter_value(after_equals.trim_start_matches([' ', '\t']));
                if let Some(challenge) = found.last_mut() {
                    challenge.parameters.push((word.to_ascii_lowercase(), parameter));
                }
                rest = after;
            }
            None => {
                found.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
                rest = after;
            }
        }
    }
    found.truncate(LIMIT);
    found
}

fn token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))).unwrap_or(text.len());
    text.split_at(end)
}

/// A quoted string or what goes up to the next comma or space.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[index + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_header_may_hold_several() {
        let found = parse(r#"Basic realm="a, \"b\"", Bearer realm="https://t/x",service=r.example , scope="repository:a:pull,push""#);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].parameter("realm"), Some("a, \"b\""));
        assert_eq!((found[1].scheme.as_str(), found[1].parameter("service")), ("bearer", Some("r.example")));
        assert_eq!(found[1].parameter("scope"), Some("repository:a:pull,push"));
        assert_eq!(found[1].parameter("error"), None);
    }

    #[test]
    fn nonsense_is_skipped() {
        assert_eq!(parse(""), []);
        assert_eq!(parse("=,="), []);
        assert_eq!(parse("Negotiate").len(), 1);
        assert_eq!(parse(r#"Bearer realm="unfinished"#)[0].parameter("realm"), Some("unfinished"));
    }

    proptest! {
        #[test]
        fn never_panics_and_is_bounded(value in "\\PC{0,80}|[a-zA-Z=\", \\\\]{0,200}") {
            prop_assert!(parse(&value).len() <= LIMIT);
        }

        #[test]
        fn reads_what_is_written(realm in "[ -~]{0,40}", scope in "[a-z:/,]{0,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let found = parse(&format!("Bearer realm=\"{quoted}\",scope=\"{scope}\""));
            prop_assert_eq!(found[0].parameter("realm").unwrap_or_default(), realm);
            prop_assert_eq!(found[0].parameter("scope").unwrap_or_default(), scope);
        }
    }
}
