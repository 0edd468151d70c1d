//! Starts the cache of a TUF repository anew.

use crate::ambient::Context;
use crate::crypto::HashAlgorithm;
use crate::sigstore::tuf::initialize::RootStatus;
use crate::sigstore::tuf::{self, TufError, TufOptions};

/// Which repository, and what its trust starts from.
pub struct Initialize {
    /// The mirror; `None` for the public one.
    pub mirror: Option<String>,
    /// The root file's bytes; `None` for the built-in root.
    pub root: Option<Vec<u8>>,
    /// What the root file must hash to: hexadecimal SHA-256, or `sha512:HEX`.
    pub root_checksum: Option<String>,
}

/// Why the cache is as it was.
#[derive(Debug, thiserror::Error)]
pub enum InitializeError {
    /// The root file has another checksum.
    #[error("incorrect checksum for file URL: expected {expected} but got {actual}")]
    Checksum {
        /// What was asked for.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// A checksum by an unknown function.
    #[error("unsupported hash algorithm: {0}")]
    Algorithm(String),
    /// The repository.
    #[error("updating local metadata and targets: error updating to TUF remote mirror: {0}")]
    Tuf(#[from] TufError),
}

/// Fetches and verifies the repository, then replaces the cache. The result is what is to be shown of a repository without a trusted root.
///
/// # Errors
/// [`InitializeError`].
pub async fn initialize(request: &Initialize, context: &Context) -> Result<Option<RootStatus>, InitializeError> {
    if let (Some(root), Some(expected)) = (&request.root, &request.root_checksum) {
        check(root, expected)?;
    }
    let options = TufOptions::to_initialize(request.mirror.clone(), request.root.clone(), context).map_err(TufError::from)?;
    Ok(tuf::initialize::initialize(&options, context).await?)
}

fn check(root: &[u8], wanted: &str) -> Result<(), InitializeError> {
    let (name, expected) = wanted.split_once(':').unwrap_or(("sha256", wanted));
    let algorithm = HashAlgorithm::from_name(name).ok_or_else(|| InitializeError::Algorithm(crate::encoding::text::quote(name)))?;
    let actual = algorithm.digest(root).hex();
    if actual.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(InitializeError::Checksum { expected: crate::encoding::text::quote(expected), actual })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_checksum_is_of_either_function() {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(check(b"abc", sha256).is_ok());
        assert!(check(b"abc", &format!("sha256:{}", sha256.to_uppercase())).is_ok());
        assert!(check(b"abc", &format!("sha512:{sha256}")).is_err());
        let error = check(b"abc", "00").map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("incorrect checksum for file URL: expected 00 but got {sha256}")));
        assert!(check(b"abc", "md5:00").is_err());
    }
}
