//! Many images, named by tags and by digests, and many referrers: what concurrency gains at 20 ms a request, and what a thousand referrers cost in memory.

use std::path::Path;
use std::time::Duration;

use crate::measure::one;
use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;

const IMAGES: usize = 40;
const LATENCY: Duration = Duration::from_millis(20);
const ROUNDS: usize = 3;

/// Prints the speed of forty images beside one after another, and the memory of a thousand referrers beside that of one.
pub fn run(program: &Path) {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.latency = LATENCY));
    let sandbox = Sandbox::new().with_program(program.to_owned());
    let (tags, digests): (Vec<String>, Vec<String>) = {
        let mut store = registry.store();
        let content = store.repository("app");
        let (_, image) = content.manifest(images::digest("v1")).unwrap();
        let named = |n: usize| {
            let tag = format!("n{n}");
            let digest = content.put_manifest(Some(&tag), &image.media_type, &[&image.bytes[..], &b" ".repeat(n)].concat());
            (format!("{}/app:{tag}", registry.host()), format!("{}/app@{digest}", registry.host()))
        };
        (1..=IMAGES).map(named).unzip()
    };
    one(sandbox.sign(&borrowed(&digests)).command());
    for (kind, names) in [("tag", &tags), ("digest", &digests)] {
        let images = borrowed(names);
        let elapsed = |workers: &str| {
            let runs = (0..ROUNDS).map(|_| one(sandbox.verify(&[&["--max-workers", workers], &images[..]].concat()).command()).elapsed);
            runs.min().unwrap().as_secs_f64()
        };
        let serial = elapsed("1");
        for workers in ["10", "40"] {
            let parallel = elapsed(workers);
            println!(
                "verify, {IMAGES} images by {kind} at {LATENCY:?}: {:.0} ms one after another, {:.0} ms by {workers} workers: {:.1} x",
                serial * 1e3,
                parallel * 1e3,
                serial / parallel
            );
        }
    }
    memory(program);
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn memory(program: &Path) {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new().with_program(program.to_owned());
    let image = registry.image("v1");
    one(sandbox.sign(&[&image]).command());
    let peak = || (0..ROUNDS).map(|_| one(sandbox.verify(&[&image]).command()).memory).min().unwrap();
    let first = peak();
    {
        let mut store = registry.store();
        let content = store.repository("app");
        let referrer = content.referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
        let (_, manifest) = content.manifest(&referrer).unwrap();
        for n in 1..1000 {
            let mut copy = manifest.json();
            copy["annotations"]["copy"] = n.to_string().into();
            content.put_manifest(None, &manifest.media_type, copy.to_string().as_bytes());
        }
    }
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("verify, peak memory: {:.1} MiB for one referrer, {:.1} MiB for a thousand", mib(first), mib(peak()));
}
