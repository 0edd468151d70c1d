//! What a policy decides about a statement: Rego.

mod go_struct;
pub mod input;
#[cfg(feature = "policy-rego")]
pub mod rego;

pub use go_struct::StructError;
