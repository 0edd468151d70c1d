//! What a person sees while it takes long, and what a script does not.

use std::time::Duration;

use crate::support::digest_of;
use crate::support::images;
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

const WORD: &str = "verifying images";

/// A registry that takes its time, and ten signed images.
fn slow() -> (TestRegistry, Sandbox, Vec<String>) {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.latency = Duration::from_millis(40)));
    let sandbox = Sandbox::new();
    let names = vec![registry.image("v1"); 10];
    sandbox.sign(&[&names[0]]).run().exits(0);
    (registry, sandbox, names)
}

fn arguments(names: &[String]) -> Vec<&str> {
    ["--max-workers", "2"].into_iter().chain(names.iter().map(String::as_str)).collect()
}

#[test]
fn many_images_are_counted_on_a_terminal_only() {
    let (_registry, sandbox, names) = slow();
    let Some(shown) = sandbox.verify(&arguments(&names)).on_terminal(&[]) else { return };
    assert_eq!(shown.code, 0, "{shown}");
    assert!(shown.err.contains(WORD) && shown.err.contains('%'), "{shown}");
    assert_eq!(shown.err.matches("Verification for ").count(), 10, "{shown}");
    let Some(in_ci) = sandbox.verify(&arguments(&names)).env("CI", "true").on_terminal(&[]) else { return };
    in_ci.exits(0).does_not_say(WORD).does_not_say("%");
    let piped = sandbox.verify(&arguments(&names)).run().exits(0).does_not_say(WORD);
    assert!(!piped.err.contains('\u{1b}') && !piped.err.contains('\r'), "{piped}");
}

#[test]
fn few_images_are_not_counted() {
    let (_registry, sandbox, names) = slow();
    let Some(shown) = sandbox.verify(&arguments(&names[..2])).on_terminal(&[]) else { return };
    shown.exits(0).does_not_say(WORD);
}

#[test]
fn a_long_blob_is_shown_as_it_comes_and_as_it_goes() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    // A payload of 3 MiB.
    let claims = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{}"}},"type":"cosign container image signature"}},"optional":{{"x":"{}"}}}}"#,
        images::digest("v1"),
        "y".repeat(3 << 20)
    );
    sandbox.write("payload.json", &claims);
    let image = registry.image("v1");
    let sign = || sandbox.sign(&[OLD_FORM, "--payload", "payload.json", &image]);
    registry.inject(Fault::on("PUT", "/blobs/uploads/", Effect::status(503, "UNAVAILABLE")).times(1));
    let Some(sent) = sign().on_terminal(&[]) else { return };
    sent.exits(0).says("sending 3 MiB (127.0.0.1)");
    let stored = registry.store().repository("app").blobs.contains_key(&digest_of(claims.as_bytes()));
    assert!(stored, "in pieces, but whole");
    registry.inject(Fault::on("GET", "/blobs/", Effect::drip(256 << 10, Duration::from_millis(40))));
    let Some(received) = sandbox.verify(&[OLD_FORM, &image]).on_terminal(&[]) else { return };
    received.exits(0).says("receiving 3 MiB (127.0.0.1)");
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0).does_not_say("receiving");
}
