//! In-toto statements, versions 0.1 and 1, the names of predicate types, and what a statement makes of a predicate.

pub mod predicate;
pub mod predicate_type;
pub mod statement;

pub use predicate::{Predicate, PredicateError};
pub use statement::{Statement, StatementError, Subject};
