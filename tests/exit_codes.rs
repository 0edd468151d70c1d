//! The exit codes of `verify`: 10 nothing signed, 11 no such tag, 12 signatures and none passes, 1 everything else.

use crate::support::images;
use crate::support::registry::{Behaviour, Effect, Fault, Store, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

const FORMS: [&str; 2] = ["--new-bundle-format=true", OLD_FORM];

struct Scene {
    registry: TestRegistry,
    sandbox: Sandbox,
    image: String,
}

/// v1 signed with the test key in that form, with the annotation env=prod.
fn signed(form: &str) -> Scene {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[form, "-a", "env=prod", &image]).run().exits(0);
    Scene { registry, sandbox, image }
}

/// Changes the blob that holds the only signature of v1 (bundle or payload) and makes everything that names it fit again.
fn tamper(store: &mut Store, form: &str, change: impl Fn(&str) -> String) {
    let content = store.repository("app");
    let subject = images::digest("v1");
    let (digest, manifest) = if form == OLD_FORM {
        content.manifest(&format!("{}.sig", subject.replace(':', "-"))).unwrap()
    } else {
        let entry = content.referrers(subject)[0]["digest"].as_str().unwrap().to_owned();
        content.manifest(&entry).unwrap()
    };
    let json = manifest.json();
    let old = json["layers"][0]["digest"].as_str().unwrap();
    let changed = change(&String::from_utf8_lossy(&content.blobs[old]));
    let new = content.put_blob(changed.as_bytes());
    let text = String::from_utf8(manifest.bytes).unwrap();
    let size = format!("\"size\":{}", json["layers"][0]["size"]);
    let text = text.replacen(&format!("{size},\"digest\":\"{old}"), &format!("\"size\":{},\"digest\":\"{new}", changed.len()), 1);
    content.manifests.remove(&digest);
    let tag = (form == OLD_FORM).then(|| format!("{}.sig", subject.replace(':', "-")));
    content.put_manifest(tag.as_deref(), &manifest.media_type, text.as_bytes());
}

#[test]
fn nothing_signed_is_10() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for form in FORMS {
        sandbox.verify(&[form, &registry.image("v1")]).run().fails(10);
        sandbox.verify(&[form, &registry.image(images::digest("v1"))]).run().fails(10);
        let absent = format!("sha256:{}", "0".repeat(64));
        sandbox.verify(&[form, &registry.image(&absent)]).run().fails(10);
    }
}

#[test]
fn no_such_tag_is_11() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for form in FORMS {
        sandbox.verify(&[form, &registry.image("absent")]).run().fails(11);
    }
}

#[test]
fn none_that_passes_is_12() {
    for form in FORMS {
        let Scene { registry, sandbox, image } = signed(form);
        sandbox.cosign(["verify", "--key", "other.pub", "--insecure-ignore-tlog", form, &image]).run().fails(12);
        sandbox.verify(&[form, "-a", "env=dev", &image]).run().fails(12);
        // Without a log entry, a verifier that wants one refuses the signature.
        sandbox
            .cosign(["verify", "--key", "cosign.pub", "--offline", form, &image])
            .env("SIGSTORE_REKOR_PUBLIC_KEY", sandbox.path("other.pub"))
            .run()
            .fails(12);
        // A signature of v1 moved to v2.
        let mut store = registry.store();
        let content = store.repository("app");
        if form == OLD_FORM {
            let (_, signature) = content.manifest(&format!("{}.sig", images::digest("v1").replace(':', "-"))).unwrap();
            let tag = format!("{}.sig", images::digest("v2").replace(':', "-"));
            content.put_manifest(Some(&tag), &signature.media_type, &signature.bytes);
        } else {
            let entry = content.referrers(images::digest("v1"))[0]["digest"].as_str().unwrap().to_owned();
            let (_, referrer) = content.manifest(&entry).unwrap();
            let moved = String::from_utf8(referrer.bytes).unwrap().replace(images::digest("v1"), images::digest("v2"));
            content.put_manifest(None, &referrer.media_type, moved.as_bytes());
        }
        drop(store);
        sandbox.verify(&[form, &registry.image("v2")]).run().fails(12);
        sandbox.verify(&[form, &image]).run().exits(0);
    }
}

#[test]
fn a_changed_signature_is_12() {
    let Scene { registry, sandbox, image } = signed(FORMS[0]);
    tamper(&mut registry.store(), FORMS[0], |bundle| {
        let mut json: serde_json::Value = serde_json::from_str(bundle).unwrap();
        let payload = json["dsseEnvelope"]["payload"].as_str().unwrap().to_owned();
        json["dsseEnvelope"]["payload"] = payload.replacen(&payload[40..44], "AAAA", 1).into();
        json.to_string()
    });
    sandbox.verify(&[&image]).run().fails(12);

    let Scene { registry, sandbox, image } = signed(OLD_FORM);
    tamper(&mut registry.store(), OLD_FORM, |payload| payload.replace("prod", "evil"));
    sandbox.verify(&[OLD_FORM, &image]).run().fails(12);
}

#[test]
fn several_images_end_with_the_first_failure() {
    let Scene { registry, sandbox, image } = signed(FORMS[0]);
    let (unsigned, absent) = (registry.image("v2"), registry.image("absent"));
    sandbox.verify(&[&image, &unsigned, &absent]).run().fails(10);
    sandbox.verify(&[&image, &absent, &unsigned]).run().fails(11);
    sandbox.verify(&["--max-workers", "1", &absent, &image]).run().fails(11);
}

#[test]
fn everything_else_is_1() {
    let Scene { registry, sandbox, image } = signed(FORMS[0]);
    sandbox.cosign(["verify", "--insecure-ignore-tlog", &image]).run().fails(1);
    sandbox.cosign(["verify", "--key", "absent.pub", "--insecure-ignore-tlog", &image]).run().fails(1);
    sandbox.verify(&["UPPER/case:v1"]).run().fails(1).says("could not parse reference");
    sandbox.verify(&["127.0.0.1:9/nobody/listens:v1"]).run().fails(1);
    for status in [401, 500, 503] {
        registry.inject(Fault::on("GET", "/referrers/", Effect::status(status, "UNKNOWN")));
        sandbox.verify(&[&image]).run().fails(1);
        registry.heal();
    }
}

#[test]
fn a_missing_image_is_nothing_to_sign() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for form in FORMS {
        sandbox.sign(&[form, &registry.image("absent")]).run().fails(1);
        // All inputs first: the good one beside it is not signed either.
        sandbox.sign(&[form, &registry.image("v1"), &registry.image("absent")]).run().fails(1);
        sandbox.verify(&[form, &registry.image("v1")]).run().fails(10);
    }
    assert_eq!(registry.count("PUT", ""), 0);
}
