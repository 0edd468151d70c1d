//! The command lines of programs that attest, as they call them, and what they read of the answers: syft, Docker's actions, the SLSA generator,
//! policy-controller, trivy, conforma, devguard.

use serde_json::{Value, json};

use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};
use crate::support::sigstore::Sigstore;
use crate::support::{forged, images};

const OFF: &[&str] = &["--tlog-upload=false", "--use-signing-config=false"];
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

fn set_up() -> (TestRegistry, String, Sandbox) {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let image = registry.image("v1");
    (registry, image, Sandbox::new())
}

/// As `jq -r '.payload | @base64d | fromjson'`, of an envelope or of a bundle.
fn statement(line: &Value) -> Value {
    let envelope = line.get("dsseEnvelope").unwrap_or(line);
    let payload = envelope["payload"].as_str().unwrap();
    let statement: Value = serde_json::from_slice(&decode(payload)).unwrap();
    assert_eq!(forged::base64(&decode(payload)), payload);
    statement
}

fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().enumerate().fold(0, |bits, (at, byte)| bits | digit(*byte) << (18 - 6 * at));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

fn lines(outcome: &Outcome) -> Vec<Value> {
    assert!(outcome.out.is_empty() || outcome.out.ends_with('\n'), "{outcome}");
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rows 11 to 13 of the clients' shapes: `syft attest` for its four types, then what reads them.
#[test]
fn syft_attests_and_others_read_it() {
    let types = [
        ("cyclonedx", r#"{"bomFormat":"CycloneDX","components":[]}"#, "https://cyclonedx.org/bom"),
        ("spdx", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "https://spdx.dev/Document"),
        ("spdxjson", r#"{"spdxVersion":"SPDX-2.3","name":"<a&b>"}"#, "https://spdx.dev/Document"),
        ("custom", r#"{"artifacts":[]}"#, "https://cosign.sigstore.dev/attestation/v1"),
    ];
    for form in ["--new-bundle-format=true", OLD_FORM] {
        for (kind, predicate, uri) in types {
            let (_registry, image, sandbox) = set_up();
            sandbox.write("tmp.json", predicate);
            let attest = ["attest", &image, "--predicate", "tmp.json", "--type", kind, "-y", "--key", "cosign.key", form];
            let attested = sandbox.cosign([&attest[..], OFF].concat()).env("COSIGN_EXPERIMENTAL", "1").run().exits(0);
            assert_eq!(attested.out, "");
            attested.says("Using payload from: tmp.json");

            let verify = ["verify-attestation", "--type", kind, "--key", "cosign.pub", "--insecure-ignore-tlog", &image];
            let verified = lines(&sandbox.cosign(verify).run().exits(0));
            assert_eq!(verified.len(), 1);
            assert_eq!(verified[0]["payloadType"], "application/vnd.in-toto+json");
            assert!(verified[0]["signatures"][0]["sig"].is_string());
            let said = statement(&verified[0]);
            assert_eq!(said["_type"], "https://in-toto.io/Statement/v0.1");
            assert_eq!(said["predicateType"], uri);
            assert_eq!(said["subject"][0]["digest"]["sha256"], images::digest("v1").trim_start_matches("sha256:"));
            assert_eq!(said["subject"][0]["name"], image.rsplit_once(':').unwrap().0);
            match kind {
                "spdx" => assert_eq!(said["predicate"], predicate),
                "custom" => assert_eq!(said["predicate"]["Data"], predicate),
                _ => assert_eq!(said["predicate"], serde_json::from_str::<Value>(predicate).unwrap()),
            }
            let other = ["verify-attestation", "--type", "vuln", "--key", "cosign.pub", "--insecure-ignore-tlog", &image];
            let refused = sandbox.cosign(other).run().fails(12);
            assert_eq!(refused.out, "");
            refused.says(&format!("none of the attestations matched the predicate type: vuln, found: {uri}"));

            let downloaded = lines(&sandbox.cosign(["download", "attestation", &image]).run().exits(0));
            assert_eq!((downloaded.len(), statement(&downloaded[0])), (1, said));
            assert_eq!(downloaded[0].get("payload").is_some(), form == OLD_FORM, "bundle or envelope, by the form");
            let filtered = sandbox.cosign(["download", "attestation", "--predicate-type", uri, &image]).run().exits(0);
            assert_eq!(lines(&filtered), downloaded);
        }
    }
}

#[test]
fn what_is_read_of_images_without_attestations() {
    let (_registry, image, sandbox) = set_up();
    let nothing = sandbox.cosign(["download", "attestation", &image]).run().exits(0);
    assert_eq!(nothing.out, "");
    sandbox.cosign(["download", "attestation", "--predicate-type", "nope", &image]).run().fails(1).says("invalid predicate type: nope");
    sandbox.cosign(["download", "signature", &image]).run().fails(1).says("no signatures associated");
    sandbox.cosign(["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", &image]).run().fails(10);
}

/// slsa-github-generator: keyless, in another repository.
#[test]
fn the_slsa_generator_attests_in_another_repository() {
    let Some(services) = Sigstore::start() else { return };
    let (registry, sandbox) = (TestRegistry::start(Behaviour::default()), services.sandbox());
    let image = registry.image(images::digest("v1"));
    let other = format!("{}/provenance", registry.host());
    sandbox.write(
        "predicate.json",
        r#"{"builder":{"id":"https://b.example"},"buildType":"t","materials":[{"uri":"u","digest":{"sha1":"00"}}]}"#,
    );
    let attest = ["attest", "--predicate=predicate.json", "--type", "slsaprovenance", "--yes", &image];
    let token = String::from_utf8(services.token("")).unwrap();
    let call = sandbox.cosign(attest).env("COSIGN_EXPERIMENTAL", "1").env("COSIGN_REPOSITORY", &other).env("SIGSTORE_ID_TOKEN", token);
    call.run().exits(0);
    let verify = [&["verify-attestation", "--type", "slsaprovenance"], &services.who()[..], &[&image]].concat();
    let verified = lines(&sandbox.cosign(&verify).env("COSIGN_REPOSITORY", &other).run().exits(0));
    assert_eq!(statement(&verified[0])["predicateType"], "https://slsa.dev/provenance/v0.2");
    sandbox.cosign(&verify).run().fails(10);
    let downloaded = lines(&sandbox.cosign(["download", "signature", &image]).env("COSIGN_REPOSITORY", other).run().exits(0));
    assert!(downloaded[0]["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"].is_string());
}

/// What `@docker/actions-toolkit` makes of stderr: every line that is a JSON object.
fn parsed(outcome: &Outcome) -> Vec<Value> {
    let objects = outcome.err.lines().filter(|line| line.starts_with('{') && line.ends_with('}'));
    objects.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Row 17: Docker's GitHub builder reads the HTTP trace.
#[test]
fn dockers_toolkit_reads_the_trace() {
    let Some(services) = Sigstore::start() else { return };
    // The bundle is listed under the fallback tag.
    let (registry, sandbox) = (TestRegistry::start(Behaviour::without_referrers()), services.sandbox());
    let image = registry.image(images::digest("v1"));
    sandbox.write("config.json", services.signing_config(1));
    let token = String::from_utf8(services.token("")).unwrap();
    let sign = ["--verbose", "sign", "--yes", "--registry-referrers-mode", "oci-1-1", "--signing-config=config.json", &image];
    let signed = sandbox.cosign(sign).env("COSIGN_EXPERIMENTAL", "1").env("SIGSTORE_ID_TOKEN", token).run().exits(0);
    let objects = parsed(&signed);
    assert!(objects.iter().any(|object| object["mediaType"] == BUNDLE && object.get("dsseEnvelope").is_some()), "{signed}");
    let index = objects.iter().find(|object| object["manifests"][0]["artifactType"] == BUNDLE).unwrap_or_else(|| panic!("{signed}"));
    assert!(index["manifests"][0]["digest"].as_str().unwrap().starts_with("sha256:"));

    let verify = [&["--verbose", "verify", "--experimental-oci11"], &services.who()[..], &["--use-signed-timestamps"]].concat();
    sandbox.cosign([&verify[..], &["--insecure-ignore-tlog", &image]].concat()).run().exits(0);
    let refused = sandbox.cosign([&verify[..], &[&registry.image("absent")]].concat()).run().fails(11);
    let told = parsed(&refused).into_iter().any(|object| object["errors"][0]["code"] == "MANIFEST_UNKNOWN");
    assert!(told, "{refused}");
}

/// Row 25: the toolkit's calls before it signs, and its attestations of files.
#[test]
fn dockers_toolkit_attests_a_file() {
    let (_registry, _image, sandbox) = set_up();
    sandbox.write("artifact", "content");
    let digest = crate::support::digest_of(b"content");
    let said = json!({ "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1", "predicate": {},
        "subject": [{ "name": "other", "digest": { "sha512": "00".repeat(64) } }, { "name": "artifact", "digest": { "sha256": digest.trim_start_matches("sha256:") } }] });
    sandbox.write("s.json", said.to_string());
    sandbox.cosign(["signing-config", "create", "--rekor-config=ANY", "--out=config.json"]).run().exits(0);
    assert!(serde_json::from_str::<Value>(&sandbox.read("config.json")).is_ok());
    let attest =
        ["attest-blob", "--statement", "s.json", "--type", "slsaprovenance1", "--bundle", "b.json", "--key", "cosign.key", "artifact"];
    sandbox.cosign([&attest[..], &["--signing-config", "config.json", "--yes"]].concat()).run().exits(0);
    let bundle: Value = serde_json::from_str(&sandbox.read("b.json")).unwrap();
    assert_eq!(statement(&bundle), said);
    let verify = |kind: &str, file: &str| {
        let words =
            ["verify-blob-attestation", "--type", kind, "--bundle", "b.json", "--key", "cosign.pub", "--insecure-ignore-tlog", file];
        sandbox.cosign(words).run()
    };
    let verified = verify("slsaprovenance1", "artifact").exits(0).says("Verified OK");
    assert_eq!(verified.out, "");
    verify("vuln", "artifact").fails(1).says("invalid predicate type, expected vuln got https://slsa.dev/provenance/v1");
    verify("slsaprovenance1", "s.json").fails(1);
}

/// Predicates from standard input, and statements about digests by other functions.
#[test]
fn predicates_from_a_pipe_and_digests_by_other_functions() {
    let (_registry, image, sandbox) = set_up();
    let attest = ["attest", "--key", "cosign.key", "--type", "vuln", "--predicate", "-", "-y", &image];
    sandbox
        .cosign([&attest[..], OFF].concat())
        .stdin(r#"{"scanner":{"uri":"s"}}"#)
        .run()
        .exits(0)
        .says("Using payload from: standard input");
    let verify = ["verify-attestation", "--type", "vuln", "--key", "cosign.pub", "--insecure-ignore-tlog", &image];
    assert_eq!(statement(&lines(&sandbox.cosign(verify).run().exits(0))[0])["predicate"]["scanner"]["uri"], "s");

    sandbox.write("file", "content");
    sandbox.write("p.json", "{}");
    for (function, hash) in [
        ("sha384", "9db4fd0e77de1d6b50cd87dc2f29e5a6f9a3d1a5f2a58d4e95a2e2b4a4d7b8f0a0c1d2e3f405162738495a6b7c8d9eaf"),
        (
            "sha512",
            "b2d1d285b5199c85f988d03649c37e44fd3dde01e5d69c50fef90651962f48110e9340b60d49a479c4c0b53f5f07d690686dd87d2481937a512e8b85ee7c617f",
        ),
    ] {
        let attest =
            ["attest-blob", "--key", "cosign.key", "--type", "openvex", "--predicate", "p.json", "--hash", hash, "--bundle", "b.json"];
        sandbox.cosign([&attest[..], OFF, &["file"]].concat()).run().exits(0);
        let bundle: Value = serde_json::from_str(&sandbox.read("b.json")).unwrap();
        assert_eq!(statement(&bundle)["subject"][0]["digest"], json!({ function: hash }));
        let verify =
            ["verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", "--type", "openvex", "--bundle", "b.json"];
        sandbox.cosign([&verify[..], &["--digest", hash, "--digestAlg", function]].concat()).run().exits(0);
        let other = "1".repeat(hash.len());
        sandbox.cosign([&verify[..], &["--digest", &other, "--digestAlg", function]].concat()).run().fails(1);
    }
    // Which SHA-512 is that of the file itself.
    let verify =
        ["verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", "--type", "openvex", "--bundle", "b.json", "file"];
    sandbox.cosign(verify).run().exits(0);
}
