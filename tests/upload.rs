//! `upload`: files as images of one layer.

use crate::support::docker_registry::DockerRegistry;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;
use crate::support::{digest_of, http_client};

fn upload(sandbox: &Sandbox, words: &[&str]) -> crate::support::sandbox::Outcome {
    sandbox.cosign([&["upload", "blob"], words].concat()).run()
}

#[test]
fn one_file() {
    let registry = TestRegistry::start(Behaviour::distribution());
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "hello\n");
    let image = format!("{}/files:v1", registry.host());
    let stored = upload(&sandbox, &["-f", "a.txt", "-a", "k=v", &image]).exits(0);
    stored.says(&format!("Uploading file from [a.txt] to [{image}] with media type [text/plain]\n")).says("Uploaded image to:\n");
    let manifest = http_client::manifest(&registry.host(), "files", "v1").unwrap();
    assert_eq!(manifest["layers"][0]["mediaType"], "text/plain");
    assert_eq!(manifest["layers"][0]["digest"], digest_of(b"hello\n"));
    assert_eq!(manifest["annotations"], serde_json::json!({"k": "v"}));
    let again = upload(&sandbox, &["-f", "a.txt:linux", "-a", "k=v", &image]).exits(0);
    let digest = again.out.trim().split('@').nth(1).unwrap().to_owned();
    assert_eq!(again.out, format!("{}/files@{digest}\n", registry.host()));
    assert!(registry.store().repository("files").manifests.contains_key(&digest));
    again.says(&format!("is available directly at [{}/v2/files/blobs/{}]", registry.host(), digest_of(b"hello\n")));
    upload(&sandbox, &["-f", "a.txt", "--ct", "application/x", &image]).exits(0).says("with media type [application/x]");
}

#[test]
fn several_files_behind_an_index() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.write("a", "a");
    sandbox.write("b", "b");
    let image = format!("{}/files:v1", registry.host());
    let stored =
        upload(&sandbox, &["-f", "a:linux/amd64,b:linux/arm/v7", "-a", "k=v", &image]).exits(0).says("Uploading multi-platform index to ");
    assert_eq!(stored.out, "");
    let (_, index) = registry.store().repository("files").manifest("v1").unwrap();
    let text = String::from_utf8(index.bytes).unwrap();
    assert!(
        text.contains(
            r#""platform":{"architecture":"arm","os":"linux","variant":"v7"},"artifactType":"application/vnd.oci.image.config.v1+json""#
        ),
        "{text}"
    );
    assert!(text.ends_with(r#""annotations":{"k":"v"}}"#), "{text}");
    assert_eq!(registry.count("PUT", "/manifests/v1"), 1, "the tag is written once, with the index");
}

#[test]
fn nothing_is_written_before_all_files_are_read() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.write("a", "a");
    let image = format!("{}/files:v1", registry.host());
    upload(&sandbox, &["-f", "a:linux,nope:darwin", &image]).fails(1).says("open nope: no such file or directory");
    upload(&sandbox, &["-f", "a:linux,a", &image]).fails(1).says("each file must include a unique platform, a had no platform");
    upload(&sandbox, &["-f", ".", &image]).fails(1).says("read .: is a directory");
    upload(&sandbox, &["-f", "a", "-a", "k", &image]).fails(1).says("k must be formatted as key=value");
    upload(&sandbox, &[&image]).fails(1).says("flag: help requested");
    upload(&sandbox, &["-f", "a", "::"]).fails(1).says("could not parse reference");
    assert!(registry.all_requests().is_empty());
}

#[test]
fn a_module() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.write("m.wasm", b"\0asm");
    let image = format!("{}/files:v1", registry.host());
    let stored = sandbox.cosign(["upload", "wasm", "-f", "m.wasm", &image]).run().exits(0);
    assert_eq!(stored.says(&format!("Uploading wasm file from [m.wasm] to [{image}].\n")).out, "");
    let manifest = http_client::manifest(&registry.host(), "files", "v1").unwrap();
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.wasm.content.layer.v1+wasm");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v1+json");
    sandbox.cosign(["upload", "wasm", &image]).run().fails(1).says(r#"required flag(s) "file" not set"#);
}

#[test]
fn large_files_and_layouts() {
    let sandbox = Sandbox::new();
    sandbox.write("large", vec![7; 3 << 20]);
    let stored = upload(&sandbox, &["-f", "large", "oci:layout"]).exits(0);
    let digest = stored.out.trim().split('@').nth(1).unwrap().to_owned();
    sandbox.sign(&[&format!("oci:layout@{digest}")]).run().exits(0);
    sandbox.verify(&["oci:layout:latest"]).run().exits(0);
    let Some(registry) = DockerRegistry::start() else { return };
    let image = format!("{}/files:v1", registry.host());
    upload(&sandbox, &["-f", "large", &image]).exits(0);
    let manifest = http_client::manifest(registry.host(), "files", "v1").unwrap();
    assert_eq!(
        (&manifest["layers"][0]["size"], &manifest["layers"][0]["mediaType"]),
        (&(3 << 20).into(), &"application/octet-stream".into())
    );
}
