//! What is signed verifies: both forms, on every kind of registry and in a layout; and what lies there afterwards.

use serde_json::Value;

use crate::support::docker_registry::DockerRegistry;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{http_client, images};

/// `place` holds v1 (to be signed) and v2 (not to be).
fn signs_and_verifies(sandbox: &Sandbox, place: &str, form: &[&str]) {
    let image = format!("{place}:v1");
    sandbox.sign(&[form, &[&image]].concat()).run().exits(0);
    let verified = sandbox.verify(&[&image]).run().exits(0);
    let results = verified.json();
    assert_eq!(results.as_array().map(Vec::len), Some(1), "{verified}");
    assert_eq!(results[0]["critical"]["image"]["docker-manifest-digest"], images::digest("v1"));
    verified.says("The signatures were verified against the specified public key").does_not_say("transparency log");
    sandbox.verify(&[form, &[&image]].concat()).run().exits(0);
    sandbox.cosign(["verify", "--key", "other.pub", "--insecure-ignore-tlog", &image]).run().fails(12);
    sandbox.verify(&[&format!("{place}:v2")]).run().fails(10);
    sandbox.verify(&[&format!("{place}:absent")]).run().fails(11);
}

fn on_a_test_registry(behaviour: Behaviour, form: &[&str]) -> TestRegistry {
    let registry = TestRegistry::start(behaviour);
    signs_and_verifies(&Sandbox::new(), &format!("{}/app", registry.host()), form);
    registry
}

fn keys_of(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn bundle_with_referrers() {
    let registry = on_a_test_registry(Behaviour::default(), &[]);
    let mut store = registry.store();
    let content = store.repository("app");
    let entries = content.referrers(images::digest("v1"));
    assert_eq!(entries.len(), 1);
    let fallback = images::digest("v1").replace(':', "-");
    assert!(!content.tags.contains_key(&fallback), "a fallback tag beside the referrers API");
    let (_, manifest) = content.manifest(entries[0]["digest"].as_str().unwrap()).unwrap();
    is_a_bundle_manifest(&manifest.json(), 403);
}

/// The shape that cosign writes, in its order.
fn is_a_bundle_manifest(manifest: &Value, subject_size: u64) {
    assert_eq!(keys_of(manifest), ["schemaVersion", "mediaType", "config", "layers", "annotations", "subject", "artifactType"]);
    assert_eq!(keys_of(&manifest["config"]), ["mediaType", "size", "digest", "artifactType"]);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(manifest["annotations"]["dev.sigstore.bundle.content"], "dsse-envelope");
    assert_eq!(manifest["annotations"]["dev.sigstore.bundle.predicateType"], "https://sigstore.dev/cosign/sign/v1");
    assert_eq!(manifest["subject"]["size"], subject_size);
    assert_eq!(manifest["artifactType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
}

#[test]
fn bundle_without_referrers() {
    let registry = on_a_test_registry(Behaviour::without_referrers(), &[]);
    has_a_fallback_index(&registry.host());
}

fn has_a_fallback_index(host: &str) {
    let index = http_client::manifest(host, "app", &images::digest("v1").replace(':', "-")).expect("a fallback index");
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let entry = &index["manifests"][0];
    assert_eq!(entry["artifactType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    let manifest = http_client::manifest(host, "app", entry["digest"].as_str().unwrap()).expect("the referrer");
    is_a_bundle_manifest(&manifest, 403);
}

#[test]
fn bundle_where_referrers_are_a_bad_request() {
    on_a_test_registry(Behaviour::without_referrers().with(|b| b.referrers = 400), &[]);
}

#[test]
fn bundle_where_referrers_are_not_acceptable() {
    on_a_test_registry(Behaviour::without_referrers().with(|b| b.referrers = 406), &[]);
}

#[test]
fn bundle_where_the_subject_is_not_acknowledged() {
    on_a_test_registry(Behaviour::default().with(|b| b.acknowledges_subject = false), &[]);
}

#[test]
fn bundle_where_uploads_take_two_steps() {
    on_a_test_registry(Behaviour::distribution(), &[]);
}

#[test]
fn bundle_where_created_names_no_location() {
    on_a_test_registry(Behaviour::default().with(|b| b.names_location = false), &[]);
}

#[test]
fn bundle_on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    signs_and_verifies(&Sandbox::new(), &format!("{}/app", registry.host()), &[]);
    has_a_fallback_index(registry.host());
}

#[test]
fn bundle_in_a_layout() {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    signs_and_verifies(&sandbox, "oci:./layout", &[]);
}

#[test]
fn old_form_with_referrers() {
    let registry = on_a_test_registry(Behaviour::default(), &[OLD_FORM]);
    has_a_signature_image(&registry.host());
}

#[test]
fn old_form_without_referrers() {
    let registry = on_a_test_registry(Behaviour::without_referrers(), &[OLD_FORM]);
    has_a_signature_image(&registry.host());
}

/// The shape that cosign writes, in its order.
fn has_a_signature_image(host: &str) {
    let manifest = http_client::manifest(host, "app", &format!("{}.sig", images::digest("v1").replace(':', "-"))).expect("a .sig tag");
    assert_eq!(keys_of(&manifest), ["schemaVersion", "mediaType", "config", "layers"]);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
    assert_eq!(manifest["config"]["size"], 233);
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
    assert_eq!(keys_of(&layers[0]["annotations"]), ["dev.cosignproject.cosign/signature"]);
}

#[test]
fn old_form_on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    signs_and_verifies(&Sandbox::new(), &format!("{}/app", registry.host()), &[OLD_FORM]);
    has_a_signature_image(registry.host());
}

#[test]
fn old_form_in_a_layout() {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    signs_and_verifies(&sandbox, "oci:./layout", &[OLD_FORM]);
}

#[test]
fn both_forms_beside_each_other() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[OLD_FORM, &registry.image("v1")]).run().exits(0);
    sandbox.sign(&[&registry.image("v2")]).run().exits(0);
    for order in [["v1", "v2"], ["v2", "v1"]] {
        let images = order.map(|tag| registry.image(tag));
        let verified = sandbox.verify(&[&images[0], &images[1]]).run().exits(0);
        let first = verified.err.find(&format!("Verification for {}", images[0]));
        assert!(first < verified.err.find(&format!("Verification for {}", images[1])), "out of order: {verified}");
    }
}

#[test]
fn several_images_cost_one_opening_of_the_key() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let images = ["v1", "v2", "multi"].map(|tag| registry.image(images::digest(tag)));
    let arguments: Vec<&str> = images.iter().map(String::as_str).collect();
    // A pipe gives the password once: a second opening would find it empty.
    sandbox.sign(&arguments).without_env("COSIGN_PASSWORD").stdin("pw").run().exits(0);
    sandbox.verify(&arguments).run().exits(0);
}

#[test]
fn every_kind_of_key() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for kind in ["ed25519", "p384", "p521", "rsa2048", "nopass"] {
        let repository = format!("{}/{kind}", registry.host());
        registry.seed(kind);
        sandbox.copy(&format!("keys/{kind}.key"), "k.key");
        sandbox.copy(&format!("keys/{kind}.pub"), "k.pub");
        let password = if kind == "nopass" { "" } else { "pw" };
        for (form, tag) in [("--new-bundle-format=true", "v1"), (OLD_FORM, "v2")] {
            let image = format!("{repository}:{tag}");
            let flags = ["--use-signing-config=false", "--tlog-upload=false", "--yes", form, &image];
            sandbox.cosign([&["sign", "--key", "k.key"], &flags[..]].concat()).env("COSIGN_PASSWORD", password).run().exits(0);
            sandbox.cosign(["verify", "--key", "k.pub", "--insecure-ignore-tlog", &image]).run().exits(0);
            sandbox.verify(&[&image]).run().fails(12);
        }
    }
}

#[test]
fn signatures_go_where_cosign_repository_says() {
    for (form, behaviour) in [("--new-bundle-format=true", Behaviour::default()), (OLD_FORM, Behaviour::without_referrers())] {
        let registry = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        let elsewhere = format!("{}/signatures", registry.host());
        let image = registry.image("v1");
        sandbox.sign(&[form, &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
        sandbox.verify(&[form, &image]).run().fails(10);
        sandbox.verify(&[form, &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
        let mut store = registry.store();
        assert_eq!(store.repository("app").tags.len(), 3, "something was written beside the image");
    }
}

#[test]
fn annotations_are_signed_and_asked_for() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        let image = registry.image("v1");
        sandbox.sign(&[form, "-a", "team=red", "-a", "env=prod", &image]).run().exits(0);
        sandbox.verify(&[form, "-a", "env=prod", &image]).run().exits(0).says("The specified annotations were verified.");
        sandbox.verify(&[form, "-a", "env=prod", "-a", "team=red", &image]).run().exits(0);
        sandbox.verify(&[form, "-a", "env=dev", &image]).run().fails(12);
        sandbox.verify(&[form, "-a", "nobody=set", &image]).run().fails(12);
    }
}

#[test]
fn recursion_signs_the_index_and_each_image_of_it() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        sandbox.sign(&[form, "--recursive", &registry.image("multi")]).run().exits(0);
        for tag in ["multi", "v1", "v2"] {
            sandbox.verify(&[form, &registry.image(images::digest(tag))]).run().exits(0);
        }
    }
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("multi")]).run().exits(0);
    sandbox.verify(&[&registry.image("multi")]).run().exits(0);
    sandbox.verify(&[&registry.image("v1")]).run().fails(10);
}

#[test]
fn nothing_is_uploaded_without_upload() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[OLD_FORM, "--upload=false", "--output-signature", "out.sig", &registry.image("v1")]).run().exits(0);
    assert!(sandbox.exists("out.sig"));
    assert!(registry.requests().iter().all(|request| matches!(request.method.as_str(), "GET" | "HEAD")), "{:?}", registry.requests());
}

#[test]
fn a_loopback_registry_is_no_matter_for_the_proxy() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).without_env("NO_PROXY").run().exits(0);
    sandbox.verify(&[&registry.image("v1")]).without_env("NO_PROXY").run().exits(0);
}

#[test]
fn over_tls_with_the_given_root_only() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.tls = true));
    let sandbox = Sandbox::new();
    sandbox.copy("pki/pki-tlsca.crt", "ca.crt");
    let image = registry.image("v1");
    sandbox.sign(&["--registry-cacert", "ca.crt", &image]).run().exits(0);
    sandbox.verify(&["--registry-cacert", "ca.crt", &image]).run().exits(0);
    sandbox.verify(&[&image]).env("SSL_CERT_FILE", sandbox.path("ca.crt")).run().exits(0);
    sandbox.verify(&["--allow-insecure-registry", &image]).run().exits(0);
    sandbox.verify(&[&image]).run().fails(1).says("certificate signed by unknown authority");
    registry.forget();
    sandbox.verify(&["--registry-cacert", "absent.crt", &image]).run().fails(1).says("absent.crt");
    assert_eq!(registry.all_requests().len(), 0, "asked in spite of a root that cannot be read");
}

#[test]
fn two_signatures_of_one_image_are_two() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image(images::digest("v1"));
    for _ in 0..2 {
        sandbox.sign(&[&image]).run().exits(0);
    }
    let verified = sandbox.verify(&[&image]).run().exits(0);
    assert_eq!(verified.json().as_array().map(Vec::len), Some(2), "{verified}");
}
