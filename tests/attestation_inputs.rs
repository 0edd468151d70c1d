//! Attestations that are wrong: foreign payloads, other subjects, broken predicates, too many of them. Each with the error that names the
//! cause and its exit code. The advisories and panics of cosign about attestations bear their names.

use serde_json::{Value, json};

use crate::support::forged::{INTOTO, attach_bundles, attach_envelopes, base64, bundle, envelope};
use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{KEYED, OLD_FORM, Outcome, Sandbox};

const VERIFY: &[&str] = &["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog"];
const VERIFY_BLOB: &[&str] = &["verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog"];
const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";

fn statement(subjects: &Value) -> Value {
    json!({ "_type": "https://in-toto.io/Statement/v0.1", "predicateType": CUSTOM, "subject": subjects, "predicate": {} })
}

fn about_v1() -> Value {
    json!([{ "name": "app", "digest": { "sha256": images::digest("v1").trim_start_matches("sha256:") } }])
}

/// A registry whose image `v1` has what is given, in both forms one after the other.
fn each_form(envelope: &Value, check: impl Fn(&dyn Fn(&[&str]) -> Outcome, bool)) {
    let sandbox = Sandbox::new();
    for is_bundle in [true, false] {
        let registry = TestRegistry::start(Behaviour::default());
        if is_bundle {
            attach_bundles(&registry, &[bundle(envelope)]);
        } else {
            attach_envelopes(&registry, std::slice::from_ref(envelope));
        }
        check(&|more| sandbox.cosign([VERIFY, more, &[&registry.image("v1")]].concat()).run(), is_bundle);
    }
}

#[test]
fn a_forged_envelope_with_a_good_statement_passes() {
    // What the tests below change one thing of.
    let good = envelope(&Sandbox::new(), INTOTO, statement(&about_v1()).to_string().as_bytes());
    each_form(&good, |verify, _| drop(verify(&[]).exits(0)));
}

#[test]
fn payloads_that_are_no_statement() {
    let sandbox = Sandbox::new();
    for (payload_type, payload, bundle_says, layer_says) in [
        (INTOTO, &b"nothing of JSON"[..], "invalid in-toto statement", "invalid in-toto statement"),
        (INTOTO, b"[1]", "invalid in-toto statement", "invalid in-toto statement"),
        (INTOTO, b"", "unable to extract statement", "unable to extract statement"),
        ("text/plain", b"{}", "unsupported media type: text/plain", "invalid payloadType text/plain on envelope"),
    ] {
        let forged = envelope(&sandbox, payload_type, payload);
        each_form(&forged, |verify, is_bundle| {
            let expected = if is_bundle { bundle_says } else { layer_says };
            drop(verify(&[]).fails(12).says("no matching attestations: ").says(expected));
        });
        // Without claims the older form of a type that is not asked about still is no attestation.
        each_form(&forged, |verify, _| drop(verify(&["--check-claims=false"]).fails(12)));
    }
}

#[test]
fn subjects_that_are_not_the_image() {
    let sandbox = Sandbox::new();
    let other = json!([{ "name": "app", "digest": { "sha256": "00".repeat(32) } }]);
    let other_function = json!([{ "digest": { "sha512": "00".repeat(64) } }]);
    for (subjects, bundle_says, layer_says) in [
        (Value::Null, "provided artifact digests does not match digests in statement", "no matching subject digest found"),
        (json!([]), "provided artifact digests does not match digests in statement", "no matching subject digest found"),
        (other, "provided artifact digest does not match any digest in statement", "no matching subject digest found"),
        (other_function, "provided artifact digests does not match digests in statement", "no matching subject digest found"),
        (json!([{ "digest": {} }]), "provided artifact digests does not match", "no matching subject digest found"),
        (json!([{ "digest": { "sha256": 7 } }]), "invalid value", "invalid value"),
        (json!("app"), "invalid in-toto statement", "invalid in-toto statement"),
    ] {
        let forged = envelope(&sandbox, INTOTO, statement(&subjects).to_string().as_bytes());
        each_form(&forged, |verify, is_bundle| {
            drop(verify(&[]).fails(12).says(if is_bundle { bundle_says } else { layer_says }));
        });
    }
}

/// cosign #5016: a subject that is `null` ended in a panic.
#[test]
fn panic_5016_a_null_subject() {
    let forged = envelope(&Sandbox::new(), INTOTO, statement(&json!([null])).to_string().as_bytes());
    each_form(&forged, |verify, _| {
        verify(&[]).fails(12).says("null subject entry");
        verify(&["--check-claims=false"]).fails(12).says("null subject entry");
    });
    let sandbox = Sandbox::new();
    sandbox.write("file", "content");
    sandbox.write("b.json", bundle(&forged).to_string());
    sandbox.cosign([VERIFY_BLOB, &["--bundle", "b.json", "file"]].concat()).run().fails(1).says("null subject entry");
}

/// cosign #4651: attestations whose envelope is none ended in a panic.
#[test]
fn panic_4651_an_attestation_that_is_no_envelope() {
    for broken in [json!(null), json!([]), json!({}), json!({ "payload": "!", "payloadType": INTOTO, "signatures": [{ "sig": "" }] })] {
        let registry = TestRegistry::start(Behaviour::default());
        attach_envelopes(&registry, std::slice::from_ref(&broken));
        let sandbox = Sandbox::new();
        sandbox.cosign([VERIFY, &[&registry.image("v1")]].concat()).run().fails(12);
        let downloaded = sandbox.cosign(["download", "attestation", &registry.image("v1")]).run();
        assert!(downloaded.code <= 1 && !downloaded.err.contains("panicked"), "{downloaded}");
    }
}

/// cosign #4653: `--replace` beside an attestation that cannot be read ended in a panic. What cannot be read stays.
#[test]
fn panic_4653_replacing_beside_what_cannot_be_read() {
    let sandbox = Sandbox::new();
    sandbox.write("p.json", r#"{"n":1}"#);
    let no_statement = envelope(&sandbox, INTOTO, b"7");
    let registry = TestRegistry::start(Behaviour::default());
    let image = registry.image("v1");
    attach_envelopes(&registry, &[json!({ "payload": "!" }), json!(null), no_statement.clone()]);
    attach_bundles(&registry, &[json!({}), bundle(&no_statement)]);
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let call = [&["attest", form, "--replace", "--type", "openvex", "--predicate", "p.json"], KEYED, &[&image]].concat();
        sandbox.cosign(&call).run().exits(0);
        sandbox
            .cosign([VERIFY, &["--type", "openvex", &format!("--new-bundle-format={}", form != OLD_FORM), &image]].concat())
            .run()
            .exits(0);
    }
    let tag = format!("{}.att", images::digest("v1").replace(':', "-"));
    let (_, manifest) = registry.store().repository("app").manifest(&tag).unwrap();
    assert_eq!(manifest.json()["layers"].as_array().unwrap().len(), 4);
}

/// cosign #4649, #4652, #4881 and pull request 5045: log entries, their bodies, time stamps and bundles that are broken ended in panics.
#[test]
fn panics_4649_4652_4881_5045_broken_material_in_bundles() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "content");
    let good = envelope(&sandbox, INTOTO, statement(&about_v1()).to_string().as_bytes());
    let entry = |body: &[u8]| {
        json!({ "logIndex": "1", "logId": { "keyId": base64(b"id") }, "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": "1", "inclusionPromise": { "signedEntryTimestamp": base64(b"set") }, "canonicalizedBody": base64(body) })
    };
    let broken: Vec<(&str, Value)> = vec![
        ("tlogEntries", json!([{}])),
        ("tlogEntries", json!([null])),
        ("tlogEntries", json!([entry(b"")])),
        ("tlogEntries", json!([entry(b"null")])),
        ("tlogEntries", json!([entry(br#"{"kind":"dsse","apiVersion":"0.0.1","spec":{"signatures":[null]}}"#)])),
        ("tlogEntries", json!([entry(br#"{"kind":"dsse","apiVersion":"0.0.1","spec":{"signatures":[{"verifier":"AA=="}]}}"#)])),
        ("timestampVerificationData", json!({ "rfc3161Timestamps": [{ "signedTimestamp": base64(b"no stamp") }] })),
        ("timestampVerificationData", json!({ "rfc3161Timestamps": [{}] })),
        ("x509CertificateChain", json!({ "certificates": [] })),
    ];
    let mut cases: Vec<Value> = broken
        .into_iter()
        .map(|(field, value)| {
            let mut case = bundle(&good);
            case["verificationMaterial"][field] = value;
            case
        })
        .collect();
    cases.extend([json!({}), json!(null), json!([]), json!({ "mediaType": "x" }), json!({ "dsseEnvelope": { "signatures": [null] } })]);
    let registry = TestRegistry::start(Behaviour::default());
    attach_bundles(&registry, &cases);
    let image = registry.image("v1");
    for flags in [&["--insecure-ignore-tlog=false"][..], &["--use-signed-timestamps"]] {
        let call = [VERIFY, flags, &["--trusted-root", "root.json", &image]].concat();
        sandbox.write("root.json", r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#);
        sandbox.cosign(call).run().fails(12).says("no matching attestations: ");
    }
    for case in &cases {
        sandbox.write("b.json", case.to_string());
        let call = [VERIFY_BLOB, &["--use-signed-timestamps", "--trusted-root", "root.json", "--bundle", "b.json", "file"]].concat();
        sandbox.cosign(call).run().fails(1);
    }
}

/// GHSA-vfp6-jrw2-99g9: endless attestations. More than a thousand are refused before any of them is fetched.
#[test]
fn advisory_4_more_than_a_thousand_attestations() {
    let sandbox = Sandbox::new();
    let good = envelope(&sandbox, INTOTO, statement(&about_v1()).to_string().as_bytes());
    for (what, is_bundle) in [("referrers", true), ("signature layers", false)] {
        let registry = TestRegistry::start(Behaviour::default());
        if is_bundle {
            attach_bundles(&registry, &vec![bundle(&good); 1001]);
        } else {
            attach_envelopes(&registry, &vec![good.clone(); 1001]);
        }
        let image = registry.image("v1");
        registry.forget();
        let refused = sandbox.cosign([VERIFY, &[&image]].concat()).run().fails(1);
        assert!(refused.err.contains(what) && refused.err.contains("1000"), "{refused}");
        sandbox.cosign(["download", "attestation", &image]).run().fails(1);
        assert!(registry.requests().len() < 20, "{} requests", registry.requests().len());
    }
}

/// GHSA-w6c6-c85g-mmv6: payloads that are malformed, of files. (Wrong types: `attestations::advisory_9_type_and_payload_of_blobs_are_checked`.)
#[test]
fn advisory_9_malformed_payloads_of_files_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "content");
    for payload in [&b"no statement"[..], b"{}", b"7", b"{\"predicateType\":7}"] {
        let forged = envelope(&sandbox, INTOTO, payload);
        sandbox.write("b.json", bundle(&forged).to_string());
        sandbox.write("env.json", forged.to_string());
        sandbox.write("old.json", json!({ "base64Signature": base64(forged.to_string().as_bytes()) }).to_string());
        for claims in ["--check-claims=true", "--check-claims=false"] {
            for evidence in [["--bundle", "b.json"], ["--signature", "env.json"], ["--bundle", "old.json"]] {
                sandbox.cosign([VERIFY_BLOB, &[claims], &evidence, &["file"]].concat()).run().fails(1).does_not_say("Verified OK");
            }
        }
    }
}

#[test]
fn predicates_that_are_wrong_are_refused_before_anything_is_signed() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "content");
    sandbox.write("list.json", "[1]");
    sandbox.write("broken.json", "{\"a\":");
    sandbox.write("binary", [0xff, 0xfe]);
    sandbox.write("deep.json", format!("{}{}", "{\"a\":".repeat(600), "1".to_owned() + &"}".repeat(600)));
    sandbox.write("deeper.json", "[".repeat(3_000_000));
    sandbox.write("number.json", r#"{"a":1e999}"#);
    let base = [&["attest-blob", "--bundle", "b.json"], KEYED].concat();
    for (kind, file, says) in [
        ("", "list.json", "invalid predicate type"),
        ("spdxjson", "list.json", "the predicate is no JSON object"),
        ("cyclonedx", "broken.json", "unexpected end of JSON input"),
        ("spdx", "binary", "not valid UTF-8"),
        ("custom", "binary", "not valid UTF-8"),
        ("link", "list.json", "no JSON object"),
        ("vuln", "broken.json", "unexpected end of JSON input"),
        ("slsaprovenance", "list.json", "provenance predicate: the predicate is no JSON object"),
        ("slsaprovenance1", "list.json", "unmarshal raw payload to map: the predicate is no JSON object"),
        ("https://example.com/t", "broken.json", "invalid JSON payload for predicate type https://example.com/t"),
        ("openvex", "deep.json", "nested more than 500 deep"),
        ("openvex", "deeper.json", "unexpected end of JSON input"),
        ("openvex", "number.json", "out of range"),
        ("openvex", "absent.json", "no such file or directory"),
    ] {
        sandbox.cosign([&base[..], &["--type", kind, "--predicate", file, "file"]].concat()).run().fails(1).says(says);
        assert!(!sandbox.exists("b.json"), "{kind} {file}");
    }
    sandbox.copy("images/layout", "layout");
    let words = [&["attest", "--type", "nope", "--predicate", "list.json"], KEYED, &["oci:./layout:v1"]].concat();
    sandbox.cosign(words).run().fails(1).says("invalid predicate type: nope");
}

#[test]
fn statements_that_are_wrong_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "content");
    let good = statement(&json!([{ "name": "f", "digest": { "sha256": "00".repeat(32) } }]));
    let changed = |field: &str, value: Value| {
        let mut statement = good.clone();
        statement[field] = value;
        statement.to_string()
    };
    for (text, says) in [
        ("7".to_owned(), "invalid"),
        ("{".to_owned(), "invalid"),
        (changed("_type", "x".into()), "wrong statement type x"),
        (changed("subject", json!([])), "at least one subject required"),
        (changed("subject", json!([null])), "null subject entry"),
        (changed("subject", json!([{ "name": "a" }])), "at least one digest required"),
        (changed("predicateType", "".into()), "predicate type required"),
        (changed("predicate", Value::Null), "predicate object required"),
    ] {
        sandbox.write("s.json", text);
        let call = [&["attest-blob", "--bundle", "b.json", "--statement", "s.json"], KEYED, &["file"]].concat();
        sandbox.cosign(call).run().fails(1).says(says);
        assert!(!sandbox.exists("b.json"));
    }
}

/// A predicate nested without end: nothing recurses over it.
#[test]
fn deeply_nested_predicates_are_only_passed_on() {
    let sandbox = Sandbox::new();
    let subject = about_v1().to_string();
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let nested = |broken: &str| {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"{CUSTOM}","subject":{subject},"predicate":{{"a":{deep}}}{broken}}}"#
        )
    };
    each_form(&envelope(&sandbox, INTOTO, nested("").as_bytes()), |verify, _| drop(verify(&[]).exits(0)));
    // Nested subjects are read, and have an end.
    let annotations =
        json!([{ "digest": { "sha256": images::digest("v1").trim_start_matches("sha256:") }, "annotations": { "a": "DEEP" } }]);
    let forged = statement(&annotations).to_string().replace("\"DEEP\"", &deep);
    each_form(&envelope(&sandbox, INTOTO, forged.as_bytes()), |verify, _| drop(verify(&[]).fails(12).says("recursion limit exceeded")));
}

/// `COSIGN_MAX_ATTACHMENT_SIZE` bounds what is fetched, in both forms, by what the manifest says of it.
#[test]
fn the_largest_attestation_that_is_read_can_be_set() {
    let good = envelope(&Sandbox::new(), INTOTO, statement(&about_v1()).to_string().as_bytes());
    let sandbox = Sandbox::new();
    for is_bundle in [true, false] {
        let registry = TestRegistry::start(Behaviour::default());
        if is_bundle {
            attach_bundles(&registry, &[bundle(&good)]);
        } else {
            attach_envelopes(&registry, std::slice::from_ref(&good));
        }
        let image = registry.image("v1");
        let with = |limit: &str| sandbox.cosign([VERIFY, &[&image]].concat()).env("COSIGN_MAX_ATTACHMENT_SIZE", limit).run();
        with("100").fails(1).says("is larger than the limit of 100 bytes").says("COSIGN_MAX_ATTACHMENT_SIZE");
        with("1MB").exits(0);
        with("no size").exits(0);
    }
}
