//! How often a registry is asked: the least that the protocol allows, and the read-back where a tag was written.

use std::time::Duration;

use crate::support::images;
use crate::support::registry::behaviour::{Authentication, PASSWORD, TOKEN_MARK, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{KEYED, OLD_FORM, Sandbox};

/// Signs and verifies v1 by its tag on a fresh registry, and counts the requests of each.
#[track_caller]
fn costs(behaviour: Behaviour, form: &[&str], sign: usize, verify: usize) {
    let registry = TestRegistry::start(behaviour);
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    let credentials = ["--registry-username", USER, "--registry-password", PASSWORD];
    sandbox.sign(&[form, &credentials, &[&image]].concat()).run().exits(0);
    let signing = lines(&registry);
    registry.forget();
    sandbox.verify(&[&credentials[..], &[&image]].concat()).run().exits(0);
    let verifying = lines(&registry);
    assert_eq!((signing.len(), verifying.len()), (sign, verify), "sign:\n{}\nverify:\n{}", signing.join("\n"), verifying.join("\n"));
}

fn lines(registry: &TestRegistry) -> Vec<String> {
    registry.requests().iter().map(|request| format!("  {} {} {}", request.status, request.method, request.target)).collect()
}

#[test]
fn bundle_with_referrers() {
    // sign: HEAD image, POST {}, POST bundle, PUT manifest. verify: HEAD image, GET referrers, GET manifest, GET bundle.
    costs(Behaviour::default(), &[], 4, 4);
}

#[test]
fn bundle_with_referrers_that_do_not_acknowledge() {
    // sign: and one look whether the referrers API is there.
    costs(Behaviour::default().with(|b| b.acknowledges_subject = false), &[], 5, 4);
}

#[test]
fn bundle_without_referrers() {
    // sign: HEAD image, two POSTs, PUT manifest, GET referrers, GET, PUT and GET the fallback tag.
    costs(Behaviour::without_referrers(), &[], 8, 5);
}

#[test]
fn bundle_where_uploads_take_two_steps() {
    costs(Behaviour::distribution(), &[], 10, 5);
}

#[test]
fn old_form() {
    // sign: HEAD image, GET tag, POST config, POST payload, PUT and GET the tag.
    // verify: HEAD image, GET referrers (and their fallback tag), GET .sig tag, GET payload.
    costs(Behaviour::default(), &[OLD_FORM], 6, 4);
    costs(Behaviour::without_referrers(), &[OLD_FORM], 6, 5);
    costs(Behaviour::distribution(), &[OLD_FORM], 8, 5);
}

#[test]
fn tokens_are_fetched_once() {
    // A challenge and a token more for each command.
    let bearer = |behaviour: Behaviour| behaviour.with(|b| b.authentication = Authentication::Bearer);
    costs(bearer(Behaviour::default()), &[], 6, 6);
    costs(bearer(Behaviour::without_referrers()), &[], 10, 7);
}

/// Runs a command on v1 of a registry, in order to count its requests, token included.
#[track_caller]
fn count(registry: &TestRegistry, sandbox: &Sandbox, command: &[&str], expected: usize) {
    registry.forget();
    let credentials = ["--registry-username", USER, "--registry-password", PASSWORD];
    sandbox.cosign([command, &credentials, &[&registry.image("v1")]].concat()).run().exits(0);
    let lines = lines(registry);
    assert_eq!(lines.len(), expected, "{}:\n{}", command.join(" "), lines.join("\n"));
}

/// What each of the commands about attestations costs: attest, verify-attestation, download attestation, and download signature.
#[track_caller]
fn attestations_cost(behaviour: Behaviour, form: &[&str], [attest, verify, download, signature]: [usize; 4]) {
    let registry = TestRegistry::start(behaviour);
    let sandbox = Sandbox::new();
    sandbox.write("p.json", "{}");
    count(&registry, &sandbox, &[&["attest", "--predicate", "p.json"], KEYED, form].concat(), attest);
    count(&registry, &sandbox, &["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog"], verify);
    count(&registry, &sandbox, &["download", "attestation"], download);
    sandbox.sign(&[form, &["--registry-username", USER, "--registry-password", PASSWORD, &registry.image("v1")]].concat()).run().exits(0);
    count(&registry, &sandbox, &["download", "signature"], signature);
}

#[test]
fn attestations_as_bundles() {
    // attest as sign, verify-attestation as verify; download looks under the .att tag too; for download signature there are two bundles.
    attestations_cost(Behaviour::default(), &[], [4, 4, 5, 6]);
    attestations_cost(Behaviour::without_referrers(), &[], [8, 5, 6, 7]);
    let bearer = |behaviour: Behaviour| behaviour.with(|b| b.authentication = Authentication::Bearer);
    attestations_cost(bearer(Behaviour::default()), &[], [6, 6, 7, 8]);
    attestations_cost(bearer(Behaviour::without_referrers()), &[], [10, 7, 8, 9]);
}

#[test]
fn attestations_in_the_older_form() {
    attestations_cost(Behaviour::default(), &[OLD_FORM], [6, 4, 4, 4]);
    attestations_cost(Behaviour::without_referrers(), &[OLD_FORM], [6, 5, 5, 5]);
    let bearer = |behaviour: Behaviour| behaviour.with(|b| b.authentication = Authentication::Bearer);
    attestations_cost(bearer(Behaviour::default()), &[OLD_FORM], [8, 6, 6, 6]);
}

#[test]
fn the_older_form_with_tokens() {
    let bearer = |behaviour: Behaviour| behaviour.with(|b| b.authentication = Authentication::Bearer);
    costs(bearer(Behaviour::default()), &[OLD_FORM], 8, 6);
    costs(bearer(Behaviour::without_referrers()), &[OLD_FORM], 8, 7);
}

#[test]
fn by_digest_nothing_is_resolved() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image(images::digest("v1"));
    sandbox.sign(&[&image]).run().exits(0);
    // The subject's media type and size come from a HEAD.
    assert_eq!(registry.requests().len(), 4, "{}", lines(&registry).join("\n"));
    registry.forget();
    sandbox.verify(&[&image]).run().exits(0);
    assert_eq!(registry.requests().len(), 3, "{}", lines(&registry).join("\n"));
    registry.forget();
    sandbox.cosign(["triangulate", &image]).run().exits(0);
    assert_eq!(registry.requests().len(), 0, "{}", lines(&registry).join("\n"));
}

#[test]
fn a_tag_is_resolved_by_one_request() {
    let registry = TestRegistry::start(Behaviour::default());
    count(&registry, &Sandbox::new(), &["triangulate"], 1);
    count(&registry, &Sandbox::new(), &["triangulate", "--type", "digest"], 1);
}

#[test]
fn basic_credentials_cost_one_refusal_at_most() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.authentication = Authentication::Basic));
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&["--registry-username", USER, "--registry-password", PASSWORD, &image]).run().exits(0);
    assert!(registry.requests().len() <= 5, "{:?}", lines(&registry));
    sandbox.verify(&[&image]).run().fails(1);
    sandbox.verify(&["--registry-username", USER, "--registry-password", "wrong", &image]).run().fails(1).does_not_say(TOKEN_MARK);
}

/// That many images of one repository, by digest.
fn many_images(registry: &TestRegistry, count: usize) -> Vec<String> {
    let mut store = registry.store();
    let content = store.repository("app");
    let (_, image) = content.manifest(images::digest("v1")).unwrap();
    let different = (1..=count).map(|n| [&image.bytes[..], &b" ".repeat(n)].concat());
    different.map(|bytes| format!("{}/app@{}", registry.host(), content.put_manifest(None, &image.media_type, &bytes))).collect()
}

#[test]
fn images_are_verified_side_by_side_as_far_as_allowed() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.latency = Duration::from_millis(50)));
    let sandbox = Sandbox::new();
    let images = many_images(&registry, 30);
    let arguments: Vec<&str> = images.iter().map(String::as_str).collect();
    sandbox.sign(&arguments).run().exits(0);
    registry.forget();
    sandbox.verify(&arguments).run().exits(0);
    assert!((5..=20).contains(&registry.busiest()), "{} requests at once by ten workers", registry.busiest());
    registry.forget();
    sandbox.verify(&[&["--max-workers", "1"], &arguments[..]].concat()).run().exits(0);
    assert!(registry.busiest() <= 2, "{} requests at once by one worker", registry.busiest());
}

#[test]
fn forty_images_share_one_key_one_token_and_connections() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.authentication = Authentication::Bearer));
    let sandbox = Sandbox::new();
    let images = many_images(&registry, 40);
    let credentials = ["--registry-username", USER, "--registry-password", PASSWORD];
    let arguments: Vec<&str> = credentials.iter().copied().chain(images.iter().map(String::as_str)).collect();
    sandbox.sign(&arguments).run().exits(0);
    assert_eq!(registry.count("GET", "/token"), 1, "tokens for one repository");
    assert_eq!(registry.count("PUT", "/manifests/"), 40);
    registry.forget();
    let before = registry.connections();
    let verified = sandbox.verify(&arguments).run().exits(0);
    assert_eq!(registry.count("GET", "/token"), 1, "tokens for one repository");
    let headings: Vec<&str> = verified.err.lines().filter_map(|line| line.strip_prefix("Verification for ")?.strip_suffix(" --")).collect();
    assert_eq!(headings, images, "in the order of the arguments");
    assert!(registry.connections() - before <= 24, "{} connections for ten workers", registry.connections() - before);
}
