//! Measurements, none of which can fail: start-up, `sign` and `verify`, with request counts and peak memory, each as a ratio against
//! something in the same run. `cargo bench` measures the release binary; `COSIGN_BIN` names another, `COSIGN_REF` one to compare with. `COSIGN_BENCH=large`
//! measures large predicates instead.
//! `cargo bench -- many` measures many images and many referrers only.
//!
//! | Yardstick | What it is |
//! |---|---|
//! | `true` | an empty process |
//! | `sha256sum` | SHA-256 over 64 MiB: a fixed amount of work |
//! | `version` | this program, doing nothing: beside the verification of a small file |
//! | `openssl dgst -sha256` | of the same large file: `COSIGN_BENCH_BLOB_MIB` MiB, 512 by default |
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[cfg(unix)]
mod blobs;
#[cfg(unix)]
mod large;
#[cfg(unix)]
mod many;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
#[allow(dead_code, unused_imports)]
#[path = "../support/mod.rs"]
mod support;

fn main() {
    #[cfg(unix)]
    if std::env::var_os("COSIGN_BENCH").is_some_and(|only| only == "large") {
        large::run(&support::program());
    } else {
        measure::run();
    }
}
