//! Entries of Rekor transparency logs, versions 1 and 2: entry, body, promise (SET), checkpoint.

pub mod body;
pub mod checkpoint;
pub mod entry;
pub mod set;

pub use body::{EntryBody, EntryBodyError, EntryVerifier};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::{InclusionProof, LogEntry};
