//! `attach`: what was made elsewhere comes to lie beside an image, and nothing that lies there gets lost.

use serde_json::Value;

use crate::support::docker_registry::DockerRegistry;
use crate::support::registry::{Behaviour, Effect, Fault, Store, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};
use crate::support::sigstore::Sigstore;
use crate::support::{http_client, images};

const ATTACH: [&str; 2] = ["attach", "signature"];

fn tag(kind: &str) -> String {
    format!("{}.{kind}", images::digest("v1").replace(':', "-"))
}

/// A signature of the image in the files `sig` and `payload`, stored nowhere.
fn sign_into_files(sandbox: &Sandbox, image: &str, more: &[&str]) {
    let base = [OLD_FORM, "--upload=false", "--output-signature=sig", "--output-payload=payload", image];
    sandbox.sign(&[&base, more].concat()).run().exits(0);
}

fn attach(sandbox: &Sandbox, kind: &str, more: &[&str]) -> Outcome {
    sandbox.cosign(["attach", kind].iter().chain(more)).run()
}

fn layers(registry: &TestRegistry, kind: &str) -> Vec<Value> {
    let manifest = http_client::manifest(&registry.host(), "app", &tag(kind));
    manifest.map(|manifest| manifest["layers"].as_array().unwrap().clone()).unwrap_or_default()
}

#[test]
fn a_signature_by_another_tool_verifies() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sign_into_files(&sandbox, &image, &["-a", "a=b"]);
    let generated = sandbox.cosign(["generate", "-a", "a=b", &image]).run().exits(0).out;
    assert_eq!(generated, sandbox.read("payload"), "what is generated is what is signed");
    sandbox.verify(&[OLD_FORM, &image]).run().fails(10);
    let attached = attach(&sandbox, "signature", &["--signature=sig", "--payload=payload", &image]).exits(0);
    assert_eq!((attached.out.as_str(), attached.err.as_str()), ("", ""));
    sandbox.verify(&[OLD_FORM, "-a", "a=b", &image]).run().exits(0);
    // The same once more adds nothing; one by another key does.
    attach(&sandbox, "signature", &["--signature=sig", "--payload=payload", &image]).exits(0);
    assert_eq!(layers(&registry, "sig").len(), 1);
    sandbox.cosign(["sign", "--key=other.key", "--use-signing-config=false", "--tlog-upload=false", OLD_FORM, &image]).run().exits(0);
    attach(&sandbox, "signature", &["--signature=sig", &image]).exits(0).says("using obsolete implied signature payload data");
    assert_eq!(layers(&registry, "sig").len(), 3);
    sandbox.verify(&[OLD_FORM, "-a", "a=b", &image]).run().exits(0);
    sandbox.cosign(["verify", "--key=other.pub", "--insecure-ignore-tlog", OLD_FORM, &image]).run().exits(0);
}

#[test]
fn a_signature_is_taken_from_a_pipe_with_line_breaks_or_raw() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sign_into_files(&sandbox, &image, &[]);
    let text = sandbox.read("sig");
    let broken = format!("\n{}\n{}\r\n", &text[..40], &text[40..]);
    let attached = [&ATTACH[..], &["--signature=-", "--payload=payload", &image]].concat();
    sandbox.cosign(&attached).stdin(broken).run().exits(0);
    assert_eq!(layers(&registry, "sig")[0]["annotations"]["dev.cosignproject.cosign/signature"], text.trim());
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0);
    use base64::Engine as _;
    let raw = base64::engine::general_purpose::STANDARD.decode(text.trim()).unwrap();
    sandbox.cosign(&attached).stdin(raw).run().exits(0);
    assert_eq!(layers(&registry, "sig").len(), 1, "it is the same signature");
    sandbox.cosign(&attached).stdin("\n").run().fails(1).says("empty signature");
}

#[test]
fn certificate_and_log_entry_come_along() {
    let Some(services) = Sigstore::start() else { return };
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = services.sandbox();
    let image = registry.image("v1");
    let outputs = ["--output-signature=sig", "--output-payload=payload", "--output-certificate=cert", "--bundle=bundle"];
    let sign = ["sign", "--yes", "--identity-token", "token", OLD_FORM, "--upload=false", &image];
    sandbox.cosign(sign.iter().chain(&outputs)).run().exits(0);
    let base = [&ATTACH[..], &["--signature=sig", "--payload=payload", "--certificate=cert", &image]].concat();
    let verify = || sandbox.cosign([&["verify"], &services.who()[..], &[&image]].concat()).run();
    sandbox.cosign(&base).run().exits(0);
    verify().fails(12);
    sandbox.cosign(base.iter().copied().chain(["--rekor-response=bundle"])).run().exits(0);
    verify().exits(0);
    let annotations = layers(&registry, "sig")[1]["annotations"].clone();
    assert!(annotations["dev.sigstore.cosign/certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(annotations["dev.sigstore.cosign/bundle"].as_str().unwrap().starts_with(r#"{"SignedEntryTimestamp":""#));
}

#[test]
fn nothing_is_written_before_all_is_read() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.write("sig", "AAAA");
    sandbox.write("payload", "{}");
    sandbox.copy("timestamp/openssl-rsa.tsr", "tsr");
    let good = ["--signature=sig", "--payload=payload"];
    let cases: [(&[&str], &str); 12] = [
        (&["--payload=payload"], "read .: is a directory"),
        (&["--signature=nope", "--payload=payload"], "open nope: no such file or directory"),
        (&["--signature=sig", "--payload=nope"], "open nope: no such file or directory"),
        (&["--certificate=nope"], "open nope: no such file or directory"),
        (&["--certificate=payload"], "error during PEM decoding"),
        (&["--certificate-chain=payload", "--certificate=sig"], "--certificate: "),
        (&["--tsr=nope"], "open nope: no such file or directory"),
        (&["--tsr=sig"], "--tsr is neither an RFC 3161 response nor its JSON"),
        (&["--rekor-response=nope"], "open nope: no such file or directory"),
        (&["--rekor-response=tsr"], "--rekor-response: "),
        (&["--registry-cacert=nope"], "nope"),
        (&["--payload=sig", "--bundle=nope"], "open nope: no such file or directory"),
    ];
    for (flags, says) in cases {
        let base: &[&str] = if flags.iter().any(|flag| flag.contains("--payload")) { &["--signature=sig"] } else { &good };
        let base = if flags.len() == 1 && flags[0] == "--payload=payload" { &[] } else { base };
        attach(&sandbox, "signature", &[base, flags, &[&image]].concat()).fails(1).says(says);
    }
    for kind in ["signature", "attestation", "sbom"] {
        attach(&sandbox, kind, &["--signature=sig", "::"][usize::from(kind != "signature")..]).fails(1);
    }
    assert!(registry.requests().iter().all(|request| matches!(request.method.as_str(), "GET" | "HEAD")));
    attach(&sandbox, "signature", &[&good[..], &["--tsr=tsr", &image]].concat())
        .exits(0)
        .says("the payload is about the image \"\", not sha256:");
    let timestamp = layers(&registry, "sig")[0]["annotations"]["dev.sigstore.cosign/rfc3161timestamp"].clone();
    assert!(timestamp.as_str().unwrap().starts_with(r#"{"SignedRFC3161Timestamp":"MII"#), "{timestamp}");
}

#[test]
fn a_payload_about_another_image_is_attached_with_a_warning() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sign_into_files(&sandbox, &registry.image("v2"), &[]);
    let flags = ["--signature=sig", "--payload=payload", &registry.image("v1")];
    attach(&sandbox, "signature", &flags).exits(0).says("it does not verify for this one");
    sandbox.verify(&[OLD_FORM, &registry.image("v1")]).run().fails(12);
}

#[test]
fn an_image_has_to_be_there() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.write("sig", "AAAA");
    let absent = registry.image(&format!("sha256:{}", "0".repeat(64)));
    attach(&sandbox, "signature", &["--signature=sig", &absent]).fails(1).says("entity not found in registry, error: GET ");
    attach(&sandbox, "signature", &["--signature=sig", &registry.image("nope")]).fails(1).says("MANIFEST_UNKNOWN");
}

/// Several attach at once, each another signature.
fn all_attach(sandbox: &Sandbox, image: &str) {
    let calls: Vec<_> = (0..6)
        .map(|n| {
            let attach = [&ATTACH[..], &["--signature=-", image]].concat();
            sandbox.cosign(attach).stdin(format!("AAA{n}")).start()
        })
        .collect();
    calls.into_iter().for_each(|call| drop(call.wait().exits(0)));
}

#[test]
fn writers_beside_each_other_keep_all() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    all_attach(&Sandbox::new(), &registry.image("v1"));
    assert_eq!(layers(&registry, "sig").len(), 6);
    let Some(registry) = DockerRegistry::start() else { return };
    all_attach(&Sandbox::new(), &registry.image("v1"));
    let manifest = http_client::manifest(registry.host(), "app", &tag("sig")).unwrap();
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 6);
}

/// Another host's writer overwrites what was just written: it is merged again.
#[test]
fn a_lost_attachment_is_noticed() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.write("sig", "AAAA");
    let undo = |store: &mut Store| drop(store.repository("app").tags.remove(&tag("sig")));
    registry.inject(Fault::on("PUT", format!("/manifests/{}", tag("sig")), Effect::After(Box::new(undo))).times(1));
    attach(&sandbox, "signature", &["--signature=sig", &image]).exits(0);
    assert_eq!(layers(&registry, "sig").len(), 1);
    registry.inject(Fault::on("GET", format!("/manifests/{}", tag("sig")), Effect::status(401, "UNAUTHORIZED")));
    sandbox.write("sig", "AAAB");
    attach(&sandbox, "signature", &["--signature=sig", &image]).fails(1).says("UNAUTHORIZED");
}

#[test]
fn bundles_become_referrers() {
    for behaviour in [Behaviour::default(), Behaviour::without_referrers()] {
        let registry = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        let image = registry.image(images::digest("v1"));
        sandbox.sign(&["--upload=false", "--bundle=signed.json", &image]).run().exits(0);
        sandbox.verify(&[&image]).run().fails(10);
        attach(&sandbox, "signature", &["--bundle=signed.json", &image]).exits(0);
        sandbox.verify(&[&image]).run().exits(0);
        // Spread over lines, as people look at it, and of another kind.
        let bundle: Value = serde_json::from_str(&sandbox.read("signed.json")).unwrap();
        sandbox.write("pretty.json", serde_json::to_string_pretty(&bundle).unwrap());
        attach(&sandbox, "signature", &["--payload=pretty.json", "--signature=x", &image]).exits(0).says("--signature has no effect");
        let downloaded = sandbox.cosign(["download", "signature", &image]).run().exits(0).out;
        assert_eq!(downloaded.lines().count(), downloaded.lines().filter(|line| line.ends_with('}')).count());
        sandbox.write("p.json", "{}");
        sandbox
            .cosign(["sign-blob", "--key=cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--bundle=blob.json", "p.json"])
            .run();
        attach(&sandbox, "signature", &["--bundle=blob.json", &image]).fails(1).says("bundle does not have DSSE envelope");
    }
}

/// The envelope of an attestation that is stored nowhere.
fn attest(sandbox: &Sandbox, image: &str, kind: &str, form: &[&str]) -> String {
    let base = ["attest", "--key=cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--no-upload", "--predicate=p.json"];
    sandbox.write("p.json", "{}");
    sandbox.cosign([&base, form, &["--type", kind, image]].concat()).run().exits(0).out
}

#[test]
fn several_attestations_at_once() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image(images::digest("v1"));
    let envelopes: Vec<String> = ["custom", "vuln", "openvex"].iter().map(|kind| attest(&sandbox, &image, kind, &[OLD_FORM])).collect();
    sandbox.write("two.jsonl", format!("{}\n{}\n", envelopes[0].trim(), envelopes[1].trim()));
    sandbox.write("one.json", &envelopes[2]);
    attest(&sandbox, &image, "spdx", &["--bundle=b1.json"]);
    attest(&sandbox, &image, "cyclonedx", &["--bundle=b2.json"]);
    let files = ["--attestation=two.jsonl", "--attestation=b1.json", "--attestation=one.json", "--attestation=b2.json", &image];
    attach(&sandbox, "attestation", &files).exits(0).says("Using payload from: two.jsonl\n");
    assert_eq!(layers(&registry, "att").len(), 3);
    for kind in ["custom", "vuln", "openvex", "spdx", "cyclonedx"] {
        let verify = ["verify-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", "--type", kind, &image];
        sandbox.cosign(verify).run().exits(0);
    }
    // What one image gives another takes, whatever the form.
    let all = sandbox.cosign(["download", "attestation", &image]).run().exits(0).out;
    assert_eq!(all.lines().count(), 5);
    sandbox.write("all.jsonl", all);
    registry.seed("copy");
    let copy = format!("{}/copy@{}", registry.host(), images::digest("v1"));
    attach(&sandbox, "attestation", &["--attestation=all.jsonl", &copy]).exits(0);
    assert_eq!(sandbox.cosign(["download", "attestation", &copy]).run().exits(0).out.lines().count(), 5);
}

#[test]
fn a_file_that_is_no_attestation_leaves_all_as_it_was() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image(images::digest("v1"));
    let envelope = attest(&sandbox, &image, "custom", &[OLD_FORM]);
    sandbox.write("good", &envelope);
    let cases = [
        (envelope.replace("application/vnd.in-toto+json", "text/plain"), "invalid payloadType text/plain on envelope. Expected"),
        (r#"{"payloadType":"application/vnd.in-toto+json","payload":"e30="}"#.to_owned(), "could not attach attestation without having"),
        (format!("{envelope}{{"), "attaching payload from bad: "),
        (String::new(), "there is no attestation in it"),
        (r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#.to_owned(), "missing"),
    ];
    for (content, says) in cases {
        sandbox.write("bad", content);
        attach(&sandbox, "attestation", &["--attestation=good", "--attestation=bad", &image]).fails(1).says(says);
    }
    assert_eq!(registry.requests().len(), 1, "the image, when the statement was made");
    attach(&sandbox, "attestation", &[&image]).exits(0).says("nothing to attach");
}

#[test]
fn an_sbom_comes_back_byte_for_byte() {
    for behaviour in [Behaviour::default(), Behaviour::distribution()] {
        let registry = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        let (image, sbom) = (registry.image("v1"), ["download", "sbom", &registry.image("v1")]);
        let absent = sandbox.cosign(sbom).run().fails(1).says("no sbom attached to reference");
        assert_eq!(absent.out, "");
        sandbox.write("s.spdx.json", "{\"a\": 1}\r\n ");
        let attached = attach(&sandbox, "sbom", &["--sbom=s.spdx.json", &image]).exits(0);
        attached.says("with mediaType [text/spdx+json].\n\n").says("SBOM attachments are deprecated");
        assert_eq!(sandbox.cosign(sbom).run().exits(0).says("Found SBOM of media type: text/spdx+json").out, "{\"a\": 1}\r\n ");
        sandbox.write("s.xml", "<x/>");
        attach(&sandbox, "sbom", &["--sbom=s.xml", "--type=cyclonedx", &image]).exits(0);
        assert_eq!(sandbox.cosign(sbom).run().exits(0).out, "<x/>");
        sandbox.cosign(sbom).env("COSIGN_MAX_ATTACHMENT_SIZE", "3").run().fails(1).says("size of layer (4) exceeded the limit (3)");
        let multi = registry.image("multi");
        let of = |more: &[&str]| sandbox.cosign([&["download", "sbom", &multi], more].concat()).run();
        of(&[]).fails(1).says("Try using --platform with one of the following architectures:\nlinux/amd64, linux/arm64\n");
        assert_eq!(of(&["--platform=linux/amd64"]).exits(0).out, "<x/>");
        of(&["--platform=linux/arm64"]).fails(1).says("no sbom attached to reference");
    }
}

#[test]
fn an_sbom_as_referrer_lies_where_it_is_looked_for() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    let (image, elsewhere) = (registry.image("v1"), format!("{}/elsewhere", registry.host()));
    let call = |words: &[&str]| sandbox.cosign(words).env("COSIGN_EXPERIMENTAL", "1").env("COSIGN_REPOSITORY", &elsewhere).run();
    for content in ["first", "second"] {
        sandbox.write("s", content);
        let attached = call(&["attach", "sbom", "--registry-referrers-mode=oci-1-1", "--sbom=s", &image]).exits(0);
        attached.says(&format!("{elsewhere}@sha256:")).says("config.mediaType [application/vnd.dev.cosign.artifact.sbom.v1+json]");
    }
    let downloaded = call(&["download", "sbom", &image]).exits(0).says("there were a total of 2 references with artifactType");
    assert!(["first", "second"].contains(&downloaded.out.as_str()), "{downloaded}");
    sandbox.cosign(["download", "sbom", &image]).run().fails(1);
}

#[test]
fn a_layout_takes_it_all() {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    let image = "oci:./layout:v1";
    sign_into_files(&sandbox, image, &[]);
    attach(&sandbox, "signature", &["--signature=sig", "--payload=payload", image]).exits(0);
    sandbox.verify(&[OLD_FORM, image]).run().exits(0);
    sandbox.write("env.json", attest(&sandbox, image, "custom", &[OLD_FORM]));
    attach(&sandbox, "attestation", &["--attestation=env.json", image]).exits(0);
    sandbox.cosign(["verify-attestation", "--key=cosign.pub", "--insecure-ignore-tlog", image]).run().exits(0);
    attach(&sandbox, "sbom", &["--sbom=payload", image]).exits(0);
    assert_eq!(sandbox.cosign(["download", "sbom", image]).run().exits(0).out, sandbox.read("payload"));
    let tree = sandbox.cosign(["tree", image]).run().exits(0).out;
    assert_eq!(tree.matches(" for an image tag: oci:./layout:sha256-").count(), 3, "{tree}");
}
