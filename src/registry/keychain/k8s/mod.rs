//! `--k8s-keychain`: where the Docker config has nothing, the cloud provider that a registry belongs to is asked. Google, ECR, Azure, Alibaba
//! Cloud, GitHub: each is only asked for registries whose names are its own, so no credential reaches another host.

mod acr;
mod alibaba;
mod ecr;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Credential;
use crate::ambient::Context;
use crate::cloud::{Caller, CloudError, google};
use crate::encoding::text;
use crate::http::{Client, HttpError};
use crate::secret::Password;

/// Asks cloud providers, each registry once.
pub struct K8sKeychain {
    caller: Caller,
    known: Mutex<HashMap<String, Arc<OnceCell<Credential>>>>,
}

/// To whom a registry belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Provider {
    Google,
    Ecr(ecr::Registry),
    Azure,
    Alibaba(alibaba::Registry),
    GitHub,
}

impl K8sKeychain {
    /// Reads the environment; no connection is made.
    ///
    /// # Errors
    /// A file of roots or a proxy variable that cannot be used.
    pub fn new(context: &Context) -> Result<Self, HttpError> {
        Ok(Self { caller: Caller::new(context)?, known: Mutex::default() })
    }

    /// The credential for a registry; an empty one where it belongs to no provider, and, with a warning, where its provider gives none: what
    /// is public can be read without. `client` reaches the registry itself.
    pub async fn credential(&self, registry: &str, client: &Client) -> Credential {
        let Some(provider) = provider(registry, &self.caller) else { return Credential::default() };
        let cell = self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(registry.to_owned()).or_default().clone();
        let ask = async || match self.ask(&provider, registry, client).await {
            Ok(credential) => credential,
            Err(error) => {
                let ui = &self.caller.context().ui;
                ui.warn(&format!("no credentials for {} from its cloud provider, going on without: {error}", text::quote(registry)));
                Credential::default()
            }
        };
        cell.get_or_init(ask).await.clone()
    }

    async fn ask(&self, provider: &Provider, registry: &str, client: &Client) -> Result<Credential, CloudError> {
        match provider {
            Provider::Google => {
                let token = google::access_token(&self.caller).await?;
                Ok(Credential::basic("_token", Password::new(token.expose().as_bytes())))
            }
            Provider::Ecr(of) => ecr::credential(&self.caller, of).await,
            Provider::Azure => acr::credential(&self.caller, registry, client).await,
            Provider::Alibaba(of) => alibaba::credential(&self.caller, of).await,
            Provider::GitHub => Ok(of_github(self.caller.context())),
        }
    }
}

/// `GITHUB_TOKEN`, for `GITHUB_ACTOR`; whose name does not matter.
fn of_github(context: &Context) -> Credential {
    let var = |name: &str| context.env.var(name).filter(|value| !value.is_empty());
    match var("GITHUB_TOKEN") {
        Some(token) => Credential::basic(var("GITHUB_ACTOR").unwrap_or_else(|| "unset".to_owned()), Password::new(token.into_bytes())),
        None => Credential::default(),
    }
}

fn provider(registry: &str, caller: &Caller) -> Option<Provider> {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| host.ends_with(suffix) && host.len() > suffix.len());
    if host == "gcr.io" || ends(&[".gcr.io", ".pkg.dev", ".google.com"]) {
        return Some(Provider::Google);
    }
    if let Some(of) = ecr::registry(host) {
        return Some(Provider::Ecr(of));
    }
    // The Go program looks for these anywhere in the name, and so would send a token to azurecr.io.evil.example.
    if ends(&[".azurecr.io", ".azurecr.cn", ".azurecr.de", ".azurecr.us"]) || host == "mcr.microsoft.com" {
        return Some(Provider::Azure);
    }
    if let Some(of) = alibaba::registry(host, &*caller.context().env) {
        return Some(Provider::Alibaba(of));
    }
    (host == "ghcr.io").then_some(Provider::GitHub)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ambient::fake::Fake;

    #[test]
    fn registries_belong_to_the_provider_that_they_are_named_after() {
        let caller = Caller::new(&Fake::default().context()).unwrap();
        let of = |registry: &str| provider(registry, &caller).map(|provider| format!("{provider:?}").chars().take(3).collect::<String>());
        for (registry, expected) in [
            ("gcr.io", "Goo"),
            ("eu.gcr.io", "Goo"),
            ("europe-docker.pkg.dev", "Goo"),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Ecr"),
            ("public.ecr.aws", "Ecr"),
            ("x.azurecr.io", "Azu"),
            ("registry.cn-beijing.aliyuncs.com", "Ali"),
            ("ghcr.io", "Git"),
        ] {
            assert_eq!(of(registry).as_deref(), Some(expected), "{registry}");
        }
        for stranger in [
            "x.azurecr.io.evil.example",
            "evil-gcr.io",
            "ghcr.io.evil.example",
            ".gcr.io",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
            "registry.cn-beijing.aliyuncs.com.evil.example",
            "index.docker.io",
            "127.0.0.1:5000",
        ] {
            assert_eq!(of(stranger), None, "{stranger}");
        }
    }

    #[tokio::test]
    async fn github_has_a_name_only_where_it_is_told() {
        let fake = Fake::default().with_var("GITHUB_TOKEN", "ghs_x");
        assert_eq!(of_github(&fake.context()).username, "unset");
        assert_eq!(of_github(&fake.with_var("GITHUB_ACTOR", "octocat").context()).username, "octocat");
        assert!(of_github(&Fake::default().context()).is_anonymous());
    }
}
