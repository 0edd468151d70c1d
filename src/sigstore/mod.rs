//! The Sigstore services, and whom to trust about them.

pub mod fulcio;
pub mod oidc;
pub mod rekor;
pub mod selection;
mod service;
#[cfg(test)]
pub(crate) mod testing;
pub mod trust;
pub mod tsa;
pub mod tuf;

pub use service::ServiceError;
