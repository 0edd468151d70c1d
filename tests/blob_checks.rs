//! Each check of `verify-blob` through the built program: signatures in which everything is right but what this one check looks at, as
//! the first call of each test shows. Then what past advisories were about, each in a test of its name.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::http_server::{Request, Response, Server};
use crate::support::sandbox::{Call, OLD_FORM, Outcome, Sandbox};

const ISSUER: &str = "http://127.0.0.1:18001";

/// Genuine signatures of `blob.txt` by alice@example.com, made with local services, and the root that believes them.
struct Scene {
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        for name in ["blob.txt", "evil.txt", "bundles", "trust", "keys"] {
            sandbox.copy(&format!("keyless/{name}"), name);
        }
        sandbox.copy("keyless/trust/trusted_root.json", "root.json");
        Self { sandbox }
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.sandbox.read(name)).unwrap()
    }

    /// `bundle` after a change.
    fn bundle(&self, bundle: &str, change: impl FnOnce(&mut Value)) -> &'static str {
        let mut value = self.json(&format!("bundles/{bundle}.json"));
        change(&mut value);
        self.sandbox.write("changed.json", value.to_string());
        "changed.json"
    }

    /// The root after a change.
    fn root(&self, change: impl FnOnce(&mut Value)) -> &'static str {
        let mut value = self.json("root.json");
        change(&mut value);
        self.sandbox.write("changed-root.json", value.to_string());
        "changed-root.json"
    }

    fn verify(&self, bundle: &str, root: &str, more: &[&str]) -> Outcome {
        let identity = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", ISSUER];
        let base = ["verify-blob", "--bundle", bundle, "--trusted-root", root];
        let blob: &[&str] = if more.iter().any(|word| !word.starts_with('-') && word.ends_with(".txt")) { &[] } else { &["blob.txt"] };
        self.sandbox.cosign([&base[..], &identity, more, blob].concat()).run()
    }

    /// The older form: keys of the services from the environment.
    fn verify_old(&self, more: &[&str]) -> Call {
        let call = self.sandbox.cosign([&["verify-blob", OLD_FORM], more].concat());
        call.env("SIGSTORE_ROOT_FILE", "trust/fulcio-chain.pem")
            .env("SIGSTORE_REKOR_PUBLIC_KEY", "trust/rekor.pub")
            .env("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "trust/ctlog.pub")
    }
}

const R1: &str = "bundles/kl-r1.json";
const R2: &str = "bundles/kl-r2.json";
const ALICE: [&str; 4] = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", ISSUER];

/// A P-256 key that signed nothing here.
const OTHER_KEY: &str =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnnlA9gRO+R/JhcX+JylkxeRF/8NalMNSzSckVpDV0x+QV6rk2/Xx3dLsnbEmW2ZG2LihwnbRp/BrLQDLNNsZMw==";

#[test]
fn genuine_signatures_are_believed() {
    let scene = Scene::new();
    for bundle in [R1, R2] {
        scene.verify(bundle, "root.json", &[]).exits(0).says("Verified OK");
    }
    let verified = scene.verify(R2, "root.json", &["--output=json"]).exits(0).json();
    assert_eq!(verified["signer"]["certificate"]["subjectAlternativeName"], "alice@example.com");
    assert_eq!(verified["times"][0]["source"], "timestampAuthority");
    assert_eq!(verified["logEntries"][0]["version"], "0.0.2");
}

#[test]
fn the_signature_is_over_this_file() {
    let scene = Scene::new();
    scene.verify(R1, "root.json", &["evil.txt"]).fails(1).says("failed to verify signature: could not verify message: invalid signature");
}

#[test]
fn the_identity_is_compared_whole_and_with_case() {
    let scene = Scene::new();
    for identity in ["alice@example.co", "alice@example.comm", "Alice@example.com", "alice.example.com", "*"] {
        let flag = format!("--certificate-identity={identity}");
        scene.verify(R1, "root.json", &[&flag]).fails(1).says(&format!("expected SAN value \"{identity}\", got \"alice@example.com\""));
    }
    scene.verify(R1, "root.json", &["--certificate-oidc-issuer=http://127.0.0.1"]).fails(1).says("expected issuer value");
}

#[test]
fn the_certificate_leads_to_an_authority_of_the_root() {
    let scene = Scene::new();
    let root = scene.root(|root| root["certificateAuthorities"] = json!([]));
    scene.verify(R1, root, &[]).fails(1).says("failed to verify leaf certificate");
    // The authority ended before the certificate was made.
    let end = |root: &mut Value| root["certificateAuthorities"][0]["validFor"]["end"] = json!("2026-11-22T15:00:00Z");
    scene.verify(R1, scene.root(end), &[]).fails(1).says("the certificate authority");
}

#[test]
fn a_certificate_transparency_log_of_the_root_saw_the_certificate() {
    let scene = Scene::new();
    let root = scene.root(|root| root["ctlogs"][0]["publicKey"]["rawBytes"] = json!(OTHER_KEY));
    scene.verify(R1, root, &[]).fails(1).says("failed to verify signed certificate timestamp");
    scene.verify(R1, root, &["--insecure-ignore-sct"]).exits(0);
    scene.verify("bundles/kl-nosct.json", "root.json", &[]).fails(1);
}

#[test]
fn a_log_of_the_root_promised_the_entry() {
    let scene = Scene::new();
    let other = |root: &mut Value| root["tlogs"][0]["publicKey"]["rawBytes"] = json!(OTHER_KEY);
    scene.verify(R1, scene.root(other), &[]).fails(1).says("unable to verify SET");
    let ended = |root: &mut Value| root["tlogs"][0]["publicKey"]["validFor"]["end"] = json!("2026-11-22T15:00:00Z");
    scene.verify(R1, scene.root(ended), &[]).fails(1).says("not valid at payload integrated time");
    let unknown = |root: &mut Value| root["tlogs"][0]["logId"]["keyId"] = json!("AAAA");
    scene.verify(R1, scene.root(unknown), &[]).fails(1).says("is not trusted");
    let time = |bundle: &mut Value| {
        let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
        let time: i64 = entry["integratedTime"].as_str().unwrap().parse().unwrap();
        entry["integratedTime"] = json!((time + 1).to_string());
    };
    scene.verify(scene.bundle("kl-r1", time), "root.json", &[]).fails(1).says("unable to verify SET");
}

#[test]
fn a_log_of_the_root_included_the_entry() {
    let scene = Scene::new();
    let proof =
        |change: fn(&mut Value)| move |bundle: &mut Value| change(&mut bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]);
    let hash = proof(|proof| proof["hashes"][0] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    for bundle in ["kl-r1", "kl-r2"] {
        scene.verify(scene.bundle(bundle, hash), "root.json", &[]).fails(1).says("does not match expected root");
    }
    let root_hash = proof(|proof| proof["rootHash"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    scene.verify(scene.bundle("kl-r1", root_hash), "root.json", &[]).fails(1);
    let note = proof(|proof| {
        let note = proof["checkpoint"]["envelope"].as_str().unwrap().replacen("— ", "— x", 1);
        proof["checkpoint"]["envelope"] = json!(note);
    });
    scene.verify(scene.bundle("kl-r2", note), "root.json", &[]).fails(1).says("note has no verifiable signatures");
    // The body that was hashed is the one that is compared.
    let index = |bundle: &mut Value| bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = json!("0");
    scene.verify(scene.bundle("kl-r2", index), "root.json", &[]).fails(1);
}

#[test]
fn a_log_without_times_asks_for_a_timestamp() {
    let scene = Scene::new();
    let none = |bundle: &mut Value| bundle["verificationMaterial"]["timestampVerificationData"] = json!({});
    scene.verify(scene.bundle("kl-r2", none), "root.json", &[]).fails(1).says("threshold not met for verified signed timestamps: 0 < 1");
    // Another bundle's genuine token.
    let token = scene.json("bundles/kl-r2-2.json")["verificationMaterial"]["timestampVerificationData"].clone();
    let other = |bundle: &mut Value| bundle["verificationMaterial"]["timestampVerificationData"] = token;
    scene.verify(scene.bundle("kl-r2", other), "root.json", &[]).fails(1).says("hashed messages don't match");
    let ended = |root: &mut Value| root["timestampAuthorities"][0]["validFor"]["end"] = json!("2026-11-22T15:00:00Z");
    scene.verify(R2, scene.root(ended), &[]).fails(1).says("timestamp is after the validity period end");
    let nobody = scene.root(|root| root["timestampAuthorities"] = json!([]));
    scene.verify(R2, nobody, &[]).fails(1).says("no timestamp authority is trusted");
}

#[test]
fn a_key_is_no_identity_and_an_identity_no_key() {
    let scene = Scene::new();
    let key = ["verify-blob", "--key", "keys/p256.pub", "--trusted-root", "root.json", "--bundle"];
    scene.sandbox.cosign([&key[..], &["bundles/key-p256-r1.json", "blob.txt"]].concat()).run().exits(0);
    scene.sandbox.cosign([&key[..], &[R1, "blob.txt"]].concat()).run().fails(1).says("expected key signature, not certificate");
    scene.verify("bundles/key-p256-r1.json", "root.json", &[]).fails(1).says("expected certificate signature, not key");
    let other =
        ["verify-blob", "--key", "keys/other.pub", "--trusted-root", "root.json", "--bundle", "bundles/key-p256-r1.json", "blob.txt"];
    scene.sandbox.cosign(other).run().fails(1);
}

#[test]
fn a_bundle_that_does_not_load_is_never_taken_for_the_older_form() {
    let scene = Scene::new();
    scene.sandbox.write("changed.json", "not json");
    scene.verify("changed.json", "root.json", &[]).fails(1).says("proto: syntax error").does_not_say("--new-bundle-format");
    let unknown = |bundle: &mut Value| bundle["extra"] = json!(1);
    scene.verify(scene.bundle("kl-r1", unknown), "root.json", &[]).fails(1).says("proto: unknown field \"extra\"");
    let media_type = |bundle: &mut Value| bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v9+json");
    scene.verify(scene.bundle("kl-r1", media_type), "root.json", &[]).fails(1).says("unsupported media type");
    let both = |bundle: &mut Value| bundle["base64Signature"] = json!("AAAA");
    scene.verify(scene.bundle("kl-r1", both), "root.json", &[]).fails(1).says("proto: unknown field");
    scene.verify("missing.json", "root.json", &[]).fails(1).says("reading missing.json: open missing.json: no such file or directory");
}

#[test]
fn what_has_to_be_in_a_bundle_is_not_taken_beside_it() {
    let scene = Scene::new();
    for (flag, says) in [
        ("--certificate=trust/fulcio-root.pem", "certificate must be in bundle"),
        ("--certificate-chain=trust/fulcio-chain.pem", "certificate chain must be in bundle"),
        ("--ca-roots=trust/fulcio-root.pem", "CA roots/intermediates must be provided using --trusted-root"),
        ("--timestamp-certificate-chain=trust/tsa-chain.pem", "TSA certificate chain path may only be provided"),
        ("--rfc3161-timestamp=x", "RFC3161 timestamp may not be provided"),
        ("--signature=x", "signature may not be provided using --signature"),
        ("--sct=x", "SCT may not be provided using --sct"),
    ] {
        scene.verify(R1, "root.json", &[flag]).fails(1).says(&format!("unsupported: {says}"));
    }
}

#[test]
fn a_verification_with_all_material_at_hand_opens_no_socket() {
    let scene = Scene::new();
    // The proxy of the sandbox refuses everything; an address that leads nowhere would take its time.
    scene.verify(R1, "root.json", &["--offline", "--timeout=30s"]).exits(0);
    scene.sandbox.cosign([&["verify-blob", "--bundle", R1, "blob.txt"], &ALICE[..]].concat()).run().fails(1).does_not_say("Verified OK");
}

#[test]
fn ghsa_ccxc_vr6p_4858_the_entry_of_another_signature() {
    let scene = Scene::new();
    let other = scene.json("bundles/kl-r1-2.json")["verificationMaterial"]["tlogEntries"].clone();
    let foreign = |bundle: &mut Value| bundle["verificationMaterial"]["tlogEntries"] = other;
    scene.verify(scene.bundle("kl-r1", foreign), "root.json", &[]).fails(1).says("transparency log signature does not match");
}

#[test]
fn ghsa_8gw7_4j42_w388_verify_blob_checks_entry_identity_and_workflow() {
    let scene = Scene::new();
    let verify = |more: &[&str]| scene.verify_old(&[&["--bundle", "changed.json"], &ALICE[..], more, &["blob.txt"]].concat()).run();
    scene.bundle("leg-kl", |_| {});
    verify(&[]).exits(0).says("Verified OK");
    verify(&["--certificate-identity=bob@example.com"]).fails(1).says("none of the expected identities matched");
    verify(&["--certificate-github-workflow-repository=o/r"]).fails(1);
    scene.bundle("leg-kl", |bundle| bundle["rekorBundle"] = Value::Null);
    verify(&[]).fails(1).does_not_say("Verified OK");
    scene.bundle("leg-kl", |bundle| bundle["rekorBundle"]["SignedEntryTimestamp"] = json!("AAAA"));
    verify(&[]).fails(1);
}

#[test]
fn ghsa_whqx_f9j3_ch6m_a_foreign_entry_in_the_older_form() {
    let scene = Scene::new();
    let foreign = scene.json("bundles/leg-gh.json")["rekorBundle"].clone();
    scene.bundle("leg-kl", |bundle| bundle["rekorBundle"] = foreign);
    let call = scene.verify_old(&[&["--bundle", "changed.json"], &ALICE[..], &["blob.txt"]].concat());
    call.run().fails(1).says("error verifying bundle: ");
}

#[test]
fn ghsa_fx35_mq7g_6g98_a_key_in_the_bundle_replaces_no_policy() {
    let scene = Scene::new();
    let attack = ["sign-blob", "--key", "other.key", "--tlog-upload=false", OLD_FORM, "--bundle", "attack.json", "evil.txt"];
    scene.sandbox.cosign(attack).run().exits(0);
    assert!(!scene.json("attack.json")["cert"].as_str().unwrap().is_empty(), "the attacker's key is in there");
    let ignore = ["--insecure-ignore-tlog", "--insecure-ignore-sct", "--bundle", "attack.json", "evil.txt"];
    scene.verify_old(&[&ALICE[..], &ignore].concat()).run().fails(1).says("expected certificate signature, not key");
    scene.verify_old(&[&["--key", "cosign.pub"], &ignore[..]].concat()).run().fails(1);
    scene.verify_old(&[&["--key", "other.pub"], &ignore[..]].concat()).run().exits(0);
}

#[test]
fn ghsa_wfqv_66vq_46rm_every_certificate_counts_at_the_time_of_signing() {
    let sandbox = Sandbox::new();
    sandbox.copy("own-ca", "ca");
    sandbox.write("blob", "hello\n");
    sandbox
        .cosign(["sign-blob", "--key", "ca/pki-leaf.key", "--tlog-upload=false", OLD_FORM, "--output-signature", "sig", "blob"])
        .run()
        .exits(0);
    let verify = |leaf: &str| {
        let base = [
            "verify-blob",
            "--insecure-ignore-tlog",
            "--insecure-ignore-sct",
            "--certificate-identity-regexp=.",
            "--certificate-oidc-issuer-regexp=.",
        ];
        sandbox
            .cosign([&base[..], &["--certificate", leaf, "--certificate-chain", "ca/pki-chain.crt", "--signature", "sig", "blob"]].concat())
            .run()
    };
    verify("ca/pki-leaf.crt").exits(0);
    verify("ca/pki-leafexpired.crt").fails(1);
}

#[test]
fn ghsa_cq38_jh5f_37mq_entries_and_tokens_are_counted() {
    let scene = Scene::new();
    let many = |list: &Value| Value::Array(vec![list[0].clone(); 33]);
    let entries = |bundle: &mut Value| {
        let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
        *entries = many(entries);
    };
    scene.verify(scene.bundle("kl-r1", entries), "root.json", &[]).fails(1).says("too many tlog entries: 33 > 32");
    let tokens = |bundle: &mut Value| {
        let tokens = &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
        *tokens = many(tokens);
    };
    scene.verify(scene.bundle("kl-r2", tokens), "root.json", &[]).fails(1).says("too many signed timestamps: 33 > 32");
}

/// The key of a log comes from the trusted material, never from the log itself.
#[test]
fn cve_2023_47122_no_key_is_asked_of_the_log() {
    let scene = Scene::new();
    let key = scene.sandbox.read("trust/rekor.pub");
    let log = Server::start(None, Arc::new(move |_: &Request| Response::new(200, key.clone())));
    let url = format!("--rekor-url=http://{}", log.host());
    let without = |root: &mut Value| root["tlogs"] = json!([]);
    let says = "not enough verified log entries from transparency log: 0 < 1";
    scene.verify(R1, scene.root(without), &[&url]).fails(1).says(says);
    let old = ["--bundle", "bundles/leg-kl.json", "blob.txt", &url];
    let call = scene.verify_old(&[&ALICE[..], &old].concat()).env("SIGSTORE_REKOR_PUBLIC_KEY", "keys/other.pub");
    call.run().fails(1).does_not_say("Verified OK");
    assert_eq!(log.connections(), 0);
}

#[test]
fn each_workflow_flag_is_compared_by_itself() {
    let scene = Scene::new();
    let who = ["--certificate-identity", "https://github.com/octo/demo/.github/workflows/release.yml@refs/heads/main"];
    let base = ["verify-blob", "--bundle", "bundles/gh.json", "--trusted-root", "root.json", "blob.txt"];
    let issuer = ["--certificate-oidc-issuer", "http://127.0.0.1:18001/gh"];
    let verify = |flag: &str, value: &str| {
        let flag = format!("--certificate-github-workflow-{flag}={value}");
        scene.sandbox.cosign([&base[..], &who, &issuer, &[&flag]].concat()).run()
    };
    for (flag, value, name) in [
        ("trigger", "push", "Trigger"),
        ("sha", "0123456789abcdef0123456789abcdef01234567", "SHA"),
        ("name", "release", "Name"),
        ("repository", "octo/demo", "Repository"),
        ("ref", "refs/heads/main", "Ref"),
    ] {
        verify(flag, value).exits(0).says("Verified OK");
        let other = format!("{value}x");
        verify(flag, &other).fails(1).says(&format!("expected GithubWorkflow{name} to be \"{other}\", got \"{value}\""));
    }
}

#[test]
fn the_digest_algorithm_of_a_key_is_the_one_that_was_asked_for() {
    let scene = Scene::new();
    let sign = ["sign-blob", "--key", "cosign.key", "--tlog-upload=false", "--bundle", "key.json", "blob.txt"];
    scene.sandbox.cosign(sign).run().exits(0);
    let verify = |algorithm: &str| {
        let flag = format!("--signature-digest-algorithm={algorithm}");
        let call = ["verify-blob", "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", "key.json", &flag, "blob.txt"];
        scene.sandbox.cosign(call).run()
    };
    verify("sha256").exits(0);
    verify("sha512").fails(1);
}
