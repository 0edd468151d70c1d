//! Where credentials for a registry come from: flags, Docker's config, helpers, podman's file; and where they do not go.

use std::os::unix::fs::PermissionsExt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::docker_registry::DockerRegistry;
use crate::support::http_server::Response;
use crate::support::registry::behaviour::{Authentication, PASSWORD, USER};
use crate::support::registry::{Behaviour, Effect, Fault, TestRegistry};
use crate::support::sandbox::{Call, OLD_FORM, Sandbox};

struct Scene {
    registry: TestRegistry,
    sandbox: Sandbox,
    image: String,
}

fn scene(authentication: Authentication) -> Scene {
    let registry = TestRegistry::start(Behaviour::default().with(|b| b.authentication = authentication));
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("home/.docker")).unwrap();
    let image = registry.image("v1");
    Scene { registry, sandbox, image }
}

impl Scene {
    /// Docker's `auths` for this registry.
    fn auths(&self) -> String {
        let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        serde_json::json!({"auths": {self.registry.host(): {"auth": auth}}}).to_string()
    }

    /// Signs and verifies, each with the same change to its environment.
    #[track_caller]
    fn works(&self, prepare: impl Fn(Call) -> Call) {
        prepare(self.sandbox.sign(&[&self.image])).run().exits(0);
        prepare(self.sandbox.verify(&[&self.image])).run().exits(0);
    }

    /// A credential helper on the PATH; `answer` is a shell command.
    fn helper(&self, name: &str, answer: &str) -> String {
        let folder = self.sandbox.path("bin");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("docker-credential-{name}"));
        std::fs::write(&file, format!("#!/bin/sh\nread server\necho \"$1 $server\" >>{}/calls\n{answer}\n", folder.display())).unwrap();
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
    }
}

fn known() -> String {
    let answer = serde_json::json!({"ServerURL": "x", "Username": USER, "Secret": PASSWORD});
    format!("echo '{answer}'")
}

#[test]
fn nobody_writes_without_credentials() {
    for authentication in [Authentication::Basic, Authentication::Bearer] {
        let scene = scene(authentication);
        scene.sandbox.sign(&[&scene.image]).run().fails(1).says("UNAUTHORIZED");
        scene.sandbox.verify(&[&scene.image]).run().fails(1).says("UNAUTHORIZED");
    }
}

#[test]
fn anybody_may_verify_what_anybody_may_pull() {
    let scene = scene(Authentication::BearerAnonymousPull);
    scene.sandbox.sign(&["--registry-username", USER, "--registry-password", PASSWORD, &scene.image]).run().exits(0);
    scene.sandbox.verify(&[&scene.image]).run().exits(0);
    scene.sandbox.sign(&[&scene.image]).run().fails(1);
}

#[test]
fn from_flags_on_docker_registry() {
    let Some(registry) = DockerRegistry::with_password() else { return };
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[&image]).run().fails(1);
    for form in ["--new-bundle-format=true", OLD_FORM] {
        let flags = [form, "--registry-username", USER, "--registry-password", PASSWORD, &image];
        sandbox.sign(&flags).run().exits(0);
        sandbox.verify(&flags).run().exits(0);
    }
}

#[test]
fn from_dockers_config() {
    for authentication in [Authentication::Basic, Authentication::Bearer] {
        let scene = scene(authentication);
        scene.sandbox.write("home/.docker/config.json", scene.auths());
        scene.works(|call| call);
    }
}

#[test]
fn from_a_config_elsewhere() {
    let scene = scene(Authentication::Basic);
    std::fs::create_dir(scene.sandbox.path("elsewhere")).unwrap();
    scene.sandbox.write("elsewhere/config.json", scene.auths());
    scene.works(|call| call.env("DOCKER_CONFIG", scene.sandbox.path("elsewhere")));
}

#[test]
fn from_podmans_file() {
    let scene = scene(Authentication::Basic);
    scene.sandbox.write("auth.json", scene.auths());
    scene.works(|call| call.env("REGISTRY_AUTH_FILE", scene.sandbox.path("auth.json")));
}

#[test]
fn from_a_variable_which_is_ignored_where_it_is_malformed() {
    let scene = scene(Authentication::Basic);
    scene.works(|call| call.env("DOCKER_AUTH_CONFIG", scene.auths()));
    scene.sandbox.sign(&[&scene.image]).env("DOCKER_AUTH_CONFIG", "{").run().fails(1).says("DOCKER_AUTH_CONFIG is ignored");
    scene.sandbox.write("home/.docker/config.json", scene.auths());
    scene.works(|call| call.env("DOCKER_AUTH_CONFIG", "{"));
}

#[test]
fn from_a_helper_for_one_registry() {
    let scene = scene(Authentication::Basic);
    let path = scene.helper("test", &known());
    let config = serde_json::json!({"credHelpers": {scene.registry.host(): "test"}});
    scene.sandbox.write("home/.docker/config.json", config.to_string());
    scene.works(|call| call.env("PATH", &path));
    assert!(scene.sandbox.read("bin/calls").contains(&format!("get {}", scene.registry.host())));
}

#[test]
fn from_a_helper_for_all_registries() {
    let scene = scene(Authentication::Bearer);
    let path = scene.helper("store", &known());
    scene.sandbox.write("home/.docker/config.json", r#"{"credsStore": "store"}"#);
    scene.works(|call| call.env("PATH", &path));
}

#[test]
fn a_helper_that_knows_nothing_means_anonymous() {
    let scene = scene(Authentication::Open);
    let path = scene.helper("store", "echo 'credentials not found in native keychain'; exit 1");
    scene.sandbox.write("home/.docker/config.json", r#"{"credsStore": "store"}"#);
    scene.works(|call| call.env("PATH", &path));
}

#[test]
fn a_helper_that_fails_is_named() {
    let scene = scene(Authentication::Basic);
    let path = scene.helper("broken", "echo 'the vault is locked'; exit 1");
    scene.sandbox.write("home/.docker/config.json", r#"{"credsStore": "broken"}"#);
    scene.sandbox.sign(&[&scene.image]).env("PATH", &path).run().fails(1).says("the vault is locked");
    scene.helper("silent", "exit 7");
    scene.sandbox.write("home/.docker/config.json", r#"{"credsStore": "silent"}"#);
    scene.sandbox.sign(&[&scene.image]).env("PATH", &path).run().fails(1).says("docker-credential-silent: it ended with exit status: 7");
    scene.sandbox.write("home/.docker/config.json", r#"{"credsStore": "absent"}"#);
    scene.sandbox.sign(&[&scene.image]).env("PATH", &path).run().fails(1).says("docker-credential-absent");
}

#[test]
fn flags_come_before_files() {
    let scene = scene(Authentication::Basic);
    let wrong = STANDARD.encode("alice:wrong");
    let config = serde_json::json!({"auths": {scene.registry.host(): {"auth": wrong}}});
    scene.sandbox.write("home/.docker/config.json", config.to_string());
    scene.sandbox.sign(&[&scene.image]).run().fails(1);
    scene.sandbox.sign(&["--registry-username", USER, "--registry-password", PASSWORD, &scene.image]).run().exits(0);
}

#[test]
fn login_stores_what_signing_uses_and_contacts_nobody() {
    let scene = scene(Authentication::Bearer);
    let host = scene.registry.host();
    let login = |more: &[&str]| scene.sandbox.cosign([&["login", &host, "-u", USER], more].concat());
    login(&["-p", PASSWORD]).run().exits(0).says("logged in via").does_not_say(PASSWORD);
    assert_eq!(scene.registry.all_requests().len(), 0);
    assert_eq!(std::fs::metadata(scene.sandbox.path("home/.docker/config.json")).unwrap().permissions().mode() & 0o777, 0o600);
    scene.works(|call| call);
    login(&["--password-stdin"]).stdin(format!("{PASSWORD}\n")).run().exits(0);
    scene.works(|call| call);
}

#[test]
fn where_no_challenge_is_understood_the_password_is_tried() {
    for challenge in [None, Some("Negotiate")] {
        let scene = scene(Authentication::Basic);
        for method in ["GET", "HEAD", "POST", "PUT"] {
            let effect = match challenge {
                None => Effect::Drop("WWW-Authenticate"),
                Some(other) => Effect::Header("WWW-Authenticate", other),
            };
            scene.registry.inject(Fault::on(method, "/v2/app/", effect));
        }
        scene.sandbox.sign(&[&scene.image]).run().fails(1).says("UNAUTHORIZED");
        scene.sandbox.write("home/.docker/config.json", scene.auths());
        scene.works(|call| call);
    }
}

#[test]
fn a_realm_elsewhere_on_this_machine_gets_no_password() {
    // The registry names a token service on another port of a private address: go-containerregistry refuses it, and so do we.
    let thief = TestRegistry::start(Behaviour::default());
    let scene = scene(Authentication::Bearer);
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", thief.host());
    let refusal = Response::new(401, "{}").with("WWW-Authenticate", challenge);
    for method in ["GET", "HEAD"] {
        let effect = Effect::Answer(refusal.clone());
        scene.registry.inject(Fault::on(method, "/v2/", effect));
    }
    scene.sandbox.write("home/.docker/config.json", scene.auths());
    scene.sandbox.verify(&[&scene.image]).run().fails(1);
    assert!(thief.all_requests().iter().all(|request| request.authentication.is_none()), "{:?}", thief.all_requests());
}

#[test]
fn an_upload_elsewhere_gets_no_password() {
    let thief = TestRegistry::start(Behaviour::default());
    let scene = scene(Authentication::Basic);
    let location = format!("http://{}/v2/app/blobs/uploads/x", thief.host());
    let started = Response::new(202, "").with("Location", location);
    let effect = Effect::Answer(started);
    scene.registry.inject(Fault::on("POST", "/blobs/uploads/", effect));
    scene.sandbox.write("home/.docker/config.json", scene.auths());
    scene.sandbox.sign(&[&scene.image]).run().fails(1);
    assert!(thief.all_requests().iter().all(|request| request.authentication.is_none()), "{:?}", thief.all_requests());
}
