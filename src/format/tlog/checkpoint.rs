//! Checkpoints: signed notes that hold a log's size and root hash (C2SP tlog-checkpoint, signed-note), as the two versions of
//! Rekor sign them.

use super::note::{self, Note};
use crate::crypto::{Digest, KeyAlgorithm, Message, PublicKey, Verifier};
use crate::encoding::text::quote;
use crate::encoding::{base64, hex};

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

/// Why a checkpoint does not hold; texts are those of the Go programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// No signed note.
    #[error("malformed note")]
    MalformedNote,
    /// The text has no line for size and root hash.
    #[error("invalid checkpoint - too few newlines")]
    TooFewLines,
    /// The first line is empty.
    #[error("invalid checkpoint - empty origin")]
    EmptyOrigin,
    /// The second line is no number; quoted.
    #[error("invalid checkpoint - size invalid: \"{0}\"")]
    Size(String),
    /// The third line is no base64.
    #[error("invalid checkpoint - invalid hash")]
    RootHash,
    /// Another log's; quoted.
    #[error("got Origin \"{actual}\" but expected \"{expected}\"")]
    Origin {
        /// The first line.
        actual: String,
        /// The log's name.
        expected: String,
    },
    /// The log's name cannot stand in a note; quoted.
    #[error("invalid name {0}")]
    Name(String),
    /// v1: a signature of another key, or a wrong one.
    #[error("signature on checkpoint did not verify")]
    Unverified,
    /// v2: no line is of the log's name and key.
    #[error("note has no verifiable signatures")]
    NoVerifiableSignature,
    /// v2: the log's line is wrong.
    #[error("invalid signature for key {name}+{key_id}")]
    InvalidSignature {
        /// The log's name.
        name: String,
        /// The key id in hexadecimal.
        key_id: String,
    },
}

/// Whether the checkpoint is of Rekor v1: its first line ends in ` - TREEID`.
pub fn is_rekor_v1(checkpoint: &str) -> bool {
    let mut lines = checkpoint.split('\n');
    let tree = lines.next().and_then(|origin| origin.rsplit_once(" - ")).map_or("", |(_, tree)| tree);
    lines.count() >= 3 && !tree.is_empty() && tree.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a note says, whether its signatures hold or not: to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedCheckpoint<'a> {
    /// Origin, size and root hash.
    pub checkpoint: Checkpoint,
    /// Further lines.
    pub other_lines: Vec<&'a str>,
    /// Name of each signer, and how long its signature is, in bytes.
    pub signatures: Vec<(&'a str, usize)>,
}

impl Checkpoint {
    /// Reads a checkpoint without verifying anything; `None` for what is none.
    pub fn describe(checkpoint: &str) -> Option<DescribedCheckpoint<'_>> {
        let note = Note::parse(checkpoint)?;
        Some(DescribedCheckpoint {
            checkpoint: Self::parse(note.text).ok()?,
            other_lines: note.text.lines().skip(3).collect(),
            signatures: note.signatures.iter().map(|line| (line.name, line.signature.len())).collect(),
        })
    }

    /// Rekor v1: signer names do not count; every line must carry the log's key hint, the first four bytes of SHA-256 of its SPKI,
    /// and verify.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify_v1(checkpoint: &str, key: &PublicKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(checkpoint).ok_or(CheckpointError::MalformedNote)?;
        let parsed = Self::parse(note.text)?;
        let hint = key_hint(Digest::sha256(key.spki_der()));
        let message = Message::Bytes(note.text.as_bytes());
        let verifies = |signature: &[u8]| key.candidate_schemes().iter().any(|scheme| key.verify(*scheme, message, signature).is_ok());
        if note.signatures.iter().all(|line| line.key_id == hint && verifies(&line.signature)) {
            Ok(parsed)
        } else {
            Err(CheckpointError::Unverified)
        }
    }

    /// Rekor v2: `origin`, the host name of the log's base URL, is the first line and the signer's name. The first line of that name
    /// and key id must verify; lines of others (witnesses) are skipped wherever they stand.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify_v2(checkpoint: &str, origin: &str, key: &PublicKey) -> Result<Self, CheckpointError> {
        if !note::is_name(origin) {
            return Err(CheckpointError::Name(quote(origin)));
        }
        let note = Note::parse(checkpoint).ok_or(CheckpointError::MalformedNote)?;
        let key_id = key_id_v2(origin, key);
        let line = note.signatures.iter().find(|line| line.name == origin && line.key_id == key_id);
        let line = line.ok_or(CheckpointError::NoVerifiableSignature)?;
        if key.verify(key.default_scheme(), Message::Bytes(note.text.as_bytes()), &line.signature).is_err() {
            return Err(CheckpointError::InvalidSignature { name: quote(origin), key_id: hex::encode(key_id) });
        }
        let parsed = Self::parse(note.text)?;
        if parsed.origin != origin {
            return Err(CheckpointError::Origin { actual: quote(&parsed.origin), expected: quote(origin) });
        }
        Ok(parsed)
    }

    /// Origin, size and root hash, a line each; more lines may follow.
    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.splitn(4, '\n').collect();
        let [origin, size, root_hash, _] = lines.as_slice() else {
            return Err(CheckpointError::TooFewLines);
        };
        if origin.is_empty() {
            return Err(CheckpointError::EmptyOrigin);
        }
        let digits = size.bytes().all(|byte| byte.is_ascii_digit());
        let size = size.parse().ok().filter(|_| digits).ok_or_else(|| CheckpointError::Size(quote(size)))?;
        let root_hash = base64::decode(root_hash).map_err(|_| CheckpointError::RootHash)?;
        Ok(Self { origin: (*origin).to_owned(), size, root_hash })
    }
}

/// The id under which a Rekor v2 log with that name signs: the first bytes of [`log_id_v2`].
pub fn key_id_v2(origin: &str, key: &PublicKey) -> [u8; 4] {
    key_hint(log_id_v2(origin, key))
}

/// The id of a Rekor v2 log with that name: for Ed25519 and RSA by C2SP signed-note, for ECDSA of the SPKI alone.
pub fn log_id_v2(origin: &str, key: &PublicKey) -> Digest {
    let named = |kind: &[u8], key: &[u8]| Digest::sha256([origin.as_bytes(), b"\n", kind, key].concat());
    let spki = key.spki_der();
    match key.algorithm() {
        KeyAlgorithm::Ecdsa(_) => Digest::sha256(spki),
        // The raw key is the end of its SPKI.
        KeyAlgorithm::Ed25519 => named(&[1], &spki[spki.len().saturating_sub(32)..]),
        KeyAlgorithm::Rsa { .. } => named(b"\xffPKIX-RSA-PKCS#1v1.5", spki),
    }
}

fn key_hint(digest: Digest) -> [u8; 4] {
    digest.bytes().first_chunk().copied().unwrap_or_default()
}
