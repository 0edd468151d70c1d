//! Answers challenges: basic, or a bearer token for each repository (Docker's token protocol, and OAuth2 with a refresh token).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::Challenge;
use super::keychain::Credential;
use super::{Access, RegistryError};
use crate::encoding::base64;
use crate::format::oci::RepositoryName;
use crate::http::header::AUTHORIZATION;
use crate::http::{BodyKind, Client, Method, Request, Response, StatusCode, Url, destination};
use crate::secret::IdToken;

/// The most bytes of a token server's answer.
const TOKEN_BODY_LIMIT: u64 = 64 * 1024;
/// What go-containerregistry calls itself to token servers.
const CLIENT_ID: &str = "go-containerregistry";
/// How many scopes a repository's token may come to have.
const SCOPE_LIMIT: usize = 16;

/// What this program knows of one registry's way to authenticate. Requests of one repository share a token.
#[derive(Default)]
pub struct Authenticator {
    /// The registry's way, once it was seen.
    scheme: std::sync::Mutex<Option<Scheme>>,
    /// By path. Whoever holds a grant fetches its token; others of that repository wait.
    grants: std::sync::Mutex<HashMap<String, Arc<Mutex<Grant>>>>,
}

#[derive(Clone)]
enum Scheme {
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

/// What was obtained for a repository.
#[derive(Clone, Default)]
struct Grant {
    access: Option<Access>,
    scopes: Vec<String>,
    authorization: Option<IdToken>,
    refresh_token: Option<IdToken>,
}

/// Who asks for what.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// The client to fetch tokens with.
    pub client: &'a Client,
    /// The registry's base URL, which decides where a realm may be.
    pub origin: &'a Url,
    /// The repository.
    pub repository: &'a RepositoryName,
    /// What will be done there.
    pub access: Access,
    /// The credential.
    pub credential: &'a Credential,
}

impl Authenticator {
    /// Whether the registry asked for credentials before.
    pub fn is_challenged(&self) -> bool {
        self.scheme().is_some()
    }

    fn scheme(&self) -> Option<Scheme> {
        self.scheme.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn grant(&self, repository: &RepositoryName) -> Arc<Mutex<Grant>> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner).entry(repository.path.clone()).or_default().clone()
    }

    /// The `Authorization` to send with a first request, where the registry's way is known already; fetches a token where it is by bearer.
    ///
    /// # Errors
    /// The token server refuses or cannot be reached.
    pub async fn authorization(&self, wish: Wish<'_>) -> Result<Option<IdToken>, RegistryError> {
        let Some(scheme) = self.scheme() else { return Ok(None) };
        let grant = self.grant(wish.repository);
        let mut grant = grant.lock().await;
        if grant.authorization.is_none() || grant.access < Some(wish.access) {
            grant.widen(wish, None);
            grant.authorize(&scheme, wish).await?;
        }
        Ok(grant.authorization.clone())
    }

    /// The `Authorization` with which to repeat a request that was answered by `challenges`; `None` when there is nothing better than what
    /// was `sent`.
    ///
    /// # Errors
    /// A challenge that cannot be answered: a realm that is missing, malformed or out of bounds; a token server that refuses.
    pub async fn answer(&self, challenges: &[Challenge], sent: Option<&IdToken>, wish: Wish<'_>) -> Result<Option<IdToken>, RegistryError> {
        let (scheme, scope) = choose(challenges, wish.origin)?;
        *self.scheme.lock().unwrap_or_else(PoisonError::into_inner) = Some(scheme.clone());
        let grant = self.grant(wish.repository);
        let mut grant = grant.lock().await;
        // Another request may have fetched a token meanwhile.
        if grant.authorization.is_some() && grant.authorization.as_ref() != sent && grant.access >= Some(wish.access) {
            return Ok(grant.authorization.clone());
        }
        grant.widen(wish, scope.as_deref());
        grant.authorize(&scheme, wish).await?;
        Ok(grant.authorization.clone().filter(|authorization| Some(authorization) != sent))
    }
}

/// The way to authenticate, bearer before basic, and the scope that is asked for.
fn choose(challenges: &[Challenge], origin: &Url) -> Result<(Scheme, Option<String>), RegistryError> {
    if let Some(bearer) = challenges.iter().find(|challenge| challenge.scheme == "bearer") {
        let malformed =
            |reason: &str| RegistryError::Malformed { what: "invalid realm in www-authenticate".to_owned(), reason: reason.to_owned() };
        let realm = bearer.parameter("realm").ok_or_else(|| malformed("missing realm"))?;
        let realm = Url::parse(realm).map_err(|_| malformed("it is no URL"))?;
        destination::check(origin, &realm)?;
        let service = bearer.parameter("service").map(str::to_owned);
        return Ok((Scheme::Bearer { realm, service }, bearer.parameter("scope").map(str::to_owned)));
    }
    // Basic where it is asked for, and, as in go-containerregistry, where nothing is that this program knows.
    Ok((Scheme::Basic, None))
}

impl Grant {
    /// Adds the scope of the wish, and the one that a challenge asked for, in front: some servers look at the first only.
    fn widen(&mut self, wish: Wish<'_>, asked: Option<&str>) {
        if self.access < Some(wish.access) {
            let own = format!("repository:{}:{}", wish.repository.path, actions(wish.access));
            self.scopes.retain(|scope| !covers(&own, scope));
            self.scopes.insert(0, own);
            self.access = Some(wish.access);
        }
        for scope in asked.unwrap_or_default().split_ascii_whitespace() {
            if self.scopes.len() < SCOPE_LIMIT && !self.scopes.iter().any(|had| covers(had, scope)) {
                self.scopes.insert(0, scope.to_owned());
            }
        }
    }

    async fn authorize(&mut self, scheme: &Scheme, wish: Wish<'_>) -> Result<(), RegistryError> {
        let credential = wish.credential;
        let bearer = |token: &IdToken| IdToken::new(format!("Bearer {}", token.expose()));
        self.authorization = match (scheme, &credential.registry_token) {
            (_, Some(token)) => Some(bearer(token)),
            (Scheme::Basic, None) => basic(wish),
            (Scheme::Bearer { realm, service }, None) => {
                let tokens = self.fetch(realm, service.as_deref(), wish).await?;
                if tokens.refresh_token.is_some() {
                    self.refresh_token = tokens.refresh_token;
                }
                wish.client.hide(tokens.token.expose());
                Some(bearer(&tokens.token))
            }
        };
        Ok(())
    }

    async fn fetch(&self, realm: &Url, service: Option<&str>, wish: Wish<'_>) -> Result<Tokens, RegistryError> {
        if let Some(refresh) = self.refresh_token.as_ref().or(wish.credential.identity_token.as_ref()) {
            let response = exchange(self.oauth(realm, service, refresh), wish).await?;
            // Not all token servers speak OAuth2; those that do not know the POST take the GET.
            if response.status != StatusCode::NOT_FOUND {
                return tokens(&response);
            }
        }
        tokens(&exchange(self.docker(realm, service, wish), wish).await?)
    }

    fn docker(&self, realm: &Url, service: Option<&str>, wish: Wish<'_>) -> Request {
        let mut url = realm.clone();
        {
            let mut query = url.query_pairs_mut();
            for scope in &self.scopes {
                query.append_pair("scope", scope);
            }
            if let Some(service) = service {
                query.append_pair("service", service);
            }
        }
        let request = Request::new(Method::GET, url, TOKEN_BODY_LIMIT).kind(BodyKind::Credentials);
        match basic(wish) {
            Some(authorization) => request.header(AUTHORIZATION, authorization.expose()),
            None => request,
        }
    }

    fn oauth(&self, realm: &Url, service: Option<&str>, refresh: &IdToken) -> Request {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("scope", &self.scopes.join(" "));
        if let Some(service) = service {
            form.append_pair("service", service);
        }
        form.append_pair("client_id", CLIENT_ID).append_pair("grant_type", "refresh_token").append_pair("refresh_token", refresh.expose());
        Request::new(Method::POST, realm.clone(), TOKEN_BODY_LIMIT)
            .kind(BodyKind::Credentials)
            .body("application/x-www-form-urlencoded", form.finish().into_bytes())
    }
}

/// Sends a token request, following redirects within bounds and without the credential where they leave the server.
async fn exchange(mut request: Request, wish: Wish<'_>) -> Result<Response, RegistryError> {
    for _ in 0..destination::REDIRECT_LIMIT {
        let response = wish.client.send(&request).await?;
        let location =
            response.header(crate::http::header::LOCATION).filter(|_| response.status.is_redirection() && request.method == Method::GET);
        let Some(location) = location else { return Ok(response) };
        let next = request.url.join(location).map_err(|_| RegistryError::of(&response))?;
        destination::check(wish.origin, &next)?;
        if !destination::same_server(&request.url, &next) {
            request.headers.remove(AUTHORIZATION);
        }
        request.url = next;
    }
    Err(RegistryError::Malformed {
        what: "token server".to_owned(),
        reason: format!("stopped after {} redirects", destination::REDIRECT_LIMIT),
    })
}

/// A token server's answer.
struct Tokens {
    token: IdToken,
    refresh_token: Option<IdToken>,
}

#[derive(Deserialize)]
struct TokenBody {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
}

fn tokens(response: &Response) -> Result<Tokens, RegistryError> {
    if response.status != StatusCode::OK {
        return Err(RegistryError::of(response));
    }
    let malformed = |reason: &str| RegistryError::Malformed { what: "token server".to_owned(), reason: reason.to_owned() };
    let body: TokenBody = serde_json::from_slice(&response.body).map_err(|_| malformed("its answer is no JSON of a token"))?;
    let secret = |value: Option<String>| value.filter(|value| !value.is_empty()).map(IdToken::new);
    let token = secret(body.access_token).or_else(|| secret(body.token)).ok_or_else(|| malformed("no token in bearer response"))?;
    Ok(Tokens { token, refresh_token: secret(body.refresh_token) })
}

fn basic(wish: Wish<'_>) -> Option<IdToken> {
    let credential = wish.credential;
    let password = credential.password.as_ref().map_or(&[][..], |password| password.expose());
    if credential.username.is_empty() && password.is_empty() {
        return None;
    }
    let pair = zeroize::Zeroizing::new([credential.username.as_bytes(), b":", password].concat());
    let encoded = zeroize::Zeroizing::new(base64::encode(&*pair));
    wish.client.hide(&encoded);
    Some(IdToken::new(format!("Basic {}", encoded.as_str())))
}

fn actions(access: Access) -> &'static str {
    match access {
        Access::Pull => "pull",
        Access::Push => "push,pull",
        Access::Delete => "push,pull,delete",
    }
}

/// Whether scope `had` grants all that `wanted` asks for.
fn covers(had: &str, wanted: &str) -> bool {
    match (had.rsplit_once(':'), wanted.rsplit_once(':')) {
        (Some((had, granted)), Some((wanted, asked))) => {
            had == wanted && asked.split(',').all(|action| granted.split(',').any(|granted| granted == action))
        }
        _ => had == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_cover_what_they_grant() {
        assert!(covers("repository:a:push,pull", "repository:a:pull,push"));
        assert!(covers("repository:a:push,pull", "repository:a:pull"));
        assert!(!covers("repository:a:pull", "repository:a:pull,push"));
        assert!(!covers("repository:b:pull", "repository:a:pull"));
    }

    #[test]
    fn a_bearer_realm_must_not_lie_in_a_private_network() {
        let origin = Url::parse("https://r.example/").ok();
        let challenge = |realm: &str| super::super::challenge::parse(&format!("Bearer realm=\"{realm}\""));
        let choose = |realm: &str| origin.as_ref().is_some_and(|origin| choose(&challenge(realm), origin).is_ok());
        assert!(choose("https://auth.example/token"));
        assert!(choose("https://r.example/token"));
        for realm in ["http://auth.example/token", "https://169.254.169.254/x", "https://localhost.example@127.0.0.1/", "", "token"] {
            assert!(!choose(realm), "{realm}");
        }
    }
}
