//! `clean`: what it removes is gone, what is not asked for stays, and what cannot be deleted is told.

use serde_json::{Value, json};

use crate::copy::{signed, tag};
use crate::support::docker_registry::DockerRegistry;
use crate::support::images;
use crate::support::registry::{Behaviour, Content, Effect, Fault, TestRegistry};
use crate::support::sandbox::{KEYED, OLD_FORM, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry where v1 has two bundles and all three tags. What they hold is nobody's concern here.
fn registry_with_all(behaviour: Behaviour) -> (TestRegistry, Sandbox) {
    let fallback = behaviour.referrers != 200;
    let registry = TestRegistry::start(behaviour);
    {
        let mut store = registry.store();
        let content = store.repository("app");
        for suffix in [".sig", ".att", ".sbom"] {
            content.put_manifest(Some(&tag("v1", suffix)), MANIFEST, json!({"schemaVersion": 2, "is": suffix}).to_string().as_bytes());
        }
        let bundles = ["sign", "attest"].map(|name| put_referrer(content, "application/vnd.dev.sigstore.bundle.v0.3+json", name));
        if fallback {
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": bundles});
            content.put_manifest(Some(&tag("v1", "")), INDEX, index.to_string().as_bytes());
        }
    }
    (registry, Sandbox::new())
}

/// Stores a referrer of v1; how an index lists it.
fn put_referrer(content: &mut Content, artifact_type: &str, name: &str) -> Value {
    let config = content.put_blob(b"{}");
    let subject = json!({"mediaType": MANIFEST, "size": 1, "digest": images::digest("v1")});
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type, "subject": subject, "layers": [],
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": config}, "annotations": {"name": name}});
    let bytes = manifest.to_string();
    let digest = content.put_manifest(None, MANIFEST, bytes.as_bytes());
    json!({"mediaType": MANIFEST, "size": bytes.len(), "digest": digest})
}

/// The tags of what is attached to v1, and how many bundles it has.
fn left(registry: &TestRegistry) -> (Vec<String>, usize) {
    let mut store = registry.store();
    let content = store.repository("app");
    let suffixes = content.tags.keys().filter_map(|name| Some(name.strip_prefix(&tag("v1", "."))?.to_owned())).collect();
    (suffixes, content.referrers(images::digest("v1")).len())
}

#[test]
fn what_is_asked_for_goes() {
    for behaviour in [Behaviour::default(), Behaviour::without_referrers(), Behaviour::distribution()] {
        for (kind, tags, bundles) in [
            ("signature", vec!["att", "sbom"], 2),
            ("attestation", vec!["sbom", "sig"], 2),
            ("sbom", vec!["att", "sig"], 2),
            ("referrer", vec!["att", "sbom", "sig"], 0),
            ("all", vec![], 0),
        ] {
            let (registry, sandbox) = registry_with_all(behaviour.clone());
            let cleaned = sandbox.cosign(["clean", "--force", "--type", kind, &registry.image("v1")]).run().exits(0).says("Removed ");
            let warned = matches!(kind, "signature" | "attestation");
            assert_eq!(cleaned.err.contains("image has referrers"), warned, "{cleaned}");
            assert_eq!(left(&registry), (tags.iter().map(|&tag| tag.to_owned()).collect(), bundles), "{kind}: {cleaned}");
            let images: Vec<_> = ["multi", "v1", "v2"].map(|tag| registry.store().repository("app").manifest(tag).is_some()).into();
            assert_eq!(images, [true; 3], "the images stay");
            let fallback = registry.store().repository("app").tags.contains_key(&tag("v1", ""));
            assert_eq!(fallback, bundles > 0 && behaviour.referrers != 200, "an empty fallback tag goes");
        }
    }
}

#[test]
fn lines_are_those_of_the_go_program() {
    let (registry, sandbox) = registry_with_all(Behaviour::without_referrers());
    let image = registry.image("v1");
    let bundles = registry.store().repository("app").referrers(images::digest("v1"));
    let cleaned = sandbox.cosign(["clean", "--force", &image]).run().exits(0);
    let repository = format!("{}/app", registry.host());
    for suffix in [".sig", ".att", ".sbom"] {
        let line = format!("Removed {repository}:{} from {image}\n", tag("v1", suffix));
        assert!(cleaned.err.contains(&line), "{line} {cleaned}");
    }
    for bundle in bundles {
        let line = format!("Removed {repository}@{} from {image}\n", bundle["digest"].as_str().unwrap());
        assert!(cleaned.err.contains(&line), "{line} {cleaned}");
    }
    // Nothing is left to do, and nothing to say.
    let again = sandbox.cosign(["clean", "--force", &image]).run().exits(0);
    assert_eq!(again.err, "");
}

#[test]
fn it_asks_first() {
    let (registry, sandbox) = registry_with_all(Behaviour::default());
    let image = registry.image("v1");
    registry.forget();
    let warning =
        "WARNING: this will remove all signatures, SBOMs and attestations from the image\nAre you sure you would like to continue? [y/N] ";
    for answer in ["", "n\n", "\n"] {
        sandbox.cosign(["clean", &image]).stdin(answer).run().fails(1).says(warning).says("user declined the prompt");
    }
    sandbox.cosign(["clean", &image]).stdin("yes\n").run().fails(1).says("invalid input \"yes\" (allowed values y, n)");
    sandbox.cosign(["clean", "no reference"]).run().fails(1).says("user declined the prompt");
    assert_eq!(registry.requests().len(), 0);
    for (kind, warning) in [
        ("signature", "this will remove all signatures from the image"),
        ("attestation", "this will remove all attestations from the image"),
        ("sbom", "this will remove all SBOMs from the image"),
        ("referrer", "this will remove all referrer attestations and/or signatures from the image"),
    ] {
        sandbox.cosign(["clean", "--type", kind, &image]).stdin("y\n").run().exits(0).says(&format!("WARNING: {warning}\n"));
    }
    assert_eq!(left(&registry), (Vec::new(), 0));
    sandbox.cosign(["clean", "--force", &registry.image("nope")]).run().fails(1).says("MANIFEST_UNKNOWN");
}

#[test]
fn one_variable_serves_many_commands() {
    let (registry, sandbox) = registry_with_all(Behaviour::default());
    let call = |value: &str| sandbox.cosign(["clean", "--force", &registry.image("v1")]).env("COSIGN_TYPE", value).run();
    call("sbom").exits(0);
    assert_eq!(left(&registry).0, ["att", "sig"]);
    call("slsaprovenance").exits(0).says("WARNING: ").says("COSIGN_TYPE");
    assert_eq!(left(&registry), (Vec::new(), 0));
}

#[test]
fn referrers_of_other_kinds_stay() {
    for behaviour in [Behaviour::default(), Behaviour::without_referrers()] {
        let (registry, sandbox) = registry_with_all(behaviour);
        let fallback = tag("v1", "");
        let other = {
            let mut store = registry.store();
            let content = store.repository("app");
            let other = put_referrer(content, "application/x-other", "other");
            if let Some((_, index)) = content.manifest(&fallback) {
                let mut index = index.json();
                index["manifests"].as_array_mut().unwrap().push(other.clone());
                content.put_manifest(Some(&fallback), INDEX, index.to_string().as_bytes());
            }
            other["digest"].as_str().unwrap().to_owned()
        };
        sandbox.cosign(["clean", "--force", &registry.image("v1")]).run().exits(0);
        assert_eq!(left(&registry), (Vec::new(), 1));
        let mut store = registry.store();
        let content = store.repository("app");
        assert!(content.manifests.contains_key(&other));
        if let Some((_, index)) = content.manifest(&fallback) {
            let listed = index.json()["manifests"].as_array().unwrap().iter().map(|entry| entry["digest"].clone()).collect::<Vec<_>>();
            assert_eq!(listed, [json!(other)]);
        }
    }
}

#[test]
fn what_cannot_be_deleted_is_told() {
    let (registry, sandbox) = registry_with_all(Behaviour::default());
    registry.inject(Fault::on("DELETE", "", Effect::status(405, "UNSUPPORTED")));
    let image = registry.image("v1");
    let cleaned = sandbox.cosign(["clean", "--force", &image]).run().exits(0);
    let line = format!("could not delete {}/app:{} from {image}:\nDELETE http", registry.host(), tag("v1", ".sig"));
    assert!(cleaned.err.contains(&line) && cleaned.err.contains("UNSUPPORTED: injected"), "{cleaned}");
    assert_eq!(left(&registry).0.len(), 3);
    registry.heal();
    registry.inject(Fault::on("GET", "/referrers/", Effect::status(401, "UNAUTHORIZED")));
    sandbox.cosign(["clean", "--force", &image]).run().fails(1).says("UNAUTHORIZED");
    assert_eq!(left(&registry).0.len(), 3);
}

#[test]
fn the_image_itself_is_never_deleted() {
    let registry = TestRegistry::start(Behaviour::distribution());
    let image = images::all().iter().find(|image| image.tag == "v1").unwrap();
    registry.store().repository("app").put_manifest(Some(&tag("v1", ".sig")), image.media_type, &image.bytes);
    let cleaned = Sandbox::new().cosign(["clean", "--force", &registry.image("v1")]).run().exits(0);
    cleaned.says("could not delete").says("points to the image itself");
    assert!(registry.store().repository("app").manifest("v1").is_some());
}

#[test]
fn signatures_that_lie_elsewhere() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let elsewhere = format!("{}/signatures", registry.host());
    let image = registry.image("v1");
    sandbox.sign(&[&image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    sandbox.sign(&[OLD_FORM, "--attachment-tag-prefix=x-", &image]).run().exits(0);
    sandbox.cosign(["clean", "-f", &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0).says("/signatures@sha256:");
    sandbox.verify(&[&image]).env("COSIGN_REPOSITORY", &elsewhere).run().fails(10);
    sandbox.cosign(["clean", "-f", "--attachment-tag-prefix=x-", &image]).run().exits(0).says("/app:x-sha256-");
}

#[test]
fn in_a_layout() {
    let sandbox = Sandbox::new();
    sandbox.cosign(["copy", &signed().image("v1"), "oci:./layout:v1"]).run().exits(0);
    sandbox.cosign(["clean", "-f", "oci:./layout:v1"]).run().exits(0).says("Removed oci:./layout:sha256-");
    sandbox.verify(&["oci:./layout:v1"]).run().fails(10);
    sandbox.sign(&["oci:./layout:v1"]).run().exits(0);
    sandbox.verify(&["oci:./layout:v1"]).run().exits(0);
}

#[test]
fn the_least_requests() {
    // HEAD image, GET referrers, GET and DELETE the bundle, DELETE three tags.
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    registry.forget();
    sandbox.cosign(["clean", "-f", &registry.image("v1")]).run().exits(0);
    assert_eq!(registry.requests().len(), 8, "{:#?}", registry.requests());
    registry.forget();
    sandbox.cosign(["clean", "-f", "--type", "sbom", &registry.image("v1")]).run().exits(0);
    assert_eq!(registry.requests().len(), 2, "{:#?}", registry.requests());
}

#[test]
fn on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    let sandbox = Sandbox::new();
    let image = format!("{}/copy:v1", registry.host());
    sandbox.cosign(["copy", &signed().image("v1"), &image]).run().exits(0);
    sandbox.cosign(["clean", "--force", "--type", "signature", &image]).run().exits(0).says("Removed ").does_not_say("could not delete");
    sandbox.verify(&[&image]).run().exits(0);
    sandbox.cosign(["clean", "--force", &image]).run().exits(0).says("Removed ").does_not_say("could not delete");
    sandbox.verify(&[&image]).run().fails(10);
    sandbox.cosign(["download", "attestation", &image]).run().exits(0);
    sandbox.cosign([&["sign"], KEYED, &[&image]].concat()).run().exits(0);
    sandbox.verify(&[&image]).run().exits(0);
}
