//! One registry: its scheme, its connections, its tokens. Sends requests and answers challenges.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::OnceCell;

use super::auth::{Authenticator, Wish};
use super::keychain::{Credential, Keychain};
use super::{Access, RegistryError, RegistryOptions, challenge, probe};
use crate::format::oci::RepositoryName;
use crate::http::header::{AUTHORIZATION, LOCATION};
use crate::http::{Client, Method, Request, Response, StatusCode, Url, destination};

/// How often one request is repeated to answer challenges.
const CHALLENGE_LIMIT: usize = 3;

/// A registry. Repositories share it.
pub struct Host {
    registry: String,
    options: Arc<RegistryOptions>,
    client: Client,
    keychain: Option<Arc<Keychain>>,
    scheme: OnceCell<&'static str>,
    authenticator: Authenticator,
    /// Credentials by path, looked up once however often a repository is opened.
    credentials: Mutex<HashMap<String, Arc<OnceCell<Credential>>>>,
    /// Whether it took a blob in one POST; unknown until the first.
    pub single_post: OnceLock<bool>,
}

/// On whose behalf a request is made.
pub struct Caller<'a> {
    /// The repository.
    pub repository: &'a RepositoryName,
    /// What is done there in this run.
    pub access: Access,
    /// Its credential, once looked up.
    pub credential: &'a OnceCell<Credential>,
}

impl Host {
    /// A registry by its normalised name. `keychain` is `None` where the options hold the credential.
    ///
    /// # Errors
    /// [`RegistryError::Host`].
    pub fn new(
        registry: &str,
        options: Arc<RegistryOptions>,
        client: Client,
        keychain: Option<Arc<Keychain>>,
    ) -> Result<Self, RegistryError> {
        let host = Self {
            registry: registry.to_owned(),
            options,
            client,
            keychain,
            scheme: OnceCell::new(),
            authenticator: Authenticator::default(),
            credentials: Mutex::default(),
            single_post: OnceLock::new(),
        };
        host.origin("https")?;
        Ok(host)
    }

    /// What requests are sent by.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where the credential of a repository is kept once it is looked up.
    pub fn credential_cell(&self, repository: &RepositoryName) -> Arc<OnceCell<Credential>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner).entry(repository.path.clone()).or_default().clone()
    }

    fn origin(&self, scheme: &str) -> Result<Url, RegistryError> {
        let bad = || RegistryError::Host(self.registry.clone());
        let url = Url::parse(&format!("{scheme}://{}/", self.registry)).map_err(|_| bad())?;
        let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.fragment().is_none();
        if plain && url.has_host() { Ok(url) } else { Err(bad()) }
    }

    /// The base URL, with the scheme that the registry speaks: https, or what [`probe`] finds where plain http is allowed.
    ///
    /// # Errors
    /// [`RegistryError::Host`].
    pub async fn base(&self, repository: &RepositoryName) -> Result<Url, RegistryError> {
        if !(self.options.insecure_allow_http || repository.may_use_http()) {
            return self.origin("https");
        }
        let (secure, plain) = (self.origin("https")?, self.origin("http")?);
        let scheme = self
            .scheme
            .get_or_init(|| async {
                if self.client.is_proxied(&secure) || self.client.is_proxied(&plain) {
                    return self.scheme_through_proxy(&secure).await;
                }
                probe::scheme(&self.client, &secure, &plain).await
            })
            .await;
        self.origin(scheme)
    }

    /// Through a proxy there is no greeting without a request.
    async fn scheme_through_proxy(&self, secure: &Url) -> &'static str {
        let Ok(url) = secure.join("/v2/") else { return "https" };
        match self.client.once(&Request::new(Method::GET, url, 1 << 20)).await {
            Ok(_) => "https",
            Err(_) => "http",
        }
    }

    /// Sends a request to `url` and answers challenges; `Authorization` goes to the registry itself only. Redirects are followed, within the
    /// bounds of [`destination`], for reading and where the server asks for the same method again.
    ///
    /// # Errors
    /// [`RegistryError`] where there is no answer or a challenge cannot be answered; an answer with an error status is none.
    pub async fn send(&self, mut request: Request, caller: &Caller<'_>) -> Result<Response, RegistryError> {
        let origin = self.base(caller.repository).await?;
        for _ in 0..destination::REDIRECT_LIMIT {
            let response = if destination::same_server(&origin, &request.url) {
                self.authenticated(&mut request, caller, &origin).await?
            } else {
                request.headers.remove(AUTHORIZATION);
                self.client.send(&request).await?
            };
            match self.redirect(&origin, &request, &response)? {
                Some(next) => request.url = next,
                None => return Ok(response),
            }
        }
        let reason = format!("stopped after {} redirects", destination::REDIRECT_LIMIT);
        Err(RegistryError::Malformed { what: self.registry.clone(), reason })
    }

    fn redirect(&self, origin: &Url, request: &Request, response: &Response) -> Result<Option<Url>, RegistryError> {
        let reading = request.method == Method::GET || request.method == Method::HEAD;
        let follows = match response.status.as_u16() {
            301..=303 => reading,
            307 | 308 => true,
            _ => false,
        };
        match response.header(LOCATION) {
            Some(location) if follows => Ok(Some(destination::resolve(origin, &request.url, location)?)),
            _ => Ok(None),
        }
    }

    async fn authenticated(&self, request: &mut Request, caller: &Caller<'_>, origin: &Url) -> Result<Response, RegistryError> {
        let wish = |credential| Wish { client: &self.client, origin, repository: caller.repository, access: caller.access, credential };
        let mut sent = None;
        if self.authenticator.is_challenged() {
            sent = self.authenticator.authorization(wish(self.credential(caller).await?)).await?;
        }
        let mut answered = 0;
        loop {
            request.headers.remove(AUTHORIZATION);
            if let Some(authorization) = &sent {
                request.set_header(AUTHORIZATION, authorization.expose());
            }
            let response = self.client.send(request).await?;
            if response.status != StatusCode::UNAUTHORIZED || answered == CHALLENGE_LIMIT {
                return Ok(response);
            }
            let challenges = challenge::challenges(&response.headers);
            let credential = self.credential(caller).await?;
            match self.authenticator.answer(&challenges, sent.as_ref(), wish(credential)).await? {
                Some(authorization) => sent = Some(authorization),
                None => return Ok(response),
            }
            answered += 1;
        }
    }

    /// The credential, looked up when it is first asked for: helpers run only where a registry wants one.
    async fn credential<'a>(&self, caller: &Caller<'a>) -> Result<&'a Credential, RegistryError> {
        caller
            .credential
            .get_or_try_init(|| async {
                let credential = match (&self.keychain, self.options.credential()) {
                    (_, Some(credential)) => credential,
                    (None, None) => Credential::default(),
                    (Some(keychain), None) => {
                        let (keychain, repository) = (keychain.clone(), caller.repository.clone());
                        let found = tokio::task::spawn_blocking(move || keychain.credential(&repository)).await;
                        let found = found.map_err(|error| RegistryError::Helper {
                            program: "credential helper".to_owned(),
                            reason: error.to_string(),
                        })??;
                        self.or_of_cloud(found, caller.repository).await
                    }
                };
                self.hide(&credential);
                Ok(credential)
            })
            .await
    }

    /// What was found, or what the registry's cloud provider gives where that is nothing.
    #[cfg(feature = "k8s-keychain")]
    async fn or_of_cloud(&self, found: Credential, repository: &RepositoryName) -> Credential {
        match &self.keychain {
            Some(keychain) if found.is_anonymous() => keychain.of_cloud(repository, &self.client).await,
            _ => found,
        }
    }

    #[cfg(not(feature = "k8s-keychain"))]
    async fn or_of_cloud(&self, found: Credential, _: &RepositoryName) -> Credential {
        found
    }

    fn hide(&self, credential: &Credential) {
        if let Some(password) = credential.password.as_ref().and_then(|password| std::str::from_utf8(password.expose()).ok()) {
            self.client.hide(password);
        }
        for token in [&credential.identity_token, &credential.registry_token].into_iter().flatten() {
            self.client.hide(token.expose());
        }
    }
}
