//! The engine as a whole. Files are read from `testdata/`, whose README lines say where they come from.
#![allow(clippy::unwrap_used)]

mod advisories;
mod checks;
mod claims;
mod conformance;
mod genuine;
mod isolated;
mod key;
mod keyless;
mod world;

use std::path::PathBuf;

use super::*;
use crate::crypto::Digest;
use crate::format::bundle::Bundle;

/// 2026-12-01: after all test data was made.
const NOW: UnixTime = UnixTime(1_796_083_200);

fn data(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bundle(path: &str) -> Signed {
    Bundle::parse(&data(path), false).unwrap().to_signed().unwrap()
}

fn text_of<T>(outcome: Result<T, VerificationError>) -> String {
    outcome.map_or_else(|error| error.to_string(), |_| "believed".to_owned())
}
