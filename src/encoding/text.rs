//! Text from outside, made fit for a terminal or a CI log.

/// The most bytes of foreign text that one message quotes.
pub const QUOTE_LIMIT: usize = 1024;

/// Quotes foreign text for people: control characters (line breaks too) and bidirectional overrides are escaped, it is
/// cut at [`QUOTE_LIMIT`] bytes, and never starts with `::`, which GitHub Actions takes for a command.
pub fn quote(foreign: &str) -> String {
    let mut out = String::with_capacity(foreign.len().min(QUOTE_LIMIT));
    for c in foreign.chars() {
        let before = out.len();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
        if out.len() > QUOTE_LIMIT {
            out.truncate(before);
            out.push('…');
            break;
        }
    }
    if out.starts_with("::") { format!("\\{out}") } else { out }
}

/// Escapes as [`quote`] does, but keeps line breaks and does not cut: for whole bodies that people read line by line.
pub fn escape_lines(foreign: &str) -> String {
    let lines: Vec<String> = foreign
        .split('\n')
        .map(|line| {
            let line: String = line
                .chars()
                .flat_map(|c| if is_hostile(c) && c != '\t' { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] })
                .collect();
            if line.trim_start().starts_with("::") { format!("\\{line}") } else { line }
        })
        .collect();
    lines.join("\n")
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_one_safe_line() {
        assert_eq!(quote("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(quote("::error::x"), "\\::error::x");
        assert_eq!(quote("\u{202e}abc"), "\\u{202e}abc");
        let long = quote(&"é".repeat(2000));
        assert!(long.len() <= QUOTE_LIMIT + '…'.len_utf8());
        assert!(long.ends_with('…'));
    }

    #[test]
    fn lines_stay_but_commands_do_not() {
        assert_eq!(escape_lines("a\n  ::set-output\n\u{7}"), "a\n\\  ::set-output\n\\u{7}");
    }
}
