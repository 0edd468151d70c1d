//! Habits of single registries, and tags that move.

use serde_json::Value;

use crate::support::http_server::Response;
use crate::support::images;
use crate::support::registry::{Behaviour, Effect, Fault, Store, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

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
