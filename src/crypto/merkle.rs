//! Merkle trees of transparency logs (RFC 6962 section 2.1), SHA-256.

use super::Digest;

/// Why a proof does not hold; texts are the Go library's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The leaf is not in a tree of that size.
    #[error("index is beyond size: {index} >= {size}")]
    IndexBeyondSize {
        /// Index of the leaf.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The path is shorter or longer than the one path there is.
    #[error("wrong proof size {actual}, want {expected}")]
    WrongLength {
        /// Hashes in the proof.
        actual: usize,
        /// Hashes that it must have.
        expected: usize,
    },
    /// A hash of the path is no SHA-256 digest.
    #[error("hash in proof has unexpected size {0}, want 32")]
    HashLength(usize),
    /// The path leads elsewhere.
    #[error("calculated root:\n{}\n does not match expected root:\n{}", numbers(.calculated), numbers(.expected))]
    RootMismatch {
        /// Where it leads.
        calculated: [u8; 32],
        /// Where it should.
        expected: Vec<u8>,
    },
}

/// Bytes as Go's `%v` prints them, cut at 64: `[1 2 3]`.
fn numbers(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().take(64).map(u8::to_string).collect();
    format!("[{}]", numbers.join(" "))
}

/// The hash of a leaf: SHA-256(0x00 ‖ entry).
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    sha256(&[&[0], entry])
}

/// The root hash of the tree of `size` leaves that has the leaf with hash `leaf` at `index`, by `proof`, which must be of the exact length.
///
/// # Errors
/// [`MerkleError`], all but [`MerkleError::RootMismatch`].
pub fn root_from_inclusion_proof(index: u64, size: u64, leaf: &[u8; 32], proof: &[Vec<u8>]) -> Result<[u8; 32], MerkleError> {
    if index >= size {
        return Err(MerkleError::IndexBeyondSize { index, size });
    }
    // Up to where the paths of this leaf and of the last one meet, then the left siblings of the right border.
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).map_or(0, u64::count_ones);
    let expected = (inner + border) as usize;
    if proof.len() != expected {
        return Err(MerkleError::WrongLength { actual: proof.len(), expected });
    }
    let mut hash = *leaf;
    for (level, sibling) in proof.iter().enumerate() {
        if sibling.len() != 32 {
            return Err(MerkleError::HashLength(sibling.len()));
        }
        let is_left = level < inner as usize && index >> level & 1 == 0;
        hash = if is_left { sha256(&[&[1], &hash, sibling]) } else { sha256(&[&[1], sibling, &hash]) };
    }
    Ok(hash)
}

/// Checks that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves with root hash `root`.
///
/// # Errors
/// [`MerkleError`].
pub fn verify_inclusion(index: u64, size: u64, leaf: &[u8; 32], proof: &[Vec<u8>], root: &[u8]) -> Result<(), MerkleError> {
    let calculated = root_from_inclusion_proof(index, size, leaf, proof)?;
    if calculated == *root { Ok(()) } else { Err(MerkleError::RootMismatch { calculated, expected: root.to_vec() }) }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(Digest::sha256(parts.concat()).bytes());
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// The root of `leaves` by the definition of RFC 6962, and the proof for `index`.
    fn tree(leaves: &[[u8; 32]], index: usize) -> ([u8; 32], Vec<Vec<u8>>) {
        if let [only] = leaves {
            return (*only, Vec::new());
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(split);
        let (own, other, at) = if index < split { (left, right, index) } else { (right, left, index - split) };
        let ((own_root, mut proof), (other_root, _)) = (tree(own, at), tree(other, 0));
        proof.push(other_root.to_vec());
        let root = if index < split { sha256(&[&[1], &own_root, &other_root]) } else { sha256(&[&[1], &other_root, &own_root]) };
        (root, proof)
    }

    fn leaves(count: usize) -> Vec<[u8; 32]> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_small_trees_is_included_and_nowhere_else() {
        for size in 1..20 {
            let leaves = leaves(size);
            for index in 0..size {
                let (root, proof) = tree(&leaves, index);
                let verify = |index, size, leaf| verify_inclusion(index, size, leaf, &proof, &root);
                assert_eq!(verify(index as u64, size as u64, &leaves[index]), Ok(()));
                for other in (0..size).filter(|other| *other != index) {
                    assert!(verify(other as u64, size as u64, &leaves[index]).is_err());
                }
            }
        }
    }

    #[test]
    fn one_bit_of_each_hash_counts() {
        let leaves = leaves(11);
        let (root, proof) = tree(&leaves, 6);
        for level in 0..proof.len() {
            let mut changed = proof.clone();
            changed[level][0] ^= 1;
            assert!(matches!(verify_inclusion(6, 11, &leaves[6], &changed, &root), Err(MerkleError::RootMismatch { .. })));
        }
        let mut other_root = root;
        other_root[31] ^= 1;
        assert!(matches!(verify_inclusion(6, 11, &leaves[6], &proof, &other_root), Err(MerkleError::RootMismatch { .. })));
        assert!(matches!(verify_inclusion(6, 11, &leaves[5], &proof, &root), Err(MerkleError::RootMismatch { .. })));
    }

    #[test]
    fn errors_are_those_of_go() {
        let text = |index, size, proof: &[Vec<u8>]| verify_inclusion(index, size, &[0; 32], proof, &[0; 32]).unwrap_err().to_string();
        assert_eq!(text(5, 5, &[]), "index is beyond size: 5 >= 5");
        assert_eq!(text(0, 0, &[]), "index is beyond size: 0 >= 0");
        assert_eq!(text(0, 1024, &vec![vec![0; 32]; 9]), "wrong proof size 9, want 10");
        assert_eq!(text(0, 2, &[vec![0; 31]]), "hash in proof has unexpected size 31, want 32");
        assert!(text(0, 2, &[vec![0; 32]]).starts_with("calculated root:\n["));
    }

    proptest! {
        #[test]
        fn never_panics(index: u64, size: u64, proof in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 30..34), 0..70)) {
            let _ = verify_inclusion(index, size, &[0; 32], &proof, &[]);
        }
    }
}
