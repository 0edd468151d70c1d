//! A registry that is busy, broken or slow is never taken for one without signatures.

use std::time::Duration;

use crate::support::http_server::{Delivery, Response};
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

fn signed(behaviour: Behaviour) -> (TestRegistry, Sandbox, String) {
    let registry = TestRegistry::start(behaviour);
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[&image]).run().exits(0);
    (registry, sandbox, image)
}

#[test]
fn a_limit_for_ever_is_said_to_be_one() {
    for part in ["/referrers/", "/blobs/", "/manifests/sha256:", "/manifests/v1"] {
        let (registry, sandbox, image) = signed(Behaviour::default());
        registry.inject(Fault::on("GET", part, Effect::too_many_requests("0")));
        registry.inject(Fault::on("HEAD", part, Effect::too_many_requests("0")));
        sandbox.verify(&["--timeout", "10s", &image]).run().fails(1).says("429");
    }
    let (registry, sandbox, image) = signed(Behaviour::without_referrers());
    registry.inject(Fault::on("GET", "/manifests/sha256-", Effect::too_many_requests("0")));
    sandbox.verify(&["--timeout", "10s", &image]).run().fails(1).says("429");
}

#[test]
fn a_limit_that_passes_is_waited_for() {
    for part in ["/referrers/", "/blobs/", "/manifests/sha256:"] {
        let (registry, sandbox, image) = signed(Behaviour::default());
        registry.inject(Fault::on("GET", part, Effect::too_many_requests("0")).times(2));
        sandbox.verify(&[&image]).run().exits(0);
        assert_eq!(registry.count("GET", part), 3, "{part}");
    }
}

#[test]
fn signing_waits_too() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::without_referrers());
        let sandbox = Sandbox::new();
        for (method, part) in [("HEAD", "/manifests/v1"), ("POST", "/blobs/uploads/"), ("PUT", "/manifests/")] {
            registry.inject(Fault::on(method, part, Effect::too_many_requests("0")).times(2));
        }
        sandbox.sign(&[form, &registry.image("v1")]).run().exits(0);
        sandbox.verify(&[form, &registry.image("v1")]).run().exits(0);
    }
}

#[test]
fn a_limit_longer_than_the_timeout_is_not_waited_for() {
    let (registry, sandbox, image) = signed(Behaviour::default());
    registry.inject(Fault::on("GET", "/referrers/", Effect::too_many_requests("86400")));
    sandbox.verify(&["--timeout", "30s", &image]).run().fails(1).says("429");
}

#[test]
fn one_server_error_is_tried_again() {
    for status in [500, 502, 503, 504] {
        let (registry, sandbox, image) = signed(Behaviour::default());
        registry.inject(Fault::on("GET", "/referrers/", Effect::status(status, "UNKNOWN")).times(1));
        sandbox.verify(&[&image]).run().exits(0);
    }
}

#[test]
fn server_errors_for_ever_are_no_absence() {
    let (registry, sandbox, image) = signed(Behaviour::default());
    registry.inject(Fault::on("GET", "/referrers/", Effect::Answer(Response::new(500, "oops"))));
    sandbox.verify(&["--timeout", "10s", &image]).run().fails(1).says("500");
}

#[test]
fn a_connection_cut_in_a_blob_is_tried_again() {
    let (registry, sandbox, image) = signed(Behaviour::default());
    registry.inject(Fault::on("GET", "/blobs/", Effect::Deliver(Delivery::CutAfter(20))).times(1));
    sandbox.verify(&[&image]).run().exits(0);
    registry.inject(Fault::on("GET", "/blobs/", Effect::Deliver(Delivery::CutAfter(20))));
    sandbox.verify(&["--timeout", "10s", &image]).run().fails(1);
}

#[test]
fn a_slow_blob_arrives_and_a_stalled_one_ends_with_the_timeout() {
    let (registry, sandbox, image) = signed(Behaviour::default());
    registry.inject(Fault::on("GET", "/blobs/", Effect::drip(100, Duration::from_millis(20))).times(1));
    sandbox.verify(&[&image]).run().exits(0);
    registry.inject(Fault::on("GET", "/blobs/", Effect::Deliver(Delivery::Stalled)));
    sandbox.verify(&["--timeout", "2s", &image]).run().fails(1).says("deadline exceeded");
}

#[test]
fn artifactory_hides_absent_tags() {
    let registry = TestRegistry::start(Behaviour::without_referrers().with(|b| b.hides_absence = true));
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    // The image was read with the same credentials, so 403 on a signature's tag means that it is not there.
    sandbox.verify(&[&image]).run().fails(10).says("WARNING: ");
    for form in ["--new-bundle-format=true", OLD_FORM] {
        sandbox.sign(&[form, &image]).run().exits(0);
        sandbox.verify(&[form, &image]).run().exits(0);
    }
    sandbox.verify(&[&registry.image("absent")]).run().fails(1);
}

#[test]
fn a_write_that_fails_is_not_a_success() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        for status in [400, 403, 413, 500] {
            let registry = TestRegistry::start(Behaviour::without_referrers());
            let sandbox = Sandbox::new();
            registry.inject(Fault::on("PUT", "/manifests/sha256-", Effect::status(status, "DENIED")));
            sandbox.sign(&[form, "--timeout", "10s", &registry.image("v1")]).run().fails(1);
        }
    }
}
