//! Makes signatures: who signs, what is signed, and what witnesses it.

pub mod attestation;
pub mod blob;
pub mod identity;
pub mod image;
