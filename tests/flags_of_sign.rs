//! Flags of `sign` that decide what is signed and where it goes.

use std::fs;

use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{digest_of, http_client};

fn signature_tag() -> String {
    format!("{}.sig", images::digest("v1").replace(':', "-"))
}

fn scene() -> (TestRegistry, Sandbox, String) {
    let registry = TestRegistry::start(Behaviour::default());
    let image = registry.image("v1");
    (registry, Sandbox::new(), image)
}

#[test]
fn the_payload_has_cosigns_bytes() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, "-a", "b=<&>", "-a", "a=1", "--output-payload", "payload.json", &image]).run().exits(0);
    let expected = format!(
        "{{\"critical\":{{\"identity\":{{\"docker-reference\":\"{}/app\"}},\"image\":{{\"docker-manifest-digest\":\"{}\"}},\
         \"type\":\"cosign container image signature\"}},\"optional\":{{\"a\":\"1\",\"b\":\"\\u003c\\u0026\\u003e\"}}}}",
        registry.host(),
        images::digest("v1")
    );
    assert_eq!(sandbox.read("payload.json"), expected);
    let manifest = http_client::manifest(&registry.host(), "app", &signature_tag()).unwrap();
    assert_eq!(manifest["layers"][0]["digest"], digest_of(expected.as_bytes()));
}

#[test]
fn a_payload_may_be_given() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, "--upload=false", "--output-payload", "payload.json", &image]).run().exits(0);
    sandbox.sign(&[OLD_FORM, "--payload", "payload.json", &image]).run().exits(0);
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0);
    sandbox.sign(&[OLD_FORM, "--payload", "absent.json", &image]).run().fails(1).says("absent.json");
    drop(registry);
}

#[test]
fn a_signature_is_verified_from_files() {
    let (_registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, "--upload=false", "--output-payload", "p.json", "--output-signature", "s.sig", &image]).run().exits(0);
    sandbox.verify(&[OLD_FORM, "--payload", "p.json", "--signature", "s.sig", &image]).run().exits(0);
    sandbox.write("p.json", sandbox.read("p.json").replace("null", "{}"));
    sandbox.verify(&[OLD_FORM, "--payload", "p.json", "--signature", "s.sig", &image]).run().fails(12);
}

#[test]
fn identities_are_one_signature_each() {
    let (registry, sandbox, image) = scene();
    let identities = ["--sign-container-identity", "one.example/a", "--sign-container-identity", "two.example/b"];
    sandbox.sign(&[&[OLD_FORM], &identities[..], &[&image]].concat()).run().exits(0);
    let verified = sandbox.verify(&[OLD_FORM, &image]).run().exits(0).json();
    let mut names: Vec<&str> =
        verified.as_array().unwrap().iter().filter_map(|r| r["critical"]["identity"]["docker-reference"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one.example/a", "two.example/b"]);
    drop(registry);
}

#[test]
fn the_creation_time_is_recorded_when_asked() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, "--record-creation-timestamp", &image]).env("SOURCE_DATE_EPOCH", "1700000000").run().exits(0);
    let manifest = http_client::manifest(&registry.host(), "app", &signature_tag()).unwrap();
    let digest = manifest["config"]["digest"].as_str().unwrap();
    let config = String::from_utf8(registry.store().repository("app").blobs[digest].clone()).unwrap();
    assert!(config.contains("\"created\":\"2023-11-14T22:13:20Z\""), "{config}");
}

#[test]
fn docker_media_types_on_request() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, &image]).env("COSIGN_DOCKER_MEDIA_TYPES", "1").run().exits(0);
    let manifest = http_client::manifest(&registry.host(), "app", &signature_tag()).unwrap();
    assert_eq!(manifest["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.docker.container.image.v1+json");
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0);
}

#[test]
fn a_tag_prefix_is_kept_apart() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[OLD_FORM, "--attachment-tag-prefix", "team-", &image]).run().exits(0);
    assert!(registry.store().repository("app").tags.contains_key(&format!("team-{}", signature_tag())));
    sandbox.verify(&[OLD_FORM, &image]).run().fails(10);
    sandbox.verify(&[OLD_FORM, "--attachment-tag-prefix", "team-", &image]).run().exits(0);
}

#[test]
fn a_bundle_goes_to_a_file_too() {
    let (_registry, sandbox, image) = scene();
    sandbox.sign(&["--bundle", "b.json", &image]).run().exits(0);
    let bundle: serde_json::Value = serde_json::from_str(&sandbox.read("b.json")).unwrap();
    assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(bundle["dsseEnvelope"]["payloadType"], "application/vnd.in-toto+json");
    assert!(bundle["verificationMaterial"]["publicKey"]["hint"].is_string());
    sandbox.verify(&[&image]).run().exits(0);
}

#[test]
fn the_time_of_a_bundle_is_now() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[&image]).env("SOURCE_DATE_EPOCH", "0").run().exits(0);
    let mut store = registry.store();
    let entries = store.repository("app").referrers(images::digest("v1"));
    let created = entries[0]["annotations"]["org.opencontainers.image.created"].as_str().unwrap();
    // Not the epoch: cosign does not ask the variable here.
    assert!(!created.starts_with("1970") && created.ends_with('Z'), "{created}");
}

#[test]
fn a_tag_is_warned_of_and_a_digest_is_not() {
    let (registry, sandbox, image) = scene();
    sandbox.sign(&[&image]).run().exits(0).says("uses a tag, not a digest");
    sandbox.sign(&[&registry.image(images::digest("v1"))]).run().exits(0).does_not_say("uses a tag");
}

#[test]
fn a_tag_that_moves_is_resolved_once() {
    use crate::support::registry::{Effect, Fault, Store};
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let (registry, sandbox, image) = scene();
        let flip = |store: &mut Store| {
            let other = images::digest("v2").to_owned();
            store.repository("app").tags.insert("v1".into(), other);
        };
        registry.inject(Fault::on("HEAD", "/manifests/v1", Effect::After(Box::new(flip))).times(1));
        sandbox.sign(&[form, &image]).run().exits(0);
        registry.heal();
        sandbox.verify(&[form, &registry.image(images::digest("v1"))]).run().exits(0);
        sandbox.verify(&[form, &registry.image(images::digest("v2"))]).run().fails(10);
    }
}

#[test]
fn recursion_writes_a_file_for_each_image() {
    let (registry, sandbox, _) = scene();
    sandbox.sign(&[OLD_FORM, "--recursive", "--output-signature", "out.sig", &registry.image("multi")]).run().exits(0);
    let names: Vec<String> =
        fs::read_dir(sandbox.path(".")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for tag in ["v1", "v2", "multi"] {
        let wanted = images::digest(tag).replace(':', "-");
        assert!(names.iter().any(|name| name.starts_with("out.sig") && name.contains(&wanted)), "{wanted} is missing in {names:?}");
    }
}
