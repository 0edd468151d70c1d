//! What a caller decides about talking to registries.

use std::path::PathBuf;

use super::keychain::Credential;
use crate::secret::{IdToken, Password};

/// How registries are reached: the values of the `--registry-*` and `--allow-*` flags. The default is https with the system's roots and the
/// credentials of the Docker config.
#[derive(Debug, Clone, Default)]
pub struct RegistryOptions {
    /// Skip verification of server certificates (`--allow-insecure-registry`).
    pub insecure_skip_tls_verify: bool,
    /// Any host may be spoken to over plain http where https fails (`--allow-http-registry`).
    pub insecure_allow_http: bool,
    /// PEM file of root certificates that replace the system's (`--registry-cacert`).
    pub ca_certificates: Option<PathBuf>,
    /// PEM file of the client certificate, its chain behind it (`--registry-client-cert`).
    pub client_certificate: Option<PathBuf>,
    /// PEM file of the client certificate's private key (`--registry-client-key`).
    pub client_key: Option<PathBuf>,
    /// The name that is sent as SNI and that the server certificate must carry (`--registry-server-name`).
    pub server_name: Option<String>,
    /// User name (`--registry-username`); counts only together with the password.
    pub username: Option<String>,
    /// Password (`--registry-password`); counts only together with the user name.
    pub password: Option<Password>,
    /// Bearer token, sent as it is (`--registry-token`).
    pub token: Option<IdToken>,
    /// Ask the keychains of cloud providers (`--k8s-keychain`).
    pub k8s_keychain: bool,
    /// Use no credentials at all, not even those of the Docker config: to see what everybody sees.
    pub anonymous: bool,
}

impl RegistryOptions {
    /// The credential that the options hold: user name and password, else the token; `None` to ask the keychain, which `--k8s-keychain` always does.
    pub fn credential(&self) -> Option<Credential> {
        if self.anonymous {
            return Some(Credential::default());
        }
        if self.k8s_keychain {
            return None;
        }
        let given = |text: &&String| !text.is_empty();
        let password = self.password.as_ref().filter(|password| !password.expose().is_empty());
        if let (Some(username), Some(password)) = (self.username.as_ref().filter(given), password) {
            return Some(Credential::basic(username.clone(), password.clone()));
        }
        let token = self.token.clone().filter(|token| !token.expose().is_empty())?;
        Some(Credential { registry_token: Some(token), ..Credential::default() })
    }
}

/// What will be done in a repository: decides which scope the one token is requested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Only reading.
    Pull,
    /// Reading and writing.
    Push,
    /// Reading, writing and deleting.
    Delete,
}
