//! TLS set-up: roots, client certificates, the name to verify, and failures in Go's words.

pub mod failure;
pub mod greeting;
mod roots;
mod verifier;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
pub use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use self::verifier::Verifier;
use super::HttpError;
use crate::ambient::Env;

/// How servers are verified, and how this program shows itself to them. The default: the system's roots, no client certificate.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// Accept any server certificate.
    pub insecure_skip_verify: bool,
    /// PEM file of roots that replace the system's.
    pub ca_certificates: Option<PathBuf>,
    /// PEM files of roots besides the system's.
    pub additional_roots: Vec<PathBuf>,
    /// PEM file of the client certificate, its chain behind it.
    pub client_certificate: Option<PathBuf>,
    /// PEM file of its private key.
    pub client_key: Option<PathBuf>,
    /// The name to send as SNI and to verify, in place of the host's.
    pub server_name: Option<String>,
}

/// Loaded TLS options. The system's roots are read when the first configuration is built.
pub struct TlsSettings {
    insecure_skip_verify: bool,
    replacement_roots: Option<Vec<CertificateDer<'static>>>,
    additional_roots: Vec<CertificateDer<'static>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    server_name: Option<ServerName<'static>>,
    system: roots::SystemRoots,
}

impl TlsSettings {
    /// Loads the files that `options` and `SSL_CERT_FILE` name.
    ///
    /// # Errors
    /// [`HttpError::File`] naming the file that cannot be used; [`HttpError::Tls`] for options that contradict each other.
    pub fn load(options: &TlsOptions, env: &dyn Env) -> Result<Self, HttpError> {
        let replacement_roots =
            options.ca_certificates.as_deref().map(|path| roots::load("loading CA certificates from", path)).transpose()?;
        let mut additional_roots = Vec::new();
        for path in &options.additional_roots {
            additional_roots.extend(roots::load("loading CA certificates from", path)?);
        }
        let identity = match (&options.client_certificate, &options.client_key) {
            (Some(certificate), Some(key)) => Some((roots::load("loading client certificate", certificate)?, load_key(key)?)),
            (None, None) => None,
            (Some(_), None) => return Err(HttpError::Tls("a client certificate needs its key too".to_owned())),
            (None, Some(_)) => return Err(HttpError::Tls("a client key needs its certificate too".to_owned())),
        };
        let server_name = match &options.server_name {
            None => None,
            Some(name) => Some(
                ServerName::try_from(name.clone())
                    .map_err(|_| HttpError::Tls(format!("{} is no server name", crate::encoding::text::quote(name))))?,
            ),
        };
        let system =
            if replacement_roots.is_some() || options.insecure_skip_verify { roots::SystemRoots::None } else { roots::system(env)? };
        let settings =
            Self { insecure_skip_verify: options.insecure_skip_verify, replacement_roots, additional_roots, identity, server_name, system };
        settings.check_identity(options)?;
        Ok(settings)
    }

    /// The name that is sent and verified in place of the host's.
    pub fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }

    /// Builds the configuration; this reads the system's roots.
    ///
    /// # Errors
    /// [`HttpError::Tls`].
    pub fn configuration(&self) -> Result<ClientConfig, HttpError> {
        let roots = match &self.replacement_roots {
            Some(roots) => roots.clone(),
            None => self.system.certificates().into_iter().chain(self.additional_roots.iter().cloned()).collect(),
        };
        let provider = provider();
        let verifier = Verifier::new(provider.clone(), roots, self.server_name.clone(), self.insecure_skip_verify);
        let builder = builder(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut configuration = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|error| HttpError::Tls(error.to_string()))?
            }
        };
        // An address is verified but never sent as SNI (RFC 6066), and must not be replaced by the host's name.
        configuration.enable_sni = !matches!(self.server_name, Some(ServerName::IpAddress(_)));
        // A renamed host needs a `Host` header of its own, which only HTTP/1 has.
        configuration.alpn_protocols =
            if self.server_name.is_some() { vec![b"http/1.1".to_vec()] } else { vec![b"h2".to_vec(), b"http/1.1".to_vec()] };
        Ok(configuration)
    }

    /// Checks early that key and certificate belong together.
    fn check_identity(&self, options: &TlsOptions) -> Result<(), HttpError> {
        let (Some((chain, key)), Some(path)) = (&self.identity, &options.client_key) else { return Ok(()) };
        rustls::sign::CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider()).map(|_| ()).map_err(|error| HttpError::File {
            what: "loading client key",
            path: path.clone(),
            reason: error.to_string(),
        })
    }
}

/// A configuration that trusts nobody: for clients that only speak plain http.
///
/// # Errors
/// [`HttpError::Tls`].
pub fn trusting_nobody() -> Result<ClientConfig, HttpError> {
    let provider = provider();
    let verifier = Verifier::new(provider.clone(), Vec::new(), None, false);
    Ok(builder(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn builder(provider: Arc<CryptoProvider>) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, HttpError> {
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|error| HttpError::Tls(error.to_string()))
}

fn load_key(path: &Path) -> Result<PrivateKeyDer<'static>, HttpError> {
    let failed = |reason: String| HttpError::File { what: "loading client key", path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| failed("no private key in PEM form".to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
