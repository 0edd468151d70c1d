//! `dockerfile verify` and `manifest verify`: each image that a file names is verified as `verify` does.

use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Outcome, Sandbox};

/// A registry whose `v1` is signed, by a bundle and in the older form, and whose `v2` is not.
fn with_one_signed(form: &str) -> (TestRegistry, Sandbox) {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[form, &registry.image("v1")]).run().exits(0);
    (registry, sandbox)
}

fn verify(sandbox: &Sandbox, group: &str, file: &str, more: &[&str]) -> Outcome {
    sandbox.cosign([&[group, "verify", "--key=cosign.pub", "--insecure-ignore-tlog", file], more].concat()).run()
}

#[test]
fn images_of_a_dockerfile() {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let (registry, sandbox) = with_one_signed(form);
        let (signed, unsigned) = (registry.image("v1"), registry.image("v2"));
        sandbox.write("good", format!("ARG BASE={signed}\nFROM $BASE AS base\nRUN x\nFROM base\nCOPY --from=base a b\nFROM scratch\n"));
        let verified = verify(&sandbox, "dockerfile", "good", &[]).exits(0);
        verified.says(&format!("Extracted image(s): {signed}\n")).says("- scratch image ignored").says("- stage reference ignored: base");
        sandbox.write("bad", format!("FROM {signed}\nCOPY --from={unsigned} a b\n"));
        verify(&sandbox, "dockerfile", "bad", &[]).fails(10).says(&format!("Extracted image(s): {signed}, {unsigned}\n"));
        verify(&sandbox, "dockerfile", "bad", &["--base-image-only"]).exits(0).says(&format!("Extracted image(s): {signed}\n"));
        // A stage called as its image hides nothing.
        sandbox.write("hidden", format!("FROM {unsigned} AS {unsigned}\n"));
        verify(&sandbox, "dockerfile", "hidden", &[]).fails(10);
        sandbox.write("environment", "FROM $IMAGE\n");
        let call = sandbox.cosign(["dockerfile", "verify", "--key=cosign.pub", "--insecure-ignore-tlog", "environment"]);
        call.env("IMAGE", &signed).run().exits(0);
        sandbox.cosign(["dockerfile", "verify", "--key=other.pub", "--insecure-ignore-tlog", "good"]).run().fails(12);
    }
}

#[test]
fn images_of_a_manifest() {
    let (registry, sandbox) = with_one_signed("--new-bundle-format=true");
    let (signed, unsigned) = (registry.image("v1"), registry.image("v2"));
    let pod = |image: &str| format!("kind: Pod\nspec:\n  containers:\n  - image: {image}\n");
    sandbox.write("good.yaml", format!("{}---\n{}", pod(&signed), pod(&signed)));
    let verified = verify(&sandbox, "manifest", "good.yaml", &[]).exits(0).says(&format!("Extracted image(s): {signed}, {signed}\n"));
    assert_eq!(verified.out.matches("docker-manifest-digest").count(), 2);
    sandbox.write("bad.YML", format!("{}---\n{}", pod(&signed), pod(&unsigned)));
    verify(&sandbox, "manifest", "bad.YML", &[]).fails(10);
    sandbox.write("list.yaml", format!(r#"{{"kind":"List","items":[{{"spec":{{"containers":[{{"image":"{unsigned}"}}]}}}}]}}"#));
    verify(&sandbox, "manifest", "list.yaml", &[]).fails(10);
}

#[test]
fn files_that_name_nothing() {
    let sandbox = Sandbox::new();
    for (name, content) in
        [("empty", "RUN x\n"), ("as", "FROM a AS\n"), ("none", "FROM $NONE\n"), ("x.yaml", "a: 1\n"), ("y.yaml", "a: [\n")]
    {
        sandbox.write(name, content);
    }
    for (group, file, says) in [
        ("dockerfile", "nope", "could not open Dockerfile: open nope: no such file or directory"),
        ("dockerfile", "empty", "no images found in Dockerfile"),
        ("dockerfile", "as", "failed extracting images from Dockerfile: expected stage name after \"AS\" in line \"FROM a AS\""),
        ("dockerfile", "none", "no image found in line \"FROM $NONE\" (is a build arg missing from the environment?)"),
        ("manifest", "empty", "check if extension is valid: only [.yaml .yml] manifests are supported at this time"),
        ("manifest", "nope.yml", "could not read manifest: open nope.yml: no such file or directory"),
        ("manifest", "x.yaml", "no images found in manifest"),
        ("manifest", "y.yaml", "unable to extract the container image references in the manifest unable to decode the manifest"),
    ] {
        verify(&sandbox, group, file, &[]).fails(1).says(says);
        verify(&sandbox, group, file, &["--max-workers=0"]).fails(1).says("please set the --max-worker flag");
    }
    sandbox.cosign(["dockerfile"]).run().exits(0).says("Command \"dockerfile\" is deprecated");
}
