//! The TUF repositories that distribute Sigstore's keys and service addresses, cached in go-tuf's layout, which the Go program shares.
//!
//! Metadata is verified by `sigstore-tuf`; where it comes from, when a trip is made and what is kept is decided here: no trip while unexpired
//! metadata was refreshed within a day; later one is tried, and a mirror that does not answer is a warning; expired metadata fails.

mod cache;
mod error;
mod individual;
pub mod initialize;
mod mirror;
mod options;
mod refresh;
mod store;
#[cfg(test)]
mod tests;

pub use error::{TufError, TufOptionsError};
pub use options::{DEFAULT_MIRROR, STAGING_MIRROR, TufOptions};

use crate::ambient::Context;

/// Whom to trust.
pub const TRUSTED_ROOT: &str = "trusted_root.json";
/// Which services sign.
pub const SIGNING_CONFIG: &str = "signing_config.v0.2.json";
/// Which services sign, with a log of version 2.
pub const SIGNING_CONFIG_REKOR_V2: &str = "signing_config_rekor_v2.v0.2.json";

/// Whether the mirror may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Where the cache is too old.
    Allowed,
    /// Never (`--offline`): an unexpired cache or nothing.
    Forbidden,
}

/// The targets of the repository that environment and cache name, in the order of `names`.
///
/// # Errors
/// [`TufError`].
pub async fn targets(names: &[&str], network: Network, context: &Context) -> Result<Vec<Vec<u8>>, TufError> {
    let options = TufOptions::from_env(context)?;
    refresh::targets(&options, names, network, context).await
}
