//! Many images, many referrers: work side by side, memory that stays where it is, one look for a credential.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use wait4::Wait4 as _;

use crate::support::images;
use crate::support::registry::behaviour::{Authentication, PASSWORD, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Signed images of one repository, by digest.
fn signed_images(registry: &TestRegistry, sandbox: &Sandbox, count: usize) -> Vec<String> {
    let names: Vec<String> = {
        let mut store = registry.store();
        let content = store.repository("app");
        let (_, image) = content.manifest(images::digest("v1")).unwrap();
        let different = (1..=count).map(|n| [&image.bytes[..], &b" ".repeat(n)].concat());
        different.map(|bytes| format!("{}/app@{}", registry.host(), content.put_manifest(None, &image.media_type, &bytes))).collect()
    };
    sandbox.sign(&names.iter().map(String::as_str).collect::<Vec<_>>()).run().exits(0);
    names
}

#[test]
fn as_many_images_as_workers_are_under_way() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.latency = Duration::from_millis(60)));
    let sandbox = Sandbox::new();
    let names = signed_images(&registry, &sandbox, 40);
    let images: Vec<&str> = names.iter().map(String::as_str).collect();
    for (workers, least, most) in [("1", 1, 1), ("10", 8, 10), ("40", 20, 40)] {
        registry.forget();
        let verified = sandbox.verify(&[&["--max-workers", workers], &images[..]].concat()).run().exits(0);
        let busiest = registry.busiest();
        assert!((least..=most).contains(&busiest), "{busiest} requests at once by {workers} workers");
        let order: Vec<&str> =
            verified.err.lines().filter_map(|line| line.strip_prefix("Verification for ")?.strip_suffix(" --")).collect();
        assert_eq!(order, images);
    }
}

/// Attaches `count` bundles to v1 by copies of the true one, each with a note of its own.
fn attach_copies(registry: &TestRegistry, count: usize) {
    let mut store = registry.store();
    let content = store.repository("app");
    let referrer = content.referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
    let (_, manifest) = content.manifest(&referrer).unwrap();
    for n in 0..count {
        let mut copy = manifest.json();
        copy["annotations"]["test.copy"] = n.to_string().into();
        content.put_manifest(None, MANIFEST, copy.to_string().as_bytes());
    }
}

fn peak(sandbox: &Sandbox, registry: &TestRegistry) -> u64 {
    let mut command = sandbox.verify(&[&registry.image("v1")]).command();
    let usage = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap().wait4().unwrap();
    assert!(usage.status.success(), "{}", usage.status);
    usage.rusage.maxrss
}

#[test]
fn memory_is_flat_from_one_referrer_to_a_thousand() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    let one = (0..3).map(|_| peak(&sandbox, &registry)).min().unwrap();
    attach_copies(&registry, 999);
    let thousand = (0..3).map(|_| peak(&sandbox, &registry)).min().unwrap();
    let grown = thousand.saturating_sub(one);
    assert!(grown <= 4 << 20, "{one} bytes for one referrer, {thousand} for a thousand");
}

#[test]
fn a_credential_helper_runs_once_for_a_repository() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.authentication = Authentication::Bearer));
    let sandbox = Sandbox::new();
    for folder in ["bin", "home/.docker"] {
        std::fs::create_dir_all(sandbox.path(folder)).unwrap();
    }
    let answer = json!({"ServerURL": "x", "Username": USER, "Secret": PASSWORD});
    let calls = sandbox.path("bin/calls");
    sandbox.write("bin/docker-credential-count", format!("#!/bin/sh\ncat >/dev/null\necho x >>{}\necho '{answer}'\n", calls.display()));
    std::fs::set_permissions(sandbox.path("bin/docker-credential-count"), PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.write("home/.docker/config.json", json!({"credHelpers": {registry.host(): "count"}}).to_string());
    let names = ["v1", "v2", "multi"].map(|tag| registry.image(tag));
    let images: Vec<&str> = names.iter().map(String::as_str).collect();
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    sandbox.sign(&images).env("PATH", &path).run().exits(0);
    sandbox.verify(&images).env("PATH", &path).run().exits(0);
    assert_eq!(sandbox.read("bin/calls").lines().count(), 2, "once a command, though asked under two names at most");
}

#[test]
fn bundles_are_counted_before_they_are_fetched() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    attach_copies(&registry, 1001);
    registry.forget();
    sandbox.verify(&[&registry.image("v1")]).run().fails(1).says("1000");
    assert!(registry.requests().len() < 5, "{} requests", registry.requests().len());
}
