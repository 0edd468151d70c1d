//! Credentials of registries: the Docker config, podman's, and credential helpers.

mod config;
mod helper;
#[cfg(feature = "k8s-keychain")]
mod k8s;
mod locations;
mod store;

use std::sync::Arc;

pub use config::{Credential, DockerConfig};
#[cfg(feature = "k8s-keychain")]
pub use k8s::K8sKeychain;
pub use store::{StoredIn, store};

use super::RegistryError;
use crate::ambient::Env;
use crate::format::oci::RepositoryName;
#[cfg(feature = "k8s-keychain")]
use crate::http::Client;

/// Under which name Docker keeps Docker Hub's credentials.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// Other names under which they may be found.
const DOCKER_HUB_NAMES: [&str; 4] = ["index.docker.io", "docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// Where credentials are looked up. The configuration is read once.
pub struct Keychain {
    env: Arc<dyn Env>,
    ignored: Option<String>,
    /// `DOCKER_AUTH_CONFIG`, which wins over the file.
    from_variable: DockerConfig,
    from_file: DockerConfig,
    /// Asked where there is none of those.
    #[cfg(feature = "k8s-keychain")]
    clouds: Option<K8sKeychain>,
}

impl Keychain {
    /// Reads `DOCKER_AUTH_CONFIG` and the first of the files that is there: `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`,
    /// `$REGISTRY_AUTH_FILE`, podman's `auth.json`.
    ///
    /// # Errors
    /// [`RegistryError::Config`] for a file that cannot be read or parsed.
    pub fn load(env: Arc<dyn Env>) -> Result<Self, RegistryError> {
        let from_file = match locations::config_file(&*env) {
            Some(path) => DockerConfig::read(&path)?,
            None => DockerConfig::default(),
        };
        let variable = env.var("DOCKER_AUTH_CONFIG").filter(|value| !value.trim().is_empty());
        let (from_variable, ignored) = match variable.map(|value| DockerConfig::parse(value.as_bytes())) {
            Some(Ok(config)) => (config, None),
            Some(Err(reason)) => (DockerConfig::default(), Some(format!("DOCKER_AUTH_CONFIG is ignored: {reason}"))),
            None => (DockerConfig::default(), None),
        };
        Ok(Self {
            env,
            ignored,
            from_variable,
            from_file,
            #[cfg(feature = "k8s-keychain")]
            clouds: None,
        })
    }

    /// What was set and cannot be used, for a warning: Docker goes on without `DOCKER_AUTH_CONFIG` where it is malformed.
    pub fn ignored(&self) -> Option<&str> {
        self.ignored.as_deref()
    }

    /// The same, which asks the cloud providers too.
    #[cfg(feature = "k8s-keychain")]
    #[must_use]
    pub fn with_clouds(self, clouds: K8sKeychain) -> Self {
        Self { clouds: Some(clouds), ..self }
    }

    /// What the cloud provider of a registry gives; an empty credential where it has none. `registry` reaches the registry itself.
    #[cfg(feature = "k8s-keychain")]
    pub async fn of_cloud(&self, repository: &RepositoryName, registry: &Client) -> Credential {
        match &self.clouds {
            Some(clouds) => clouds.credential(&repository.registry, registry).await,
            None => Credential::default(),
        }
    }

    /// The credential for a repository; an empty one where there is none. May run a credential helper, so it blocks.
    ///
    /// # Errors
    /// A malformed entry, or a helper that is missing or fails.
    pub fn credential(&self, repository: &RepositoryName) -> Result<Credential, RegistryError> {
        // go-containerregistry knows the first and the third.
        let found = |credential: &Credential| !credential.is_anonymous();
        let own = Some(self.look_up(&repository.to_string())?).filter(found);
        if let Some(credential) = own.or(self.of_namespace(repository)?) {
            return Ok(credential);
        }
        match Some(self.look_up(&config_key(&repository.registry))?).filter(found) {
            Some(credential) => Ok(credential),
            None => self.of_docker_hub(repository),
        }
    }

    /// What docker/cli's `GetAuthConfig` finds under a key.
    fn look_up(&self, key: &str) -> Result<Credential, RegistryError> {
        if let Some(credential) = self.from_variable.entry(key)? {
            return Ok(credential);
        }
        match self.from_file.helper_for(key) {
            Some(helper) => helper::get(helper, key, &*self.env),
            None => Ok(self.from_file.entry(key)?.unwrap_or_default()),
        }
    }

    /// podman's entries: for the repository, or for a namespace above it, Docker Hub under any of its names.
    fn of_namespace(&self, repository: &RepositoryName) -> Result<Option<Credential>, RegistryError> {
        let is_hub = DOCKER_HUB_NAMES.contains(&repository.registry.as_str());
        let hosts: Vec<&str> = if is_hub { DOCKER_HUB_NAMES.to_vec() } else { vec![&repository.registry] };
        let mut path = repository.path.as_str();
        while !path.is_empty() {
            for host in &hosts {
                if let Some(credential) = self.exact(&format!("{host}/{path}"))? {
                    return Ok(Some(credential));
                }
            }
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        Ok(None)
    }

    /// Docker Hub's credential under its other names.
    fn of_docker_hub(&self, repository: &RepositoryName) -> Result<Credential, RegistryError> {
        if !DOCKER_HUB_NAMES.contains(&repository.registry.as_str()) {
            return Ok(Credential::default());
        }
        for name in DOCKER_HUB_NAMES {
            if let Some(credential) = self.exact(name)? {
                return Ok(credential);
            }
        }
        self.look_up(DOCKER_HUB_KEY)
    }

    fn exact(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        for config in [&self.from_variable, &self.from_file] {
            if let Some(credential) = config.exact_entry(key)?.filter(|credential| !credential.is_anonymous()) {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }
}

/// Under which key Docker keeps a registry's credentials.
fn config_key(registry: &str) -> String {
    if registry == DOCKER_HUB_NAMES[0] { DOCKER_HUB_KEY.to_owned() } else { registry.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
