//! `Link` (RFC 8288): where the next page of a listing is.

/// The target of the first link with `rel="next"`; `None` where there is none.
pub fn next(value: &str) -> Option<&str> {
    let mut rest = value;
    loop {
        let start = rest.find('<')?;
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let (target, parameters) = (&after[..end], &after[end + 1..]);
        let stop = end_of_parameters(parameters);
        if parameters[..stop].split(';').any(is_next) {
            return Some(target);
        }
        rest = &parameters[stop..];
    }
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("rel")
        && value.trim().trim_matches('"').split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
}

/// Where the parameters of this link end: at a comma outside of quotes.
fn end_of_parameters(parameters: &str) -> usize {
    let mut quoted = false;
    let comma = parameters.char_indices().find(|&(_, c)| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    comma.map_or(parameters.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_next_page() {
        assert_eq!(next("</v2/a/referrers/x?n=1>; rel=\"next\""), Some("/v2/a/referrers/x?n=1"));
        assert_eq!(next("<a>; rel=prev; title=\"x, y\", <b>;REL = next"), Some("b"));
        assert_eq!(next("<a>; rel=\"last next\""), Some("a"));
        assert_eq!(next("<a>; rel=prev"), None);
        assert_eq!(next("<a"), None);
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC{0,80}|[<>;,=\"a-z ]{0,80}") {
            let _ = next(&value);
        }
    }
}
