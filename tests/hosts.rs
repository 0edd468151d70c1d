//! Registries as people meet them: private authorities, client certificates, `certs.d`, proxies, token services; on Debian's docker-registry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::support::docker_registry::DockerRegistry;
use crate::support::pki::{self, Issued};
use crate::support::proxy::Proxy;
use crate::support::registry::behaviour::{PASSWORD, USER};
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, OLD_FORM, Sandbox};
use crate::support::token_server::TokenServer;

const UNKNOWN: &str = "tls: failed to verify certificate: x509: certificate signed by unknown authority";

/// A registry over TLS, its certificate, and a sandbox that trusts nobody.
struct Scene {
    directory: TempDir,
    issued: Issued,
    registry: DockerRegistry,
    sandbox: Sandbox,
}

fn scene() -> Option<Scene> {
    let directory = TempDir::new().unwrap();
    let issued = pki::self_signed(directory.path(), "server", "IP:127.0.0.1")?;
    let registry = DockerRegistry::with_tls(&issued, None)?;
    Some(Scene { directory, issued, registry, sandbox: Sandbox::new() })
}

/// Puts a file into this user's `certs.d` directory of a registry.
fn certs_d(sandbox: &Sandbox, host: &str, from: &std::path::Path, to: &str) {
    let folder = sandbox.path("home/.docker/certs.d").join(host);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(from, folder.join(to)).unwrap();
}

/// Signs and verifies in both forms, each call changed in the same way.
#[track_caller]
fn works(sandbox: &Sandbox, image: &str, flags: &[&str], prepare: impl Fn(Call) -> Call) {
    for form in ["--new-bundle-format=true", OLD_FORM] {
        prepare(sandbox.sign(&[flags, &[form, image]].concat())).run().exits(0);
        prepare(sandbox.verify(&[flags, &[form, image]].concat())).run().exits(0);
    }
}

#[test]
fn a_self_signed_registry_by_each_way_to_trust_it() {
    let Some(scene) = scene() else { return };
    let image = scene.registry.image("v1");
    let root = scene.issued.certificate.to_string_lossy().into_owned();
    scene.sandbox.sign(&[&image]).run().fails(1).says(UNKNOWN);
    scene.sandbox.verify(&[&image]).run().fails(1).says(UNKNOWN);
    works(&scene.sandbox, &image, &["--registry-cacert", &root], |call| call);
    works(&scene.sandbox, &image, &[], |call| call.env("SSL_CERT_FILE", &root));
    works(&scene.sandbox, &image, &[], |call| call.env("SSL_CERT_DIR", scene.directory.path()));
    works(&scene.sandbox, &image, &["--allow-insecure-registry"], |call| call);
    certs_d(&scene.sandbox, scene.registry.host(), &scene.issued.certificate, "ca.crt");
    works(&scene.sandbox, &image, &[], |call| call);
    // A given authority is the only one: neither the environment nor `certs.d` adds to it.
    let other = pki::self_signed(scene.directory.path(), "other", "IP:127.0.0.1").unwrap();
    let other = other.certificate.to_string_lossy().into_owned();
    scene.sandbox.verify(&["--registry-cacert", &other, &image]).env("SSL_CERT_FILE", &root).run().fails(1).says(UNKNOWN);
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_before_any_connection() {
    let registry = TestRegistry::start(Behaviour::default());
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.write("garbage", "no certificate");
    for file in ["absent.pem", "garbage"] {
        for flag in ["--registry-cacert", "--registry-client-cert"] {
            for call in [
                sandbox.sign(&[flag, file, "--registry-client-key", file, &image]),
                sandbox.verify(&[flag, file, "--registry-client-key", file, &image]),
            ] {
                call.run().fails(1).says(file);
            }
        }
        sandbox.verify(&[&image]).env("SSL_CERT_FILE", file).run().fails(1).says(file);
    }
    assert_eq!(registry.connections(), 0);
}

#[test]
fn mutual_tls_by_flags_and_by_certs_d() {
    let directory = TempDir::new().unwrap();
    let Some(server) = pki::self_signed(directory.path(), "server", "IP:127.0.0.1") else { return };
    let Some(clients) = pki::self_signed(directory.path(), "clients", "DNS:clients.test") else { return };
    let client = pki::issued_by(&clients, directory.path(), "client", "DNS:me.test").unwrap();
    let Some(registry) = DockerRegistry::with_tls(&server, Some(&clients)) else { return };
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let root = path(&server.certificate);
    sandbox.sign(&["--registry-cacert", &root, &image]).run().fails(1);
    let (certificate, key) = (path(&client.certificate), path(&client.key));
    let shown = ["--registry-cacert", &root, "--registry-client-cert", &certificate, "--registry-client-key", &key];
    works(&sandbox, &image, &shown, |call| call);
    let others = path(&server.key);
    let wrong = ["--registry-cacert", &root, "--registry-client-cert", &certificate, "--registry-client-key", &others, &image];
    sandbox.verify(&wrong).run().fails(1).says("server.key");
    certs_d(&sandbox, registry.host(), &server.certificate, "ca.crt");
    certs_d(&sandbox, registry.host(), &client.certificate, "client.cert");
    certs_d(&sandbox, registry.host(), &client.key, "client.key");
    works(&sandbox, &image, &[], |call| call);
}

#[test]
fn the_server_name_is_what_is_verified() {
    let directory = TempDir::new().unwrap();
    let Some(server) = pki::self_signed(directory.path(), "server", "DNS:registry.test") else { return };
    let Some(registry) = DockerRegistry::with_tls(&server, None) else { return };
    let sandbox = Sandbox::new();
    let (image, root) = (registry.image("v1"), server.certificate.to_string_lossy().into_owned());
    sandbox.verify(&["--registry-cacert", &root, &image]).run().fails(1).says("x509: cannot validate certificate for 127.0.0.1");
    works(&sandbox, &image, &["--registry-cacert", &root, "--registry-server-name", "registry.test"], |call| call);
    let wrong = ["--registry-cacert", &root, "--registry-server-name", "other.test", &image];
    sandbox.verify(&wrong).run().fails(1).says("x509: certificate is valid for registry.test, not other.test");
}

#[test]
fn tokens_on_docker_registry() {
    let directory = TempDir::new().unwrap();
    let Some(issued) = pki::self_signed(directory.path(), "tokens", "DNS:tokens.test") else { return };
    let server = TokenServer::start(&issued);
    let Some(registry) = DockerRegistry::with_tokens(&server, &issued) else { return };
    let sandbox = Sandbox::new();
    let image = registry.image("v1");
    sandbox.sign(&[&image]).run().fails(1).says("UNAUTHORIZED");
    let before = server.log().len();
    works(&sandbox, &image, &["--registry-username", USER, "--registry-password", PASSWORD], |call| call);
    assert_eq!(server.log().len() - before, 4, "one token a command: {:?}", server.log());
    sandbox.sign(&["--registry-username", USER, "--registry-password", "wrong", &image]).run().fails(1).does_not_say("wrong\"");
}

/// A registry under a name that only the proxy knows.
fn behind_a_proxy(authorization: Option<&str>) -> Option<(TestRegistry, Proxy, Sandbox, String, TempDir)> {
    let directory = TempDir::new().unwrap();
    let issued = pki::self_signed(directory.path(), "server", "DNS:registry.example")?;
    let registry = TestRegistry::start_with(Behaviour::default(), Some(pki::server_config(&issued)));
    let proxy = Proxy::start(&[("registry.example", &registry.host())], authorization);
    Some((registry, proxy, Sandbox::new(), issued.certificate.to_string_lossy().into_owned(), directory))
}

#[test]
fn through_a_proxy() {
    let Some((_registry, proxy, sandbox, root, _directory)) = behind_a_proxy(None) else { return };
    let image = "registry.example/app:v1";
    works(&sandbox, image, &["--registry-cacert", &root], |call| call.env("HTTPS_PROXY", proxy.url()));
    works(&sandbox, image, &["--registry-cacert", &root], |call| call.without_env("HTTPS_PROXY").env("https_proxy", proxy.host()));
    assert!(proxy.log().iter().all(|line| line.starts_with("CONNECT registry.example:443 ")), "{:?}", proxy.log());
    // Through a proxy too it is the given name that is verified.
    let named = ["--registry-cacert", &root, "--registry-server-name", "registry.example", image];
    sandbox.verify(&named).env("HTTPS_PROXY", proxy.url()).run().exits(0);
    let misnamed = ["--registry-cacert", &root, "--registry-server-name", "other.example", image];
    let refused = sandbox.verify(&misnamed).env("HTTPS_PROXY", proxy.url()).run().fails(1);
    refused.says("x509: certificate is valid for registry.example, not other.example");
    let asked = proxy.log().len();
    let direct =
        sandbox.verify(&["--registry-cacert", &root, image]).env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", ".invalid,registry.example");
    direct.run().fails(1).says("no such host");
    assert_eq!(proxy.log().len(), asked);
    let socks = sandbox.verify(&[image]).env("HTTPS_PROXY", "socks5://me:hunter2@127.0.0.1:1");
    socks.run().fails(1).says("SOCKS proxies are not supported yet").does_not_say("hunter2");
}

#[test]
fn through_a_proxy_that_wants_a_password() {
    let basic = format!("Basic {}", STANDARD.encode("me:p@ss"));
    let Some((_registry, proxy, sandbox, root, _directory)) = behind_a_proxy(Some(&basic)) else { return };
    let flags = ["--registry-cacert", root.as_str()];
    let url = format!("http://me:p%40ss@{}", proxy.host());
    works(&sandbox, "registry.example/app:v1", &flags, |call| call.env("HTTPS_PROXY", &url));
    let refused = sandbox
        .verify(&["-d", "--registry-cacert", &root, "registry.example/app:v1"])
        .env("HTTPS_PROXY", format!("http://me:hunter2@{}", proxy.host()));
    refused.run().fails(1).does_not_say("hunter2");
}

#[test]
fn plain_http_through_a_proxy() {
    let registry = TestRegistry::start(Behaviour::default());
    let proxy = Proxy::start(&[("http://registry.example", &registry.host())], None);
    let sandbox = Sandbox::new();
    let settings = |call: Call| call.env("HTTP_PROXY", proxy.url()).env("HTTPS_PROXY", proxy.url());
    works(&sandbox, "registry.example/app:v1", &["--allow-http-registry"], settings);
    // Without the flag no such host is spoken to over plain http.
    let asked = registry.requests().len();
    settings(sandbox.verify(&["registry.example/app:v1"])).run().fails(1);
    assert_eq!(registry.requests().len(), asked);
}
