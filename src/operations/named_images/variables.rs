//! `$NAME` and `${NAME}` in a Dockerfile, as Go's `os.Expand` reads them, with `${NAME:-word}` and `${NAME:+word}` as Docker does.

/// The most bytes between two braces.
const MAX_LENGTH: usize = 4096;
/// How deep the words of braces may nest.
const MAX_DEPTH: usize = 16;

/// Puts values in the place of variables; one without value is empty.
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    expand_within(text, value, 0)
}

fn expand_within(text: &str, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(first) = rest.chars().next() else {
            out.push('$');
            break;
        };
        if first == '{' {
            match closing(&rest[1..]) {
                Some(end) => {
                    out.push_str(&braced(&rest[1..=end], value, depth));
                    rest = &rest[end + 2..];
                }
                // Go drops an opening brace that nothing closes.
                None => rest = &rest[1..],
            }
        } else if "*#$@!?-0123456789".contains(first) {
            out.push_str(&value(&rest[..1]).unwrap_or_default());
            rest = &rest[1..];
        } else {
            let length = name_length(rest);
            if length == 0 {
                out.push('$');
            } else {
                out.push_str(&value(&rest[..length]).unwrap_or_default());
            }
            rest = &rest[length..];
        }
    }
    out.push_str(rest);
    out
}

/// Where the brace is closed that was opened before `text`; not looked for beyond [`MAX_LENGTH`].
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, byte) in text.bytes().take(MAX_LENGTH).enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// What stands between braces.
fn braced(text: &str, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> String {
    let (name, rest) = text.split_at(name_length(text));
    let word = |word: &str| if depth < MAX_DEPTH { expand_within(word, value, depth + 1) } else { String::new() };
    let found = value(name);
    if let Some(default) = rest.strip_prefix(":-") {
        found.filter(|found| !found.is_empty()).unwrap_or_else(|| word(default))
    } else if let Some(other) = rest.strip_prefix(":+") {
        found.filter(|found| !found.is_empty()).map(|_| word(other)).unwrap_or_default()
    } else if let Some(default) = rest.strip_prefix('-') {
        found.unwrap_or_else(|| word(default))
    } else if let Some(other) = rest.strip_prefix('+') {
        found.map(|_| word(other)).unwrap_or_default()
    } else {
        value(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "E" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn as_go_and_docker() {
        for (text, expected) in [
            ("$A-${A}/$A_", "a-a/"),
            ("$", "$"),
            ("$/x", "$/x"),
            ("a${", "a"),
            ("${}", ""),
            ("$1x", "x"),
            ("$$A", "A"),
            ("${N:-d}${E:-d}${E-d}${A:-d}${N-d}", "ddad"),
            ("${A:+y}${E:+y}${E+y}${N+n}", "yy"),
            ("${N:-x${A:-y}z}", "xaz"),
            ("${N:?message}", ""),
        ] {
            assert_eq!(expand(text, &value), expected, "{text}");
        }
        assert_eq!(expand(&"${N:-".repeat(1000), &value).len(), "N:-".len() * 1000);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[${}:+\\-AEN é]{0,60}") {
            let _ = expand(&text, &value);
        }
    }
}
