//! `bundle create|inspect|upgrade`, `trusted-root create`, `signing-config create`.

use std::sync::{Arc, Mutex};

use cosign::encoding::{base64, hex};
use serde_json::{Value, json};

use crate::support::http_server::{Request, Response, Server};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::testdata;

/// A log of version 1 that gives one entry, whatever it is asked for, and notes what that was.
struct OneEntryLog {
    server: Server,
    asked: Arc<Mutex<Vec<String>>>,
}

impl OneEntryLog {
    /// The log that has the entry of that bundle.
    fn with(bundle: &str) -> Self {
        let bundle: Value = serde_json::from_slice(&std::fs::read(testdata(&format!("keyless/bundles/{bundle}.json"))).unwrap()).unwrap();
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let number = |value: &Value| value.as_str().unwrap().parse::<i64>().unwrap();
        let hexed = |value: &Value| hex::encode(base64::decode(value.as_str().unwrap()).unwrap());
        let proof = &entry["inclusionProof"];
        let answer = json!({ "00".repeat(40): {
            "body": entry["canonicalizedBody"], "integratedTime": number(&entry["integratedTime"]),
            "logID": hexed(&entry["logId"]["keyId"]), "logIndex": number(&entry["logIndex"]),
            "verification": {
                "inclusionProof": {
                    "checkpoint": proof["checkpoint"]["envelope"], "logIndex": number(&proof["logIndex"]), "rootHash": hexed(&proof["rootHash"]),
                    "treeSize": number(&proof["treeSize"]), "hashes": proof["hashes"].as_array().unwrap().iter().map(hexed).collect::<Vec<_>>(),
                },
                "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            },
        }});
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        let handler = move |request: &Request| {
            log.lock().unwrap().push(format!("{} {}", request.method, request.target));
            let answer = if request.method == "POST" { json!([answer]) } else { answer.clone() };
            Response::new(200, answer.to_string()).with("Content-Type", "application/json")
        };
        Self { server: Server::start(None, Arc::new(handler)), asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.host())
    }
}

/// Genuine keyless signatures, and who made them.
fn keyless() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("keyless/trust/trusted_root.json", "root.json");
    sandbox.copy("keyless/bundles", "bundles");
    sandbox.copy("keyless/blob.txt", "blob.txt");
    sandbox
}

fn verify_alice(sandbox: &Sandbox, bundle: &str) {
    let who = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:18001"];
    let call = ["verify-blob", "--bundle", bundle, "--trusted-root", "root.json", "blob.txt"];
    sandbox.cosign([&call[..], &who].concat()).run().exits(0).says("Verified OK");
}

#[test]
fn upgrade_fetches_the_proof_of_a_promise() {
    let sandbox = keyless();
    let genuine: Value = serde_json::from_str(&sandbox.read("bundles/kl-r1.json")).unwrap();
    let mut old = genuine.clone();
    old["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
    old["verificationMaterial"]["tlogEntries"][0].as_object_mut().unwrap().remove("inclusionProof");
    sandbox.write("old.json", old.to_string());
    let log = OneEntryLog::with("kl-r1");
    let upgrade =
        |log: &OneEntryLog| sandbox.cosign(["bundle", "upgrade", "--rekor-url", &log.url(), "--out", "new.json", "old.json"]).run();
    upgrade(&log).exits(0).says("Fetching missing inclusion proof from Rekor for log index");
    let index = old["verificationMaterial"]["tlogEntries"][0]["logIndex"].as_str().unwrap().to_owned();
    assert_eq!(*log.asked.lock().unwrap(), [format!("GET /api/v1/log/entries?logIndex={index}")]);
    let new: Value = serde_json::from_str(&sandbox.read("new.json")).unwrap();
    assert_eq!(new["verificationMaterial"]["tlogEntries"], genuine["verificationMaterial"]["tlogEntries"]);
    verify_alice(&sandbox, "new.json");
    upgrade(&OneEntryLog::with("kl-r1-2")).fails(1).says("is another than the bundle's");
}

#[test]
fn create_finds_the_entry_in_the_log() {
    let sandbox = keyless();
    let genuine: Value = serde_json::from_str(&sandbox.read("bundles/kl-r1.json")).unwrap();
    sandbox.write("sig", genuine["messageSignature"]["signature"].as_str().unwrap());
    let der = genuine["verificationMaterial"]["certificate"]["rawBytes"].as_str().unwrap();
    let lines: Vec<&str> = (0..der.len()).step_by(64).map(|at| &der[at..der.len().min(at + 64)]).collect();
    sandbox.write("cert.pem", format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")));
    let create = |log: &OneEntryLog| {
        let parts = ["--artifact", "blob.txt", "--signature", "sig", "--certificate", "cert.pem", "--out", "new.json"];
        sandbox.cosign([&["bundle", "create", "--rekor-url", &log.url()], &parts[..]].concat()).run()
    };
    let log = OneEntryLog::with("kl-r1");
    create(&log).exits(0);
    assert_eq!(*log.asked.lock().unwrap(), ["POST /api/v1/log/entries/retrieve"]);
    verify_alice(&sandbox, "new.json");
    // An entry about another signature is none.
    create(&OneEntryLog::with("kl-r1-2")).fails(1).says("unable to find tlog entry");
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("blob", "hello\n");
    sandbox.copy("own-ca", "ca");
    sandbox
}

#[test]
fn older_signatures_become_bundles() {
    let sandbox = sandbox();
    for kind in ["cosign", "p384", "rsa2048", "ed25519"] {
        let (key, public) = (format!("{kind}.key"), format!("{kind}.pub"));
        sandbox.copy(&format!("keys/{key}"), &key);
        sandbox.copy(&format!("keys/{public}"), &public);
        let sign = ["sign-blob", "--key", &key, "--tlog-upload=false", OLD_FORM, "--bundle", "old", "--output-signature", "sig", "blob"];
        sandbox.cosign(sign).run().exits(0);
        for parts in [["--bundle", "old"], ["--signature", "sig"]] {
            let create = ["bundle", "create", "--ignore-tlog", "--artifact", "blob", "--key", &public, "--out", "new"];
            sandbox.cosign([&create[..], &parts].concat()).run().exits(0);
            sandbox.cosign(["verify-blob", "--key", &public, "--insecure-ignore-tlog", "--bundle", "new", "blob"]).run().exits(0);
        }
    }
    let create = |more: &[&str]| sandbox.cosign([&["bundle", "create"], more].concat()).run();
    create(&["--bundle", "old"]).fails(1).says("must supply --artifact");
    create(&["--artifact", "blob"]).fails(1).says("must at least supply signature via --bundle or --signature");
    create(&["--artifact", "blob", "--ignore-tlog", "--key", "other.pub", "--signature", "sig"]).fails(1).says("is not one of that key");
    create(&["--artifact", "blob", "--signature", "sig"]).fails(1).says("--key or --certificate is needed, or --ignore-tlog");
}

#[test]
fn inspect_shows_certificates_entries_and_timestamps() {
    let sandbox = sandbox();
    sandbox.copy("keyless/bundles/kl-r2.json", "b");
    let shown = sandbox.cosign(["bundle", "inspect", "b"]).run().exits(0).says("only inspects");
    for line in
        ["        - Email: alice@example.com\n", "      - Version: 0.0.2\n", "    - RFC3161 Timestamps: 1\n", "        - Checkpoint:\n"]
    {
        assert!(shown.out.contains(line), "{line} {shown}");
    }
    sandbox.write("none", "hello");
    sandbox.cosign(["bundle", "inspect", "none"]).run().fails(1).says("unmarshaling bundle: proto: syntax error");
    sandbox.cosign(["bundle", "inspect", "missing"]).run().fails(1).says("opening bundle file: open missing: no such file");
}

#[test]
fn upgrade_leaves_one_certificate() {
    let sandbox = sandbox();
    let old = testdata("conformance/cases/happy-path-v0.2/bundle.sigstore.json");
    let path = old.to_str().unwrap();
    let upgraded = sandbox.cosign(["bundle", "upgrade", "--out", "new", path]).run().exits(0);
    upgraded.says("Upgrading from v0.2 to v0.3...").says("Truncating certificate chain");
    let new: Value = serde_json::from_str(&sandbox.read("new")).unwrap();
    assert_eq!(new["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert!(new["verificationMaterial"]["certificate"]["rawBytes"].is_string());
    let again = sandbox.cosign(["bundle", "upgrade", "new"]).run().exits(0).says("already at v0.3");
    assert_eq!(again.out, format!("{}\n", sandbox.read("new")));
}

#[test]
fn a_trusted_root_of_all_services_is_read_back() {
    let sandbox = sandbox();
    sandbox.copy("keyless/trust", "trust");
    sandbox.copy("keyless/bundles/kl-r1.json", "r1");
    sandbox.copy("keyless/bundles/kl-r2.json", "r2");
    sandbox.copy("keyless/blob.txt", "signed");
    let start = "start-time=2020-01-01T00:00:00Z";
    let log = |url: &str, key: &str, more: &str| format!("url={url},public-key=trust/{key},{start}{more}");
    let (r1, r2) = (log("http://127.0.0.1:1", "rekor.pub", ""), log("http://127.0.0.1", "rekor2.pub", ",origin=127.0.0.1"));
    let create = sandbox.cosign([
        "trusted-root",
        "create",
        "--out",
        "root.json",
        "--fulcio",
        "url=https://f.example,certificate-chain=trust/fulcio-chain.pem",
        "--ctfe",
        &log("https://c.example", "ctlog.pub", ""),
        "--rekor",
        &r1,
        "--rekor",
        &r2,
        "--tsa",
        "url=https://t.example,certificate-chain=trust/tsa-chain.pem",
    ]);
    create.run().exits(0);
    for bundle in ["r1", "r2"] {
        let identity = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:18001"];
        sandbox
            .cosign([&["verify-blob", "--trusted-root", "root.json", "--bundle", bundle, "signed"], &identity[..]].concat())
            .run()
            .exits(0);
    }
    let old = sandbox.cosign(["trusted-root", "create", "--certificate-chain", "ca/pki-chain.crt", "--fulcio-uri", "https://f.example"]);
    let root = old.run().exits(0).says("Flag --certificate-chain has been deprecated").json();
    assert_eq!(root["certificateAuthorities"][0]["uri"], "https://f.example");
    let both =
        ["trusted-root", "create", "--certificate-chain", "ca/pki-chain.crt", "--fulcio", "url=u,certificate-chain=ca/pki-chain.crt"];
    sandbox.cosign(both).run().fails(1).says("cannot use --fulcio and old fulcio flags at the same time");
}

#[test]
fn a_signing_config_without_services_lets_a_key_sign_alone() {
    let sandbox = sandbox();
    let empty = sandbox.cosign(["signing-config", "create"]).run().exits(0).out;
    assert_eq!(empty, "{\"mediaType\":\"application/vnd.dev.sigstore.signingconfig.v0.2+json\",\"rekorTlogConfig\":{},\"tsaConfig\":{}}\n");
    sandbox.write("config", &empty);
    sandbox.cosign(["sign-blob", "--key", "cosign.key", "--signing-config", "config", "--bundle", "b", "blob"]).run().exits(0);
    let service = "url=https://s.example,api-version=2,start-time=2024-01-01T00:00:00Z,operator=o";
    let create = |more: &[&str]| sandbox.cosign([&["signing-config", "create"], more].concat()).run();
    create(&["--rekor", service, "--rekor-config", "EXACT:2", "--out", "base"]).exits(0);
    let kept = create(&["--base-config", "base", "--tsa", service, "--tsa-config", "any"]).exits(0).json();
    assert_eq!(kept["rekorTlogConfig"]["count"], 2);
    assert_eq!(kept["tsaConfig"]["selector"], "ANY");
    let dropped = create(&["--base-config", "base", "--no-default-rekor"]).exits(0).json();
    assert!(dropped.get("rekorTlogUrls").is_none());
    create(&["--rekor", service]).fails(1).says("--rekor-config must be provided when --rekor is specified");
    create(&["--base-config", "base", "--with-default-services"]).fails(1).says("if any flags in the group");
}
