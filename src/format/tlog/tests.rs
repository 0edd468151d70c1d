#![allow(clippy::unwrap_used)]
use super::*;
use crate::crypto::certificate::testing::keys;
use crate::crypto::{Digest, Message, PrivateKey, PublicKey};
use crate::encoding::{base64, hex};
use proptest::prelude::*;
use serde_json::Value;

/// An entry of a bundle, with the key and the host of its log.
pub(super) fn load(name: &str) -> (LogEntry, PublicKey, String) {
    let file: Value = serde_json::from_slice(&std::fs::read(format!("testdata/tlog/{name}.json")).unwrap()).unwrap();
    let bytes = |value: &Value| value.as_str().map(|text| base64::decode(text).unwrap());
    let number = |value: &Value| value.as_str().map_or(0, |text| text.parse::<i64>().unwrap());
    let (entry, proof) = (&file["entry"], &file["entry"]["inclusionProof"]);
    let hashes = proof["hashes"].as_array().map_or(Vec::new(), |hashes| hashes.iter().filter_map(bytes).collect());
    let entry = LogEntry {
        log_index: number(&entry["logIndex"]),
        log_id: bytes(&entry["logId"]["keyId"]).unwrap(),
        kind: entry["kindVersion"]["kind"].as_str().unwrap().to_owned(),
        version: entry["kindVersion"]["version"].as_str().unwrap().to_owned(),
        integrated_time: number(&entry["integratedTime"]),
        inclusion_promise: bytes(&entry["inclusionPromise"]["signedEntryTimestamp"]),
        inclusion_proof: proof.is_object().then(|| InclusionProof {
            log_index: number(&proof["logIndex"]),
            root_hash: bytes(&proof["rootHash"]).unwrap_or_default(),
            tree_size: number(&proof["treeSize"]),
            hashes,
            checkpoint: proof["checkpoint"]["envelope"].as_str().unwrap_or_default().to_owned(),
        }),
        canonicalized_body: bytes(&entry["canonicalizedBody"]).unwrap(),
    };
    let key = PublicKey::from_spki_der(&bytes(&file["logKey"]).unwrap()).unwrap();
    let url = file["baseUrl"].as_str().unwrap_or_default();
    let host = url.split("://").nth(1).unwrap_or_default().split([':', '/']).next().unwrap_or_default().to_owned();
    (entry, key, host)
}

fn inclusion_v1(name: &str) -> Result<u64, String> {
    let (entry, key, _) = load(name);
    entry.verify_inclusion_v1(&key).map(|checkpoint| checkpoint.size).map_err(|error| error.to_string())
}

fn inclusion_v2(name: &str) -> Result<u64, String> {
    let (entry, key, host) = load(name);
    entry.verify_inclusion_v2(&host, &key).map(|checkpoint| checkpoint.size).map_err(|error| error.to_string())
}

#[test]
fn real_entries_of_version_1() {
    for name in ["hashedrekord-001", "dsse-001", "intoto-002", "private-kl-r1", "private-key-p384-r1", "private-att-r1"] {
        let (entry, key, _) = load(name);
        assert!(checkpoint::is_rekor_v1(&entry.inclusion_proof.as_ref().unwrap().checkpoint), "{name}");
        assert!(inclusion_v1(name).is_ok(), "{name}");
        assert_eq!(set::verify(&entry, entry.inclusion_promise.as_ref().unwrap(), &key), Ok(()), "{name}");
    }
}

#[test]
fn real_entries_of_version_2() {
    for name in ["rekor2", "rekor2-dsse", "private-kl-r2", "private-key-rsa2048-r2", "private-key-p384-r2", "private-att-r2"] {
        let (entry, ..) = load(name);
        assert!(!checkpoint::is_rekor_v1(&entry.inclusion_proof.as_ref().unwrap().checkpoint), "{name}");
        assert!(inclusion_v2(name).is_ok(), "{name}: {:?}", inclusion_v2(name));
    }
    for accepted in ["cosigned", "multiple-cosigs", "origin-not-first", "two-sigs-cosigned", "two-sigs-from-origin"] {
        assert_eq!(inclusion_v2(&format!("rekor2-checkpoint-{accepted}")), Ok(736), "{accepted}");
    }
}

#[test]
fn the_errors_of_the_conformance_suite() {
    assert_eq!(inclusion_v1("checkpoint-bad-keyhint").unwrap_err(), "signature on checkpoint did not verify");
    assert_eq!(inclusion_v1("invalid-checkpoint-signature").unwrap_err(), "signature on checkpoint did not verify");
    assert!(
        inclusion_v1("checkpoint-wrong-roothash").unwrap_err().starts_with("proof root hash does not match signed tree head, expected ")
    );
    let corrupted = inclusion_v1("inclusion-proof-corrupted-hash").unwrap_err();
    assert!(corrupted.starts_with("calculated root:\n[") && corrupted.contains("]\n does not match expected root:\n["), "{corrupted}");
    let prefix = "unverified checkpoint signature: failed to verify signatures on checkpoint: ";
    let v2 = |name: &str| inclusion_v2(&format!("rekor2-checkpoint-{name}")).unwrap_err().strip_prefix(prefix).unwrap().to_owned();
    assert_eq!(v2("missing-log-signature"), "malformed note");
    assert_eq!(v2("no-matching-signature"), "note has no verifiable signatures");
    for name in ["missing-origin", "missing-size", "missing-root-hash"] {
        assert!(v2(name).starts_with("invalid signature for key log2025-alpha1.rekor.sigstage.dev+"), "{name}");
    }
    let (entry, key, _) = load("set-invalid-signature");
    assert_eq!(set::verify(&entry, entry.inclusion_promise.as_ref().unwrap(), &key), Err(SetError::Signature));
}

#[test]
fn the_promise_covers_index_time_log_and_body() {
    let (entry, key, _) = load("hashedrekord-001");
    let promise = entry.inclusion_promise.clone().unwrap();
    let check = |change: &dyn Fn(&mut LogEntry)| {
        let mut changed = entry.clone();
        change(&mut changed);
        set::verify(&changed, &promise, &key)
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(check(&|entry| entry.log_index += 1), Err(SetError::Signature));
    assert_eq!(check(&|entry| entry.integrated_time += 1), Err(SetError::Signature));
    assert_eq!(check(&|entry| entry.log_id[0] ^= 1), Err(SetError::Signature));
    assert_eq!(check(&|entry| entry.canonicalized_body.push(b' ')), Err(SetError::Signature));
    let (_, ed25519, _) = load("rekor2");
    assert!(matches!(set::verify(&entry, &promise, &ed25519), Err(SetError::KeyType(_))));
}

#[test]
fn large_numbers_are_those_of_rfc_8785() {
    let entry = LogEntry { log_index: i64::MAX, integrated_time: -5, ..LogEntry::default() };
    assert_eq!(set::payload(&entry), br#"{"body":"","integratedTime":-5,"logID":"","logIndex":9223372036854776000}"#);
}

#[test]
fn a_proof_is_for_this_index_size_and_body() {
    let (entry, key, host) = load("hashedrekord-001");
    let v1 = |change: &dyn Fn(&mut LogEntry, &mut InclusionProof)| {
        let (mut changed, mut proof) = (entry.clone(), entry.inclusion_proof.clone().unwrap());
        change(&mut changed, &mut proof);
        changed.inclusion_proof = Some(proof);
        changed.verify_inclusion_v1(&key).unwrap_err()
    };
    assert!(matches!(v1(&|_, proof| proof.log_index ^= 1), InclusionError::Proof(_)));
    assert!(matches!(v1(&|_, proof| proof.log_index = -1), InclusionError::Negative(-1)));
    assert!(matches!(v1(&|entry, _| entry.canonicalized_body.push(b' ')), InclusionError::Proof(_)));
    assert_eq!(LogEntry { inclusion_proof: None, ..entry.clone() }.verify_inclusion_v1(&key), Err(InclusionError::Missing));
    assert!(host.ends_with("sigstore.dev"));
    let (mut entry, key, host) = load("rekor2");
    entry.log_index ^= 1;
    assert!(entry.verify_inclusion_v2(&host, &key).unwrap_err().to_string().starts_with("verifying inclusion: calculated root:\n["));
}

/// A checkpoint with one line for each signer: name, key, key id, good or bad.
fn checkpoint_of(text: &str, lines: &[(&str, &PrivateKey, [u8; 4], bool)]) -> String {
    let mut note = format!("{text}\n");
    for (name, key, key_id, good) in lines {
        let mut signature = key.sign_now(key.public().default_scheme(), Message::Bytes(text.as_bytes())).unwrap();
        if !good {
            signature = key.sign_now(key.public().default_scheme(), Message::Bytes(b"x")).unwrap();
        }
        note.push_str(&format!("— {name} {}\n", base64::encode([&key_id[..], &signature].concat())));
    }
    note
}

#[test]
fn the_checkpoint_signs_the_size_of_the_tree() {
    let [log] = keys::<1>();
    let hint = *Digest::sha256(log.public().spki_der()).bytes().first_chunk().unwrap();
    let hashes = vec![vec![1; 32], vec![2; 32]];
    // The first leaf has a path of the same form in trees of three and of four.
    let root = crate::crypto::merkle::root_from_inclusion_proof(0, 3, &crate::crypto::merkle::leaf_hash(b"body"), &hashes).unwrap();
    let text = format!("log.example - 1\n3\n{}\n", base64::encode(root));
    let checkpoint = checkpoint_of(&text, &[("log.example", &log, hint, true)]);
    let entry = |tree_size| LogEntry {
        canonicalized_body: b"body".to_vec(),
        inclusion_proof: Some(InclusionProof {
            tree_size,
            hashes: hashes.clone(),
            root_hash: root.to_vec(),
            checkpoint: checkpoint.clone(),
            log_index: 0,
        }),
        ..LogEntry::default()
    };
    assert!(entry(3).verify_inclusion_v1(log.public()).is_ok());
    assert_eq!(entry(4).verify_inclusion_v1(log.public()), Err(InclusionError::TreeSize { expected: 4, actual: 3 }));
}

fn log_keys() -> Vec<PrivateKey> {
    let read = |file: &str| {
        PrivateKey::from_pem(&crate::secret::PrivateKeyPem::new(std::fs::read(format!("testdata/keys/{file}")).unwrap())).unwrap()
    };
    ["raw-p256-pkcs8.pem", "raw-p384-pkcs8.pem", "raw-p521-pkcs8.pem", "raw-ed25519-pkcs8.pem", "raw-rsa2048-pkcs8.pem"]
        .into_iter()
        .map(read)
        .collect()
}

#[test]
fn every_kind_of_log_key_signs_both_versions() {
    let text = "log.example\n5\n1f0=\n";
    for key in log_keys() {
        let id = checkpoint::key_id_v2("log.example", key.public());
        let note = checkpoint_of(text, &[("log.example", &key, id, true)]);
        let good = Checkpoint::verify_v2(&note, "log.example", key.public());
        assert_eq!(good, Ok(Checkpoint { origin: "log.example".to_owned(), size: 5, root_hash: vec![0xd5, 0xfd] }));
        let hint = *Digest::sha256(key.public().spki_der()).bytes().first_chunk().unwrap();
        assert!(Checkpoint::verify_v1(&checkpoint_of(text, &[("any", &key, hint, true)]), key.public()).is_ok());
    }
}

#[test]
fn version_1_takes_no_foreign_line_and_version_2_skips_it() {
    let [log, witness] = keys::<2>();
    let text = "log.example\n5\n1f0=\n";
    let id = |key: &PrivateKey| *Digest::sha256(key.public().spki_der()).bytes().first_chunk().unwrap();
    let own = ("log.example", &log, id(&log), true);
    let v1 = |lines: &[_]| Checkpoint::verify_v1(&checkpoint_of(text, lines), log.public()).map(|good| good.size);
    let v2 = |lines: &[_]| Checkpoint::verify_v2(&checkpoint_of(text, lines), "log.example", log.public()).map(|good| good.size);
    let foreign = ("witness", &witness, id(&witness), true);
    assert_eq!((v1(&[own, foreign]), v2(&[foreign, own])), (Err(CheckpointError::Unverified), Ok(5)));
    // The right hint with a wrong signature.
    let bad = ("log.example", &log, id(&log), false);
    assert_eq!(v1(&[own, bad]), Err(CheckpointError::Unverified));
    let invalid = CheckpointError::InvalidSignature { name: "log.example".to_owned(), key_id: hex::encode(id(&log)) };
    assert_eq!(v2(&[bad, own]), Err(invalid));
    // The right signature under another name, or another id.
    assert_eq!(v2(&[("other", &log, id(&log), true)]), Err(CheckpointError::NoVerifiableSignature));
    assert_eq!(v2(&[("log.example", &log, [0; 4], true)]), Err(CheckpointError::NoVerifiableSignature));
    assert_eq!(v2(&vec![own; 100]), Ok(5));
    assert_eq!(v2(&vec![own; 101]), Err(CheckpointError::MalformedNote));
}

#[test]
fn the_text_of_a_checkpoint() {
    let [log] = keys::<1>();
    let id = checkpoint::key_id_v2("log.example", log.public());
    let v2 = |text: &str| {
        Checkpoint::verify_v2(&checkpoint_of(text, &[("log.example", &log, id, true)]), "log.example", log.public()).map(|good| good.size)
    };
    assert_eq!(v2("log.example\n18446744073709551615\n1f0=\nmore\n"), Ok(u64::MAX));
    assert!(matches!(v2("other.example\n5\n1f0=\n"), Err(CheckpointError::Origin { .. })));
    assert_eq!(v2("\n5\n1f0=\n"), Err(CheckpointError::EmptyOrigin));
    assert_eq!(v2("log.example\n5\n"), Err(CheckpointError::TooFewLines));
    assert_eq!(v2("log.example\n+5\n1f0=\n"), Err(CheckpointError::Size("+5".to_owned())));
    assert_eq!(v2("log.example\n18446744073709551616\n1f0=\n"), Err(CheckpointError::Size("18446744073709551616".to_owned())));
    assert_eq!(v2("log.example\n5\n1f0\n"), Err(CheckpointError::RootHash));
    assert!(matches!(Checkpoint::verify_v2("", "log example", log.public()), Err(CheckpointError::Name(_))));
    assert!(
        !checkpoint::is_rekor_v1("host - 12x\n1\na\nb")
            && !checkpoint::is_rekor_v1("host - 12\n1\na")
            && checkpoint::is_rekor_v1("host - 12\n1\na\n")
    );
}

#[test]
fn names_of_keys_and_schemes_agree() {
    for key in log_keys() {
        for scheme in key.public().candidate_schemes() {
            let name = key_details::name(key.public(), *scheme).unwrap();
            assert_eq!(key_details::scheme(name), Some(*scheme), "{name}");
        }
    }
    assert_eq!(key_details::scheme("PKIX_ECDSA_P256_HMAC_SHA_256"), None);
}

proptest! {
    #[test]
    fn notes_never_panic(text in "[a-z—+ \n=0-9]{0,80}", at: proptest::sample::Index, byte: u8) {
        let (entry, key, host) = load("rekor2");
        let _ = Checkpoint::verify_v1(&text, &key);
        let _ = Checkpoint::verify_v2(&text, &host, &key);
        let mut real = entry.inclusion_proof.unwrap().checkpoint.into_bytes();
        let place = at.index(real.len());
        real[place] = byte;
        if let Ok(real) = String::from_utf8(real) {
            let _ = Checkpoint::verify_v2(&real, &host, &key);
        }
    }
}
