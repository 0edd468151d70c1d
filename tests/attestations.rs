//! Attestations of images and files through the program, with the advisories about them.

use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

const NEW_FORM: &str = "--new-bundle-format=true";

fn with_layout() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    sandbox.write("p.json", r#"{"n":1}"#);
    sandbox.write("q.json", r#"{"n":2}"#);
    sandbox
}

fn attest(sandbox: &Sandbox, image: &str, more: &[&str]) -> crate::support::sandbox::Outcome {
    let base = ["attest", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", image];
    sandbox.cosign(base.iter().chain(more)).run()
}

fn verify(sandbox: &Sandbox, image: &str, more: &[&str]) -> crate::support::sandbox::Outcome {
    let base = ["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", image];
    sandbox.cosign(base.iter().chain(more)).run()
}

fn replaced_once(sandbox: &Sandbox, image: &str, form: &str) {
    attest(sandbox, image, &[form, "--type=openvex", "--predicate=p.json"]).exits(0);
    attest(sandbox, image, &[form, "--type=cyclonedx", "--predicate=p.json"]).exits(0);
    for _ in 0..2 {
        attest(sandbox, image, &[form, "--type=openvex", "--replace", "--predicate=q.json"]).exits(0);
    }
    verify(sandbox, image, &["--type=openvex"]).exits(0).json();
    verify(sandbox, image, &["--type=cyclonedx"]).exits(0).json();
    let downloaded = sandbox.cosign(["download", "attestation", "--decode", "--predicate-type=openvex", image]).run().exits(0);
    assert_eq!(downloaded.json()["predicate"]["n"], 2);
}

#[test]
fn two_replaces_leave_one_attestation_and_others_untouched() {
    for form in [NEW_FORM, OLD_FORM] {
        replaced_once(&with_layout(), "oci:./layout:v1", form);
        let registry = TestRegistry::start(Behaviour::default());
        replaced_once(&with_layout(), &format!("{}/app:v1", registry.host()), form);
    }
}

#[test]
fn exit_codes_of_attestations() {
    for form in [NEW_FORM, OLD_FORM] {
        let sandbox = with_layout();
        verify(&sandbox, "oci:./layout:v1", &[]).fails(10);
        attest(&sandbox, "oci:./layout:v1", &[form, "--predicate=p.json"]).exits(0);
        verify(&sandbox, "oci:./layout:v1", &[]).exits(0);
        verify(&sandbox, "oci:./layout:absent", &[]).fails(11);
        sandbox.cosign(["verify-attestation", "--key=other.pub", "--insecure-ignore-tlog", "oci:./layout:v1"]).run().fails(12);
    }
}

/// GHSA-vjxv-45g9-9296: no attestation of the type that was asked for is a failure, and nothing is printed.
#[test]
fn advisory_2_another_type_does_not_pass() {
    for form in [NEW_FORM, OLD_FORM] {
        let sandbox = with_layout();
        attest(&sandbox, "oci:./layout:v1", &[form, "--type=openvex", "--predicate=p.json"]).exits(0);
        let refused = verify(&sandbox, "oci:./layout:v1", &["--type=spdxjson"]).fails(12);
        refused.says("none of the attestations matched the predicate type: spdxjson, found: https://openvex.dev/ns");
    }
}

/// GHSA-w6c6-c85g-mmv6: a wrong type or a payload that is no statement fails, in both forms, whether claims are checked or not.
#[test]
fn advisory_9_type_and_payload_of_blobs_are_checked() {
    let sandbox = with_layout();
    let base = ["attest-blob", "--key=cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--predicate=p.json", "q.json"];
    for (form, file) in [(NEW_FORM, "new.json"), (OLD_FORM, "old.json")] {
        sandbox.cosign(base.iter().copied().chain([form, &format!("--bundle={file}")])).run().exits(0);
        for claims in ["--check-claims=true", "--check-claims=false"] {
            let verify = |kind: &str| {
                let bundle = format!("--bundle={file}");
                let words = ["verify-blob-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", claims, kind, &bundle, "q.json"];
                sandbox.cosign(words).run()
            };
            verify("--type=custom").exits(0).says("Verified OK");
            verify("--type=vuln").fails(1).says("invalid predicate type, expected vuln got https://cosign.sigstore.dev/attestation/v1");
        }
    }
}

#[test]
fn a_statement_is_about_the_image() {
    let sandbox = with_layout();
    for (tag, passes) in [("v1", true), ("v2", false)] {
        let digest = images::digest(tag);
        let hex = digest.trim_start_matches("sha256:");
        sandbox.write(
            "s.json",
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{{"sha256":"00"}}}},{{"digest":{{"sha256":"{hex}"}}}}],"predicateType":"https://example.com/t","predicate":{{}}}}"#
            ),
        );
        let outcome = attest(&sandbox, "oci:./layout:v1", &["--statement=s.json"]);
        if passes {
            outcome.exits(0);
            verify(&sandbox, "oci:./layout:v1", &["--type=https://example.com/t"]).exits(0);
        } else {
            outcome.fails(1).says("the statement is not about");
        }
    }
}
