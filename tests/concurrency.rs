//! Many writers at one tag: what this program says it wrote is there.

use serde_json::Value;

use crate::support::docker_registry::DockerRegistry;
use crate::support::ferro_registry::FerroRegistry;
use crate::support::registry::{Behaviour, Effect, Fault, Store, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};
use crate::support::{http_client, images, reference};

const SIGNERS: usize = 20;

/// How often each race is run: five times, or as COSIGN_TEST_ROUNDS says.
fn rounds() -> usize {
    std::env::var("COSIGN_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

/// That many processes sign one image at once; each gives its own annotation, so that no two signatures are one.
fn all_sign(image: &str, form: &str) {
    let sandbox = Sandbox::new();
    // A key without a costly password derivation would not change the race: all wait for their key, then meet at the tag.
    let calls: Vec<_> = (0..SIGNERS).map(|n| sandbox.sign(&[form, "-a", &format!("signer={n}"), image]).start()).collect();
    for call in calls {
        call.wait().exits(0);
    }
    for n in 0..SIGNERS {
        sandbox.verify(&[form, "-a", &format!("signer={n}"), image]).run().exits(0);
    }
}

fn length(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

#[test]
fn twenty_signers_keep_all_by_referrers() {
    for _ in 0..rounds() {
        let registry = TestRegistry::start(Behaviour::default());
        all_sign(&registry.image("v1"), "--new-bundle-format=true");
        assert_eq!(registry.store().repository("app").referrers(images::digest("v1")).len(), SIGNERS);
    }
}

#[test]
fn twenty_signers_keep_all_in_the_fallback_index() {
    for _ in 0..rounds() {
        let registry = TestRegistry::start(Behaviour::without_referrers());
        all_sign(&registry.image("v1"), "--new-bundle-format=true");
        let index = http_client::manifest(&registry.host(), "app", &images::digest("v1").replace(':', "-")).unwrap();
        assert_eq!(length(&index["manifests"]), SIGNERS);
    }
}

#[test]
fn twenty_signers_keep_all_in_the_older_form() {
    for _ in 0..rounds() {
        let registry = TestRegistry::start(Behaviour::without_referrers());
        all_sign(&registry.image("v1"), OLD_FORM);
        let signatures = http_client::manifest(&registry.host(), "app", &signature_tag()).unwrap();
        assert_eq!(length(&signatures["layers"]), SIGNERS);
    }
}

#[test]
fn twenty_signers_on_docker_registry() {
    for _ in 0..rounds() {
        let Some(registry) = DockerRegistry::start() else { return };
        all_sign(&registry.image("v1"), "--new-bundle-format=true");
        all_sign(&registry.image("v2"), OLD_FORM);
        let index = http_client::manifest(registry.host(), "app", &images::digest("v1").replace(':', "-")).unwrap();
        assert_eq!(length(&index["manifests"]), SIGNERS);
    }
}

#[test]
fn twenty_signers_on_ferro() {
    for _ in 0..rounds() {
        let Some(registry) = FerroRegistry::start() else { return };
        all_sign(&registry.image("v1"), "--new-bundle-format=true");
        all_sign(&registry.image("v2"), OLD_FORM);
        let digest = images::digest("v1");
        let listing = http_client::get(&format!("http://{}/v2/app/referrers/{digest}", registry.host()));
        let listing: Value = serde_json::from_slice(&listing).unwrap();
        assert_eq!(length(&listing["manifests"]), SIGNERS);
    }
}

/// Another program that does not look back may still drop what we wrote: a report, not a promise.
#[test]
#[allow(clippy::print_stderr)]
fn ten_of_ours_beside_ten_of_the_reference() {
    let Some(program) = reference() else { return };
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let Some(registry) = DockerRegistry::start() else { return };
        let (ours, theirs) = (Sandbox::new(), Sandbox::new().with_program(program.clone()));
        let image = registry.image("v1");
        let sign = |sandbox: &Sandbox, who: &str, n: usize| sandbox.sign(&[form, "-a", &format!("{who}={n}"), &image]).start();
        let calls: Vec<_> = (0..SIGNERS / 2).flat_map(|n| [sign(&ours, "ours", n), sign(&theirs, "theirs", n)]).collect();
        let succeeded: Vec<bool> = calls.into_iter().map(|call| call.wait().code == 0).collect();
        let kept =
            |who: &str| (0..SIGNERS / 2).filter(|n| ours.verify(&[form, "-a", &format!("{who}={n}"), &image]).run().code == 0).count();
        let said = |first: usize| succeeded.iter().skip(first).step_by(2).filter(|succeeded| **succeeded).count();
        eprintln!("{form}: of ours {} said to be signed, {} kept; of theirs {} and {}", said(0), kept("ours"), said(1), kept("theirs"));
    }
}

#[test]
fn twenty_signers_of_one_layout() {
    let sandbox = Sandbox::new();
    sandbox.copy("images/layout", "layout");
    let calls: Vec<_> = (0..SIGNERS).map(|n| sandbox.sign(&["-a", &format!("signer={n}"), "oci:./layout:v1"]).start()).collect();
    for call in calls {
        call.wait().exits(0);
    }
    for n in 0..SIGNERS {
        sandbox.verify(&["-a", &format!("signer={n}"), "oci:./layout:v1"]).run().exits(0);
    }
}

fn signature_tag() -> String {
    format!("{}.sig", images::digest("v1").replace(':', "-"))
}

/// Another host's writer, who read before our PUT and writes after it: our entry is gone again.
fn undo(tag: String, before: Option<Vec<u8>>) -> Effect {
    Effect::After(Box::new(move |store: &mut Store| {
        let content = store.repository("app");
        match &before {
            Some(bytes) => drop(content.put_manifest(Some(&tag), "application/vnd.oci.image.manifest.v1+json", bytes)),
            None => drop(content.tags.remove(&tag)),
        }
    }))
}

#[test]
fn a_writer_who_overwrites_us_is_noticed_and_merged() {
    for (form, tag) in [("--new-bundle-format=true", images::digest("v1").replace(':', "-")), (OLD_FORM, signature_tag())] {
        let registry = TestRegistry::start(Behaviour::without_referrers());
        let sandbox = Sandbox::new();
        let image = registry.image("v1");
        let put = format!("/manifests/{tag}");
        registry.inject(Fault::on("PUT", put.clone(), undo(tag.clone(), None)).times(1));
        sandbox.sign(&[form, &image]).run().exits(0);
        sandbox.verify(&[form, &image]).run().exits(0);
        assert_eq!(registry.count("PUT", &put), 2, "{form}");
    }
}

#[test]
fn somebody_elses_signature_is_kept_when_we_are_overwritten() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let (sandbox, elsewhere) = (Sandbox::new(), Sandbox::new());
    elsewhere.copy("keys/other.key", "cosign.key");
    elsewhere.copy("keys/other.pub", "cosign.pub");
    let image = registry.image("v1");
    elsewhere.sign(&[OLD_FORM, &image]).run().exits(0);
    let theirs = registry.store().repository("app").manifest(&signature_tag()).unwrap().1.bytes;
    registry.inject(Fault::on("PUT", format!("/manifests/{}", signature_tag()), undo(signature_tag(), Some(theirs))).times(1));
    sandbox.sign(&[OLD_FORM, &image]).run().exits(0);
    sandbox.verify(&[OLD_FORM, &image]).run().exits(0);
    elsewhere.verify(&[OLD_FORM, &image]).run().exits(0);
}

#[test]
fn a_writer_who_never_stops_is_an_error() {
    let registry = TestRegistry::start(Behaviour::without_referrers());
    let sandbox = Sandbox::new();
    registry.inject(Fault::on("PUT", format!("/manifests/{}", signature_tag()), undo(signature_tag(), None)));
    sandbox.sign(&[OLD_FORM, "--timeout", "15s", &registry.image("v1")]).run().fails(1);
}

#[test]
fn signing_again_with_one_key_adds_nothing_in_the_older_form() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    for _ in 0..2 {
        sandbox.sign(&[OLD_FORM, &registry.image("v1")]).run().exits(0);
    }
    let signatures = http_client::manifest(&registry.host(), "app", &signature_tag()).unwrap();
    assert_eq!(length(&signatures["layers"]), 1);
}
