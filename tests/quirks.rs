//! Habits of single registries, and tags that move.

use serde_json::Value;

use crate::support::http_server::Response;
use crate::support::registry::{Behaviour, Effect, Fault, Store, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{http_client, images};

fn fallback_tag() -> String {
    images::digest("v1").replace(':', "-")
}

#[test]
fn harbor_calls_everything_unknown() {
    for behaviour in [Behaviour::default(), Behaviour::without_referrers()] {
        for form in ["--new-bundle-format=true", OLD_FORM] {
            let registry = TestRegistry::start(behaviour.clone());
            let sandbox = Sandbox::new();
            let image = registry.image("v1");
            // Absent is what the status says, whatever the code.
            registry.inject(Fault::on("GET", "/manifests/sha256-", Effect::status(404, "UNKNOWN")).times(1));
            sandbox.verify(&[&image]).run().fails(10);
            registry.heal();
            registry.inject(Fault::on("PUT", "/manifests/sha256", Effect::status(500, "UNKNOWN")).times(1));
            sandbox.sign(&[form, &image]).run().exits(0);
            sandbox.verify(&[form, &image]).run().exits(0);
        }
    }
}

#[test]
fn fallback_entries_that_say_nothing_of_themselves_are_looked_at() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[&image]).run().exits(0);
    for artifact_type in [Value::Null, "".into(), "application/vnd.oci.empty.v1+json".into()] {
        {
            let mut store = registry.store();
            let content = store.repository("app");
            let (_, index) = content.manifest(&fallback_tag()).unwrap();
            let mut json = index.json();
            let entry = json["manifests"][0].as_object_mut().unwrap();
            entry.remove("annotations");
            entry.insert("artifactType".into(), artifact_type.clone());
            if artifact_type.is_null() {
                entry.remove("artifactType");
            }
            content.put_manifest(Some(&fallback_tag()), &index.media_type, json.to_string().as_bytes());
        }
        sandbox.verify(&[&image]).run().exits(0);
    }
}

#[test]
fn a_referrers_answer_of_another_type_means_the_fallback_tag() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    let page = Response::new(200, "<html>welcome</html>").with("Content-Type", "text/html");
    registry.inject(Fault::on("GET", "/referrers/", Effect::Answer(page)));
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    sandbox.verify(&[&registry.image("v1")]).run().exits(0);
}

#[test]
fn a_manifest_that_is_taken_and_dropped_is_noticed() {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.acknowledges_subject = false));
    let sandbox = Sandbox::new();
    let drop_it = |store: &mut Store| {
        let content = store.repository("app");
        for entry in content.referrers(images::digest("v1")) {
            content.manifests.remove(entry["digest"].as_str().unwrap());
        }
    };
    registry.inject(Fault::on("PUT", "/manifests/sha256:", Effect::After(Box::new(drop_it))));
    sandbox.sign(&["--timeout", "20s", &registry.image("v1")]).run().fails(1).says("not there when it is read back");
}

#[test]
fn what_the_tag_meant_first_is_what_is_signed() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        let moved = |store: &mut Store| drop(store.repository("app").tags.insert("v1".into(), images::digest("v2").into()));
        registry.inject(Fault::on("HEAD", "/manifests/v1", Effect::After(Box::new(moved))).times(1));
        sandbox.sign(&[form, &registry.image("v1")]).run().exits(0);
        sandbox.verify(&[form, &registry.image(images::digest("v1"))]).run().exits(0);
        sandbox.verify(&[form, &registry.image(images::digest("v2"))]).run().fails(10);
    }
}

#[test]
fn a_blob_that_is_not_there_yet_is_waited_for() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::without_referrers());
        let sandbox = Sandbox::new();
        // distribution says so while somebody else stores the same blob once more.
        registry.inject(Fault::on("PUT", "/manifests/sha256", Effect::status(400, "MANIFEST_BLOB_UNKNOWN")).times(2));
        sandbox.sign(&[form, &registry.image("v1")]).run().exits(0);
        sandbox.verify(&[form, &registry.image("v1")]).run().exits(0);
        registry.inject(Fault::on("PUT", "/manifests/sha256", Effect::status(400, "MANIFEST_BLOB_UNKNOWN")));
        sandbox.sign(&[form, &registry.image("v2")]).run().fails(1).says("MANIFEST_BLOB_UNKNOWN");
    }
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[test]
fn a_listing_that_is_null_is_empty() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    // As a server written in Go says that there is nothing.
    let nothing = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":null}"#;
    registry.inject(Fault::on("GET", "/referrers/", Effect::Replace(nothing.to_vec())));
    sandbox.verify(&[&registry.image("v1")]).run().fails(10);
    sandbox.sign(&[OLD_FORM, &registry.image("v1")]).run().exits(0);
    sandbox.verify(&[&registry.image("v1")]).run().exits(0);
}

#[test]
fn a_listing_that_goes_round_in_circles_ends() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0);
    let path = format!("/v2/app/referrers/{}", images::digest("v1"));
    let listing = http_client::get(&format!("http://{}{path}", registry.host()));
    let page = Response::new(200, listing).with("Content-Type", INDEX).with("Link", format!("<{path}>; rel=\"next\""));
    registry.inject(Fault::on("GET", "/referrers/", Effect::Answer(page)));
    registry.forget();
    sandbox.verify(&[&registry.image("v1")]).run().exits(0);
    assert_eq!(registry.count("GET", "/referrers/"), 1);
}

#[test]
fn a_digest_of_another_kind_names_no_image() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let registry = TestRegistry::start(Behaviour::default());
        let sandbox = Sandbox::new();
        let sha512 = format!("sha512:{}", "a".repeat(128));
        let head = Response::new(200, "x".repeat(9)).with("Content-Type", INDEX).with("Docker-Content-Digest", sha512);
        registry.inject(Fault::on("HEAD", "/manifests/v1", Effect::Answer(head)));
        sandbox.sign(&[form, &registry.image("v1")]).run().exits(0);
        registry.heal();
        sandbox.verify(&[form, &registry.image(images::digest("v1"))]).run().exits(0);
    }
}
