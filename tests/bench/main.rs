//! Measurements, none of which can fail: start-up, `sign` and `verify`, with request counts and peak memory, each as a ratio against
//! something in the same run. `cargo bench` measures the release binary; `COSIGN_BIN` names another, `COSIGN_REF` one to compare with.
//! `cargo bench -- many` measures many images and many referrers only.
//!
//! | Yardstick | What it is |
//! |---|---|
//! | `true` | an empty process |
//! | `sha256sum` | SHA-256 over 64 MiB: a fixed amount of work |
#![allow(clippy::unwrap_used, clippy::print_stdout)]

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
    measure::run();
}
