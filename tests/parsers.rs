//! The functions of the fuzz targets, on arbitrary bytes and on genuine documents with a few changed bytes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use crate::support::testdata;

#[path = "fuzz/targets.rs"]
mod targets;

/// Genuine documents of every kind; each target gets all of them.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["keyless/bundles", "keyless/trust", "own-ca", "timestamp", "tlog", "images/layout"] {
        collect(&testdata(folder), &mut seeds);
    }
    seeds.push(br#"{"payload":"eyJhIjoxfQ==","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}"#.to_vec());
    seeds
}

fn collect(folder: &Path, seeds: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, seeds);
        } else {
            let bytes = fs::read(&path).unwrap();
            let pem = String::from_utf8_lossy(&bytes);
            if let Some(body) = pem.strip_prefix("-----BEGIN CERTIFICATE-----\n").and_then(|rest| rest.split("-----").next()) {
                seeds.push(der(body));
            }
            seeds.push(bytes);
        }
    }
}

fn der(base64: &str) -> Vec<u8> {
    cosign::encoding::base64::decode_lenient(base64).unwrap()
}

#[test]
fn genuine_documents_pass_through_every_parser() {
    for seed in seeds() {
        targets::TARGETS.iter().for_each(|(_, target)| target(&seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        targets::TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn changed_documents_never_panic(seed in any::<prop::sample::Selector>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..6)) {
        let seeds = seeds();
        let mut bytes = seed.select(seeds.iter()).clone();
        for (index, value, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at.max(1)),
            }
        }
        targets::TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }
}
