//! Registries that lie, and content made to hurt: one clear error, in time, in bounds, without a panic.

use serde_json::{Value, json};

use crate::support::http_server::Response;
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};
use crate::support::{digest_of, images};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn signed(form: &str) -> (TestRegistry, Sandbox, String) {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[form, &image]).run().exits(0);
    (registry, sandbox, image)
}

fn signature_tag() -> String {
    format!("{}.sig", images::digest("v1").replace(':', "-"))
}

#[test]
fn other_bytes_than_the_digest_says_are_refused() {
    // The bundle, its manifest, and the payload of the older form.
    let (registry, sandbox, image) = signed("--new-bundle-format=true");
    for part in ["/blobs/sha256:", "/manifests/sha256:"] {
        registry.inject(Fault::on("GET", part, Effect::Replace(b"{}".to_vec())));
        sandbox.verify(&[&image]).run().fails(1);
        registry.heal();
        registry.inject(Fault::on("GET", part, Effect::Truncate(30)));
        sandbox.verify(&[&image]).run().fails(1);
        registry.heal();
    }
    let (registry, sandbox, image) = signed(OLD_FORM);
    registry.inject(Fault::on("GET", "/blobs/sha256:", Effect::Replace(b"{}".to_vec())));
    assert_ne!(sandbox.verify(&[OLD_FORM, &image]).run().does_not_say("panicked").code, 0);
}

#[test]
fn an_image_asked_by_digest_must_have_it() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let other = images::all().iter().find(|image| image.tag == "v2").unwrap();
    let lie = Response::new(200, other.bytes.clone()).with("Content-Type", MANIFEST).with("Docker-Content-Digest", &other.digest);
    for method in ["GET", "HEAD"] {
        registry.inject(Fault::on(method, format!("/manifests/{}", images::digest("v1")), Effect::Answer(lie.clone())));
    }
    sandbox.sign(&[&registry.image(images::digest("v1"))]).run().fails(1);
    assert_eq!(registry.count("PUT", ""), 0);
}

#[test]
fn an_index_that_contains_itself_ends() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    // No index can name its own digest; a registry can serve it under the digest that it names.
    let named = format!("sha256:{}", "ab".repeat(32));
    let index =
        json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"mediaType": INDEX, "size": 1, "digest": named}]}).to_string();
    registry.store().repository("app").put_manifest(Some("loop"), INDEX, index.as_bytes());
    for method in ["GET", "HEAD"] {
        let lie = Response::new(200, index.clone()).with("Content-Type", INDEX).with("Docker-Content-Digest", &named);
        registry.inject(Fault::on(method, format!("/manifests/{named}"), Effect::Answer(lie)));
    }
    sandbox.sign(&["--recursive", "--timeout", "30s", &registry.image("loop")]).run().fails(1);
    assert!(registry.requests().len() < 100, "{} requests", registry.requests().len());
}

#[test]
fn indexes_in_indexes_have_an_end() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let mut child = json!({"mediaType": MANIFEST, "size": 403, "digest": images::digest("v1")});
    for _ in 0..2000 {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child]}).to_string();
        let digest = registry.store().repository("app").put_manifest(Some("deep"), INDEX, index.as_bytes());
        child = json!({"mediaType": INDEX, "size": index.len(), "digest": digest});
    }
    sandbox.sign(&["--recursive", "--timeout", "60s", &registry.image("deep")]).run().fails(1);
    assert_eq!(registry.count("PUT", ""), 0, "something was signed on the way down");
}

/// A `.sig` image of that many layers, of which the last is the true one.
fn with_layers(registry: &TestRegistry, count: usize) {
    let mut store = registry.store();
    let content = store.repository("app");
    let (_, manifest) = content.manifest(&signature_tag()).unwrap();
    let mut json = manifest.json();
    let good = json["layers"][0].clone();
    let mut bad = good.clone();
    bad["annotations"]["dev.cosignproject.cosign/signature"] = "AAAA".into();
    let mut layers = vec![bad; count - 1];
    layers.push(good);
    json["layers"] = Value::Array(layers);
    content.put_manifest(Some(&signature_tag()), MANIFEST, json.to_string().as_bytes());
}

#[test]
fn ghsa_95pr_fxf5_86gv_a_thousand_layers_are_read_and_ten_thousand_are_not() {
    let (registry, sandbox, image) = signed(OLD_FORM);
    with_layers(&registry, 1000);
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0);
    with_layers(&registry, 10_000);
    registry.forget();
    let refused = sandbox.verify(&[OLD_FORM, &image]).run().fails(1);
    assert!(refused.err.contains("1000") || refused.err.contains("too many"), "{refused}");
    assert!(registry.requests().len() < 20, "{} requests", registry.requests().len());
}

#[test]
fn a_huge_manifest_is_not_read_to_its_end() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let mut huge = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["#.to_vec();
    huge.resize(120 << 20, b' ');
    let answer = Response::new(200, huge).with("Content-Type", INDEX);
    registry.inject(Fault::on("GET", "/referrers/", Effect::Answer(answer.clone())));
    sandbox.verify(&[&registry.image("v1")]).run().fails(1);
    registry.heal();
    for reference in ["multi", images::digest("multi")] {
        registry.inject(Fault::on("GET", format!("/manifests/{reference}"), Effect::Answer(answer.clone())));
    }
    sandbox.sign(&["--recursive", &registry.image("multi")]).run().fails(1);
}

#[test]
fn ghsa_88jx_383q_w4qc_a_blob_said_to_be_huge_is_not_fetched() {
    let (registry, sandbox, image) = signed(OLD_FORM);
    {
        let mut store = registry.store();
        let content = store.repository("app");
        let (_, manifest) = content.manifest(&signature_tag()).unwrap();
        let mut json = manifest.json();
        json["layers"][0]["size"] = (1_u64 << 40).into();
        content.put_manifest(Some(&signature_tag()), MANIFEST, json.to_string().as_bytes());
    }
    registry.forget();
    let refused = sandbox.verify(&[OLD_FORM, &image]).run();
    assert_ne!(refused.code, 0, "{refused}");
    assert_eq!(registry.count("GET", "/blobs/"), 0);
    let (_registry, sandbox, image) = signed(OLD_FORM);
    let refused = sandbox.verify(&[OLD_FORM, &image]).env("COSIGN_MAX_ATTACHMENT_SIZE", "10").run();
    assert_ne!(refused.code, 0, "{refused}");
    sandbox.verify(&[OLD_FORM, &image]).env("COSIGN_MAX_ATTACHMENT_SIZE", "1MB").run().exits(0);
}

#[test]
fn what_is_no_manifest_is_an_error() {
    for body in ["", "null", "[]", "{}", "\u{0}\u{1}", "{\"schemaVersion\":2,\"manifests\":{}}", "{\"schemaVersion\":2,\"layers\":[null]}"]
    {
        for part in ["/referrers/", "/manifests/sha256-"] {
            let (registry, sandbox, image) = signed(OLD_FORM);
            registry.inject(Fault::on("GET", part, Effect::Answer(Response::new(200, body).with("Content-Type", INDEX))));
            sandbox.verify(&[&image]).run().does_not_say("panicked");
        }
    }
}

#[test]
fn what_is_no_bundle_is_reported() {
    for body in ["", "null", "{}", "[1]", "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"}"] {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        refer(&registry, body.as_bytes());
        let refused = sandbox.verify(&[&registry.image("v1")]).run().does_not_say("panicked");
        assert!(refused.code == 1 || refused.code == 12, "{refused}");
    }
}

/// Attaches some bytes to v1 as if they were a bundle.
fn refer(registry: &TestRegistry, bundle: &[u8]) {
    let mut store = registry.store();
    let content = store.repository("app");
    let layer = content.put_blob(bundle);
    let empty = content.put_blob(b"{}");
    let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": empty, "artifactType": media_type},
        "layers": [{"mediaType": media_type, "size": bundle.len(), "digest": layer}],
        "annotations": {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1"},
        "subject": {"mediaType": MANIFEST, "size": 403, "digest": images::digest("v1")}, "artifactType": media_type,
    });
    content.put_manifest(None, MANIFEST, manifest.to_string().as_bytes());
}

#[test]
fn a_foreign_bundle_does_not_hide_an_older_signature() {
    let (registry, sandbox, image) = signed(OLD_FORM);
    let elsewhere = Sandbox::new();
    elsewhere.copy("keys/other.key", "cosign.key");
    elsewhere.sign(&[&image]).run().exits(0);
    sandbox.verify(&[&image]).run().exits(0);
    // Where the older signature is no better, neither passes.
    for form in ["--new-bundle-format=true", OLD_FORM] {
        elsewhere.sign(&[form, &registry.image("v2")]).run().exits(0);
    }
    sandbox.verify(&[&registry.image("v2")]).run().fails(12);
}

#[test]
fn text_from_a_registry_is_escaped() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let message = "\u{1b}[31mred\u{7}\n::error::injected";
    let body = json!({"errors": [{"code": "DENIED", "message": message}]}).to_string();
    for method in ["GET", "HEAD"] {
        registry.inject(Fault::on(
            method,
            "/manifests/",
            Effect::Answer(Response::new(403, body.clone()).with("Content-Type", "application/json")),
        ));
    }
    registry.inject(Fault::on(
        "GET",
        "/referrers/",
        Effect::Answer(Response::new(403, body.clone()).with("Content-Type", "application/json")),
    ));
    is_escaped(&sandbox.verify(&[&registry.image("v1")]).run());
    registry.heal();
    // A message that is shown: why a write was refused.
    registry.inject(Fault::on("PUT", "/manifests/", Effect::Answer(Response::new(400, body).with("Content-Type", "application/json"))));
    let refused = sandbox.sign(&[&registry.image("v1")]).run();
    is_escaped(&refused);
    assert!(refused.err.contains("DENIED"), "{refused}");
}

#[track_caller]
fn is_escaped(refused: &Outcome) {
    assert_ne!(refused.code, 0, "{refused}");
    assert!(!refused.err.contains('\u{1b}') && !refused.err.contains('\u{7}'), "{refused}");
    assert!(refused.err.lines().all(|line| !line.starts_with("::")), "{refused}");
}

#[test]
fn many_pages_of_referrers_are_all_read_and_endless_ones_are_not() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.page_size = Some(1)));
    let sandbox = Sandbox::new();
    let elsewhere = Sandbox::new();
    elsewhere.copy("keys/other.key", "cosign.key");
    for _ in 0..3 {
        elsewhere.sign(&[&registry.image("v1")]).run().exits(0);
    }
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    sandbox.verify(&[&registry.image("v1")]).run().exits(0);
    let entry = json!({"mediaType": MANIFEST, "size": 2, "digest": digest_of(b"{}"), "artifactType": "application/x-other"});
    let page = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).to_string();
    let endless = Response::new(200, page)
        .with("Content-Type", INDEX)
        .with("Link", format!("</v2/app/referrers/{}?page=1>; rel=\"next\"", images::digest("v1")));
    registry.inject(Fault::on("GET", "/referrers/", Effect::Answer(endless)));
    registry.forget();
    let refused = sandbox.verify(&["--timeout", "60s", &registry.image("v1")]).run();
    assert_ne!(refused.code, 0, "{refused}");
    assert!(registry.requests().len() < 20_000);
}

#[test]
fn a_bundle_for_another_image_is_not_taken() {
    let (registry, sandbox, _) = signed("--new-bundle-format=true");
    // The signed statement says v1; a registry lists it for v2.
    {
        let mut store = registry.store();
        let content = store.repository("app");
        let entry = content.referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
        let (_, manifest) = content.manifest(&entry).unwrap();
        let moved = String::from_utf8(manifest.bytes).unwrap().replace(images::digest("v1"), images::digest("v2"));
        content.put_manifest(None, MANIFEST, moved.as_bytes());
    }
    sandbox.verify(&[&registry.image("v2")]).run().fails(12);
    sandbox.verify(&["--check-claims=false", &registry.image("v1")]).run().exits(0);
}
