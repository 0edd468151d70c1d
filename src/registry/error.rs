//! What can go wrong between this program and a registry.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::go_value;
use crate::ambient::DeadlineExceeded;
use crate::crypto::Digest;
use crate::encoding::{PathError, text};
use crate::format::oci::{Descriptor, ReferenceError};
use crate::http::{HttpError, Method, Response, redact, retry};

/// A failed exchange with a registry or a layout directory.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry answered with an error. Displays as go-containerregistry's `GET URL: CODE: message; detail`.
    #[error("{text}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// Registry error codes, such as `MANIFEST_UNKNOWN`.
        codes: Vec<String>,
        /// The whole text.
        text: String,
    },
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// `--timeout` passed.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
    /// The host of a repository is no host.
    #[error("registries must be valid RFC 3986 URI authorities: {}", text::quote(.0))]
    Host(String),
    /// Not a reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Content that is not what its digest says.
    #[error("{what}: digest {actual} does not match the expected {expected}")]
    DigestMismatch {
        /// What was read, or written.
        what: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: String,
    },
    /// A blob of another size than its descriptor says.
    #[error("{what}: {actual} bytes where its descriptor says {expected}")]
    SizeMismatch {
        /// The blob.
        what: String,
        /// What the descriptor says.
        expected: i64,
        /// How many there were.
        actual: u64,
    },
    /// Content larger than this program takes.
    #[error("{what} is larger than the limit of {limit} bytes (COSIGN_MAX_ATTACHMENT_SIZE sets that of attachments)")]
    TooLarge {
        /// What it is.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// What was read cannot be kept where it belongs.
    #[error("{what}: {reason}")]
    NotWritten {
        /// What was read.
        what: String,
        /// Why not.
        reason: String,
    },
    /// More entries than this program takes.
    #[error("{what}: more than {limit}")]
    TooMany {
        /// What there is too much of.
        what: String,
        /// How many are taken.
        limit: usize,
    },
    /// An answer that makes no sense.
    #[error("{what}: {reason}")]
    Malformed {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What was written is not there when it is read back, however often it was tried.
    #[error(
        "{what}: what was written is not there when it is read back ({attempts} attempts): another writer keeps replacing it, or the registry drops it"
    )]
    NotKept {
        /// Where it was written.
        what: String,
        /// How often.
        attempts: u32,
    },
    /// The Docker config, or podman's, cannot be used.
    #[error("parsing config file ({}): {reason}", text::quote(&path.to_string_lossy()))]
    Config {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A credential helper failed.
    #[error("error getting credentials - err: {program}: {reason}")]
    Helper {
        /// `docker-credential-…`.
        program: String,
        /// Why.
        reason: String,
    },
    /// A local file cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// A layout directory cannot be used.
    #[error("{}: {reason}", text::quote(&path.to_string_lossy()))]
    Layout {
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Something is not in a layout directory: what a 404 is in a registry.
    #[error("{what}: MANIFEST_UNKNOWN: manifest unknown")]
    NotInLayout {
        /// What was looked for.
        what: String,
    },
    /// An option that is not built yet.
    #[error("{0} is not supported yet")]
    NotSupported(&'static str),
    /// A [`super::TagUpdate`] failed for a reason of its own.
    #[error("{0}")]
    Update(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The digest of a descriptor that has to have one; `what` it describes is for the error.
///
/// # Errors
/// [`RegistryError::Malformed`].
pub fn known_digest(descriptor: &Descriptor, what: impl FnOnce() -> String) -> Result<Digest, RegistryError> {
    let malformed = || RegistryError::Malformed { what: what(), reason: "its digest is no SHA-256 digest".to_owned() };
    descriptor.parsed_digest().ok_or_else(malformed)
}

impl RegistryError {
    /// Whether the manifest, tag or repository is not there: 404.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. } | Self::NotInLayout { .. })
    }

    /// Whether access was denied: 401.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }

    /// Whether access was denied for good: 403.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Status { status: 403, .. })
    }

    /// Whether a manifest was refused because a blob that it names is not there.
    pub fn misses_a_blob(&self) -> bool {
        matches!(self, Self::Status { status: 400 | 404, codes, .. } if codes.iter().any(|code| code == "MANIFEST_BLOB_UNKNOWN" || code == "BLOB_UNKNOWN"))
    }

    /// The HTTP status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The error that an answer means; its texts are cut and escaped.
    pub(crate) fn of(response: &Response) -> Self {
        let status = response.status;
        let prefix = format!("{} {}: ", response.method, redact::url(&response.url));
        let plain = format!("unexpected status code {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        let errors = serde_json::from_slice::<ErrorBody>(&response.body).map(|body| body.errors).unwrap_or_default();
        let text = match errors.as_slice() {
            [] if response.body.is_empty() && response.method == Method::HEAD => {
                format!("{plain} (HEAD responses have no body, use GET for details)")
            }
            [] if response.body.is_empty() => plain,
            [] => format!("{plain}: {}", text::quote(String::from_utf8_lossy(&response.body).trim_end())),
            [error] => error.text(),
            errors => {
                let shown: Vec<String> = errors.iter().take(10).map(Diagnostic::text).collect();
                format!("multiple errors returned: {}", shown.join("; "))
            }
        };
        // Where trying again may help the number says it better than the registry's own code.
        let number = match retry::is_temporary(status) && !errors.is_empty() {
            true => format!(" ({} {})", status.as_u16(), status.canonical_reason().unwrap_or_default()),
            false => String::new(),
        };
        let codes = errors.into_iter().take(10).map(|error| text::quote(&error.code)).collect();
        Self::Status { status: status.as_u16(), codes, text: prefix + &text + &number }
    }
}

/// distribution-spec's error body.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    errors: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: Value,
}

impl Diagnostic {
    fn text(&self) -> String {
        let said = format!("{}: {}", self.code, self.message);
        let said = if self.detail.is_null() { said } else { format!("{said}; {}", go_value::display(&self.detail)) };
        text::quote(&said)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{StatusCode, Url, header::HeaderMap};

    fn text_of(method: Method, status: u16, body: &str) -> String {
        RegistryError::of(&Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            method,
            url: Url::parse("http://r/v2/a/manifests/nope").unwrap(),
        })
        .to_string()
    }

    #[test]
    fn texts_are_those_of_go_containerregistry() {
        let url = "GET http://r/v2/a/manifests/nope: ";
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"nope"}}]}"#;
        assert_eq!(text_of(Method::GET, 404, unknown), format!("{url}MANIFEST_UNKNOWN: manifest unknown; map[Tag:nope]"));
        let denied = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository","Class":"","Name":"a","Action":"pull"}]}]}"#;
        let expected = format!("{url}UNAUTHORIZED: authentication required; [map[Action:pull Class: Name:a Type:repository]]");
        assert_eq!(text_of(Method::GET, 401, denied), expected);
        assert_eq!(text_of(Method::GET, 502, ""), format!("{url}unexpected status code 502 Bad Gateway"));
        assert_eq!(text_of(Method::GET, 404, "404 page\n"), format!("{url}unexpected status code 404 Not Found: 404 page"));
        assert!(text_of(Method::HEAD, 404, "").ends_with("404 Not Found (HEAD responses have no body, use GET for details)"));
        let busy = r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#;
        assert_eq!(text_of(Method::GET, 429, busy), format!("{url}TOOMANYREQUESTS: slow down (429 Too Many Requests)"));
        let two = r#"{"errors":[{"code":"A","message":"b"},{"code":"C","message":"d","detail":null}]}"#;
        assert_eq!(text_of(Method::GET, 400, two), format!("{url}multiple errors returned: A: b; C: d"));
    }

    #[test]
    fn foreign_text_is_escaped_and_cut() {
        let body = format!(r#"{{"errors":[{{"code":"X","message":"\u001b[2J{}"}}]}}"#, "a".repeat(5000));
        let text = text_of(Method::GET, 400, &body);
        assert!(text.len() < 1200 && !text.contains('\u{1b}'), "{text}");
    }
}
