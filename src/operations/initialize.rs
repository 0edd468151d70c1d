//! Starts the cache of a TUF repository anew.

use crate::ambient::Context;
use crate::crypto::HashAlgorithm;
use crate::encoding::text::quote;
use crate::sigstore::tuf::initialize::RootStatus;
use crate::sigstore::tuf::{self, TufError, TufOptions};

/// Which repository, and what its trust starts from.
pub struct Initialize {
    /// The mirror; `None` for the public one.
    pub mirror: Option<String>,
    /// The root file, as it was named, and its bytes; `None` for the built-in root.
    pub root: Option<(String, Vec<u8>)>,
    /// What the root file must hash to: hexadecimal SHA-256, or `sha512:HEX`.
    pub root_checksum: Option<String>,
}

/// Why the cache is as it was.
#[derive(Debug, thiserror::Error)]
pub enum InitializeError {
    /// The root file has another checksum.
    #[error("incorrect checksum for file {file}: expected {expected} but got {actual}")]
    Checksum {
        /// The file or URL.
        file: String,
        /// What was asked for.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// A checksum by an unknown function.
    #[error("unsupported checksum algorithm: {0}")]
    Algorithm(String),
    /// More than a function and a value.
    #[error("wrong checksum input format, must have at most 1 colon: {0}")]
    Format(String),
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
    let root = request.root.as_ref().map(|(_, root)| root.clone());
    let options = TufOptions::to_initialize(request.mirror.clone(), root, context).map_err(TufError::from)?;
    Ok(tuf::initialize::initialize(&options, context).await?)
}

fn check((file, root): &(String, Vec<u8>), wanted: &str) -> Result<(), InitializeError> {
    let (name, expected) = wanted.split_once(':').unwrap_or(("sha256", wanted));
    if expected.contains(':') {
        return Err(InitializeError::Format(quote(wanted)));
    }
    let algorithm = match name {
        "sha256" => HashAlgorithm::Sha256,
        "sha512" => HashAlgorithm::Sha512,
        other => return Err(InitializeError::Algorithm(quote(other))),
    };
    let actual = algorithm.digest(root).hex();
    if actual.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(InitializeError::Checksum { file: quote(file), expected: quote(expected), actual })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_checksum_is_of_either_function() {
        let check = |wanted: &str| super::check(&("root.json".to_owned(), b"abc".to_vec()), wanted).map_err(|error| error.to_string());
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(check(sha256).is_ok());
        assert!(check(&format!("sha256:{}", sha256.to_uppercase())).is_ok());
        assert!(check(&format!("sha512:{sha256}")).is_err());
        assert_eq!(check("00"), Err(format!("incorrect checksum for file root.json: expected 00 but got {sha256}")));
        assert_eq!(check("md5:00"), Err("unsupported checksum algorithm: md5".to_owned()));
        assert_eq!(check("sha256:a:b"), Err("wrong checksum input format, must have at most 1 colon: sha256:a:b".to_owned()));
    }
}
