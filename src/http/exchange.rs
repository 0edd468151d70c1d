//! Requests and answers.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};

use super::stream::{Sink, Source};

/// What a body is, for the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyKind {
    /// Text or JSON: shown, secrets redacted.
    #[default]
    Text,
    /// A blob: never shown.
    Blob,
    /// Credentials: never shown.
    Credentials,
}

/// A request. Bodies are held in memory, so that a request can be sent again, and its clones share them; or they come from a [`Source`].
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers, `User-Agent` excepted.
    pub headers: HeaderMap,
    /// The body; `None` for none.
    pub body: Option<Bytes>,
    /// Where the body comes from instead.
    pub source: Option<Arc<dyn Source>>,
    /// Where the body of a successful answer goes instead of into [`Response::body`].
    pub sink: Option<Arc<dyn Sink>>,
    /// The most bytes that a successful answer may have. Answers with an error status are cut at [`ERROR_BODY_LIMIT`] instead.
    pub limit: u64,
    /// What the bodies are.
    pub kind: BodyKind,
}

/// The most bytes of an error answer that are read; the rest is dropped.
pub const ERROR_BODY_LIMIT: u64 = 64 * 1024;

impl Request {
    /// A request without headers and body whose answer may have up to `limit` bytes.
    pub fn new(method: Method, url: Url, limit: u64) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: None, source: None, sink: None, limit, kind: BodyKind::Text }
    }

    /// Adds a header; a value that no header may have is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.set_header(name, value);
        self
    }

    /// As [`Request::header`], in place.
    pub fn set_header(&mut self, name: HeaderName, value: &str) {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(name == reqwest::header::AUTHORIZATION);
            self.headers.insert(name, value);
        }
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.body = Some(bytes.into());
        self.header(reqwest::header::CONTENT_TYPE, media_type)
    }

    /// Sets a body that is made as it goes, and its media type.
    #[must_use]
    pub fn source(mut self, media_type: &str, source: Arc<dyn Source>) -> Self {
        self.source = Some(source);
        self.header(reqwest::header::CONTENT_TYPE, media_type)
    }

    /// Sends the body of a successful answer elsewhere.
    #[must_use]
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sink = Some(sink);
        self
    }

    /// Says what the bodies are.
    #[must_use]
    pub fn kind(mut self, kind: BodyKind) -> Self {
        self.kind = kind;
        self
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; cut at [`ERROR_BODY_LIMIT`] where the status is an error.
    pub body: Vec<u8>,
    /// Which request it answers.
    pub method: Method,
    /// Which URL it came from.
    pub url: Url,
}

impl Response {
    /// A header as text; `None` where it is absent or no text.
    pub fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type of the body, without parameters.
    pub fn media_type(&self) -> &str {
        let value = self.header(reqwest::header::CONTENT_TYPE).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }
}
