//! The table.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{program, skipped};

const ROUNDS: usize = 11;

/// What one run cost.
pub struct Cost {
    pub elapsed: Duration,
    /// Peak resident memory in bytes.
    pub memory: u64,
    requests: usize,
}

/// The medians of some runs.
fn median(mut costs: Vec<Cost>) -> Cost {
    let memory = costs.iter().map(|cost| cost.memory).max().unwrap();
    let requests = costs.iter().map(|cost| cost.requests).max().unwrap();
    costs.sort_by_key(|cost| cost.elapsed);
    Cost { elapsed: costs[costs.len() / 2].elapsed, memory, requests }
}

/// Runs a command to its end, which must be a success.
pub fn one(mut command: Command) -> Cost {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let usage = command.spawn().unwrap().wait4().unwrap();
    let elapsed = start.elapsed();
    assert!(usage.status.success(), "{command:?} failed: {}", usage.status);
    // Linux counts KiB, macOS bytes; the crate gives bytes.
    Cost { elapsed, memory: usage.rusage.maxrss, requests: 0 }
}

fn yardstick(words: &[&str]) -> Option<Cost> {
    if Command::new(words[0]).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        skipped(&format!("no {} to compare with", words[0]));
        return None;
    }
    let run = || {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        one(command)
    };
    Some(median((0..ROUNDS).map(|_| run()).collect()))
}

/// What is measured: a name, and a run on a fresh registry by a program.
type Subject = (&'static str, fn(&Path) -> Cost);

const SUBJECTS: &[Subject] = &[
    ("version", |program| one(Sandbox::new().with_program(program.to_owned()).cosign(["version"]).command())),
    ("sign, referrers", |program| sign(program, Behaviour::default(), &[])),
    ("sign, fallback tag", |program| sign(program, Behaviour::without_referrers(), &[])),
    ("sign, .sig tag", |program| sign(program, Behaviour::without_referrers(), &[OLD_FORM])),
    ("verify, referrers", |program| verify(program, Behaviour::default(), &[])),
    ("verify, fallback tag", |program| verify(program, Behaviour::without_referrers(), &[])),
    ("verify, .sig tag", |program| verify(program, Behaviour::without_referrers(), &[OLD_FORM])),
];

fn sign(program: &Path, behaviour: Behaviour, form: &[&str]) -> Cost {
    let registry = TestRegistry::start(behaviour);
    let sandbox = Sandbox::new().with_program(program.to_owned());
    let cost = one(sandbox.sign(&[form, &[&registry.image("v1")]].concat()).command());
    Cost { requests: registry.requests().len(), ..cost }
}

fn verify(program: &Path, behaviour: Behaviour, form: &[&str]) -> Cost {
    let registry = TestRegistry::start(behaviour);
    let sandbox = Sandbox::new().with_program(program.to_owned());
    one(sandbox.sign(&[form, &[&registry.image("v1")]].concat()).command());
    registry.forget();
    let cost = one(sandbox.verify(&[form, &[&registry.image("v1")]].concat()).command());
    Cost { requests: registry.requests().len(), ..cost }
}

fn ratio(cost: &Cost, other: Option<&Cost>) -> String {
    other.map_or_else(|| "-".into(), |other| format!("{:.2}", cost.elapsed.as_secs_f64() / other.elapsed.as_secs_f64()))
}

/// Measures everything and prints a table.
pub fn run() {
    if std::env::args().any(|argument| argument == "many") {
        return crate::many::run(&program());
    }
    let scratch = Sandbox::new();
    scratch.write("work", vec![0_u8; 64 << 20]);
    let work = scratch.path("work");
    let empty = yardstick(&["true"]);
    let sum = yardstick(&["sha256sum", &work.to_string_lossy()]);
    let reference = std::env::var_os("COSIGN_REF").map(PathBuf::from);
    println!(
        "| {:<22} | {:>9} | {:>6} | {:>11} | {:>8} | {:>9} | {:>10} |",
        "", "median", "/ true", "/ sha256sum", "requests", "peak MiB", "/ reference"
    );
    println!(
        "|{}|",
        ["-".repeat(24), "-".repeat(11), "-".repeat(8), "-".repeat(13), "-".repeat(10), "-".repeat(11), "-".repeat(13)].join("|")
    );
    for (name, subject) in SUBJECTS {
        let ours = median((0..ROUNDS).map(|_| subject(&program())).collect());
        let theirs = reference.as_ref().map(|program| median((0..ROUNDS).map(|_| subject(program)).collect()));
        let (fast, heavy) = (ratio(&ours, empty.as_ref()), ratio(&ours, sum.as_ref()));
        let memory = ours.memory as f64 / f64::from(1 << 20);
        let beside = theirs.as_ref().map_or_else(
            || "-".into(),
            |theirs| format!("{} ({}, {:.0} MiB)", ratio(&ours, Some(theirs)), theirs.requests, theirs.memory as f64 / f64::from(1 << 20)),
        );
        println!(
            "| {name:<22} | {:>6.1} ms | {fast:>6} | {heavy:>11} | {:>8} | {memory:>9.1} | {beside:>10} |",
            ours.elapsed.as_secs_f64() * 1e3,
            ours.requests
        );
    }
    println!();
    crate::blobs::run(&program());
    println!();
    crate::many::run(&program());
    let size = std::fs::metadata(program()).unwrap().len() as f64 / f64::from(1 << 20);
    println!("\nbinary: {size:.1} MiB");
}
