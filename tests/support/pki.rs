//! Certificates made by `openssl` for one test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::skipped;

/// A certificate and its key, in files.
#[derive(Clone)]
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A self-signed certificate (and so, by `openssl req -x509`, CA:TRUE) for some names, such as `IP:127.0.0.1,DNS:localhost`; `None`, said
/// aloud, without openssl.
pub fn self_signed(directory: &Path, name: &str, names: &str) -> Option<Issued> {
    make(directory, name, names, None)
}

/// A certificate of an authority's.
pub fn issued_by(authority: &Issued, directory: &Path, name: &str, names: &str) -> Option<Issued> {
    make(directory, name, names, Some(authority))
}

fn make(directory: &Path, name: &str, names: &str, authority: Option<&Issued>) -> Option<Issued> {
    let issued = Issued { certificate: directory.join(format!("{name}.pem")), key: directory.join(format!("{name}.key")) };
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    command.args(["-subj", &format!("/CN={name}"), "-addext", &format!("subjectAltName={names}")]);
    command.arg("-keyout").arg(&issued.key).arg("-out").arg(&issued.certificate);
    if let Some(authority) = authority {
        command.arg("-CA").arg(&authority.certificate).arg("-CAkey").arg(&authority.key);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    }
    match command.env_remove("OPENSSL_CONF").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) => assert!(status.success(), "openssl: {status}"),
        Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is missing");
            skipped("openssl is missing");
            return None;
        }
    }
    Some(issued)
}

/// What a server of this process needs to show the certificate.
pub fn server_config(issued: &Issued) -> Arc<ServerConfig> {
    configured(issued, None)
}

/// The same, for clients only that show a certificate of an authority's.
pub fn server_config_for(issued: &Issued, clients: &Issued) -> Arc<ServerConfig> {
    configured(issued, Some(clients))
}

fn configured(issued: &Issued, clients: Option<&Issued>) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(&issued.certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&issued.key).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(&authority.certificate).unwrap()).unwrap();
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
        }
    };
    Arc::new(config.with_single_cert(chain, key).unwrap())
}

/// The same for a server that offers these protocols by ALPN.
pub fn server_config_offering(issued: &Issued, protocols: &[&str]) -> Arc<ServerConfig> {
    let mut config = (*server_config(issued)).clone();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}
