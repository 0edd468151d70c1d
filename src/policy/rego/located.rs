//! Messages with their places, taken out of the evaluator's pictures of source lines.

use regorus::unstable::Span;

/// A message about a place in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// File and line, where they are known.
    pub place: Option<(String, u32)>,
    /// What is to be said about it.
    pub message: String,
}

impl Located {
    /// A message about the start of `span`.
    pub(super) fn at(span: &Span, message: impl Into<String>) -> Self {
        Self { place: Some((span.source.get_path().clone(), span.line)), message: message.into() }
    }

    /// Reads the evaluator's form: `--> FILE:LINE:COLUMN`, a picture of the line, `error: MESSAGE`. The first place and the last message count.
    pub(super) fn of(picture: &str) -> Self {
        let place = picture.lines().find_map(|line| {
            let (rest, _column) = line.strip_prefix("--> ")?.rsplit_once(':')?;
            let (file, line) = rest.rsplit_once(':')?;
            Some((file.to_owned(), line.parse().ok()?))
        });
        let message = match picture.rsplit_once("\nerror: ") {
            Some((_, message)) => message,
            None => picture.trim_start_matches("error: "),
        };
        Self { place, message: message.trim().replace('\n', " ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_pictures() {
        let located = Located::of("\n--> a:b.rego:3:7\n  |\n3 | allow {\n  |       ^\nerror: expecting `}`");
        assert_eq!(located, Located { place: Some(("a:b.rego".to_owned(), 3)), message: "expecting `}`".to_owned() });
        assert_eq!(Located::of("what\nelse"), Located { place: None, message: "what else".to_owned() });
    }
}
