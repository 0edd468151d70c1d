//! Verifies server certificates as Go does: a certificate that is itself a root is accepted, and the name may be another than the host's.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// See the module.
#[derive(Debug)]
pub struct Verifier {
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    /// `None` where there is no usable root at all.
    chains: Option<Arc<WebPkiServerVerifier>>,
    name: Option<ServerName<'static>>,
    insecure_skip_verify: bool,
}

impl Verifier {
    /// A verifier with these roots; `name` is verified in place of the host's.
    pub fn new(
        provider: Arc<CryptoProvider>,
        roots: Vec<CertificateDer<'static>>,
        name: Option<ServerName<'static>>,
        insecure_skip_verify: bool,
    ) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build().ok();
        Self { provider, roots, chains, name, insecure_skip_verify }
    }

    fn is_root(&self, certificate: &CertificateDer<'_>) -> bool {
        self.roots.iter().any(|root| root.as_ref() == certificate.as_ref())
    }
}

/// Errors after which a certificate that is itself a root is accepted all the same. Its dates were checked before either can occur.
fn is_about_the_chain(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string().contains("CaUsedAsEndEntity"),
        _ => false,
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.insecure_skip_verify {
            return Ok(ServerCertVerified::assertion());
        }
        let name = self.name.as_ref().unwrap_or(server_name);
        let Some(chains) = &self.chains else { return Err(CertificateError::UnknownIssuer.into()) };
        match chains.verify_server_cert(end_entity, intermediates, name, ocsp_response, now) {
            Err(error) if is_about_the_chain(&error) && self.is_root(end_entity) => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::http::tls::failure;

    const VALID: u64 = 1_796_000_000;
    const EXPIRED: u64 = 1_850_000_000;

    /// Verifies `testdata/tls/self-signed.pem` with itself as the root, or with none.
    fn verify(trusted: bool, name: &str, seconds: u64) -> Result<(), String> {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("../../../testdata/tls/self-signed.pem")).unwrap();
        let roots = if trusted { vec![certificate.clone()] } else { Vec::new() };
        let verifier = Verifier::new(Arc::new(aws_lc_rs::default_provider()), roots, None, false);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let verdict = verifier.verify_server_cert(&certificate, &[], &name, &[], now);
        verdict.map(|_| ()).map_err(|error| failure::reason(&error, ""))
    }

    #[test]
    fn a_root_that_serves_itself_is_accepted_for_its_name_and_time_only() {
        assert_eq!(verify(true, "registry.test", VALID), Ok(()));
        let x509 = "tls: failed to verify certificate: x509: ";
        assert_eq!(verify(false, "registry.test", VALID), Err(format!("{x509}certificate signed by unknown authority")));
        assert_eq!(verify(true, "other.test", VALID), Err(format!("{x509}certificate is valid for registry.test, not other.test")));
        let expired = verify(true, "registry.test", EXPIRED).unwrap_err();
        assert!(expired.starts_with(&format!("{x509}certificate has expired or is not yet valid: current time 2028-")), "{expired}");
    }
}
