//! Keys by reference: `--key` is parsed once into a [`KeyRef`] and loaded as a signer or a verifier.

pub mod file;
pub mod key_ref;
pub mod load;

pub use key_ref::{KeyRef, KmsProvider};
pub use load::{FetchError, FetchUrl, KeyError};
