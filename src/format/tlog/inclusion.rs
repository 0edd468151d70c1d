//! Inclusion proofs of both versions of Rekor, up to the signed checkpoint.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::{InclusionProof, LogEntry};
use crate::crypto::PublicKey;
use crate::crypto::merkle::{self, MerkleError};
use crate::encoding::hex;

/// Why an entry is not shown to be in the log; texts are those of the Go programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// There is no proof.
    #[error("inclusion proof not provided")]
    Missing,
    /// An index or size below zero.
    #[error("invalid index: {0}")]
    Negative(i64),
    /// v1: the path does not lead to the proof's root.
    #[error(transparent)]
    Proof(MerkleError),
    /// v1: the checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// v1: the checkpoint is of another tree.
    #[error("proof root hash does not match signed tree head, expected {expected} got {actual}")]
    RootHash {
        /// The proof's, in hexadecimal.
        expected: String,
        /// The checkpoint's.
        actual: String,
    },
    /// v1: the checkpoint is of a tree of another size.
    #[error("proof tree size does not match signed tree head, expected {expected} got {actual}")]
    TreeSize {
        /// The proof's.
        expected: u64,
        /// The checkpoint's.
        actual: u64,
    },
    /// v2: the checkpoint does not hold.
    #[error("unverified checkpoint signature: {}{}", step(.0), .0)]
    CheckpointV2(CheckpointError),
    /// v2: the path does not lead to the checkpoint's root.
    #[error("verifying inclusion: {0}")]
    ProofV2(MerkleError),
}

/// Where in the Go program a v2 checkpoint fails.
fn step(error: &CheckpointError) -> &'static str {
    match error {
        CheckpointError::Origin { .. } | CheckpointError::Name(_) => "",
        CheckpointError::TooFewLines | CheckpointError::EmptyOrigin | CheckpointError::Size(_) | CheckpointError::RootHash => {
            "failed to unmarshal checkpoint: "
        }
        _ => "failed to verify signatures on checkpoint: ",
    }
}

fn unsigned(value: i64) -> Result<u64, InclusionError> {
    u64::try_from(value).map_err(|_| InclusionError::Negative(value))
}

impl LogEntry {
    /// Rekor v1: the body stands at the proof's index in a tree of the proof's size and root, both of which the checkpoint signs.
    ///
    /// # Errors
    /// [`InclusionError`].
    pub fn verify_inclusion_v1(&self, key: &PublicKey) -> Result<Checkpoint, InclusionError> {
        let proof = self.proof()?;
        let (index, size) = (unsigned(proof.log_index)?, unsigned(proof.tree_size)?);
        let leaf = merkle::leaf_hash(&self.canonicalized_body);
        merkle::verify_inclusion(index, size, &leaf, &proof.hashes, &proof.root_hash).map_err(InclusionError::Proof)?;
        let checkpoint = Checkpoint::verify_v1(&proof.checkpoint, key).map_err(InclusionError::Checkpoint)?;
        if checkpoint.root_hash != proof.root_hash {
            let (expected, actual) = (hex::encode(&proof.root_hash), hex::encode(&checkpoint.root_hash));
            return Err(InclusionError::RootHash { expected, actual });
        }
        if checkpoint.size != size {
            return Err(InclusionError::TreeSize { expected: size, actual: checkpoint.size });
        }
        Ok(checkpoint)
    }

    /// Rekor v2: the body stands at the entry's index in the tree of the checkpoint, which the log `origin` signs. Index, size and
    /// root in the proof are not read.
    ///
    /// # Errors
    /// [`InclusionError`].
    pub fn verify_inclusion_v2(&self, origin: &str, key: &PublicKey) -> Result<Checkpoint, InclusionError> {
        let proof = self.proof()?;
        let index = unsigned(self.log_index)?;
        let checkpoint = Checkpoint::verify_v2(&proof.checkpoint, origin, key).map_err(InclusionError::CheckpointV2)?;
        let leaf = merkle::leaf_hash(&self.canonicalized_body);
        merkle::verify_inclusion(index, checkpoint.size, &leaf, &proof.hashes, &checkpoint.root_hash).map_err(InclusionError::ProofV2)?;
        Ok(checkpoint)
    }

    fn proof(&self) -> Result<&InclusionProof, InclusionError> {
        self.inclusion_proof.as_ref().ok_or(InclusionError::Missing)
    }
}
