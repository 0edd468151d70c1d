//! Identity tokens: given by hand, found in the surroundings, or asked of an OpenID provider on behalf of a person.

pub mod ambient;
mod browser;
pub mod claims;
mod device;
mod error;
mod flow;
mod key_set;
mod listener;
mod provider;
#[cfg(test)]
mod tests;

pub use error::OidcError;
pub use flow::{AuthFlow, PRIVACY_CONFIRMATION, PRIVACY_STATEMENT, TokenRequest, token};

/// For whom tokens are.
pub const AUDIENCE: &str = "sigstore";
