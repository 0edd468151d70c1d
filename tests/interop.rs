//! Beside the reference program that `COSIGN_REF` names: what one signs the other verifies.

use crate::support::docker_registry::DockerRegistry;
use crate::support::reference;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{OLD_FORM, Sandbox};

/// Both ways, both forms; `ours` and `theirs` have the same keys.
fn each_verifies_the_other(host: &str) {
    let Some(program) = reference() else { return };
    let ours = Sandbox::new();
    let theirs = Sandbox::new().with_program(program);
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let (one, two) = (format!("{host}/app:v1"), format!("{host}/app:v2"));
        ours.sign(&[form, "-a", "by=us", &one]).run().exits(0);
        theirs.verify(&[form, "-a", "by=us", &one]).run().exits(0);
        theirs.sign(&[form, "-a", "by=them", &two]).run().exits(0);
        ours.verify(&[form, "-a", "by=them", &two]).run().exits(0);
        ours.verify(&[form, "-a", "by=us", &two]).run().fails(12);
    }
}

#[test]
fn with_referrers() {
    each_verifies_the_other(&TestRegistry::start(Behaviour::default()).host());
}

#[test]
fn without_referrers() {
    each_verifies_the_other(&TestRegistry::start(Behaviour::without_referrers()).host());
}

#[test]
fn on_docker_registry() {
    let Some(registry) = DockerRegistry::start() else { return };
    each_verifies_the_other(registry.host());
}

#[test]
fn each_opens_the_keys_of_the_other() {
    let Some(program) = reference() else { return };
    for password in ["pw", "", "with a newline\n"] {
        let (ours, theirs) = (Sandbox::new(), Sandbox::new().with_program(program.clone()));
        for (maker, reader) in [(&ours, &theirs), (&theirs, &ours)] {
            maker.cosign(["generate-key-pair", "--output-key-prefix", "new"]).env("COSIGN_PASSWORD", password).run().exits(0);
            reader.write("made.key", maker.read("new.key"));
            let opened = reader.cosign(["public-key", "--key", "made.key"]).env("COSIGN_PASSWORD", password).run().exits(0);
            assert_eq!(opened.out, maker.read("new.pub"));
        }
    }
}

#[test]
fn the_older_form_has_the_same_bytes() {
    let Some(program) = reference() else { return };
    let (ours, theirs) = (Sandbox::new(), Sandbox::new().with_program(program));
    let payloads = [&ours, &theirs].map(|sandbox| {
        let registry = TestRegistry::start(Behaviour::default());
        let image = registry.image("v1");
        sandbox.sign(&[OLD_FORM, "-a", "z=<&>", "-a", "a=\u{2028}é", "--output-payload", "payload.json", &image]).run().exits(0);
        sandbox.read("payload.json").replace(&registry.host(), "HOST")
    });
    assert_eq!(payloads[0], payloads[1]);
}
