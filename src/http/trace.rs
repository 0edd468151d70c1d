//! What `--verbose` shows: requests and answers in the form of go-containerregistry's logger, bodies unwrapped on lines of their own, no secrets.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::exchange::{BodyKind, Request, Response};
use super::redact;
use crate::encoding::text;

/// A request, before it is sent.
pub fn request(request: &Request, user_agent: &str) -> String {
    let shown = redact::url(&request.url);
    let kind = kind_of_body(request);
    let mut out = format!("--> {} {shown}{}\n", request.method, note(kind));
    let path = shown.splitn(4, '/').nth(3).unwrap_or_default();
    out.push_str(&format!("{} /{path} HTTP/1.1\nHost: {}\nUser-Agent: {user_agent}\n", request.method, host(request)));
    let length = request.body.as_ref().map(|body| body.len() as u64).or(request.source.as_ref().map(|source| source.size()));
    if let Some(length) = length {
        out.push_str(&format!("Content-Length: {length}\n"));
    }
    headers(&mut out, &request.headers);
    out.push('\n');
    if let Some(bytes) = &request.body {
        out.push_str(&body(kind, bytes));
    }
    out
}

/// What is uploaded as a blob and is JSON is shown, as in go-containerregistry: Docker's builder reads the bundle here.
fn kind_of_body(request: &Request) -> BodyKind {
    match &request.body {
        Some(bytes) if request.kind == BodyKind::Blob && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() => BodyKind::Text,
        _ => request.kind,
    }
}

/// An answer, once it is read.
pub fn response(request: &Request, response: &Response, took: Duration) -> String {
    let status = response.status;
    let id = request_id(&response.headers).map(|id| format!(" [request id {id}]")).unwrap_or_default();
    let mut out = format!("<-- {} {} ({took:.1?}){id}{}\n", status.as_u16(), redact::url(&request.url), note(request.kind));
    out.push_str(&format!("HTTP/1.1 {} {}\n", status.as_u16(), status.canonical_reason().unwrap_or_default()));
    headers(&mut out, &response.headers);
    out.push('\n');
    // An error is text also where a blob was asked for.
    let kind = if status.is_success() || request.kind == BodyKind::Credentials { request.kind } else { BodyKind::Text };
    out.push_str(&body(kind, &response.body));
    out
}

/// Under which names servers say how they call a request in their own logs, the most telling first.
const REQUEST_IDS: [&str; 10] = [
    "x-request-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-ms-correlation-request-id",
    "x-ms-request-id",
    "x-github-request-id",
    "x-acs-request-id",
    "x-correlation-id",
    "request-id",
    "cf-ray",
];

/// What the server calls the request: what its operators ask for.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| headers.get(*name)?.to_str().ok())?;
    Some(text::quote(id.trim())).filter(|id| !id.is_empty())
}

/// A request without an answer.
pub fn failure(request: &Request, reason: &str, took: Duration) -> String {
    format!("<-- {} {} {} ({took:.1?})", text::quote(reason), request.method, redact::url(&request.url))
}

fn note(kind: BodyKind) -> &'static str {
    match kind {
        BodyKind::Text => "",
        BodyKind::Blob => " [body redacted: omitting binary blobs from logs]",
        BodyKind::Credentials => " [body redacted: token exchange contains credentials]",
    }
}

/// The `Host` header: host and, where it does not go without saying, port.
pub fn host(request: &Request) -> String {
    let host = request.url.host_str().unwrap_or_default();
    request.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn headers(out: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        out.push_str(&format!(
            "{}: {}\n",
            canonical(name.as_str()),
            text::escape_lines(&redact::header(name, &value)).replace('\n', "\\n")
        ));
    }
}

/// `content-type` as `Content-Type`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| format!("{}{}", first.to_ascii_uppercase(), characters.as_str())).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn body(kind: BodyKind, bytes: &[u8]) -> String {
    if kind != BodyKind::Text || bytes.is_empty() {
        return String::new();
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        let body = redact::json(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
        return escape_json(&body) + "\n";
    }
    match std::str::from_utf8(bytes) {
        Ok(body) => text::escape_lines(body) + "\n",
        Err(_) => format!("[body redacted: {} bytes that are no text]\n", bytes.len()),
    }
}

/// Characters that would move a terminal's cursor become JSON escapes: the value stays the same. Valid JSON has them in strings only.
fn escape_json(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for c in body.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(c),
            c if text::quote(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Method, StatusCode, Url};

    fn get(kind: BodyKind) -> Request {
        Request::new(Method::GET, Url::parse("https://r.example/v2/a/manifests/v1?sig=s3cret").unwrap(), 10)
            .header(reqwest::header::AUTHORIZATION, "Bearer hunter2")
            .kind(kind)
    }

    fn answer(status: u16, body: &str) -> Response {
        let headers = [(reqwest::header::SET_COOKIE, "s3cret".parse().unwrap())].into_iter().collect();
        let request = get(BodyKind::Text);
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.as_bytes().to_vec(),
            method: request.method,
            url: request.url,
        }
    }

    #[test]
    fn a_request_shows_no_secret() {
        let shown = request(&get(BodyKind::Text), "cosign/x");
        assert!(
            shown.starts_with("--> GET https://r.example/v2/a/manifests/v1?sig=REDACTED\nGET /v2/a/manifests/v1?sig=REDACTED HTTP/1.1\n"),
            "{shown}"
        );
        assert!(shown.contains("\nAuthorization: <redacted>\n") && shown.contains("\nHost: r.example\n"));
        assert!(!shown.contains("hunter2") && !shown.contains("s3cret"));
    }

    #[test]
    fn json_bodies_stand_on_lines_of_their_own() {
        let body = r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#;
        let shown = response(&get(BodyKind::Blob), &answer(404, body), Duration::ZERO);
        assert!(shown.lines().any(|line| line == body), "{shown}");
        assert!(!shown.contains("s3cret"));
        let shown = response(&get(BodyKind::Text), &answer(200, "{\"a\":\"\u{9b}31m\"}"), Duration::ZERO);
        assert!(shown.lines().any(|line| line == r#"{"a":"\u009b31m"}"#), "{shown}");
    }

    #[test]
    fn an_answer_says_how_long_it_took_and_what_the_server_calls_it() {
        let mut answer = answer(200, "{}");
        answer.headers.insert("x-ms-request-id", "second".parse().unwrap());
        answer.headers.insert("x-request-id", "f00-1".parse().unwrap());
        let shown = response(&get(BodyKind::Text), &answer, Duration::from_millis(12));
        assert!(shown.lines().next().unwrap().ends_with(" (12.0ms) [request id f00-1]"), "{shown}");
    }

    #[test]
    fn blobs_and_tokens_are_left_out_and_text_is_escaped() {
        for kind in [BodyKind::Blob, BodyKind::Credentials] {
            assert!(!response(&get(kind), &answer(200, "payload"), Duration::ZERO).contains("payload"));
        }
        let shown = response(&get(BodyKind::Text), &answer(500, "::error::x\n\u{1b}[2J"), Duration::ZERO);
        assert!(shown.contains("\n\\::error::x\n\\u{1b}[2J\n"), "{shown}");
    }
}
