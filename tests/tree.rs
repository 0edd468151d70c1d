//! `tree`: what is attached, in cosign's lines; what cannot be read is never taken for absent.

use crate::support::images;
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

const NOTHING: &str = "No Supply Chain Security Related Artifacts found for image ";

fn attest(sandbox: &Sandbox, image: &str, form: &str) {
    sandbox.write("p.json", "{}");
    let words = ["attest", "--key=cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--predicate=p.json", form, image];
    sandbox.cosign(words).run().exits(0);
}

fn tree(sandbox: &Sandbox, image: &str) -> String {
    sandbox.cosign(["tree", image]).run().exits(0).out
}

#[test]
fn all_that_is_attached_in_a_fixed_order() {
    for behaviour in [Behaviour::default(), Behaviour::without_referrers()] {
        let registry = TestRegistry::start(behaviour);
        let sandbox = Sandbox::new();
        let image = registry.image("v1");
        let nothing = tree(&sandbox, &image);
        let headline = format!("📦 Supply Chain Security Related artifacts for an image: {image}\n");
        assert_eq!(nothing, format!("{headline}{NOTHING}{image},\n start creating one with simply running$ cosign sign <img>"));
        sandbox.sign(&[OLD_FORM, &image]).run().exits(0);
        sandbox.sign(&[OLD_FORM, "-a=a=b", &image]).run().exits(0);
        attest(&sandbox, &image, OLD_FORM);
        sandbox.cosign(["attach", "sbom", "--sbom=p.json", &image]).run().exits(0);
        sandbox.sign(&[&image]).run().exits(0);
        registry.forget();
        let shown = tree(&sandbox, &image);
        // The image, three tags, the listing (and its tag), one referrer.
        assert!(registry.requests().len() <= 7, "{:?}", registry.requests());
        let short: Vec<&str> =
            shown.lines().skip(1).map(|line| line.split(": ").next().unwrap()).map(|line| line.split(" sha256").next().unwrap()).collect();
        let expected = [
            "└── 🔐 Signatures for an image tag",
            "   ├── 🍒",
            "   └── 🍒",
            "└── 📦 SBOMs for an image tag",
            "   └── 🍒",
            "└── 💾 Attestations for an image tag",
            "   └── 🍒",
            "└── 🔗 https://sigstore.dev/cosign/sign/v1 artifacts via OCI referrer",
            "   └── 🍒",
        ];
        assert_eq!(short, expected, "{shown}");
        assert!(shown.contains(&format!("{}/app:{}.sig\n", registry.host(), images::digest("v1").replace(':', "-"))), "{shown}");
        assert!(shown.contains(&format!("{}/app@sha256:", registry.host())), "{shown}");
        let without = sandbox.cosign(["tree", "--experimental-oci11=false", &image]).run().exits(0);
        assert!(!without.says("OCI referrers will be the default behavior").out.contains("🔗"));
    }
}

#[test]
fn an_image_that_is_not_there() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for image in [registry.image("nope"), registry.image(&format!("sha256:{}", "0".repeat(64)))] {
        let failed = sandbox.cosign(["tree", &image]).run().fails(1).says("entity not found in registry, error: GET ");
        assert!(failed.out.starts_with("📦 ") && failed.out.lines().count() == 1, "{failed}");
    }
    sandbox.cosign(["tree", "::"]).run().fails(1).says("could not parse reference: ");
}

#[test]
fn a_failing_registry_is_no_empty_one() {
    let sandbox = Sandbox::new();
    for part in [".sig", ".att", ".sbom", "/referrers/"] {
        let registry = TestRegistry::start(Behaviour::default());
        registry.inject(Fault::on("GET", part, Effect::status(401, "UNAUTHORIZED")));
        let failed = sandbox.cosign(["tree", &registry.image("v1")]).run().fails(1).says("UNAUTHORIZED");
        assert!(!failed.out.contains(NOTHING), "{failed}");
    }
    // As Artifactory answers for what is not there.
    let registry = TestRegistry::start(Behaviour::without_referrers().with(|b| b.hides_absence = true));
    let shown = sandbox.cosign(["tree", &registry.image("v1")]).run().exits(0).says("counts as absent");
    assert!(shown.out.contains(NOTHING), "{shown}");
}

#[test]
fn a_referrer_that_is_gone_is_named() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[&image]).run().exits(0);
    attest(&sandbox, &image, "--new-bundle-format=true");
    let gone = registry.store().repository("app").referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
    registry.store().repository("app").manifests.remove(&gone);
    let shown = sandbox.cosign(["tree", &image]).run().exits(0).says("Error fetching artifact ").says(&gone);
    assert_eq!(shown.out.matches("via OCI referrer").count(), 1, "{shown}");
}

#[test]
fn other_tools_referrers_and_hostile_texts() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let subject = images::digest("v1");
    let manifest = |kind: &str, layer: &str| {
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{kind}","size":2,"digest":"x"}},"layers":[{{"digest":"{layer}"}}],"subject":{{"mediaType":"m","size":1,"digest":"{subject}"}}}}"#
        )
    };
    for manifest in [manifest("application/x", "sha256:01"), manifest(r"a\n::error::b\u001b[2J", r"\u202eevil")] {
        registry.store().repository("app").put_manifest(None, "application/vnd.oci.image.manifest.v1+json", manifest.as_bytes());
    }
    let shown = tree(&sandbox, &registry.image("v1"));
    assert!(shown.contains("🔗 application/x artifacts") && shown.contains("└── 🍒 sha256:01\n"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains("\n::"), "{shown}");
    registry.store().repository("app").put_manifest(
        None,
        "application/vnd.oci.image.manifest.v1+json",
        manifest("x", "y").replace("layers\":[", "layers\":7,\"x\":[").as_bytes(),
    );
    sandbox.cosign(["tree", &registry.image("v1")]).run().fails(1).says("manifest sha256:");
}

#[test]
fn another_repository_holds_it() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let (image, elsewhere) = (registry.image("v1"), format!("{}/elsewhere", registry.host()));
    sandbox.sign(&[&image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0);
    assert!(tree(&sandbox, &image).contains(NOTHING));
    let shown = sandbox.cosign(["tree", &image]).env("COSIGN_REPOSITORY", &elsewhere).run().exits(0).out;
    assert!(shown.contains(&format!("via OCI referrer: {elsewhere}@sha256:")) && shown.contains("🍒"), "{shown}");
}
