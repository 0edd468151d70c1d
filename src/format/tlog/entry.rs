//! A log entry as bundles carry it.

/// A log entry (protobuf `TransparencyLogEntry`), its fields as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// Index in the whole log (v1: over all its shards).
    pub log_index: i64,
    /// The log's key id.
    pub log_id: Vec<u8>,
    /// Kind as the entry says it: `hashedrekord`, `dsse`, `intoto`.
    pub kind: String,
    /// Version of the kind: `0.0.1`, `0.0.2`.
    pub version: String,
    /// When the log says it took the entry, seconds since 1970; 0 where it does not say (v2).
    pub integrated_time: i64,
    /// The signed entry timestamp (v1).
    pub inclusion_promise: Option<Vec<u8>>,
    /// The Merkle proof.
    pub inclusion_proof: Option<InclusionProof>,
    /// The body that the log hashed, JSON.
    pub canonicalized_body: Vec<u8>,
}

/// A Merkle inclusion proof with the checkpoint that signs its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InclusionProof {
    /// Index in the tree of the checkpoint.
    pub log_index: i64,
    /// Root hash.
    pub root_hash: Vec<u8>,
    /// Leaves in the tree.
    pub tree_size: i64,
    /// Hashes from leaf to root.
    pub hashes: Vec<Vec<u8>>,
    /// The signed note; empty where there is none.
    pub checkpoint: String,
}
