//! URIs, as Go's `url.URL`.

use serde::Serialize;

use crate::crypto::certificate::uri;

/// Go's `url.URL`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UrlJson {
    scheme: String,
    opaque: String,
    user: Option<User>,
    host: String,
    path: String,
    fragment: String,
    raw_query: String,
    raw_path: String,
    raw_fragment: String,
    force_query: bool,
    omit_host: bool,
}

/// Go's `url.Userinfo` shows nothing of itself.
#[derive(Serialize)]
struct User {}

impl UrlJson {
    /// Of a URI that was normalised when the certificate was read.
    pub(super) fn of(text: &str) -> Self {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (scheme, rest) = uri::split_scheme(rest).unwrap_or(("", rest));
        let is_opaque = !scheme.is_empty() && !rest.starts_with('/');
        let authority = rest.strip_prefix("//").map(|after| after.split_at(after.find('/').unwrap_or(after.len())));
        let (authority, path) = match authority {
            _ if is_opaque => (None, ""),
            Some((authority, path)) => (Some(authority), path),
            None => (None, rest),
        };
        let (user, host) = authority.map_or((None, ""), |authority| match authority.rsplit_once('@') {
            Some(_) if authority.is_empty() => (None, ""),
            Some((_, host)) => (Some(User {}), host),
            None => (None, authority),
        });
        let (path, raw_path) = uri::decoded_path(path);
        let (fragment, raw_fragment) = uri::decoded_fragment(fragment);
        Self {
            scheme: scheme.to_owned(),
            opaque: if is_opaque { rest.to_owned() } else { String::new() },
            user,
            host: host.to_owned(),
            path,
            fragment,
            raw_query: query.unwrap_or_default().to_owned(),
            raw_path,
            raw_fragment,
            force_query: query == Some(""),
            omit_host: !scheme.is_empty() && !is_opaque && authority.is_none() && rest.starts_with('/'),
        }
    }
}
