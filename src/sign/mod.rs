//! Makes signatures: who signs, what is signed, and what witnesses it.

pub mod attestation;
pub mod blob;
pub mod certifier;
pub mod finish;
pub mod identity;
pub mod image;
pub mod services;
#[cfg(test)]
mod tests;
mod unknown_log;
pub mod witness;
