//! What can go wrong between this program and a registry.

/// A failed exchange with a registry or a layout directory. (The room's builder refines the variants; callers use the methods.)
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
    /// What was fetched is not what it should be.
    #[error("{what}: {reason}")]
    InvalidContent {
        /// What was fetched, and from where.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More of something than this program is willing to look at.
    #[error("number of {what} exceeds the limit of {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

impl RegistryError {
    /// Whether the manifest, tag or repository is not there: 404.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }

    /// Whether access was denied: 401.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }

    /// Whether access was denied for good: 403.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Status { status: 403, .. })
    }
}
