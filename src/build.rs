//! Tells `cosign version` what it was built from and with; each is best effort, nothing here can fail a build.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    for file in [".git/HEAD", ".git/index"] {
        if std::path::Path::new(file).exists() {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    set("RUSTC", run(&rustc, &["--version"]).and_then(|text| text.split(' ').nth(1).map(|version| format!("rustc{version}"))));
    // Only a repository of this project's own, not one that it happens to be unpacked in.
    if std::path::Path::new(".git").exists() {
        set("COMMIT", run("git", &["rev-parse", "HEAD"]));
        set("DATE", run("git", &["log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"]));
        let changes = run("git", &["status", "--porcelain", "--untracked-files=no"]);
        set("TREE_STATE", changes.map(|text| if text.is_empty() { "clean" } else { "dirty" }.to_owned()));
    }
}

/// Sets `COSIGN_BUILD_<name>` for the compiler.
fn set(name: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo::rustc-env=COSIGN_BUILD_{name}={value}");
    }
}

/// What a program prints: its first line.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).env("TZ", "UTC").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.split('\n').next().unwrap_or_default().trim().to_owned())
}
