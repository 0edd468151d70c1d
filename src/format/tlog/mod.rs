//! Entries of Rekor transparency logs, versions 1 and 2: entry, body, promise (SET), inclusion proof, checkpoint.

pub mod body;
pub mod checkpoint;
pub mod entry;
pub mod inclusion;
pub mod key_details;
mod note;
pub mod set;
#[cfg(test)]
mod tests;

pub use body::{EntryBody, EntryBodyError, EntrySignature, EntryVerifier};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::{InclusionProof, LogEntry};
pub use inclusion::InclusionError;
pub use set::SetError;
