//! What can be checked of a log's answer where the log's key is not known: that it agrees with itself.

use crate::crypto::merkle;
use crate::format::tlog::{Checkpoint, InclusionProof, LogEntry};

/// The entry's body stands where its proof says, and the checkpoint is about that tree.
///
/// # Errors
/// What is wrong, to be said of the entry.
pub(super) fn check(entry: &LogEntry) -> Result<(), &'static str> {
    match &entry.inclusion_proof {
        Some(proof) => check_proof(entry, proof),
        None if entry.inclusion_promise.is_some() => Ok(()),
        None => Err("holds neither a proof nor a promise"),
    }
}

fn check_proof(entry: &LogEntry, proof: &InclusionProof) -> Result<(), &'static str> {
    let number = |value: i64| u64::try_from(value).map_err(|_| "has a proof with a negative number");
    let (index, size) = (number(proof.log_index)?, number(proof.tree_size)?);
    let leaf = merkle::leaf_hash(&entry.canonicalized_body);
    merkle::verify_inclusion(index, size, &leaf, &proof.hashes, &proof.root_hash).map_err(|_| "is not where its inclusion proof says")?;
    let described = Checkpoint::describe(&proof.checkpoint).ok_or("has a checkpoint that cannot be read")?;
    let same = described.checkpoint.root_hash == proof.root_hash && described.checkpoint.size == size;
    if same { Ok(()) } else { Err("has a checkpoint of another tree") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ambient::fake::testdata;
    use crate::format::bundle::Bundle;

    fn real() -> LogEntry {
        let bundle = Bundle::parse(&testdata("keyless/bundles/kl-r1.json"), false).unwrap();
        bundle.material.unwrap().log_entries.remove(0).entry
    }

    fn changed(change: impl FnOnce(&mut LogEntry, &mut InclusionProof)) -> Result<(), &'static str> {
        let mut entry = real();
        let mut proof = entry.inclusion_proof.take().unwrap();
        change(&mut entry, &mut proof);
        entry.inclusion_proof = Some(proof);
        check(&entry)
    }

    #[test]
    fn an_answer_agrees_with_itself() {
        assert_eq!(changed(|_, _| ()), Ok(()));
        assert_eq!(check(&LogEntry { inclusion_proof: None, ..real() }), Ok(()));
        assert!(check(&LogEntry { inclusion_proof: None, inclusion_promise: None, ..real() }).unwrap_err().contains("neither"));
        assert!(changed(|entry, _| entry.canonicalized_body.push(b' ')).unwrap_err().contains("inclusion proof"));
        assert!(changed(|_, proof| proof.root_hash[0] ^= 1).unwrap_err().contains("inclusion proof"));
        assert!(changed(|_, proof| proof.tree_size = -1).unwrap_err().contains("negative"));
        assert!(changed(|_, proof| proof.checkpoint.clear()).unwrap_err().contains("cannot be read"));
        assert!(changed(|_, proof| proof.checkpoint = "o\n7\nAAAA\n\n— o AAAAAAAA\n".into()).is_err());
    }
}
