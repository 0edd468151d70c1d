//! Why there is no trusted target. Texts keep the Go program's phrases.

use std::error::Error as _;

use crate::encoding::PathError;
use crate::encoding::text::quote;

/// Why the repository cannot be named.
#[derive(Debug, thiserror::Error)]
pub enum TufOptionsError {
    /// `remote.json`.
    #[error("error setting TUF options: error setting TUF mirror: {0}")]
    Remote(String),
    /// The root file.
    #[error("error setting TUF options: error setting root: error reading root.json given by TUF_ROOT_JSON: {0}")]
    RootFile(PathError),
    /// A mirror of one's own that was never initialized.
    #[error(
        "error setting TUF options: error setting root: could not find cached root.json for {}: run `cosign initialize --mirror URL --root FILE`, or name its root with TUF_ROOT_JSON", quote(.0)
    )]
    NoRoot(String),
    /// There is no home directory.
    #[error("error setting TUF options: there is no home directory: name a cache directory with TUF_ROOT")]
    NoHome,
}

/// Why there is no trusted target.
#[derive(Debug, thiserror::Error)]
pub enum TufError {
    /// The repository cannot be named.
    #[error(transparent)]
    Options(#[from] TufOptionsError),
    /// The mirror's address is none.
    #[error("TUF mirror {}: {reason}", quote(.mirror))]
    Mirror {
        /// What was given.
        mirror: String,
        /// What is wrong.
        reason: String,
    },
    /// The mirror does not answer as it should, and there is no unexpired cache.
    #[error("failed to create TUF client failed to load metadata: tuf refresh failed: {reason} (TUF mirror {}, and no unexpired metadata is cached)", quote(.mirror))]
    Unreachable {
        /// The mirror.
        mirror: String,
        /// What happened.
        reason: String,
    },
    /// The mirror's metadata is not to be trusted.
    #[error("failed to create TUF client failed to load metadata: tuf refresh failed: {reason} (TUF mirror {})", quote(.mirror))]
    Refused {
        /// The mirror.
        mirror: String,
        /// What is wrong.
        reason: String,
    },
    /// `--offline` without an unexpired cache.
    #[error("--offline, and the TUF cache {directory} holds no unexpired metadata of {}: give the trusted keys with --trusted-root, or run `cosign initialize` while there is a network ({reason})", quote(.mirror))]
    Offline {
        /// The cache.
        directory: String,
        /// The mirror.
        mirror: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The repository has no such target.
    #[error("getting info for target {0:?}: target {0} not found")]
    NoTarget(String),
    /// A target that leaves its directory.
    #[error("target {} is not a plain file name", quote(.0))]
    TargetName(String),
    /// A target that could not be fetched.
    #[error("failed to download target file {name} - {reason}")]
    Target {
        /// Its name.
        name: String,
        /// What happened.
        reason: String,
    },
    /// The new cache could not be written.
    #[error("storing the TUF cache: {0}")]
    Store(#[from] PathError),
}

/// What the library says, in the Go program's words.
pub(super) fn describe(error: &sigstore_tuf::Error) -> String {
    use sigstore_tuf::Error as E;
    match error {
        E::Expired { role, .. } if role == "root" => "expired metadata error: final root.json is expired".to_owned(),
        E::Expired { role, .. } if role == "targets" => "expired metadata error: new targets is expired".to_owned(),
        E::Expired { role, .. } => format!("expired metadata error: {}.json is expired", quote(role)),
        E::Rollback { role, trusted, new } => {
            format!("bad version number error: new {} version {new} must be >= {trusted}", quote(role))
        }
        E::BadRootVersion { trusted, new } => {
            format!("bad version number error: bad version number, expected {}, got {new}", trusted.saturating_add(1))
        }
        E::ThresholdNotMet { role, found, threshold } => {
            format!("Verifying {} failed, not enough signatures, got {found}, want {threshold}", quote(role))
        }
        E::IntegrityMismatch(what) => format!("length/hash verification error: hash verification failed - {}", quote(what)),
        E::Transport { message, .. } => quote(message),
        other => {
            let mut text = other.to_string();
            let mut source = other.source();
            while let Some(error) = source {
                text = format!("{text}: {error}");
                source = error.source();
            }
            quote(&text)
        }
    }
}
