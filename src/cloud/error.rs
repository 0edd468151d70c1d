//! Why there is no credential.

use std::path::{Path, PathBuf};

use crate::encoding::text;
use crate::http::HttpError;

/// A cloud provider gives no credential.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// No source is configured.
    #[error("no credentials of {provider} found (looked at {looked})")]
    NotConfigured {
        /// The provider.
        provider: &'static str,
        /// Where was looked.
        looked: &'static str,
    },
    /// There was no answer.
    #[error("{what}: {source}")]
    Http {
        /// What was asked.
        what: &'static str,
        /// Why there is no answer.
        source: HttpError,
    },
    /// The service that runs on the machine itself does not answer in time: this is probably not such a machine.
    #[error("{0}: no answer in time")]
    NoAnswer(&'static str),
    /// The service refused.
    #[error("{what}: {status} {}", text::quote(said))]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// What it said, secrets removed.
        said: String,
    },
    /// An answer, or a file's content, that makes no sense.
    #[error("{what}: {reason}")]
    Malformed {
        /// What was read.
        what: String,
        /// What is wrong with it; quotes no content.
        reason: String,
    },
    /// A file that cannot be read.
    #[error("reading {}: {reason}", text::quote(&path.to_string_lossy()))]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A program that was to give a credential.
    #[error("{program}: {reason}")]
    Program {
        /// The program.
        program: String,
        /// Why not.
        reason: String,
    },
    /// A source that is configured, but that this program does not know.
    #[error("{0} is not supported yet")]
    NotSupported(String),
}

/// Larger files hold no credentials.
const FILE_LIMIT: u64 = 1 << 20;

/// Reads a small text file.
///
/// # Errors
/// [`CloudError::File`].
pub fn read(path: &Path) -> Result<String, CloudError> {
    let failed = |reason: String| CloudError::File { path: path.to_owned(), reason };
    let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if length > FILE_LIMIT {
        return Err(failed(format!("larger than {FILE_LIMIT} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

impl CloudError {
    /// Something that cannot be understood.
    pub fn malformed(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), reason: reason.into() }
    }
}
