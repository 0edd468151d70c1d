//! `generate`: the payload that would be signed.

use crate::support::images;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::Sandbox;

#[test]
fn the_payload_and_nothing_else() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let digest = images::digest("v1");
    let head = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{}/app"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":"#,
        registry.host()
    );
    let plain = sandbox.cosign(["generate", &registry.image("v1")]).run().exits(0).says("Command \"generate\" is deprecated");
    assert_eq!(plain.out, format!("{head}null}}"));
    let words = ["generate", "-a", "z=1=2,a=<&>", "-a", "z=3", &registry.image("v1")];
    assert_eq!(sandbox.cosign(words).run().exits(0).out, format!(r#"{head}{{"a":"\u003c\u0026\u003e","z":"3"}}}}"#));
    sandbox.cosign(["generate", "-a", "x", &registry.image("v1")]).run().fails(1).says("unable to parse annotation: x");
    sandbox.cosign(["generate", &registry.image("nope")]).run().fails(1).says("MANIFEST_UNKNOWN");
}

#[test]
fn a_digest_costs_no_request() {
    let registry = TestRegistry::start(Behaviour::default());
    let absent = format!("sha256:{}", "0".repeat(64));
    let shown = Sandbox::new().cosign(["generate", &registry.image(&absent)]).run().exits(0);
    assert_eq!(shown.json()["critical"]["image"]["docker-manifest-digest"], absent);
    assert!(registry.all_requests().is_empty());
}
