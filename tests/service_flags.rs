//! Flags that choose keys, logs and authorities: kinds of keys, services by hand, repositories of individual targets.

use serde_json::{Value, json};

use crate::sigstore_flows::{sign_blob, verify_blob};
use crate::support::reference;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::sigstore::world::World;
use crate::support::sigstore::{Sigstore, path_text};

/// The virtual services and a sandbox with a file.
fn set_up() -> (Sigstore, Sandbox) {
    let services = Sigstore::virtual_services();
    let sandbox = with_file(&services);
    (services, sandbox)
}

fn with_file(services: &Sigstore) -> Sandbox {
    let sandbox = services.sandbox();
    sandbox.write("file", "content");
    sandbox.write("predicate.json", r#"{"a": 1}"#);
    for version in [1, 2] {
        sandbox.write(&format!("v{version}.json"), services.signing_config(version));
    }
    sandbox
}

/// The reference program verifies it, too, where there is one.
fn reference_verifies(sandbox: &Sandbox, words: &[&str]) {
    if let Some(program) = reference() {
        let mut call = sandbox.cosign(words);
        call.use_program(program);
        call.run().exits(0);
    }
}

#[test]
fn keys_of_one_run_of_other_kinds() {
    let (services, sandbox) = set_up();
    for (algorithm, config) in [
        ("ecdsa-sha2-384-nistp384", "v1.json"),
        ("ecdsa-sha2-384-nistp384", "v2.json"),
        ("ecdsa-sha2-512-nistp521", "v2.json"),
        ("rsa-sign-pkcs1-2048-sha256", "v1.json"),
        ("rsa-sign-pkcs1-2048-sha256", "v2.json"),
    ] {
        sign_blob(&sandbox, &["--signing-algorithm", algorithm, "--signing-config", config]).run().exits(0);
        verify_blob(&sandbox, &services.who()).run().exits(0);
        reference_verifies(&sandbox, &[&["verify-blob", "--bundle", "bundle.json"], &services.who()[..], &["file"]].concat());
    }
}

#[test]
fn ed25519_keys_and_logs() {
    let (services, sandbox) = set_up();
    let registry = TestRegistry::start(Behaviour::default());
    sandbox.copy("keys/ed25519.key", "ed.key");
    sandbox.copy("keys/ed25519.pub", "ed.pub");
    let by_hand = ["--use-signing-config=false", "--rekor-url", &services.rekor];
    let old = [&by_hand[..], &[OLD_FORM]].concat();
    for (name, form, verify) in
        [("one", &["--signing-config", "v1.json"][..], &[][..]), ("two", &["--signing-config", "v2.json"], &[]), ("old", &old, &[OLD_FORM])]
    {
        let signer = [&["--yes", "--key", "ed.key"], form].concat();
        sandbox.cosign([&["sign-blob", "--bundle", "b"], &signer[..], &["file"]].concat()).run().exits(0);
        let outcome = sandbox.cosign([&["verify-blob", "--key", "ed.pub", "--bundle", "b"], verify, &["file"]].concat()).run();
        // Of files in the older form cosign takes entries by SHA-256 only.
        if name == "old" {
            outcome.fails(1)
        } else {
            outcome.exits(0)
        };
        let image = registry.image("v1");
        sandbox.cosign([&["sign"], &signer[..], &[&image]].concat()).run().exits(0);
        sandbox.cosign([&["verify", "--key", "ed.pub"], verify, &[&image]].concat()).run().exits(0);
        let predicate = ["--type", "custom", "--predicate", "predicate.json"];
        sandbox.cosign([&["attest"], &signer[..], &predicate, &[&image]].concat()).run().exits(0);
        sandbox.cosign([&["verify-attestation", "--key", "ed.pub", "--type", "custom"], verify, &[&image]].concat()).run().exits(0);
        sandbox.write("other", name);
        sandbox.cosign([&["verify-blob", "--key", "ed.pub", "--bundle", "b"], verify, &["other"]].concat()).run().fails(1);
    }
}

#[test]
fn a_token_that_was_kept_too_long_is_told_before_anybody_is_asked() {
    let (services, sandbox) = set_up();
    sandbox.write("token", services.world().issuer.token(&json!({ "exp": 1_700_000_000 })));
    let told = sign_blob(&sandbox, &[]).run().fails(1);
    told.says("the identity token given with --identity-token expired at 2023-11-14T22:13:20Z").says("nothing was sent");
    assert_eq!(services.world().fulcio.service.count(), 0);
}

#[test]
fn a_log_by_hand_is_judged_by_whoever_knows_its_key() {
    let (services, sandbox) = set_up();
    let sign = [
        "sign-blob",
        "--yes",
        "--key",
        "cosign.key",
        "--bundle",
        "b",
        "--use-signing-config=false",
        "--rekor-url",
        &services.rekor,
        "file",
    ];
    const UNKNOWN: &str = "the key of the transparency log is not known here";
    // The cache knows it.
    sandbox.cosign(sign).run().exits(0).does_not_say(UNKNOWN);
    let cold = || sandbox.cosign(sign).env("TUF_ROOT", sandbox.path("elsewhere"));
    cold().run().exits(0).says(UNKNOWN);
    sandbox.write("log.pub", services.world().rekor_v1.key().pem());
    cold().env("SIGSTORE_REKOR_PUBLIC_KEY", sandbox.path("log.pub")).run().exits(0).does_not_say(UNKNOWN);
    let other = cold().env("SIGSTORE_REKOR_PUBLIC_KEY", sandbox.path("cosign.pub")).run();
    other.fails(1).says("the new signature does not verify").says("nothing was stored");
    // An authority that nobody knows still has to answer what was asked.
    cold_with_authority(&services, &sandbox);
}

fn cold_with_authority(services: &Sigstore, sandbox: &Sandbox) {
    use crate::support::sigstore::tsa::Stamp;
    let words = ["sign-blob", "--yes", "--key", "cosign.key", "--bundle", "b2", "--use-signing-config=false", "--tlog-upload=false"];
    let words = [&words[..], &["--timestamp-server-url", &services.tsa, "file"]].concat();
    let call = || sandbox.cosign(&words).env("TUF_ROOT", sandbox.path("elsewhere"));
    call().run().exits(0);
    for (stamp, says) in [(Stamp::OtherNonce, "nonce"), (Stamp::OtherImprint, "hashed messages don't match")] {
        services.world().tsa.stamps(stamp);
        call().run().fails(1).says("its answer does not verify").says(says);
    }
}

#[test]
fn attestations_of_the_older_form_are_stamped_as_a_whole() {
    let (services, sandbox) = set_up();
    let registry = TestRegistry::start(Behaviour::default());
    let image = registry.image("v1");
    let by_hand = [&services.by_hand()[..], &[OLD_FORM, "--timestamp-server-url", &services.tsa]].concat();
    let attest = ["attest", "--yes", "--identity-token", "token", "--type", "custom", "--predicate", "predicate.json"];
    sandbox.cosign([&attest[..], &by_hand, &[&image]].concat()).run().exits(0);
    let verify =
        [&["verify-attestation", "--type", "custom", OLD_FORM, "--use-signed-timestamps"], &services.who()[..], &[&image]].concat();
    sandbox.cosign(&verify).run().exits(0);
    reference_verifies(&sandbox, &verify);
}

#[test]
fn an_attestation_of_the_older_form_is_looked_up_in_the_log() {
    let (services, sandbox) = set_up();
    let outputs =
        ["--output-signature", "sig", "--output-certificate", "cert", "--type", "custom", "--predicate", "predicate.json", "file"];
    let attest = [&["attest-blob", "--yes", "--identity-token", "token", OLD_FORM], &services.by_hand()[..], &outputs].concat();
    sandbox.cosign(attest).run().exits(0);
    let detached = ["--signature", "sig", "--certificate", "cert", "--type", "custom", "--rekor-url", &services.rekor, "file"];
    sandbox.cosign([&["verify-blob-attestation"], &services.who()[..], &detached].concat()).run().exits(0);
    assert!(services.requests().unwrap().iter().any(|request| request.ends_with("/api/v1/log/entries/retrieve")));
    sandbox.write("sig", sandbox.read("sig").replace("\"payload\"", " \"payload\""));
    sandbox.cosign([&["verify-blob-attestation"], &services.who()[..], &detached].concat()).run().fails(1);
}

/// The services' keys as the targets of their own that they once were.
fn individual_targets(world: &World) -> Vec<(&'static str, String)> {
    let root: Value = serde_json::from_str(&world.trusted_root()).unwrap();
    let pem = |label: &str, value: &Value| {
        let lines: Vec<String> =
            value["rawBytes"].as_str().unwrap().as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let certificates = |authority: &Value| {
        authority[0]["certChain"]["certificates"].as_array().unwrap().iter().map(|one| pem("CERTIFICATE", one)).collect::<String>()
    };
    vec![
        ("fulcio.crt.pem", certificates(&root["certificateAuthorities"])),
        ("rekor.pub", pem("PUBLIC KEY", &root["tlogs"][0]["publicKey"])),
        ("ctfe.pub", pem("PUBLIC KEY", &root["ctlogs"][0]["publicKey"])),
        ("tsa_root.crt.pem", certificates(&root["timestampAuthorities"])),
        ("signing_config.v0.2.json", world.signing_config(&[1]).to_string()),
    ]
}

#[test]
fn a_mirror_of_individual_targets() {
    let services = Sigstore::virtual_services();
    services.world().tuf.withdraw("trusted_root.json");
    services.world().tuf.publish(&individual_targets(services.world()));
    let sandbox = Sandbox::new();
    let root = services.root();
    let initialize = ["initialize", "--mirror", &services.tuf_mirror, "--root", path_text(&root)];
    let told = sandbox.cosign(initialize).run().exits(0);
    let told = told.says("Could not fetch trusted_root.json from the TUF mirror").says("falling back to individual targets");
    let status = told.out.strip_prefix("Root status: \n ").map(|json| serde_json::from_str::<Value>(json).unwrap()).unwrap();
    assert_eq!(status["remote"], services.tuf_mirror);
    assert_eq!(status["targets"].as_array().unwrap().len(), 5, "{status}");
    sandbox.write("file", "content");
    sandbox.write("token", services.token(""));
    sign_blob(&sandbox, &[]).run().exits(0);
    verify_blob(&sandbox, &services.who()).run().exits(0);
    services.requests();
    verify_blob(&sandbox, &services.who()).run().exits(0);
    assert!(services.requests().unwrap().is_empty());
}

#[test]
fn the_default_config_and_older_flags() {
    let (services, sandbox) = set_up();
    let blob = |more: &[&str]| sign_blob(&sandbox, more).run();
    // What is named by hand replaces that service, and then no authority is taken from the config.
    blob(&["--rekor-url", &services.rekor]).exits(0);
    let bundle: Value = serde_json::from_str(&sandbox.read("bundle.json")).unwrap();
    assert!(bundle["verificationMaterial"]["timestampVerificationData"].is_null());
    assert_eq!(bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["version"], "0.0.1");
    blob(&["--tlog-upload=false"]).exits(0);
    let bundle: Value = serde_json::from_str(&sandbox.read("bundle.json")).unwrap();
    assert!(bundle["verificationMaterial"]["tlogEntries"].is_null());
    blob(&["--signing-config", "v2.json", "--fulcio-url", &services.fulcio])
        .fails(1)
        .says("cannot specify service URLs and use signing config");
    blob(&["--use-signing-config=true", "--signing-config", "v2.json"]).fails(1);
    // A flow counts where somebody is to be identified by it.
    blob(&["--fulcio-auth-flow", "bogus"]).exits(0);
    blob(&["--fulcio-auth-flow", "bogus", "--identity-token", ""]).fails(1).says("unsupported oauth flow: bogus");
    blob(&["--fulcio-auth-flow", "token", "--identity-token", ""]).fails(1).says("no identity token is at hand");
}

#[test]
fn an_instance_without_certificate_transparency() {
    use crate::support::sigstore::fulcio::Issue;
    let (services, sandbox) = set_up();
    services.world().fulcio.issues(Issue::NoSct);
    sign_blob(&sandbox, &[]).run().fails(1).says("the certificate that Fulcio issued is refused").says("--insecure-skip-verify");
    sign_blob(&sandbox, &["--insecure-skip-verify"]).run().exits(0);
    verify_blob(&sandbox, &services.who()).run().fails(1).says("only able to verify 0 SCT entries");
    verify_blob(&sandbox, &[&services.who()[..], &["--insecure-ignore-sct"]].concat()).run().exits(0);
    // A trusted root without CT logs says that there is none.
    let mut root: Value = serde_json::from_str(&services.world().trusted_root()).unwrap();
    root["ctlogs"] = json!([]);
    sandbox.write("root.json", root.to_string());
    sign_blob(&sandbox, &["--trusted-root", "root.json"]).run().exits(0);
}
