//! TLS against `docker-registry`, with certificates made by `openssl`; nothing to test where either is not installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::docker_registry::{Running, start_with};
use super::*;
use crate::format::oci::Selector;

/// A registry whose certificate is self-signed (and so CA:TRUE), for `names`.
fn server(directory: &Path, names: &str, more: &str) -> Option<(Running, String, PathBuf)> {
    let certificate = certificate(directory, "server", &["-addext", &format!("subjectAltName={names}"), "-days", "1"])?;
    let key = directory.join("server.key");
    let (running, address) =
        start_with(directory, &format!("  tls: {{certificate: {}, key: {}{more}}}\n", certificate.display(), key.display()))?;
    Some((running, address, certificate))
}

fn certificate(directory: &Path, name: &str, more: &[&str]) -> Option<PathBuf> {
    let path = directory.join(format!("{name}.pem"));
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", &format!("/CN={name}")])
        .args(["-keyout".as_ref(), directory.join(format!("{name}.key")).as_os_str(), "-out".as_ref(), path.as_os_str()])
        .args(more)
        .stderr(Stdio::null())
        .status();
    status.ok().filter(std::process::ExitStatus::success).map(|_| path)
}

/// What asking for an absent tag says: `MANIFEST_UNKNOWN` where TLS was set up.
async fn ask(address: &str, options: RegistryOptions, vars: &[(&str, &str)]) -> String {
    let registries = Registries::new(options, context_with(vars).0).unwrap();
    let name = RepositoryName::parse(&format!("{address}/a/b")).unwrap();
    let repository = registries.repository(&name, Access::Pull).unwrap();
    repository.manifest(&Selector::Tag("nope".into())).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_self_signed_certificate_is_accepted_only_as_a_root() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_running, address, root)) = server(directory.path(), "IP:127.0.0.1", "") else { return };
    let refused = ask(&address, RegistryOptions::default(), &[]).await;
    let expected = format!(
        "Get \"https://{address}/v2/a/b/manifests/nope\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
    );
    assert_eq!(refused, expected);
    let replaced = RegistryOptions { ca_certificates: Some(root.clone()), ..RegistryOptions::default() };
    assert!(ask(&address, replaced.clone(), &[]).await.contains("MANIFEST_UNKNOWN"));
    assert!(
        ask(&address, RegistryOptions::default(), &[("SSL_CERT_FILE", &root.display().to_string())]).await.contains("MANIFEST_UNKNOWN")
    );
    let certs_d = directory.path().join(".docker/certs.d").join(&address);
    std::fs::create_dir_all(&certs_d).unwrap();
    std::fs::copy(&root, certs_d.join("ca.crt")).unwrap();
    let home = directory.path().display().to_string();
    assert!(ask(&address, RegistryOptions::default(), &[("HOME", &home)]).await.contains("MANIFEST_UNKNOWN"));
    let insecure = RegistryOptions { insecure_skip_tls_verify: true, ..RegistryOptions::default() };
    assert!(ask(&address, insecure, &[]).await.contains("MANIFEST_UNKNOWN"));
    let other = certificate(directory.path(), "other", &["-addext", "subjectAltName=IP:127.0.0.1"]).unwrap();
    let wrong = RegistryOptions { ca_certificates: Some(other), ..RegistryOptions::default() };
    assert!(ask(&address, wrong, &[]).await.contains("certificate signed by unknown authority"));
    let renamed = RegistryOptions { server_name: Some("registry.test".into()), ..replaced };
    let refused = ask(&address, renamed, &[]).await;
    assert!(refused.contains("x509: certificate is not valid for any names, but wanted to match registry.test"), "{refused}");
}

#[tokio::test]
async fn the_server_name_is_sent_and_verified() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_running, address, root)) = server(directory.path(), "DNS:registry.test", "") else { return };
    let options = RegistryOptions { ca_certificates: Some(root), ..RegistryOptions::default() };
    let refused = ask(&address, options.clone(), &[]).await;
    assert!(refused.contains("x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"), "{refused}");
    let renamed = RegistryOptions { server_name: Some("registry.test".into()), ..options };
    let answer = ask(&address, renamed.clone(), &[]).await;
    assert_eq!(answer, format!("GET https://{address}/v2/a/b/manifests/nope: MANIFEST_UNKNOWN: manifest unknown; map[Tag:nope]"));
    let wrong = RegistryOptions { server_name: Some("other.test".into()), ..renamed };
    assert!(ask(&address, wrong, &[]).await.contains("x509: certificate is valid for registry.test, not other.test"));
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let Some(client) = certificate(directory.path(), "client", &["-days", "1"]) else { return };
    let more = format!(", clientcas: [{}]", client.display());
    let Some((_running, address, root)) = server(directory.path(), "IP:127.0.0.1", &more) else { return };
    let options = RegistryOptions { ca_certificates: Some(root), ..RegistryOptions::default() };
    let refused = ask(&address, options.clone(), &[]).await;
    assert!(refused.starts_with("Get \"https://"), "{refused}");
    let shown =
        RegistryOptions { client_certificate: Some(client), client_key: Some(directory.path().join("client.key")), ..options.clone() };
    let answer = ask(&address, shown, &[]).await;
    assert!(answer.contains("MANIFEST_UNKNOWN"), "{answer}");
    let other_key = RegistryOptions {
        client_certificate: Some(directory.path().join("client.pem")),
        client_key: Some(directory.path().join("server.key")),
        ..options
    };
    let error = Registries::new(other_key, context_with(&[]).0).err().unwrap().to_string();
    assert!(error.contains("server.key"), "{error}");
}
