//! Takes secrets out of what is shown.

use std::sync::{Mutex, PoisonError};

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, LINK, LOCATION, PROXY_AUTHORIZATION, SET_COOKIE};
use serde_json::Value;
use zeroize::Zeroizing;

/// What stands in a secret's place.
pub const REDACTED: &str = "<redacted>";
/// Query and form parameters that hold no secret; every other value is taken for one (signed URLs, tokens, upload states).
const PUBLIC_PARAMETERS: [&str; 13] = [
    "digest",
    "scope",
    "service",
    "mount",
    "from",
    "artifactType",
    "n",
    "last",
    "client_id",
    "grant_type",
    "access_type",
    "logIndex",
    "ns",
];
/// JSON members that hold secrets, in lower case.
const SECRET_MEMBERS: [&str; 12] = [
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "identitytoken",
    "registrytoken",
    "password",
    "secret",
    "auth",
    "client_secret",
    "device_code",
    "code",
];
/// Shorter secrets are not looked for in text: too much would look like them.
const SHORTEST: usize = 4;

/// A URL for messages and traces: no user, and no parameter values but those known to be harmless.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    if !shown.username().is_empty() || shown.password().is_some() {
        // A URL that can have a user can lose it.
        let _ = shown.set_password(None);
        let _ = shown.set_username("redacted");
    }
    if let Some(query) = url.query() {
        shown.set_query(Some(&parameters(query)));
    }
    shown.into()
}

/// A query string or form with secret values taken out.
pub fn parameters(encoded: &str) -> String {
    let shown: Vec<String> = encoded
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if !PUBLIC_PARAMETERS.contains(&name) => format!("{name}=REDACTED"),
            _ => pair.to_owned(),
        })
        .collect();
    shown.join("&")
}

/// The value of a header for a trace.
pub fn header(name: &HeaderName, value: &str) -> String {
    if [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE].contains(name) || name.as_str().contains("token") {
        return REDACTED.to_owned();
    }
    if (*name == LOCATION || *name == LINK) && value.contains('?') {
        return url_text(value);
    }
    value.to_owned()
}

/// JSON with the values of secret members replaced; `None` where there is no such member, or no JSON.
pub fn json(body: &[u8]) -> Option<String> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    redact_value(&mut value).then(|| value.to_string())
}

/// Secrets that this process holds, to be recognised wherever a server repeats them.
#[derive(Default)]
pub struct KnownSecrets(Mutex<Vec<Zeroizing<String>>>);

impl KnownSecrets {
    /// Remembers a secret.
    pub fn add(&self, secret: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.len() >= SHORTEST && !known.iter().any(|other| other.as_str() == secret) {
            known.push(Zeroizing::new(secret.to_owned()));
        }
    }

    /// `text` without any of them.
    pub fn remove_from(&self, text: String) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text, |text, secret| if text.contains(secret.as_str()) { text.replace(secret.as_str(), REDACTED) } else { text })
    }
}

/// A relative or absolute URL inside other text (`Location`, `Link`): what follows the question mark, up to `>`, `"` or white space.
fn url_text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(mark) = rest.find('?') {
        let (before, query) = rest.split_at(mark + 1);
        let end = query.find(['>', '"', ' ', ',']).unwrap_or(query.len());
        out.push_str(before);
        out.push_str(&parameters(&query[..end]));
        rest = &query[end..];
    }
    out + rest
}

fn redact_value(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let mut changed = false;
            for (name, member) in members.iter_mut() {
                if member.is_string() && SECRET_MEMBERS.contains(&name.to_ascii_lowercase().as_str()) && !is_error_code(name, member) {
                    *member = Value::String(REDACTED.to_owned());
                    changed = true;
                } else {
                    changed |= redact_value(member);
                }
            }
            changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| redact_value(item) | changed),
        _ => false,
    }
}

/// Registry errors have a `code` too (`MANIFEST_UNKNOWN`), which programs look for in the trace.
fn is_error_code(name: &str, member: &Value) -> bool {
    name == "code" && member.as_str().is_some_and(|code| code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_keep_only_harmless_parameters() {
        let shown = |text: &str| url(&Url::parse(text).unwrap());
        assert_eq!(
            shown("https://a.example/x?digest=sha256:1&X-Amz-Signature=abc"),
            "https://a.example/x?digest=sha256:1&X-Amz-Signature=REDACTED"
        );
        assert_eq!(shown("http://me:hunter2@proxy.example/"), "http://redacted@proxy.example/");
        assert_eq!(header(&LINK, "</v2/a/referrers/x?n=5&sig=s3>; rel=\"next\""), "</v2/a/referrers/x?n=5&sig=REDACTED>; rel=\"next\"");
        assert_eq!(header(&AUTHORIZATION, "Basic x"), REDACTED);
    }

    #[test]
    fn json_keeps_error_codes_and_loses_tokens() {
        assert_eq!(json(br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"x"}]}"#), None);
        assert_eq!(json(br#"{"token":"abc","expires_in":3}"#).as_deref(), Some(r#"{"token":"<redacted>","expires_in":3}"#));
        assert_eq!(json(br#"[{"a":{"Access_Token":"abc"}}]"#).as_deref(), Some(r#"[{"a":{"Access_Token":"<redacted>"}}]"#));
    }

    #[test]
    fn known_secrets_are_found_anywhere() {
        let known = KnownSecrets::default();
        known.add("hunter2");
        known.add("x");
        assert_eq!(known.remove_from("echo hunter2 x".to_owned()), "echo <redacted> x");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}|[a-z?=&<>; ]{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (parameters(&text), header(&LINK, &text), json(&bytes));
        }
    }
}
