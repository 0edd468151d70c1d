//! What the clients of the services share: one exchange with a limit of its own, and errors that name the service, what it said and what to do.

use std::time::Duration;

use crate::encoding::text::quote;
use crate::http::redact;
use crate::http::{Client, HttpError, Request, Response, StatusCode, Url};

/// Answers of services are small.
pub(super) const ANSWER_LIMIT: u64 = 8 << 20;

/// How many characters are shown of an answer that cannot be read.
const SHOWN: usize = 200;

/// A service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Its address is none.
    #[error("{service}: {} is not a URL: {reason}", quote(.url))]
    Url {
        /// Which service.
        service: &'static str,
        /// What was given.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// It does not answer.
    #[error("{service}: {source}")]
    Unreachable {
        /// Which service.
        service: &'static str,
        /// What happened.
        source: HttpError,
    },
    /// It refuses.
    #[error("{service} returned {}: {}{advice}", .status.as_u16(), quote(.body))]
    Refused {
        /// Which service.
        service: &'static str,
        /// The status.
        status: StatusCode,
        /// Its reason: the body of its answer.
        body: String,
        /// What to do about it; may be empty.
        advice: String,
    },
    /// Its answer is none.
    #[error("{service}: {reason}")]
    Answer {
        /// Which service.
        service: &'static str,
        /// What is wrong with it; foreign text is quoted.
        reason: String,
    },
}

impl ServiceError {
    /// Whether a connection was made and ended without an answer.
    pub(super) fn is_broken_connection(&self) -> bool {
        matches!(self, Self::Unreachable { source: HttpError::Transport { connecting: false, .. }, .. })
    }
}

/// A service at an address.
#[derive(Clone)]
pub(super) struct Service {
    client: Client,
    name: &'static str,
    base: Url,
    limit: Duration,
}

impl Service {
    pub(super) fn new(name: &'static str, url: &str, client: &Client, limit: Duration) -> Result<Self, ServiceError> {
        let failed = |reason: String| ServiceError::Url { service: name, url: url.to_owned(), reason };
        let base = Url::parse(url).map_err(|error| failed(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(failed("it is neither http nor https".to_owned()));
        }
        Ok(Self { client: client.clone(), name, base, limit })
    }

    /// The address as it was given.
    pub(super) fn url(&self) -> Url {
        self.base.clone()
    }

    /// An endpoint below the address.
    pub(super) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// Never shows a secret, even when the service repeats it.
    pub(super) fn hide(&self, secret: &str) {
        self.client.hide(secret);
    }

    pub(super) async fn send(&self, request: Request) -> Result<Response, ServiceError> {
        let answer = self.client.send_within(&request, Some(self.limit)).await;
        answer.map_err(|source| ServiceError::Unreachable { service: self.name, source })
    }

    /// An answer that refuses, with advice in brackets or none. Where it was asked is said, too: often nobody typed it.
    pub(super) fn refused(&self, response: &Response, advice: impl Into<String>) -> ServiceError {
        let mut advice: String = advice.into();
        if advice.is_empty() && (response.status == StatusCode::TOO_MANY_REQUESTS || response.status.is_server_error()) {
            advice = " (try again later)".to_owned();
        }
        let place = format!("asked was {}", redact::url(&self.base));
        let advice = match advice.strip_suffix(')') {
            Some(begun) => format!("{begun}; {place})"),
            None => format!("{advice} ({place})"),
        };
        let body = self.client.without_secrets(String::from_utf8_lossy(&response.body).trim().to_owned());
        ServiceError::Refused { service: self.name, status: response.status, body, advice }
    }

    /// An answer without secrets that is not what it should be: shows how it begins.
    pub(super) fn unreadable(&self, response: &Response, reason: impl std::fmt::Display) -> ServiceError {
        let begins: String = String::from_utf8_lossy(&response.body).trim().chars().take(SHOWN).collect();
        self.answer(format!("{reason}; it begins with {} (asked was {})", quote(&begins), redact::url(&self.base)))
    }

    /// An answer that is none; `reason` may hold foreign text only quoted.
    pub(super) fn answer(&self, reason: impl Into<String>) -> ServiceError {
        ServiceError::Answer { service: self.name, reason: self.client.without_secrets(reason.into()) }
    }
}
