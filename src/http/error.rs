//! What can go wrong before there is an answer.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;

use super::exchange::Response;
use crate::encoding::text;

/// A request without an answer, or a client that could not be set up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HttpError {
    /// A file with TLS material cannot be used.
    #[error("{what} {}: {reason}", text::quote(&path.to_string_lossy()))]
    File {
        /// What it was to give.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// TLS options that contradict each other, or cannot be used.
    #[error("TLS set-up: {0}")]
    Tls(String),
    /// A proxy variable that holds no usable URL.
    #[error("{variable}: {reason}")]
    Proxy {
        /// The environment variable.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection, or it broke. Displays as Go's `url.Error`.
    #[error("{} {url:?}: {reason}", go_operation(method))]
    Transport {
        /// The method, in capitals.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// Why.
        reason: String,
        /// Whether the connection was never made (so that the server saw nothing).
        connecting: bool,
    },
    /// An answer larger than allowed.
    #[error("{method} {url}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The method.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// `--timeout` passed. Ends as Go's `context.DeadlineExceeded`.
    #[error("{} {url:?}: context deadline exceeded", go_operation(method))]
    Deadline {
        /// The method.
        method: String,
        /// Where to, without secrets.
        url: String,
    },
    /// One attempt took too long.
    #[error("{} {url:?}: context deadline exceeded (no answer within {} s)", go_operation(method), .limit.as_secs())]
    Slow {
        /// The method.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// How long it had.
        limit: Duration,
    },
    /// What came could not be kept.
    #[error("{method} {url}: keeping the answer: {reason}")]
    Sink {
        /// The method.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// Why not.
        reason: String,
    },
    /// An upload that stood still.
    #[error("{} {url:?}: nothing could be sent for {} s", go_operation(method), .limit.as_secs())]
    Stalled {
        /// The method.
        method: String,
        /// Where to, without secrets.
        url: String,
        /// For how long.
        limit: Duration,
    },
    /// No answer, after the server had refused an attempt before.
    #[error("{source} (an attempt before that was answered with {}: {})", .status.as_u16(), text::quote(.body))]
    Again {
        /// What happened last.
        source: Box<HttpError>,
        /// The status of the earlier answer.
        status: StatusCode,
        /// Its body.
        body: String,
    },
    /// A server sends this program where it must not go.
    #[error("refusing to follow {} of {from}: {reason}", text::quote(to))]
    Refused {
        /// Who sent.
        from: String,
        /// Where to, without secrets.
        to: String,
        /// Why not.
        reason: &'static str,
    },
}

impl HttpError {
    /// With what the server said before, so that it is not lost.
    pub(super) fn after(self, earlier: Option<Response>) -> Self {
        match earlier {
            Some(response) => {
                let body = String::from_utf8_lossy(&response.body).trim().to_owned();
                Self::Again { source: Box::new(self), status: response.status, body }
            }
            None => self,
        }
    }
}

/// `Get`, `Head`, `Post`: how Go's `url.Error` names the operation.
fn go_operation(method: &str) -> String {
    let mut characters = method.chars();
    characters.next().map(|first| format!("{first}{}", characters.as_str().to_ascii_lowercase())).unwrap_or_default()
}
