//! In-toto statements, versions 0.1 and 1, and the names of predicate types.

pub mod predicate_type;
pub mod statement;

pub use statement::{Statement, StatementError, Subject};
