//! `copy`: everything that is attached comes along, nothing that is there gets lost, and nothing is sent twice.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::docker_registry::DockerRegistry;
use crate::support::registry::behaviour::{Authentication, PASSWORD, USER};
use crate::support::registry::{Behaviour, Content, TestRegistry};
use crate::support::sandbox::{KEYED, OLD_FORM, Sandbox};
use crate::support::{digest_of, images};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The tag of something attached to an image of the test data; with no suffix the referrers fallback tag.
pub fn tag(image: &str, suffix: &str) -> String {
    format!("{}{suffix}", images::digest(image).replace(':', "-"))
}

/// Signs and attests an image in both forms.
pub fn sign_in_both_forms(sandbox: &Sandbox, image: &str) {
    sandbox.write("p.json", "{}");
    for form in ["--new-bundle-format=true", OLD_FORM] {
        sandbox.sign(&[form, image]).run().exits(0);
        sandbox.cosign([&["attest", "--predicate", "p.json", form], KEYED, &[image]].concat()).run().exits(0);
    }
}

/// A registry where `multi` and `v1` are signed and attested in both forms, and `v1` has an SBOM and a referrer of another kind. It is shared: only to
/// be read.
pub fn signed() -> &'static TestRegistry {
    static SIGNED: LazyLock<TestRegistry> = LazyLock::new(|| {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        for image in ["multi", "v1"] {
            sign_in_both_forms(&sandbox, &registry.image(image));
        }
        attach_others(registry.store().repository("app"));
        registry
    });
    &SIGNED
}

/// Signature and attestation of an image verify, in both forms.
#[track_caller]
pub fn verifies_in_both_forms(sandbox: &Sandbox, image: &str) {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        sandbox.verify(&[form, image]).run().exits(0);
        sandbox.cosign(["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", form, image]).run().exits(0);
    }
}

/// Attaches something of another kind as a referrer, and an SBOM; the referrer's digest.
fn attach_others(content: &mut Content) -> String {
    let (subject, image) = content.manifest("v1").unwrap();
    let config = content.put_blob(b"{}");
    let layer = content.put_blob(b"something");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x-other",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": config},
        "layers": [{"mediaType": "application/octet-stream", "size": 9, "digest": layer}],
        "subject": {"mediaType": MANIFEST, "size": image.bytes.len(), "digest": subject},
    });
    content.put_manifest(Some(&tag("v1", ".sbom")), MANIFEST, &[&image.bytes[..], b" "].concat());
    let bytes = manifest.to_string();
    let digest = content.put_manifest(None, MANIFEST, bytes.as_bytes());
    let mut index = content.manifest(&tag("v1", "")).map_or(json!({"schemaVersion": 2, "manifests": []}), |(_, index)| index.json());
    index["manifests"].as_array_mut().unwrap().push(json!({"mediaType": MANIFEST, "size": bytes.len(), "digest": digest}));
    if content.tags.contains_key(&tag("v1", "")) {
        content.put_manifest(Some(&tag("v1", "")), "application/vnd.oci.image.index.v1+json", index.to_string().as_bytes());
    }
    digest
}

fn behaviours() -> [Behaviour; 3] {
    [Behaviour::default(), Behaviour::without_referrers(), Behaviour::distribution()]
}

#[test]
fn everything_comes_along() {
    for to in behaviours() {
        let has_api = to.referrers == 200;
        let to = TestRegistry::start(to);
        let sandbox = Sandbox::new();
        let copy = format!("{}/mirror:v1", to.host());
        sandbox.cosign(["copy", &signed().image("v1"), &copy]).run().exits(0).says("Copying ");
        verifies_in_both_forms(&sandbox, &copy);
        let referrers = signed().store().repository("app").referrers(images::digest("v1"));
        let mut store = to.store();
        let mirror = store.repository("mirror");
        assert_eq!(mirror.referrers(images::digest("v1")), referrers, "one of another kind, too");
        let fallback = mirror.manifest(&tag("v1", ""));
        assert_eq!(fallback.is_none(), has_api, "the fallback tag is there where there is no API");
        if let Some((_, index)) = fallback {
            assert_eq!(index.json()["manifests"].as_array().unwrap().len(), 3, "{}", index.json());
        }
        let expected: Vec<String> = if has_api { Vec::new() } else { vec![tag("v1", "")] };
        let mut tags = [vec![tag("v1", ".att"), tag("v1", ".sbom"), tag("v1", ".sig"), "v1".to_owned()], expected].concat();
        tags.sort();
        assert_eq!(mirror.tags.keys().cloned().collect::<Vec<_>>(), tags);
    }
}

#[test]
fn an_index_with_all_its_images() {
    let (from, to) = (signed(), TestRegistry::start(Behaviour::distribution()));
    let sandbox = Sandbox::new();
    let copy = format!("{}/mirror:multi", to.host());
    sandbox.cosign(["copy", &from.image("multi"), &copy]).run().exits(0);
    for image in ["multi", "v1"] {
        verifies_in_both_forms(&sandbox, &format!("{}/mirror@{}", to.host(), images::digest(image)));
    }
    let one = format!("{}/one:v1", to.host());
    sandbox.cosign(["copy", "--platform", "linux/amd64", &from.image("multi"), &one]).run().exits(0);
    verifies_in_both_forms(&sandbox, &one);
    assert_eq!(to.store().repository("one").manifest("v1").unwrap().0, images::digest("v1"));
    assert!(!to.store().repository("one").manifests.contains_key(images::digest("v2")));
    let call = |platform: &str, image: &str| sandbox.cosign(["copy", "--platform", platform, image, &one]).run();
    call("linux/s390x", &from.image("multi")).fails(1).says("unable to find an entity for linux/s390x");
    call("linux", &from.image("multi")).fails(1).says("platform spec matches more than one image architecture");
    call("linux/amd64", &from.image("v1")).fails(1).says("specified reference is not a multiarch image");
}

#[test]
fn only_what_is_asked_for() {
    let from = signed();
    let sandbox = Sandbox::new();
    let copied = |only: &str| {
        let to = TestRegistry::start(Behaviour::default());
        let copy = format!("{}/mirror:v1", to.host());
        sandbox.cosign(["copy", only, &from.image("v1"), &copy]).run().exits(0);
        let mut store = to.store();
        let mirror = store.repository("mirror");
        assert!(mirror.manifests.contains_key(images::digest("v1")) && !mirror.tags.contains_key("v1"), "{only}");
        let referrers = mirror.referrers(images::digest("v1")).len();
        (mirror.tags.keys().map(|tag| tag.rsplit('.').next().unwrap().to_owned()).collect::<Vec<_>>(), referrers)
    };
    assert_eq!(copied("--only=sig"), (vec!["sig".to_owned()], 1));
    assert_eq!(copied("--sig-only"), (vec!["sig".to_owned()], 1));
    assert_eq!(copied("--only=att"), (vec!["att".to_owned()], 1));
    assert_eq!(copied("--only=sbom,att"), (vec!["att".to_owned(), "sbom".to_owned()], 1));
    let failed = sandbox.cosign(["copy", "--only=foo", &from.image("v1"), "r.example/x:y"]).run().fails(1);
    failed.says("invalid value for --only: foo, only the following values are supported: [sig sbom att]");
}

#[test]
fn what_is_there_stays_unless_forced() {
    let (from, to) = (TestRegistry::start(Behaviour::default()), TestRegistry::start(Behaviour::default()));
    let sandbox = Sandbox::new();
    sandbox.sign(&[OLD_FORM, &from.image("v1")]).run().exits(0);
    let copy = format!("{}/app:v2", to.host());
    let exists = format!("image \"{copy}\" already exists. Use `-f` to overwrite");
    sandbox.cosign(["copy", &from.image("v1"), &copy]).run().fails(1).says(&exists);
    assert_eq!(to.count("PUT", "") + to.count("POST", ""), 0, "nothing is written before all is known");
    // Another signature of the image is there.
    sandbox.sign(&[OLD_FORM, "-a", "a=b", &to.image("v1")]).run().exits(0);
    let free = format!("{}/app:v3", to.host());
    sandbox
        .cosign(["copy", &from.image("v1"), &free])
        .run()
        .fails(1)
        .says(&format!("/app:{}\\\" already", tag("v1", ".sig")).replace('\\', ""));
    sandbox.cosign(["copy", "--force", &from.image("v1"), &copy]).run().exits(0);
    assert_eq!(to.store().repository("app").manifest("v2").unwrap().0, images::digest("v1"));
    sandbox.verify(&[OLD_FORM, "-a", "a=b", &copy]).run().fails(12);
}

#[test]
fn a_second_run_writes_nothing_but_what_is_new() {
    for behaviour in behaviours() {
        let (has_api, to) = (behaviour.referrers == 200, TestRegistry::start(behaviour));
        let sandbox = Sandbox::new();
        let copy = format!("{}/mirror:v1", to.host());
        sandbox.cosign(["copy", &signed().image("v1"), &copy]).run().exits(0);
        let all = to.store().repository("mirror").referrers(images::digest("v1")).len();
        to.forget();
        sandbox.cosign(["copy", &signed().image("v1"), &copy]).run().exits(0).does_not_say("Copying");
        assert!(to.requests().iter().all(|request| matches!(request.method.as_str(), "GET" | "HEAD")));
        // What was not there comes along.
        {
            let mut store = to.store();
            let mirror = store.repository("mirror");
            let one = mirror.referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
            mirror.manifests.remove(&one);
            mirror.tags.remove(&tag("v1", ".sig"));
            mirror.tags.remove(&tag("v1", ""));
        }
        to.forget();
        sandbox.cosign(["copy", &signed().image("v1"), &copy]).run().exits(0).says("Copying");
        verifies_in_both_forms(&sandbox, &copy);
        let mut store = to.store();
        assert_eq!(store.repository("mirror").referrers(images::digest("v1")).len(), all);
        assert!(!has_api || to.count("PUT", "/manifests/sha256:") == 1);
    }
}

#[test]
fn referrers_of_others_at_the_destination_stay() {
    for behaviour in behaviours() {
        let (has_api, to) = (behaviour.referrers == 200, TestRegistry::start(behaviour));
        let own = {
            let mut store = to.store();
            let content = store.repository("app");
            let config = content.put_blob(b"{}");
            let manifest = json!({"schemaVersion": 2, "artifactType": "application/x-own", "layers": [],
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": config},
                "subject": {"mediaType": MANIFEST, "size": 1, "digest": images::digest("v1")}});
            let digest = content.put_manifest(None, MANIFEST, manifest.to_string().as_bytes());
            if !has_api {
                let index = json!({"schemaVersion": 2, "manifests": [{"mediaType": MANIFEST, "size": 1, "digest": digest}]});
                content.put_manifest(Some(&tag("v1", "")), "application/vnd.oci.image.index.v1+json", index.to_string().as_bytes());
            }
            digest
        };
        let sandbox = Sandbox::new();
        sandbox.cosign(["copy", "--force", &signed().image("v1"), &to.image("v1")]).run().exits(0);
        verifies_in_both_forms(&sandbox, &to.image("v1"));
        let mut store = to.store();
        let content = store.repository("app");
        let listed = match content.manifest(&tag("v1", "")) {
            Some((_, index)) => index.json()["manifests"].as_array().unwrap().clone(),
            None => content.referrers(images::digest("v1")),
        };
        assert!(listed.len() == 4 && listed.iter().any(|entry| entry["digest"] == own), "{listed:?}");
    }
}

#[test]
fn within_one_registry_blobs_are_mounted() {
    let bearer = Behaviour::default().with(|b| b.authentication = Authentication::Bearer);
    for behaviour in [Behaviour::default(), bearer, Behaviour::distribution()] {
        let registry = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        let credentials = ["--registry-username", USER, "--registry-password", PASSWORD];
        let image = registry.image("v1");
        sandbox.sign(&[&credentials[..], &[&image]].concat()).run().exits(0);
        registry.forget();
        let copy = format!("{}/mirror:v1", registry.host());
        sandbox.cosign([&["copy"], &credentials[..], &[&image, &copy]].concat()).run().exits(0);
        assert_eq!(registry.count("GET", "/blobs/") + registry.count("PUT", "/uploads/"), 0, "{:?}", registry.requests());
        sandbox.verify(&[&credentials[..], &[&copy]].concat()).run().exits(0);
    }
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.mounts = false));
    let copy = format!("{}/mirror:v1", registry.host());
    Sandbox::new().cosign(["copy", &registry.image("v1"), &copy]).run().exits(0);
    assert_eq!(registry.count("POST", ""), 2, "an upload that is begun instead of a mount is used");
}

#[test]
fn the_least_requests() {
    // Within one registry: GET image, HEAD copy, GET .sig, .att, .sbom and referrers, HEAD .sig, four mounts, two manifests.
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[OLD_FORM, &registry.image("v1")]).run().exits(0);
    registry.forget();
    sandbox.cosign(["copy", &registry.image("v1"), &format!("{}/mirror:v1", registry.host())]).run().exits(0);
    assert_eq!(registry.requests().len(), 13, "{:#?}", registry.requests());
    // As a bundle: GET image, HEAD copy, three tags, referrers, the referrer; four mounts; the image, the referrer, and the tag.
    let registry = TestRegistry::start(Behaviour::default());
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    registry.forget();
    sandbox.cosign(["copy", &registry.image("v1"), &format!("{}/mirror:v1", registry.host())]).run().exits(0);
    assert_eq!(registry.requests().len(), 14, "{:#?}", registry.requests());
    // Another tag of the same repository is one more PUT.
    registry.forget();
    sandbox.cosign(["copy", &registry.image("v1"), &registry.image("other")]).run().exits(0);
    assert_eq!((registry.count("PUT", ""), registry.count("POST", "")), (1, 0), "{:#?}", registry.requests());
}

#[test]
fn through_a_layout_directory() {
    let to = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    sandbox.cosign(["copy", &signed().image("multi"), "oci:./layout:multi"]).run().exits(0);
    verifies_in_both_forms(&sandbox, "oci:./layout:multi");
    let index: Value = serde_json::from_str(&sandbox.read("layout/index.json")).unwrap();
    let is_child = |entry: &&Value| ["v1", "v2"].iter().any(|tag| entry["digest"] == images::digest(tag));
    assert_eq!(index["manifests"].as_array().unwrap().iter().filter(is_child).count(), 0, "images of an index have no entries");
    let copy = format!("{}/mirror:multi", to.host());
    sandbox.cosign(["copy", "oci:./layout", &copy]).run().exits(0);
    verifies_in_both_forms(&sandbox, &copy);
    verifies_in_both_forms(&sandbox, &format!("{}/mirror@{}", to.host(), images::digest("v1")));
    sandbox.cosign(["copy", "oci:./layout:multi", "oci:./again"]).run().exits(0);
    verifies_in_both_forms(&sandbox, "oci:./again");
}

#[test]
fn signatures_that_lie_elsewhere_come_home() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let elsewhere = format!("{}/signatures", registry.host());
    let image = registry.image("v1");
    sandbox.sign(&[&image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    sandbox.sign(&[OLD_FORM, &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    let copy = format!("{}/mirror:v1", registry.host());
    sandbox.cosign(["copy", &image, &copy]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    sandbox.verify(&[&copy]).run().exits(0);
    sandbox.verify(&[OLD_FORM, &copy]).run().exits(0);
}

#[test]
fn with_a_prefix_every_manifest_is_tagged() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[OLD_FORM, "--attachment-tag-prefix=x-", &registry.image("multi")]).run().exits(0);
    let copy = format!("{}/mirror:multi", registry.host());
    sandbox.cosign(["copy", "--attachment-tag-prefix=x-", &registry.image("multi"), &copy]).run().exits(0);
    let tags: Vec<String> = registry.store().repository("mirror").tags.keys().cloned().collect();
    let prefixed = |image: &str, suffix: &str| format!("x-{}", tag(image, suffix));
    let mut expected = vec!["multi".to_owned(), prefixed("multi", ".sig"), prefixed("multi", ""), prefixed("v1", ""), prefixed("v2", "")];
    expected.sort();
    assert_eq!(tags, expected);
}

#[test]
fn to_and_from_digests() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let copy = |digest: &str| format!("{}/mirror@{digest}", registry.host());
    sandbox.cosign(["copy", &registry.image(images::digest("v1")), &copy(images::digest("v1"))]).run().exits(0);
    assert!(registry.store().repository("mirror").manifests.contains_key(images::digest("v1")));
    sandbox.cosign(["copy", &registry.image("v1"), &copy(images::digest("v2"))]).run().fails(1).says("another digest");
    sandbox
        .cosign(["copy", &registry.image("nope"), &copy(images::digest("v2"))])
        .run()
        .fails(1)
        .says("entity not found in registry, error: GET ");
    sandbox.cosign(["copy", &registry.image("v1"), "r.example/UPPER:x"]).run().fails(1).says("could not parse reference");
}

#[test]
fn on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    let sandbox = Sandbox::new();
    let copy = |repository: &str| format!("{}/{repository}:multi", registry.host());
    sandbox.cosign(["copy", &signed().image("multi"), &copy("one")]).run().exits(0);
    sandbox.cosign(["copy", &copy("one"), &copy("two")]).run().exits(0);
    for repository in ["one", "two"] {
        verifies_in_both_forms(&sandbox, &copy(repository));
        verifies_in_both_forms(&sandbox, &format!("{}/{repository}@{}", registry.host(), images::digest("v1")));
    }
    // The copy can be signed: its fallback tag holds signatures, not the image.
    sandbox.sign(&["-a", "again=yes", &copy("two")]).run().exits(0);
    sandbox.verify(&["-a", "again=yes", &copy("two")]).run().exits(0);
}

/// An image with one layer of so many bytes.
pub fn put_large(registry: &TestRegistry, size: usize) -> (String, Vec<u8>) {
    let layer: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let mut store = registry.store();
    let content = store.repository("large");
    let (config, layer_digest) = (content.put_blob(b"{}"), content.put_blob(&layer));
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": config},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": size, "digest": layer_digest}],
    });
    content.put_manifest(Some("v1"), MANIFEST, manifest.to_string().as_bytes());
    (layer_digest, layer)
}

#[test]
fn large_layers_are_streamed() {
    let (from, to) = (TestRegistry::start(Behaviour::default()), TestRegistry::start(Behaviour::default()));
    let sandbox = Sandbox::new();
    let (digest, layer) = put_large(&from, 3 << 20);
    let (image, copy) = (format!("{}/large:v1", from.host()), format!("{}/mirror:v1", to.host()));
    sandbox.cosign(["copy", &image, &copy]).run().exits(0);
    assert_eq!(to.store().repository("mirror").blobs[&digest], layer);
    let uploads = |registry: &TestRegistry| {
        (registry.count("HEAD", "/blobs/"), registry.count("POST", "/uploads/"), registry.count("PUT", "/uploads/"))
    };
    // The layer in three requests, the config in one.
    assert_eq!(uploads(&to), (1, 2, 1), "{:#?}", to.requests());
    // A blob that is there is not sent again.
    to.forget();
    from.forget();
    sandbox.cosign(["copy", &image, &format!("{}/mirror:v2", to.host())]).run().exits(0);
    assert_eq!((uploads(&to).2, from.count("GET", &digest)), (0, 0));
    sandbox.cosign(["copy", &image, "oci:./layout:v1"]).run().exits(0);
    assert_eq!(digest_of(&std::fs::read(sandbox.path(&format!("layout/blobs/sha256/{}", &digest[7..]))).unwrap()), digest);
    sandbox.cosign(["copy", "oci:./layout:v1", &format!("{}/back:v1", to.host())]).run().exits(0);
    assert_eq!(to.store().repository("back").blobs[&digest], layer);
}
