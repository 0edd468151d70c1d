//! What the flows need: a sandbox to run the program in, registries, images and keys.

pub mod docker_registry;
pub mod ferro_registry;
pub mod forged;
pub mod http2;
pub mod http_client;
pub mod http_server;
pub mod images;
pub mod pki;
pub mod proxy;
pub mod registry;
pub mod sandbox;
pub mod sigstore;
pub mod terminal;
pub mod tls;
pub mod token_server;
pub mod workload_api;

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

/// `sha256:…` of some bytes.
pub fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A file or folder of `testdata/`.
pub fn testdata(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)
}

/// The program under test: `COSIGN_BIN`, else the one that cargo built.
pub fn program() -> PathBuf {
    std::env::var_os("COSIGN_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_cosign")), PathBuf::from)
}

/// The reference program that `COSIGN_REF` names; `None`, said aloud, where there is none.
pub fn reference() -> Option<PathBuf> {
    let found = std::env::var_os("COSIGN_REF").filter(|name| !name.is_empty()).map(PathBuf::from);
    if found.is_none() {
        skipped("COSIGN_REF names no reference program");
    }
    found
}

/// Says that a test did not run, and why.
#[allow(clippy::print_stderr)]
pub fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {test}: {why}");
}
