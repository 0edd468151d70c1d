//! Attestations with an identity, and with a key that logs and timestamp authorities witness, against Sigstore services.

use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};
use crate::support::sigstore::{Needs, Sigstore};
use crate::support::{images, reference};

const TOKEN: &[&str] = &["--yes", "--identity-token", "token"];
const SAID: &[&str] = &["--type", "openvex", "--predicate", "p.json"];

fn set_up(needs: &[Needs]) -> Option<(TestRegistry, String, Sigstore, Sandbox)> {
    let services = Sigstore::having(needs)?;
    let registry = TestRegistry::start(Behaviour::default());
    let (image, sandbox) = (registry.image("v1"), services.sandbox());
    sandbox.write("p.json", r#"{"n":1}"#);
    sandbox.write("file", "content");
    services.requests();
    Some((registry, image, services, sandbox))
}

/// The call passes here, and in the reference program where there is one.
#[track_caller]
fn passes(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    if let Some(program) = reference() {
        let mut call = sandbox.cosign(words);
        call.use_program(program);
        call.run().exits(0);
    }
    sandbox.cosign(words).run().exits(0)
}

/// Both ways: what is attested here and, where there is one, by the reference program verifies in both.
#[track_caller]
fn attested_both_ways(sandbox: &Sandbox, words: &[&str], check: impl Fn()) {
    sandbox.cosign(words).run().exits(0);
    check();
    if let Some(program) = reference() {
        let mut call = sandbox.cosign(words);
        call.use_program(program);
        call.run().exits(0);
        check();
    }
}

#[test]
fn an_identity_attests_an_image_with_three_requests() {
    let Some((_registry, image, services, sandbox)) = set_up(&[Needs::Fulcio, Needs::Tsa]) else { return };
    let who = services.who();
    for version in services.log_versions() {
        sandbox.write("config.json", services.signing_config(version));
        let call = [&["attest", "--signing-config", "config.json"], TOKEN, SAID, &[&image]].concat();
        services.requests();
        sandbox.cosign(&call).run().exits(0).says("Generating ephemeral keys...");
        if let Some(requests) = services.requests() {
            assert_eq!(requests.len(), 3, "{requests:?}");
        }
        attested_both_ways(&sandbox, &call, || {
            let verified = passes(&sandbox, &[&["verify-attestation", "--type", "openvex"], &who[..], &[&image]].concat());
            assert!(verified.out.lines().all(|line| line.starts_with(r#"{"payload":"#)), "{verified}");
        });
    }
    let other = ["--certificate-identity", "bob@example.com", "--certificate-oidc-issuer", &services.issuer];
    let refused = sandbox.cosign([&["verify-attestation", "--type", "openvex"], &other[..], &[&image]].concat()).run();
    refused.fails(12).says("no matching CertificateIdentity found");
}

#[test]
fn an_identity_attests_a_file() {
    let Some((_registry, _image, services, sandbox)) = set_up(&[Needs::Fulcio, Needs::Tsa]) else { return };
    for version in services.log_versions() {
        sandbox.write("config.json", services.signing_config(version));
        let call = [&["attest-blob", "--signing-config", "config.json", "--bundle", "b.json"], TOKEN, SAID, &["file"]].concat();
        let verify = [&["verify-blob-attestation", "--type", "openvex", "--bundle", "b.json"], &services.who()[..]].concat();
        attested_both_ways(&sandbox, &call, || {
            passes(&sandbox, &[&verify[..], &["file"]].concat());
        });
        sandbox.write("other", "another");
        sandbox.cosign([&verify[..], &["other"]].concat()).run().fails(1);
    }
}

#[test]
fn a_key_attests_with_either_version_of_the_log() {
    let Some((_registry, image, services, sandbox)) = set_up(&[Needs::Tsa]) else { return };
    for version in services.log_versions() {
        sandbox.write("config.json", services.signing_config(version));
        let key = ["--yes", "--key", "cosign.key", "--signing-config", "config.json"];
        attested_both_ways(&sandbox, &[&["attest"], &key[..], SAID, &[&image]].concat(), || {
            passes(&sandbox, &["verify-attestation", "--type", "openvex", "--key", "cosign.pub", &image]);
        });
        attested_both_ways(&sandbox, &[&["attest-blob", "--bundle", "b.json"], &key[..], SAID, &["file"]].concat(), || {
            passes(&sandbox, &["verify-blob-attestation", "--type", "openvex", "--key", "cosign.pub", "--bundle", "b.json", "file"]);
        });
    }
}

/// The time stamps of this form are over the envelope: over the signature, as cosign 3 makes them, cosign itself refuses them.
#[test]
fn the_older_form_is_stamped_over_the_envelope() {
    let Some((registry, image, services, sandbox)) = set_up(&[Needs::Fulcio, Needs::RekorV1, Needs::Tsa]) else { return };
    let by_hand = [&services.by_hand()[..], &[OLD_FORM, "--timestamp-server-url", &services.tsa]].concat();
    sandbox.cosign([&["attest"], TOKEN, &by_hand, SAID, &[&image]].concat()).run().exits(0).does_not_say("The sigstore service, hosted by");
    let verify = |image: &str| {
        let words = [&["verify-attestation", "--type", "openvex", "--use-signed-timestamps"], &services.who()[..], &[image]].concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let words = verify(&image);
    passes(&sandbox, &words.iter().map(String::as_str).collect::<Vec<_>>());
    if let Some(program) = reference() {
        let other = registry.image("v2");
        let mut call = sandbox.cosign([&["attest"], TOKEN, &by_hand, SAID, &[&other]].concat());
        call.use_program(program);
        call.run().exits(0);
        sandbox.cosign(verify(&other)).run().exits(0);
    }
}

#[test]
fn the_older_form_of_a_file_with_log_and_time_stamp() {
    let Some((_registry, _image, services, sandbox)) = set_up(&[Needs::Fulcio, Needs::RekorV1, Needs::Tsa]) else { return };
    let services_by_hand = [&services.by_hand()[..], &[OLD_FORM, "--timestamp-server-url", &services.tsa]].concat();
    let outputs =
        ["--bundle", "old.json", "--output-signature", "env", "--output-certificate", "cert", "--rfc3161-timestamp-bundle", "ts", "file"];
    sandbox.cosign([&["attest-blob"], TOKEN, &services_by_hand, SAID, &outputs].concat()).run().exits(0);
    let who = services.who();
    let with = |more: &[&'static str]| {
        let words = [&["verify-blob-attestation", "--type", "openvex", OLD_FORM], &who[..], more, &["file"]].concat();
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for more in [
        &["--bundle", "old.json"][..],
        &["--bundle", "old.json", "--rfc3161-timestamp", "ts", "--use-signed-timestamps"],
        &["--signature", "env", "--certificate", "cert", "--rfc3161-timestamp", "ts", "--use-signed-timestamps", "--insecure-ignore-tlog"],
    ] {
        let words = with(more);
        passes(&sandbox, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// An envelope without its log entry: the log is searched for it, as an entry of either kind.
#[test]
fn envelopes_without_an_entry_are_looked_up_in_the_log() {
    let Some((registry, image, services, sandbox)) = set_up(&[Needs::RekorV1]) else { return };
    let key = ["--yes", "--key", "cosign.key", "--use-signing-config=false", "--rekor-url", &services.rekor, OLD_FORM];
    sandbox.cosign([&["attest-blob", "--output-signature", "env"], &key[..], SAID, &["file"]].concat()).run().exits(0);
    let verify = ["verify-blob-attestation", "--type", "openvex", "--key", "cosign.pub", "--signature", "env", "--rekor-url"];
    passes(&sandbox, &[&verify[..], &[&services.rekor, "file"]].concat());
    sandbox.cosign([&verify[..], &[&services.rekor, "--offline", "file"]].concat()).run().fails(1);

    sandbox.cosign([&["attest"], &key[..], SAID, &[&image]].concat()).run().exits(0);
    forget_log_entry(&registry);
    let verify = ["verify-attestation", "--type", "openvex", "--key", "cosign.pub", "--rekor-url", &services.rekor, &image];
    passes(&sandbox, &verify).says("The claims were present in the transparency log");
    sandbox.cosign([&verify[..], &["--offline"]].concat()).run().fails(12).says("offline verification failed");
    let Some(other) = Sigstore::having(&[Needs::RekorV1]) else { return };
    if other.rekor != services.rekor {
        let elsewhere = ["verify-attestation", "--type", "openvex", "--key", "cosign.pub", "--rekor-url", &other.rekor, &image];
        sandbox.cosign(elsewhere).run().fails(12).says("signature not found in transparency log");
    }
}

/// Takes the log entry out of the annotations under the `.att` tag of `v1`.
fn forget_log_entry(registry: &TestRegistry) {
    let tag = format!("{}.att", images::digest("v1").replace(':', "-"));
    let mut store = registry.store();
    let content = store.repository("app");
    let (_, stored) = content.manifest(&tag).unwrap();
    let mut manifest = stored.json();
    assert!(manifest["layers"][0]["annotations"].as_object_mut().unwrap().remove("dev.sigstore.cosign/bundle").is_some());
    content.put_manifest(Some(&tag), &stored.media_type, &serde_json::to_vec(&manifest).unwrap());
}
