//! URIs in certificates, as Go's `net/url` reads them and writes them again: identities are compared with that text.

use super::domain_name_valid;

/// What Go leaves as it is in a path.
const PATH_PLAIN: &[u8] = b"$&+,/:;=@-_.~";
/// What it leaves in a fragment.
const FRAGMENT_PLAIN: &[u8] = b"$&+,/:;=?@!()*-_.~";

/// The text of `url.Parse(uri).String()`; `None` where Go refuses the URI, or its host as a domain name.
pub(super) fn normalize(uri: &str) -> Option<String> {
    if uri.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return None;
    }
    let (rest, fragment) = uri.split_once('#').map_or((uri, None), |(rest, fragment)| (rest, Some(fragment)));
    let (scheme, rest) = split_scheme(rest)?;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let mut out = scheme.to_ascii_lowercase();
    if !scheme.is_empty() {
        out.push(':');
    }
    if !scheme.is_empty() && !rest.starts_with('/') {
        // Opaque (`mailto:a@b`): kept as it is.
        out.push_str(rest);
    } else {
        let path = match rest.strip_prefix("//") {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                let (authority, path) = after.split_at(end);
                check_authority(authority)?;
                // Without a host Go writes the slashes only between a scheme and a path.
                if !authority.is_empty() || (!scheme.is_empty() && !path.is_empty()) {
                    out.push_str("//");
                }
                out.push_str(authority);
                path
            }
            None => rest,
        };
        out.push_str(&component(path, b"$&'()*+,;=:@/!-_.~[]", PATH_PLAIN)?);
    }
    if let Some(query) = query {
        out.push('?');
        out.push_str(query);
    }
    if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
        out.push('#');
        out.push_str(&component(fragment, b"$&'()*+,;=:@/!-_.~[]?", FRAGMENT_PLAIN)?);
    }
    Some(out)
}

/// The scheme (may be empty) and what follows its colon.
pub(super) fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (index, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index > 0 => return Some((&text[..index], &text[index + 1..])),
            ':' => return None,
            _ => break,
        }
    }
    // Without a scheme the first segment of a path must not hold a colon.
    let first = text.split(['/', '?']).next().unwrap_or_default();
    if first.contains(':') { None } else { Some(("", text)) }
}

/// Refuses what Go refuses: bad characters, a port that is no number, a host that is no domain name.
fn check_authority(authority: &str) -> Option<()> {
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let plain = |text: &str, more: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:".contains(&byte) || more.contains(&byte))
    };
    if user.is_some_and(|user| !plain(user, b"")) {
        return None;
    }
    let (name, port) = match host.strip_prefix('[') {
        Some(literal) => {
            let (address, port) = literal.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port)
        }
        None if plain(host, b"<>\"") => (host, host.find(':').map_or("", |colon| &host[colon..])),
        None => return None,
    };
    let port_valid = port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if port_valid && domain_name_valid(name, false) { Some(()) } else { None }
}

/// A path or fragment: kept where every character is `valid` as it stands, else decoded and escaped anew but for `plain` ones.
fn component(text: &str, valid: &[u8], plain: &[u8]) -> Option<String> {
    let decoded = decode(text)?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%' || valid.contains(&byte)) {
        return Some(text.to_owned());
    }
    Some(escaped(&decoded, plain))
}

/// A path as Go's `url.URL` holds it: decoded, and as it stood where that is not what Go would write.
pub(super) fn decoded_path(text: &str) -> (String, String) {
    decoded(text, PATH_PLAIN)
}

/// As [`decoded_path`], for a fragment.
pub(super) fn decoded_fragment(text: &str) -> (String, String) {
    decoded(text, FRAGMENT_PLAIN)
}

fn decoded(text: &str, plain: &[u8]) -> (String, String) {
    let bytes = decode(text).unwrap_or_else(|| text.as_bytes().to_vec());
    let raw = if escaped(&bytes, plain) == text { String::new() } else { text.to_owned() };
    (String::from_utf8_lossy(&bytes).into_owned(), raw)
}

fn escaped(bytes: &[u8], plain: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
            out.push(digit(bytes.next())? << 4 | digit(bytes.next())?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_that_of_go() {
        for (uri, expected) in [
            (
                "https://github.com/o/r/.github/workflows/x.yml@refs/heads/main",
                "https://github.com/o/r/.github/workflows/x.yml@refs/heads/main",
            ),
            ("HTTPS://Example.com/a", "https://Example.com/a"),
            ("https://e.com/a b|c", "https://e.com/a%20b%7Cc"),
            ("https://e.com/a%20b", "https://e.com/a%20b"),
            ("https://e.com/a%20{b", "https://e.com/a%20%7Bb"),
            ("https://e.com/x@refs/heads/fix#12", "https://e.com/x@refs/heads/fix#12"),
            ("https://e.com/a?b c", "https://e.com/a?b c"),
            ("spiffe://trust.domain/ns/x", "spiffe://trust.domain/ns/x"),
            ("mailto:a@b", "mailto:a@b"),
        ] {
            assert_eq!(normalize(uri).as_deref(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for uri in [
            "https://e.com/100%",
            "https://e.com/\u{7f}",
            ":x",
            "https://a b/",
            "https://e.com:x/",
            "https://e.com./",
            "https://a..b/",
            "1a:b",
        ] {
            assert_eq!(normalize(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_is_stable(text in "[ -~]{0,40}") {
            if let Some(once) = normalize(&text) {
                prop_assert_eq!(normalize(&once), Some(once.clone()));
            }
        }
    }
}
