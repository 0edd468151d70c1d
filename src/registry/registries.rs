//! Hands out repositories that share connections, credentials and tokens.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::host::Host;
#[cfg(feature = "k8s-keychain")]
use super::keychain::K8sKeychain;
use super::keychain::Keychain;
use super::layout::LayoutRepository;
use super::remote::RemoteRepository;
use super::{Access, RegistryError, RegistryOptions, Repository, certs_d};
use crate::ambient::Context;
use crate::format::oci::{ImageRef, RepositoryName, Selector};
use crate::http::{Client, ClientOptions, TlsOptions, user_agent};

/// What go-containerregistry adds to the user agent, which some registries look at.
const LIBRARY: &str = "go-containerregistry/v0.21.7";

/// All registries of one invocation. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Registries {
    shared: Arc<Shared>,
}

struct Shared {
    options: Arc<RegistryOptions>,
    context: Context,
    client: Client,
    /// What the client was built from, for registries that need one of their own.
    client_options: ClientOptions,
    keychain: OnceLock<Arc<Keychain>>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

/// A repository and which manifest of it is meant.
pub struct Located {
    /// The repository.
    pub repository: Arc<dyn Repository>,
    /// Tag or digest; for a layout directory named without either, the digest of the one image that it holds.
    pub selector: Selector,
}

impl Registries {
    /// Checks the options and loads the files that they name; no connection is made, system roots are not read yet.
    ///
    /// # Errors
    /// A file that cannot be loaded, named; options that contradict each other.
    pub fn new(options: RegistryOptions, context: Context) -> Result<Self, RegistryError> {
        #[cfg(not(feature = "k8s-keychain"))]
        if options.k8s_keychain {
            return Err(RegistryError::NotSupported("--k8s-keychain, which this program was built without,"));
        }
        let tls = TlsOptions {
            insecure_skip_verify: options.insecure_skip_tls_verify,
            ca_certificates: options.ca_certificates.clone(),
            additional_roots: Vec::new(),
            client_certificate: options.client_certificate.clone(),
            client_key: options.client_key.clone(),
            server_name: options.server_name.clone().filter(|name| !name.is_empty()),
        };
        let user_agent = format!("{} {LIBRARY}", user_agent());
        let client_options = ClientOptions { tls, user_agent, ..ClientOptions::default() };
        let client = Client::new(&client_options, &context)?;
        let shared = Shared {
            options: Arc::new(options),
            context,
            client,
            client_options,
            keychain: OnceLock::new(),
            hosts: Mutex::new(HashMap::new()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The same registries as somebody without credentials sees them.
    ///
    /// # Errors
    /// As [`Registries::new`].
    pub fn anonymous(&self) -> Result<Self, RegistryError> {
        let options = RegistryOptions { anonymous: true, k8s_keychain: false, ..(*self.shared.options).clone() };
        Self::new(options, self.shared.context.clone())
    }

    /// A repository of a registry. No connection is made; the Docker config is read, unless the options hold the credential.
    ///
    /// # Errors
    /// A malformed host or path; a configuration, or a file in `certs.d`, that cannot be used.
    pub fn repository(&self, name: &RepositoryName, access: Access) -> Result<Arc<dyn Repository>, RegistryError> {
        if name.path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(RegistryError::Malformed { what: name.to_string(), reason: "a path with . or .. names no repository".to_owned() });
        }
        let host = self.host(&name.registry)?;
        Ok(Arc::new(RemoteRepository::new(host, name.clone(), access, self.shared.context.clone())))
    }

    /// The repository of an image, in a registry or in a layout directory.
    ///
    /// # Errors
    /// As [`Registries::repository`].
    pub fn open(&self, image: &ImageRef, access: Access) -> Result<Arc<dyn Repository>, RegistryError> {
        match image {
            ImageRef::Registry(reference) => self.repository(&reference.repository, access),
            ImageRef::Layout { directory, .. } => Ok(Arc::new(LayoutRepository::new(directory, self.shared.context.clone()))),
        }
    }

    /// As [`Registries::open`], with the tag or digest that `image` names.
    ///
    /// # Errors
    /// As [`Registries::open`]; a layout directory named without a tag that cannot be read, or that holds none or several images.
    pub fn locate(&self, image: &ImageRef, access: Access) -> Result<Located, RegistryError> {
        match image {
            ImageRef::Registry(reference) => {
                Ok(Located { repository: self.repository(&reference.repository, access)?, selector: reference.selector.clone() })
            }
            ImageRef::Layout { directory, selector } => {
                let layout = LayoutRepository::new(directory, self.shared.context.clone());
                let selector = match selector {
                    Some(selector) => selector.clone(),
                    None => Selector::Digest(layout.only_image()?),
                };
                Ok(Located { repository: Arc::new(layout), selector })
            }
        }
    }

    /// The layout that an image is saved into.
    pub fn saved_layout(&self, directory: &Path) -> Arc<LayoutRepository> {
        Arc::new(LayoutRepository::saved(directory, self.shared.context.clone()))
    }

    fn host(&self, registry: &str) -> Result<Arc<Host>, RegistryError> {
        let keychain = match self.shared.options.credential() {
            Some(_) => None,
            None => Some(self.keychain()?),
        };
        let mut hosts = self.shared.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(registry) {
            return Ok(host.clone());
        }
        let client = match certs_d::tls_options(&*self.shared.context.env, registry, &self.shared.client_options.tls) {
            Some(tls) => Client::new(&ClientOptions { tls, ..self.shared.client_options.clone() }, &self.shared.context)?,
            None => self.shared.client.clone(),
        };
        let host = Arc::new(Host::new(registry, self.shared.options.clone(), client, keychain)?);
        hosts.insert(registry.to_owned(), host.clone());
        Ok(host)
    }

    fn keychain(&self) -> Result<Arc<Keychain>, RegistryError> {
        if let Some(keychain) = self.shared.keychain.get() {
            return Ok(keychain.clone());
        }
        let keychain = Keychain::load(self.shared.context.env.clone())?;
        if let Some(ignored) = keychain.ignored() {
            self.shared.context.ui.warn(ignored);
        }
        #[cfg(feature = "k8s-keychain")]
        let keychain = match self.shared.options.k8s_keychain {
            true => keychain.with_clouds(K8sKeychain::new(&self.shared.context)?),
            false => keychain,
        };
        let keychain = Arc::new(keychain);
        Ok(self.shared.keychain.get_or_init(|| keychain).clone())
    }
}
