//! Makes signatures: who signs, what is signed, and what witnesses it.

pub mod identity;
pub mod image;
