//! Policies about attestations: what a predicate must say beyond being signed.

pub mod cue;
mod go_struct;
pub mod input;
#[cfg(feature = "policy-rego")]
pub mod rego;

pub use go_struct::StructError;
