//! Merkle trees (RFC 6962): root and audit path over all leaves.

use super::keys::sha256;

pub type Hash = [u8; 32];

pub fn leaf(entry: &[u8]) -> Hash {
    sha256([&[0], entry].concat())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256([&[1], &left[..], right].concat())
}

/// The largest power of two below `size`.
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256([]),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The audit path of a leaf, nearest sibling first.
pub fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) =
        if index < left.len() { (path(left, index), root(right)) } else { (path(right, index - left.len()), root(left)) };
    path.push(sibling);
    path
}
