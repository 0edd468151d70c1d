//! The Sigstore services, and whom to trust about them.

pub mod trust;
