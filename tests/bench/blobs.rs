//! Blobs: a large one, beside `openssl dgst -sha256` of the same file, and a small one with everything at hand, beside `version`.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::measure::{Cost, one};
use crate::support::sandbox::Sandbox;
use crate::support::skipped;

const ROUNDS: usize = 5;
const SMALL_ROUNDS: usize = 21;

/// Prints the rows.
pub fn run(program: &Path) {
    small(program);
    large(program);
}

fn row(name: &str, cost: &Cost, beside: &str, yardstick: &Cost) {
    let ratio = cost.elapsed.as_secs_f64() / yardstick.elapsed.as_secs_f64();
    let memory = cost.memory as f64 / f64::from(1 << 20);
    println!("{name}: {:.1} ms, {ratio:.2} x {beside}, peak {memory:.1} MiB", cost.elapsed.as_secs_f64() * 1e3);
}

fn best(rounds: usize, run: impl Fn() -> Command) -> Cost {
    (0..rounds).map(|_| one(run())).min_by_key(|cost| cost.elapsed).unwrap()
}

fn small(program: &Path) {
    let sandbox = Sandbox::new().with_program(program.to_owned());
    for name in ["blob.txt", "bundles", "trust"] {
        sandbox.copy(&format!("keyless/{name}"), name);
    }
    let version = best(SMALL_ROUNDS, || sandbox.cosign(["version"]).command());
    let who = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:18001"];
    for (name, bundle) in [("verify-blob, Rekor v1", "bundles/kl-r1.json"), ("verify-blob, Rekor v2", "bundles/kl-r2.json")] {
        let words = ["verify-blob", "--bundle", bundle, "--trusted-root", "trust/trusted_root.json", "blob.txt"];
        let cost = best(SMALL_ROUNDS, || sandbox.cosign([&words[..], &who].concat()).command());
        row(name, &cost, "version", &version);
    }
}

fn large(program: &Path) {
    if Command::new("openssl").arg("version").output().is_err() {
        return skipped("no openssl to compare with");
    }
    let mib: u64 = std::env::var("COSIGN_BENCH_BLOB_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(512);
    let sandbox = Sandbox::new().with_program(program.to_owned());
    File::create(sandbox.path("large")).unwrap().set_len(mib << 20).unwrap();
    let digest = best(ROUNDS, || {
        let mut command = Command::new("openssl");
        command.args(["dgst", "-sha256"]).arg(sandbox.path("large"));
        command
    });
    row(&format!("openssl dgst of {mib} MiB"), &digest, "itself", &digest);
    let sign = ["sign-blob", "--key", "cosign.key", "--tlog-upload=false", "--yes", "--bundle", "large.json", "large"];
    row("sign-blob of it", &best(ROUNDS, || sandbox.cosign(sign).command()), "openssl dgst", &digest);
    let verify = ["verify-blob", "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", "large.json", "large"];
    row("verify-blob of it", &best(ROUNDS, || sandbox.cosign(verify).command()), "openssl dgst", &digest);
}
