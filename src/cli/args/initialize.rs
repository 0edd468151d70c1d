//! The flags of `initialize`.

use clap::Args;

use super::Given;
use crate::sigstore::tuf::DEFAULT_MIRROR;

/// `cosign initialize [flags]`
#[derive(Debug, Clone, Args)]
pub struct InitializeArgs {
    /// The TUF repository: an http(s) URL, or file:///DIRECTORY
    #[arg(long, default_value = DEFAULT_MIRROR)]
    pub mirror: String,

    /// The root metadata that trust starts from: a file or a URL; the built-in root if not given
    #[arg(long, default_value_t)]
    pub root: String,

    /// The checksum of that root: SHA-256 in hexadecimal, or sha512:HEX
    #[arg(long, default_value_t)]
    pub root_checksum: String,

    /// Use Sigstore's staging instance
    #[arg(long)]
    pub staging: bool,

    /// Which flags were given.
    #[arg(skip)]
    pub given: Given,
}
