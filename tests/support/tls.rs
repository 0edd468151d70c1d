//! The certificate of `testdata/pki` for the test registry.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::testdata;

/// A server for 127.0.0.1, localhost and registry.example, whose root is `testdata/pki/pki-tlsca.crt`.
pub fn server_config() -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(testdata("pki/pki-tls.crt")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(testdata("pki/pki-tls.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(config.with_single_cert(chain, key).unwrap())
}
