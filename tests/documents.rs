//! `bundle create|inspect|upgrade`, `trusted-root create`, `signing-config create`.

use serde_json::Value;

use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::testdata;

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
    create(&["--artifact", "blob", "--key", "ed25519.pub", "--signature", "sig"]).fails(1).says("not supported yet");
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
    let promise_only = testdata("conformance/cases/happy-path-v0.1/bundle.sigstore.json");
    let upgrade = sandbox.cosign(["bundle", "upgrade", promise_only.to_str().unwrap()]).run();
    assert!(upgrade.code == 0 || upgrade.err.contains("not supported yet"), "{upgrade}");
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
