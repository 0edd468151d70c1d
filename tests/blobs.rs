//! `sign-blob` and `verify-blob`: kinds of keys, forms, where files come from and go to.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::sandbox::{Call, OLD_FORM, Sandbox};

const OFFLINE: &[&str] = &["--use-signing-config=false", "--tlog-upload=false"];
const KINDS: [&str; 8] = ["cosign", "nopass", "ed25519", "p384", "p521", "rsa2048", "rsa3072", "rsa4096"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("blob", "hello\n");
    sandbox.write("other", "hullo\n");
    sandbox
}

fn sign(sandbox: &Sandbox, more: &[&str]) -> Call {
    sandbox.cosign([&["sign-blob", "--key", "cosign.key"], OFFLINE, more].concat())
}

fn verify(sandbox: &Sandbox, more: &[&str]) -> Call {
    sandbox.cosign([&["verify-blob", "--key", "cosign.pub", "--insecure-ignore-tlog"], more].concat())
}

#[test]
fn every_kind_of_key_signs_and_verifies_in_every_form() {
    let sandbox = sandbox();
    for kind in KINDS {
        for name in [format!("{kind}.key"), format!("{kind}.pub")] {
            sandbox.copy(&format!("keys/{name}"), &name);
        }
        let (key, public) = (format!("{kind}.key"), format!("{kind}.pub"));
        let password = if kind == "nopass" { "" } else { "pw" };
        let sign = |more: &[&str]| {
            let call = sandbox.cosign([&["sign-blob", "--key", &key], OFFLINE, more].concat());
            call.env("COSIGN_PASSWORD", password).run().exits(0)
        };
        let verify = |more: &[&str]| sandbox.cosign([&["verify-blob", "--key", &public, "--private-infrastructure"], more].concat()).run();
        sign(&["--bundle", "new", "blob"]);
        sign(&[OLD_FORM, "--bundle", "old", "--output-signature", "sig", "blob"]);
        for evidence in [["--bundle", "new"], ["--bundle", "old"], ["--signature", "sig"]] {
            verify(&[&evidence[..], &["blob"]].concat()).exits(0).says("Verified OK");
            verify(&[&evidence[..], &["other"]].concat()).fails(1);
        }
        verify(&["--signature", sandbox.read("sig").trim(), "blob"]).exits(0);
        let wrong = sandbox.cosign(["verify-blob", "--key", "other.pub", "--private-infrastructure", "--bundle", "new", "blob"]);
        wrong.run().fails(1).does_not_say("Verified OK");
    }
}

#[test]
fn a_bundle_by_an_ed25519_key_has_the_digest_that_cosign_wants() {
    let sandbox = sandbox();
    sandbox.copy("keys/ed25519.key", "ed25519.key");
    sandbox.cosign([&["sign-blob", "--key", "ed25519.key", "--bundle", "b", "blob"], OFFLINE].concat()).run().exits(0);
    let bundle: serde_json::Value = serde_json::from_str(&sandbox.read("b")).unwrap();
    assert_eq!(bundle["messageSignature"]["messageDigest"]["algorithm"], "SHA2_256");
}

#[test]
fn standard_input_is_a_file_too() {
    let sandbox = sandbox();
    sign(&sandbox, &["--bundle", "b", "-"]).stdin("hello\n").run().exits(0).does_not_say("Using payload from");
    verify(&sandbox, &["--bundle", "b", "-"]).stdin("hello\n").run().exits(0);
    verify(&sandbox, &["--bundle", "b", "-"]).stdin("hello").run().fails(1);
    verify(&sandbox, &["--bundle", "b", "blob"]).run().exits(0);
    verify(&sandbox, &["--bundle", "b", "env://BLOB"]).env("BLOB", "hello\n").run().exits(0);
}

#[test]
fn a_digest_stands_for_a_file_that_is_not_there() {
    let sandbox = sandbox();
    sign(&sandbox, &["--bundle", "b", "blob"]).run().exits(0);
    let digest = "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    verify(&sandbox, &["--bundle", "b", digest]).run().exits(0);
    verify(&sandbox, &["--bundle", "b", &digest.replace("5891", "5892")]).run().fails(1).says("artifact does not match digest");
    verify(&sandbox, &["--bundle", "b", "md5:00"]).run().fails(1).says("open md5:00: no such file or directory");
    // A file of that name comes first.
    sandbox.write(digest, "hullo\n");
    verify(&sandbox, &["--bundle", "b", digest]).run().fails(1);
}

#[test]
fn the_older_form_writes_what_it_always_wrote() {
    let sandbox = sandbox();
    let out = sign(&sandbox, &[OLD_FORM, "blob"]).run().exits(0).out;
    assert!(out.ends_with('\n') && out.lines().count() == 1, "{out:?}");
    sandbox.write("sig", &out);
    verify(&sandbox, &["--signature", "sig", "blob"]).run().exits(0);
    let raw = sign(&sandbox, &[OLD_FORM, "--b64=false", "--output-signature", "raw", "blob"]).run().exits(0);
    assert_eq!(raw.out, "");
    assert_eq!(std::fs::read(sandbox.path("raw")).unwrap()[0], 0x30, "DER");
    verify(&sandbox, &["--signature", "raw", "blob"]).run().exits(0);
    sign(&sandbox, &[OLD_FORM, "--output", "alias", "blob"]).run().exits(0).says("'--output' flag is deprecated");
    assert!(!sandbox.read("alias").ends_with('\n'));
    assert_eq!(std::fs::metadata(sandbox.path("alias")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_cosign_3_broke_works() {
    let sandbox = sandbox();
    sign(&sandbox, &["--output-signature", "sig", "blob"]).run().exits(0).says("--output-signature is deprecated");
    verify(&sandbox, &["--signature", "sig", "blob"]).run().exits(0);
    sign(&sandbox, &["--bundle", "b", "--output-signature", "sig2", "blob"]).run().exits(0);
    assert!(sandbox.exists("b") && sandbox.exists("sig2"));
    let alone = sandbox.cosign(["sign-blob", "--key", "cosign.key", "--tlog-upload=false", "--bundle", "b2", "blob"]);
    alone.run().exits(0);
    sign(&sandbox, &["blob"]).run().fails(1).says("must specify --bundle with --new-bundle-format");
}

#[test]
fn several_files_never_share_an_output() {
    let sandbox = sandbox();
    sign(&sandbox, &["--bundle", "b", "blob", "other"]).run().fails(1).says("one output file");
    sign(&sandbox, &[OLD_FORM, "--output-signature", "sig", "blob", "other"]).run().fails(1);
    assert!(!sandbox.exists("b") && !sandbox.exists("sig"));
    // The same file twice is one.
    sign(&sandbox, &["--bundle", "b", "blob", "blob"]).run().exits(0);
    let out = sign(&sandbox, &[OLD_FORM, "blob", "other"]).run().exits(0).out;
    assert_eq!(out.lines().count(), 2);
}

#[test]
fn nothing_is_written_when_one_of_the_files_cannot_be_read() {
    let sandbox = sandbox();
    let failed = sign(&sandbox, &[OLD_FORM, "blob", "missing"]).run().fails(1);
    assert_eq!(failed.out, "");
    failed.says("signing missing: getting payload: open missing: no such file or directory");
    sign(&sandbox, &["--bundle", "no/dir/b", "blob"]).run().fails(1).says("create bundle file: open no/dir/b: no such file or directory");
}

#[test]
fn the_result_as_json_says_who_signed() {
    let sandbox = sandbox();
    sign(&sandbox, &["--bundle", "b", "blob"]).run().exits(0);
    let verified = verify(&sandbox, &["--bundle", "b", "--output", "json", "blob"]).run().exits(0);
    assert_eq!(verified.json()["signer"]["publicKey"]["sha256"].as_str().unwrap().len(), 64);
    let failed = verify(&sandbox, &["--bundle", "b", "--output", "json", "other"]).run().fails(1);
    assert_eq!(failed.out, "");
}

#[test]
fn a_certificate_of_ones_own_goes_along() {
    let sandbox = sandbox();
    sandbox.copy("own-ca", "ca");
    let own = ["--certificate", "ca/pki-leaf.crt", "--certificate-chain", "ca/pki-chain.crt"];
    let sign = |more: &[&str]| sandbox.cosign([&["sign-blob", "--key", "ca/pki-leaf.key"], OFFLINE, &own[..], more].concat()).run();
    sign(&[OLD_FORM, "--output-signature", "sig", "--output-certificate", "cert", "blob"]).exits(0);
    sign(&["--bundle", "chain.json", "blob"]).exits(0);
    let identity = ["--certificate-identity", "signer@example.com", "--certificate-oidc-issuer", "https://issuer.example"];
    let base = ["verify-blob", "--insecure-ignore-tlog", "--insecure-ignore-sct"];
    let verify = |more: &[&str]| sandbox.cosign([&base[..], &identity[..], more].concat()).run();
    // `cert` is base64 of PEM, as cosign writes it.
    let detached = ["--certificate", "cert", "--signature", "sig"];
    verify(&[&detached[..], &["--certificate-chain", "ca/pki-chain.crt", "blob"]].concat()).exits(0);
    let roots = ["--ca-roots", "ca/pki-root.crt", "--ca-intermediates", "ca/pki-inter.crt", "blob"];
    verify(&[&detached[..], &roots].concat()).exits(0);
    let other = ["--ca-roots", "ca/pki-otherroot.crt", "blob"];
    verify(&[&detached[..], &other].concat()).fails(1).says("certificate signed by unknown authority");
    let spec = "url=https://ca.example,certificate-chain=ca/pki-chain.crt";
    sandbox.cosign(["trusted-root", "create", "--fulcio", spec, "--out", "root.json"]).run().exits(0);
    let bundle = ["--bundle", "chain.json", "--trusted-root", "root.json", "blob"];
    verify(&bundle).fails(1).says("--allow-certificate-chain takes it");
    verify(&[&["--allow-certificate-chain"], &bundle[..]].concat()).exits(0);
}

#[test]
fn a_signature_that_openssl_or_jose_made_is_taken() {
    let sandbox = sandbox();
    for name in ["raw-p256.pub", "raw-p256-hello.sig", "raw-p256-hello.sig.b64", "raw-p256-hello.p1363.b64"] {
        sandbox.copy(&format!("keys/{name}"), name);
    }
    for signature in ["raw-p256-hello.sig", "raw-p256-hello.sig.b64", "raw-p256-hello.p1363.b64"] {
        let verify =
            |blob| sandbox.cosign(["verify-blob", "--key", "raw-p256.pub", "--insecure-ignore-tlog", "--signature", signature, blob]);
        verify("blob").run().exits(0);
        verify("other").run().fails(1);
    }
}

#[test]
fn a_large_file_is_verified_in_little_memory() {
    let sandbox = sandbox();
    let file = std::fs::File::create(sandbox.path("large")).unwrap();
    file.set_len(256 << 20).unwrap();
    sign(&sandbox, &["--bundle", "b", "large"]).run().exits(0);
    let mut child = verify(&sandbox, &["--bundle", "b", "large"]).command().spawn().unwrap();
    let used = wait4::Wait4::wait4(&mut child).unwrap();
    assert!(used.status.success());
    // In a debug build; the release build is measured by the benchmark.
    assert!(used.rusage.maxrss < 64 << 20, "{} bytes", used.rusage.maxrss);
}
