//! Every way to reach a registry, with every command that talks to one, on a name that is not localhost: only a proxy knows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::support::docker_registry::DockerRegistry;
use crate::support::pki::{self, Issued};
use crate::support::proxy::Proxy;
use crate::support::registry::behaviour::{Authentication, PASSWORD, TOKEN_MARK, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, KEYED, Sandbox};

const IMAGE: &str = "registry.example/app:v1";
const KEY: [&str; 3] = ["--key", "cosign.pub", "--insecure-ignore-tlog"];

/// The commands, in an order in which each finds what it looks for.
fn commands() -> Vec<Vec<&'static str>> {
    vec![
        [&["sign"], KEYED].concat(),
        [&["verify"], &KEY[..]].concat(),
        [&["attest", "--predicate", "p.json"], KEYED].concat(),
        [&["verify-attestation"], &KEY[..]].concat(),
        vec!["triangulate", "--type", "digest"],
        vec!["triangulate"],
        vec!["download", "signature"],
        vec!["download", "attestation"],
    ]
}

/// A registry behind a proxy, and a sandbox.
struct Scene {
    sandbox: Sandbox,
    proxy: Proxy,
    /// Its certificate, where it has one.
    root: String,
    /// Files of the test, and the registry.
    keep: (TempDir, Option<TestRegistry>, Option<DockerRegistry>),
}

/// What one call needs besides.
type Setting<'a> = (&'a [&'a str], &'a [(&'a str, String)]);

impl Scene {
    fn new(keep: (TempDir, Option<TestRegistry>, Option<DockerRegistry>), issued: Option<&Issued>) -> Self {
        let host = match (&keep.1, &keep.2) {
            (Some(registry), _) => registry.host(),
            (_, Some(registry)) => registry.host().to_owned(),
            _ => unreachable!("one of them"),
        };
        let proxy = Proxy::start(&[("registry.example", &host)], None);
        let root = issued.map_or_else(String::new, |issued| issued.certificate.to_string_lossy().into_owned());
        let sandbox = Sandbox::new();
        sandbox.write("p.json", r#"{"n":1}"#);
        Self { sandbox, proxy, root, keep }
    }

    /// By TLS, with a self-signed certificate for `names`.
    fn with_tls(behaviour: Behaviour, names: &str) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let issued = pki::self_signed(directory.path(), "server", names)?;
        let registry = TestRegistry::start_with(behaviour, Some(pki::server_config(&issued)));
        Some(Self::new((directory, Some(registry), None), Some(&issued)))
    }

    fn call(&self, command: &[&str], (flags, variables): Setting<'_>) -> Call {
        let call = self.sandbox.cosign([command, flags, &[IMAGE]].concat());
        let call = call.env("HTTPS_PROXY", self.proxy.url()).env("HTTP_PROXY", self.proxy.url());
        variables.iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    /// Each command works with the setting and fails without, in these words.
    #[track_caller]
    fn each_needs(&self, with: Setting<'_>, without: Setting<'_>, refusal: &str) {
        for command in commands() {
            if command != ["triangulate"] {
                self.call(&command, without).run().fails(1).says(refusal);
            }
            self.call(&command, with).run().exits(0);
        }
    }
}

const UNKNOWN: &str = "x509: certificate signed by unknown authority";

#[test]
fn plain_http() {
    let registry = TestRegistry::start(Behaviour::default());
    let scene = Scene::new((TempDir::new().unwrap(), Some(registry), None), None);
    scene.each_needs((&["--allow-http-registry"], &[]), (&[], &[]), "registry.example");
}

#[test]
fn an_authority_by_flag() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.example") else { return };
    scene.each_needs((&["--registry-cacert", &scene.root], &[]), (&[], &[]), UNKNOWN);
}

#[test]
fn any_certificate() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.example") else { return };
    scene.each_needs((&["--allow-insecure-registry"], &[]), (&[], &[]), UNKNOWN);
}

#[test]
fn an_authority_by_environment() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.example") else { return };
    scene.each_needs((&[], &[("SSL_CERT_FILE", scene.root.clone())]), (&[], &[]), UNKNOWN);
}

#[test]
fn an_authority_in_certs_d() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.example") else { return };
    let folder = scene.sandbox.path("home/.docker/certs.d/registry.example");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&scene.root, folder.join("ca.crt")).unwrap();
    let elsewhere = scene.keep.0.path().to_string_lossy().into_owned();
    scene.each_needs((&[], &[]), (&[], &[("HOME", elsewhere)]), UNKNOWN);
}

#[test]
fn another_name_in_the_certificate() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.internal") else { return };
    let root = ["--registry-cacert", scene.root.as_str()];
    let with = [&root[..], &["--registry-server-name", "registry.internal"]].concat();
    scene.each_needs((&with, &[]), (&root, &[]), "x509: certificate is valid for registry.internal, not registry.example");
}

#[test]
fn a_client_certificate() {
    let directory = TempDir::new().unwrap();
    let Some(server) = pki::self_signed(directory.path(), "server", "DNS:registry.example") else { return };
    let Some(clients) = pki::self_signed(directory.path(), "clients", "DNS:clients.test") else { return };
    let client = pki::issued_by(&clients, directory.path(), "client", "DNS:me.test").unwrap();
    let Some(registry) = DockerRegistry::with_tls(&server, Some(&clients)) else { return };
    let scene = Scene::new((directory, None, Some(registry)), Some(&server));
    let (certificate, key) = (client.certificate.to_string_lossy().into_owned(), client.key.to_string_lossy().into_owned());
    let root = ["--registry-cacert", scene.root.as_str()];
    let with = [&root[..], &["--registry-client-cert", &certificate, "--registry-client-key", &key]].concat();
    scene.each_needs((&with, &[]), (&root, &[]), "registry.example");
}

#[test]
fn a_user_and_a_password() {
    let behaviour = Behaviour::default().with(|b| b.authentication = Authentication::Basic);
    let Some(scene) = Scene::with_tls(behaviour, "DNS:registry.example") else { return };
    let root = ["--registry-cacert", scene.root.as_str()];
    let with = [&root[..], &["--registry-username", USER, "--registry-password", PASSWORD]].concat();
    scene.each_needs((&with, &[]), (&root, &[]), "UNAUTHORIZED");
}

#[test]
fn a_token() {
    let behaviour = Behaviour::default().with(|b| {
        b.authentication = Authentication::Bearer;
        b.public_name = Some("registry.example");
    });
    let Some(scene) = Scene::with_tls(behaviour, "DNS:registry.example") else { return };
    let token = format!("{TOKEN_MARK}.{}", STANDARD.encode("repository:app:pull,push"));
    let root = ["--registry-cacert", scene.root.as_str()];
    let with = [&root[..], &["--registry-token", &token]].concat();
    scene.each_needs((&with, &[]), (&root, &[]), "UNAUTHORIZED");
    let asked = scene.keep.1.as_ref().unwrap().all_requests();
    assert!(asked.iter().all(|request| request.authentication.as_deref() != Some("Basic")));
}

#[test]
fn a_file_that_is_missing_is_named_before_any_connection() {
    let Some(scene) = Scene::with_tls(Behaviour::default(), "DNS:registry.example") else { return };
    for command in commands() {
        for flags in [
            vec!["--registry-cacert", "absent.pem"],
            vec!["--registry-client-cert", "absent.pem", "--registry-client-key", "cosign.key"],
            vec!["--registry-client-cert", &scene.root, "--registry-client-key", "absent.pem"],
        ] {
            scene.call(&command, (&flags, &[])).run().fails(1).says("absent.pem");
        }
        scene.call(&command, (&[], &[("SSL_CERT_FILE", "absent.pem".into())])).run().fails(1).says("absent.pem");
    }
    assert_eq!(scene.proxy.log(), Vec::<String>::new());
}
