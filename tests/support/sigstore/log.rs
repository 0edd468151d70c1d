//! What both versions of Rekor share: a tree that grows, its checkpoints, and a look at what is proposed.

use cosign::crypto::{Certificate, Digest, HashAlgorithm, Message, PublicKey};
use cosign::encoding::{base64, pem};

use super::keys::{Key, KeyKind, sha256, verifies};
use super::merkle::{self, Hash};

/// A log: its key and its entries.
pub struct Tree {
    pub key: Key,
    /// The first line of checkpoints, and who signs them.
    pub origin: String,
    pub signer: String,
    leaves: Vec<Hash>,
    /// Keys that also sign checkpoints.
    pub witnesses: Vec<(String, Key)>,
}

/// What proves that an entry is in the tree.
pub struct Proof {
    pub index: usize,
    pub size: usize,
    pub root: Hash,
    pub hashes: Vec<Hash>,
    pub checkpoint: String,
}

impl Tree {
    /// A tree that holds a few entries already: proofs are never empty, indices never zero.
    pub fn new(kind: KeyKind, origin: &str, signer: &str) -> Self {
        let leaves = (0..5_u8).map(|number| merkle::leaf(&[number])).collect();
        Self { key: Key::new(kind), origin: origin.to_owned(), signer: signer.to_owned(), leaves, witnesses: Vec::new() }
    }

    pub fn size(&self) -> usize {
        self.leaves.len()
    }

    /// Appends an entry: its index.
    pub fn append(&mut self, entry: &[u8]) -> usize {
        self.leaves.push(merkle::leaf(entry));
        self.leaves.len() - 1
    }

    pub fn proof(&self, index: usize) -> Proof {
        let (size, root) = (self.leaves.len(), merkle::root(&self.leaves));
        Proof { index, size, root, hashes: merkle::path(&self.leaves, index), checkpoint: self.checkpoint() }
    }

    /// The first bytes of the log's id: which key signed a note.
    pub fn id(&self) -> [u8; 32] {
        note_key_id(&self.signer, &self.key)
    }

    /// The signed note over size and root.
    pub fn checkpoint(&self) -> String {
        let note = format!("{}\n{}\n{}\n", self.origin, self.leaves.len(), base64::encode(merkle::root(&self.leaves)));
        let line = |name: &str, hint: &[u8], signature: &[u8]| format!("\u{2014} {name} {}\n", base64::encode([hint, signature].concat()));
        let mut text = format!("{note}\n{}", line(&self.signer, &self.id()[..4], &self.key.sign(note.as_bytes())));
        for (name, key) in &self.witnesses {
            // cosignature/v1: the time, and a signature over it and the note (c2sp.org/tlog-cosignature).
            let spki = key.spki();
            let hint = sha256([name.as_bytes(), b"\n\x04", &spki[12..]].concat());
            let signature = key.sign(format!("cosignature/v1\ntime 1700000000\n{note}").as_bytes());
            text.push_str(&line(name, &hint[..4], &[&1_700_000_000_u64.to_be_bytes()[..], &signature].concat()));
        }
        text
    }
}

/// By which a note names a key: for Ed25519 the hash of name, kind and key (c2sp.org/signed-note), else of the key.
fn note_key_id(name: &str, key: &Key) -> [u8; 32] {
    match key {
        Key::Ed25519(_) => sha256([name.as_bytes(), b"\n\x01", &key.spki()[12..]].concat()),
        _ => key.id(),
    }
}

/// The key in a PEM certificate or public key; `None` where it is neither.
pub fn key_of_pem(text: &[u8]) -> Option<PublicKey> {
    match pem::first(text)?.0 {
        block if block.label == "CERTIFICATE" => Certificate::from_der(&block.bytes).ok()?.public_key().ok(),
        _ => PublicKey::from_pem(text).ok(),
    }
}

/// Whether a signature is the key's over something with this digest, as far as that can be said of the key's kind.
pub fn signs_digest(key: &PublicKey, algorithm: HashAlgorithm, digest: &[u8], signature: &[u8]) -> bool {
    Digest::from_bytes(algorithm, digest).is_some_and(|digest| verifies(key, Message::Digest(&digest), signature))
}

/// The pre-authentication encoding of DSSE.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    [format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).as_bytes(), payload].concat()
}
