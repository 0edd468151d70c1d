//! OCI layout directories: what is there stays, and what is broken is said to be.

use serde_json::Value;

use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{digest_of, images};

fn with_layout() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    sandbox
}

fn index(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read("layout/index.json")).unwrap()
}

fn blob(digest: &str) -> String {
    format!("layout/blobs/sha256/{}", digest.trim_start_matches("sha256:"))
}

#[test]
fn signing_leaves_a_whole_layout_and_nothing_else() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let sandbox = with_layout();
        sandbox.sign(&[form, "oci:./layout:v1"]).run().exits(0);
        for file in std::fs::read_dir(sandbox.path("layout/blobs/sha256")).unwrap() {
            let file = file.unwrap();
            let content = std::fs::read(file.path()).unwrap();
            assert_eq!(digest_of(&content), format!("sha256:{}", file.file_name().to_string_lossy()));
        }
        let entries = index(&sandbox)["manifests"].as_array().unwrap().clone();
        for tag in ["v1", "v2", "multi"] {
            let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
            let entry = entries.iter().find(named).unwrap_or_else(|| panic!("{tag} is gone"));
            assert_eq!(entry["digest"], images::digest(tag));
        }
        assert_eq!(sandbox.read("layout/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
        let names = std::fs::read_dir(sandbox.path("layout")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let strangers: Vec<String> = names.filter(|name| !["blobs", "index.json", "oci-layout"].contains(&name.as_str())).collect();
        assert!(strangers.iter().all(|name| name.contains("lock")), "{strangers:?}");
    }
}

#[test]
fn two_keys_sign_beside_each_other() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let sandbox = with_layout();
        let by_other =
            ["sign", "--key", "other.key", "--use-signing-config=false", "--tlog-upload=false", "--yes", form, "oci:./layout:v1"];
        sandbox.sign(&[form, "oci:./layout:v1"]).run().exits(0);
        sandbox.cosign(by_other).run().exits(0);
        for key in ["cosign.pub", "other.pub"] {
            sandbox.cosign(["verify", "--key", key, "--insecure-ignore-tlog", "oci:./layout:v1"]).run().exits(0);
        }
    }
}

#[test]
fn an_image_is_named_by_tag_or_digest() {
    let sandbox = with_layout();
    let digest = images::digest("v1");
    sandbox.sign(&[&format!("oci:./layout@{digest}")]).run().exits(0);
    sandbox.verify(&["oci:./layout:v1"]).run().exits(0);
    sandbox.verify(&[&format!("oci:{}@{digest}", sandbox.path("layout").display())]).run().exits(0);
    sandbox.verify(&["oci:./layout:absent"]).run().fails(11);
    sandbox.verify(&[&format!("oci:./layout@sha256:{}", "0".repeat(64))]).run().fails(10);
    sandbox.verify(&["oci:./nowhere:v1"]).run().fails(1).says("nowhere");
}

#[test]
fn recursion_in_a_layout() {
    let sandbox = with_layout();
    sandbox.sign(&["--recursive", "oci:./layout:multi"]).run().exits(0);
    for tag in ["multi", "v1", "v2"] {
        sandbox.verify(&[&format!("oci:./layout:{tag}")]).run().exits(0);
    }
}

#[test]
fn changed_bytes_are_noticed() {
    let sandbox = with_layout();
    sandbox.sign(&["oci:./layout:v1"]).run().exits(0);
    let manifest = blob(images::digest("v1"));
    let changed = sandbox.read(&manifest).replace("amd64", "evil!").replace("\"schemaVersion\":2", "\"schemaVersion\":3");
    sandbox.write(&manifest, changed);
    assert_ne!(sandbox.verify(&["oci:./layout:v1"]).run().does_not_say("panicked").code, 0);
    sandbox.sign(&["oci:./layout:v1"]).run().fails(1);
}

#[test]
fn a_broken_layout_is_an_error() {
    for content in ["", "null", "{}", "[]", "{\"manifests\":[null]}", "{\"manifests\":[{\"digest\":\"x\"}]}"] {
        let sandbox = with_layout();
        sandbox.write("layout/index.json", content);
        for call in [sandbox.verify(&["oci:./layout:v1"]), sandbox.sign(&["oci:./layout:v1"])] {
            assert_ne!(call.run().does_not_say("panicked").code, 0, "{content}");
        }
        assert_eq!(sandbox.read("layout/index.json"), content);
    }
    let sandbox = with_layout();
    std::fs::remove_file(sandbox.path(&blob(images::digest("v1")))).unwrap();
    sandbox.sign(&["oci:./layout:v1"]).run().fails(1);
}

#[test]
fn a_digest_is_no_path() {
    let sandbox = with_layout();
    sandbox.write("outside", sandbox.read(&blob(images::digest("v1"))));
    let hostile = sandbox.read("layout/index.json").replacen(images::digest("v1"), "sha256:../../../outside", 1);
    sandbox.write("layout/index.json", hostile);
    sandbox.sign(&["oci:./layout:v1"]).run().fails(1);
    sandbox.verify(&["oci:./layout@sha256:../../../outside"]).run().fails(1);
}
