//! `-d` shows what goes over the wire, and no secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::registry::behaviour::{Authentication, PASSWORD, TOKEN_MARK, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, Sandbox};

fn protected(authentication: Authentication) -> TestRegistry {
    TestRegistry::start(Behaviour::default().with(|b| b.authentication = authentication))
}

/// Runs it with `-d`: requests are shown, and none of these.
#[track_caller]
fn keeps_quiet(call: Call, secrets: &[&str]) {
    let traced = call.run().exits(0);
    assert!(traced.err.contains("GET /v2/") || traced.err.contains("HEAD /v2/"), "no trace in {traced}");
    let basic = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let traced = secrets.iter().fold(traced, |traced, secret| traced.does_not_say(secret));
    traced.does_not_say(PASSWORD).does_not_say(&basic).does_not_say(TOKEN_MARK).does_not_say("PRIVATE KEY");
}

#[test]
fn a_trace_holds_no_password_and_no_token() {
    for authentication in [Authentication::Basic, Authentication::Bearer] {
        let registry = protected(authentication);
        let sandbox = Sandbox::new();
        let image = registry.image("v1");
        let flags = ["-d", "--registry-username", USER, "--registry-password", PASSWORD, &image];
        keeps_quiet(sandbox.sign(&flags), &[]);
        keeps_quiet(sandbox.verify(&flags), &[]);
    }
}

#[test]
fn a_trace_holds_no_token_given_by_hand() {
    let registry = protected(Authentication::Bearer);
    let sandbox = Sandbox::new();
    let token = format!("{TOKEN_MARK}.{}", STANDARD.encode("repository:app:pull,push"));
    let image = registry.image("v1");
    keeps_quiet(sandbox.sign(&["-d", "--registry-token", &token, &image]), &[&token]);
    keeps_quiet(sandbox.verify(&["-d", "--registry-token", &token, &image]), &[&token]);
}

#[test]
fn a_trace_holds_no_identity_token_from_a_config() {
    let registry = protected(Authentication::Bearer);
    let sandbox = Sandbox::new();
    let config = serde_json::json!({"auths": {registry.host(): {"identitytoken": PASSWORD}}});
    std::fs::create_dir(sandbox.path("home/.docker")).unwrap();
    sandbox.write("home/.docker/config.json", config.to_string());
    keeps_quiet(sandbox.sign(&["-d", &registry.image("v1")]), &[]);
    assert_eq!(registry.count("POST", "/token"), 1);
}

#[test]
fn an_error_holds_no_secret() {
    let registry = protected(Authentication::Bearer);
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    let wrong = "wrong-and-secret";
    let basic = STANDARD.encode(format!("{USER}:{wrong}"));
    let flags = ["-d", "--registry-username", USER, "--registry-password", wrong, &image];
    sandbox.sign(&flags).run().fails(1).does_not_say(wrong).does_not_say(&basic);
    sandbox.verify(&flags).run().fails(1).does_not_say(wrong).does_not_say(&basic);
}

#[test]
fn a_trace_ends_with_the_command_line_option() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    sandbox.sign(&[&registry.image("v1")]).run().exits(0).does_not_say("/v2/");
}

/// As `@docker/actions-toolkit` does: every line that is a JSON object; the bundle, and the index that lists it.
#[test]
fn a_trace_holds_the_bundle_and_the_index_on_lines_of_their_own() {
    for behaviour in [Behaviour::without_referrers(), Behaviour::default()] {
        the_trace_is_an_interface(&TestRegistry::start(behaviour));
    }
}

#[track_caller]
fn the_trace_is_an_interface(registry: &TestRegistry) {
    let sandbox = Sandbox::new();
    let objects = |traced: &str| -> Vec<serde_json::Value> {
        traced
            .lines()
            .filter(|line| line.starts_with('{') && line.ends_with('}'))
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    let signed = sandbox.sign(&["--verbose", &registry.image("v1")]).run().exits(0);
    let found = objects(&signed.err);
    let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    assert!(found.iter().any(|object| object["mediaType"] == media_type), "no bundle in {signed}");
    assert!(found.iter().any(|object| object["manifests"][0]["artifactType"] == media_type), "no index in {signed}");
    let absent = sandbox.verify(&["--verbose", &registry.image("absent")]).run().exits(11);
    assert!(objects(&absent.err).iter().any(|object| object["errors"][0]["code"] == "MANIFEST_UNKNOWN"), "no error in {absent}");
}
