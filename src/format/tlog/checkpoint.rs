//! Checkpoints: signed notes that hold a log's size and root hash (C2SP tlog-checkpoint, signed-note).

use crate::crypto::PublicKey;

/// A checkpoint whose signature verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, the first line.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// Root hash.
    pub root_hash: Vec<u8>,
}

/// Why a checkpoint does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {}

impl Checkpoint {
    /// Rekor v1: any signer name, chosen by key hint; every line of that hint must verify.
    pub fn verify_v1(_text: &str, _key: &PublicKey) -> Result<Self, CheckpointError> {
        todo!()
    }
    /// Rekor v2: `origin` (host of the log's base URL) is the first line and the signer's name; other signers are skipped.
    pub fn verify_v2(_text: &str, _origin: &str, _key: &PublicKey) -> Result<Self, CheckpointError> {
        todo!()
    }
}
