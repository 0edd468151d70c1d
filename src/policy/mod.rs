//! Policies about attestations: what a predicate must say beyond being signed.

pub mod cue;
mod go_struct;
pub mod input;
#[cfg(feature = "policy-rego")]
pub mod rego;

pub use go_struct::StructError;

/// A file with a policy, or a part of one.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFile<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}
