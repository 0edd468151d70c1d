//! `save` and `load`: nothing gets lost on the way through a directory, for images and indexes, in either form, whoever wrote the directory.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::copy::{put_large, signed, tag, verifies_in_both_forms};
use crate::support::docker_registry::DockerRegistry;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{images, reference};

fn entries(sandbox: &Sandbox, directory: &str) -> Vec<Value> {
    let index: Value = serde_json::from_str(&sandbox.read(&format!("{directory}/index.json"))).unwrap();
    index["manifests"].as_array().unwrap().clone()
}

#[test]
fn nothing_gets_lost() {
    for (image, behaviour) in [("v1", Behaviour::default()), ("multi", Behaviour::distribution()), ("multi", Behaviour::default())] {
        let to = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        sandbox.cosign(["save", "--dir", "saved", &signed().image(image)]).run().exits(0);
        for form in ["--new-bundle-format=true", OLD_FORM] {
            sandbox.verify(&[form, "--local-image", "saved"]).run().exits(0);
            let attestation = ["verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", form, "--local-image", "saved"];
            sandbox.cosign(attestation).run().exits(0);
        }
        verifies_in_both_forms(&sandbox, "oci:./saved");
        let loaded = format!("{}/loaded:v1", to.host());
        sandbox.cosign(["load", "--dir", "saved", &loaded]).run().exits(0);
        verifies_in_both_forms(&sandbox, &loaded);
        verifies_in_both_forms(&sandbox, &format!("{}/loaded@{}", to.host(), images::digest("v1")));
        let referrers = |registry: &TestRegistry, name: &str| registry.store().repository(name).referrers(images::digest("v1"));
        assert_eq!(referrers(&to, "loaded"), referrers(signed(), "app"));
        let before = to.store().repository("loaded").tags.clone();
        assert!(before.contains_key(&tag("v1", ".sbom")));
        // Loading again changes nothing.
        sandbox.cosign(["load", "--dir", "saved", &loaded]).run().exits(0);
        assert_eq!(to.store().repository("loaded").tags, before);
    }
}

#[test]
fn on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    let sandbox = Sandbox::new();
    sandbox.cosign(["save", "--dir", "saved", &signed().image("multi")]).run().exits(0);
    let loaded = format!("{}/loaded:multi", registry.host());
    sandbox.cosign(["load", "--dir", "saved", &loaded]).run().exits(0);
    verifies_in_both_forms(&sandbox, &loaded);
    sandbox.cosign(["save", "--dir", "again", &loaded]).run().exits(0);
    verifies_in_both_forms(&sandbox, "oci:./again");
}

#[test]
fn the_directory_is_as_the_go_program_writes_it() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.cosign(["save", "--dir", "saved", &signed().image("v1")]).run().exits(0);
    let kinds: Vec<Value> = entries(&sandbox, "saved").iter().map(|entry| entry["annotations"].clone()).collect();
    let kind = |name: &str| serde_json::json!({"kind": format!("dev.cosignproject.cosign/{name}")});
    let sbom = serde_json::json!({"org.opencontainers.image.ref.name": tag("v1", ".sbom")});
    assert_eq!(kinds, [kind("image"), kind("sigs"), kind("atts"), sbom]);
    let keys: Vec<String> = entries(&sandbox, "saved")[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["mediaType", "size", "digest", "annotations", "artifactType"]);
    assert!(sandbox.read("saved/index.json").starts_with("{\n   \"schemaVersion\": 2,\n   \"mediaType\""));
    assert_eq!(sandbox.read("saved/oci-layout"), "{\n    \"imageLayoutVersion\": \"1.0.0\"\n}");
    let mode = |name: &str| std::fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777;
    let blob = |image: &str| format!("saved/blobs/sha256/{}", &images::digest(image)[7..]);
    assert_eq!(mode("saved/index.json") & 0o700, 0o700);
    assert_eq!(mode(&blob("v1")) & 0o133, 0);
    // Another image takes its place; what somebody else put there stays.
    let mut index: Value = serde_json::from_str(&sandbox.read("saved/index.json")).unwrap();
    let mut foreign = index["manifests"][0].clone();
    foreign["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": "mine"});
    index["manifests"].as_array_mut().unwrap().push(foreign);
    sandbox.write("saved/index.json", index.to_string());
    sandbox.cosign(["save", "--dir", "saved", &signed().image("multi")]).run().exits(0);
    let now = entries(&sandbox, "saved");
    assert_eq!(now[0]["annotations"]["kind"], "dev.cosignproject.cosign/imageIndex");
    let names: Vec<&Value> = now[3..].iter().map(|entry| &entry["annotations"]["org.opencontainers.image.ref.name"]).collect();
    assert_eq!(names, [&tag("v1", ".sig"), &tag("v1", ".att"), &tag("v1", ".sbom"), "mine"]);
    sandbox.cosign(["load", "--dir", "saved", &format!("{}/loaded:x", registry.host())]).run().exits(0);
    assert_eq!(registry.store().repository("loaded").manifest("x").unwrap().0, images::digest("multi"));
}

#[test]
fn signatures_at_the_destination_are_kept() {
    let to = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    let forms = ["--new-bundle-format=true", OLD_FORM];
    for form in forms {
        sandbox.sign(&[form, "-a", "at=destination", &to.image("v1")]).run().exits(0);
    }
    sandbox.cosign(["save", "--dir", "saved", &signed().image("v1")]).run().exits(0);
    for _ in 0..2 {
        sandbox.cosign(["load", "--dir", "saved", &to.image("v1")]).run().exits(0);
        for form in forms {
            sandbox.verify(&[form, "-a", "at=destination", &to.image("v1")]).run().exits(0);
        }
        let (_, signatures) = to.store().repository("app").manifest(&tag("v1", ".sig")).unwrap();
        assert_eq!(signatures.json()["layers"].as_array().unwrap().len(), 2);
        let (_, listed) = to.store().repository("app").manifest(&tag("v1", "")).unwrap();
        assert_eq!(listed.json()["manifests"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn signatures_go_where_the_environment_says() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let elsewhere = format!("{}/signatures", registry.host());
    let image = registry.image("v1");
    let loaded = format!("{}/loaded:v1", registry.host());
    sandbox.sign(&[&image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    sandbox.sign(&[OLD_FORM, &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    sandbox.cosign(["save", "--dir", "saved", &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    let other = format!("{}/others", registry.host());
    sandbox.cosign(["load", "--dir", "saved", &loaded]).env("COSIGN_REPOSITORY", &other).run().exits(0);
    assert_eq!(registry.store().repository("loaded").manifests.len(), 1);
    for form in ["--new-bundle-format=true", OLD_FORM] {
        sandbox.verify(&[form, &loaded]).env("COSIGN_REPOSITORY", &other).run().exits(0);
        sandbox.verify(&[form, &loaded]).run().fails(10);
    }
}

#[test]
fn any_layout_with_one_image_can_be_loaded() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let loaded = format!("{}/loaded:v1", registry.host());
    sandbox.cosign(["copy", &registry.image("v1"), "oci:./layout:v1"]).run().exits(0);
    sandbox.sign(&["oci:./layout:v1"]).run().exits(0);
    sandbox.cosign(["load", "--dir", "layout", &loaded]).run().exits(0);
    sandbox.verify(&[&loaded]).run().exits(0);
    sandbox.copy("images/layout", "several");
    sandbox.cosign(["load", "--dir", "several", &loaded]).run().fails(1).says("several images");
}

#[test]
fn mistakes_are_named() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let loaded = format!("{}/loaded:v1", registry.host());
    let load = |directory: &str, image: &str| sandbox.cosign(["load", "--dir", directory, image]).run();
    load("nothere", &loaded).fails(1).says("Error: signed image index: stat nothere/index.json: no such file or directory");
    sandbox.write("file", "");
    load("file", &loaded).fails(1);
    sandbox.cosign(["save", "--dir", "file", &registry.image("v1")]).run().fails(1);
    sandbox.cosign(["save", &registry.image("v1")]).run().fails(1).says("required flag(s) \"dir\" not set");
    let save = |image: &str| sandbox.cosign(["save", "--dir", "saved", image]).run();
    save(&registry.image("nope")).fails(1).says("Error: resolving digest: GET http");
    save("r.example/UPPER").fails(1).says("Error: parsing image name r.example/UPPER: could not parse reference: r.example/UPPER");
    save(&registry.image(&format!("sha256:{}", "0".repeat(64)))).fails(1).says("entity not found in registry, error: GET http");
    save(&registry.image("v1")).exits(0);
    load("saved", "r.example/UPPER").fails(1).says("Error: parsing image name r.example/UPPER: could not parse reference");
    load("saved", &format!("{}/loaded@{}", registry.host(), images::digest("v2"))).fails(1).says("cannot be loaded as");
    // A blob that was changed, or is gone, is found out before anything is tagged.
    let blob = |digest: &str| sandbox.path(&format!("saved/blobs/sha256/{}", &digest[7..]));
    std::fs::write(blob(images::digest("v1")), "{}").unwrap();
    load("saved", &loaded).fails(1).says("does not match the expected");
    std::fs::remove_file(blob(images::digest("v1"))).unwrap();
    load("saved", &loaded).fails(1);
    for index in [
        "",
        "null",
        "[]",
        "{\"manifests\":[]}",
        "{\"manifests\":[{\"annotations\":{\"kind\":\"dev.cosignproject.cosign/image\"},\"size\":1,\"digest\":\"sha256:../x\"}]}",
    ] {
        sandbox.write("saved/index.json", index);
        load("saved", &loaded).fails(1);
    }
    assert!(registry.store().existing("loaded").is_none_or(|content| content.tags.is_empty()));
}

#[test]
fn large_layers_are_streamed() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let (digest, layer) = put_large(&registry, 2 << 20);
    sandbox.cosign(["save", "--dir", "saved", &format!("{}/large:v1", registry.host())]).run().exits(0);
    let file = sandbox.path(&format!("saved/blobs/sha256/{}", &digest[7..]));
    assert_eq!(std::fs::read(&file).unwrap(), layer);
    registry.forget();
    // What is there already is not fetched again; what is only half there is.
    sandbox.cosign(["save", "--dir", "saved", &format!("{}/large:v1", registry.host())]).run().exits(0);
    assert_eq!(registry.count("GET", &digest), 0);
    std::fs::write(&file, &layer[..1000]).unwrap();
    sandbox.cosign(["save", "--dir", "saved", &format!("{}/large:v1", registry.host())]).run().exits(0);
    assert_eq!(std::fs::read(&file).unwrap(), layer);
    std::fs::write(&file, [&layer[1..], &[0]].concat()).unwrap();
    let loaded = format!("{}/loaded:v1", registry.host());
    sandbox.cosign(["load", "--dir", "saved", &loaded]).run().fails(1).says("does not match the expected");
    std::fs::write(&file, &layer).unwrap();
    sandbox.cosign(["load", "--dir", "saved", &loaded]).run().exits(0);
    assert_eq!(registry.store().repository("loaded").blobs[&digest], layer);
}

#[test]
fn each_program_loads_and_verifies_what_the_other_saved() {
    let Some(program) = reference() else { return };
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let ours = Sandbox::new();
    let theirs = Sandbox::new().with_program(program);
    for (image, form) in [("v1", OLD_FORM), ("v2", "--new-bundle-format=true"), ("multi", OLD_FORM)] {
        let source = registry.image(image);
        ours.sign(&[form, &source]).run().exits(0);
        let (own, other) = (ours.path(&format!("saved-{image}")), theirs.path(&format!("saved-{image}")));
        ours.cosign(["save", "--dir", own.to_str().unwrap(), &source]).run().exits(0);
        theirs.cosign(["save", "--dir", other.to_str().unwrap(), &source]).run().exits(0);
        ours.verify(&[form, "--local-image", other.to_str().unwrap()]).run().exits(0);
        theirs.verify(&[form, "--local-image", own.to_str().unwrap()]).run().exits(0);
        let loaded = format!("{}/by-us-{image}:v1", registry.host());
        ours.cosign(["load", "--dir", other.to_str().unwrap(), &loaded]).run().exits(0);
        theirs.verify(&[form, &loaded]).run().exits(0);
        if form == OLD_FORM {
            let loaded = format!("{}/by-them-{image}:v1", registry.host());
            theirs.cosign(["load", "--dir", own.to_str().unwrap(), &loaded]).run().exits(0);
            ours.verify(&[form, &loaded]).run().exits(0);
        }
    }
}
