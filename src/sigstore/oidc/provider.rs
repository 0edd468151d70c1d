//! An OpenID provider: what it says of itself (OpenID Connect Discovery 1.0), and its token endpoint (RFC 6749).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use super::claims::Claims;
use super::key_set::KeySet;
use super::{OidcError, TokenRequest};
use crate::ambient::{Context, Rng};
use crate::crypto::Digest;
use crate::encoding::text::quote;
use crate::encoding::{UnixTime, base64};
use crate::http::header::AUTHORIZATION;
use crate::http::{BodyKind, Client, Method, Request, Response, StatusCode, Url};
use crate::secret::{IdToken, Password};
use crate::sigstore::service::{ANSWER_LIMIT, Service};

const LIMIT: Duration = Duration::from_secs(30);

/// What a provider says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    #[serde(default)]
    pub(super) authorization_endpoint: String,
    #[serde(default)]
    pub(super) token_endpoint: String,
    #[serde(default)]
    pub(super) device_authorization_endpoint: String,
    #[serde(default)]
    jwks_uri: String,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

/// A provider.
pub(super) struct Provider {
    pub(super) service: Service,
    pub(super) says: Discovery,
    client: Client,
}

/// What a flow must not be without: PKCE (RFC 7636).
pub(super) struct Challenge {
    pub(super) verifier: IdToken,
    pub(super) challenge: String,
}

impl Challenge {
    pub(super) fn new(rng: &dyn Rng) -> Result<Self, OidcError> {
        let verifier = random(48, rng)?;
        let challenge = base64::encode_url(Digest::sha256(&verifier).bytes());
        Ok(Self { verifier: IdToken::new(verifier), challenge })
    }
}

/// Random text of URL-safe characters.
pub(super) fn random(bytes: usize, rng: &dyn Rng) -> Result<String, OidcError> {
    let mut random = zeroize::Zeroizing::new(vec![0_u8; bytes]);
    rng.fill(&mut random).map_err(OidcError::Random)?;
    Ok(base64::encode_url(&random))
}

impl Provider {
    /// Asks the provider about itself. It must be the issuer that it was asked as.
    pub(super) async fn discover(issuer: &str, client: &Client) -> Result<Self, OidcError> {
        let service = Service::new("OIDC provider", issuer, client, LIMIT)?;
        let request = Request::new(Method::GET, service.endpoint("/.well-known/openid-configuration"), ANSWER_LIMIT);
        let response = service.send(request).await?;
        if response.status != StatusCode::OK {
            return Err(service.refused(&response, " (asked for its configuration)").into());
        }
        let says: Discovery = serde_json::from_slice(&response.body)
            .map_err(|error| OidcError::Provider(format!("the OIDC provider's configuration cannot be read: {error}")))?;
        if says.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(OidcError::Provider(format!(
                "oidc: issuer did not match the issuer returned by provider, expected {} got {}",
                quote(issuer),
                quote(&says.issuer)
            )));
        }
        Ok(Self { service, says, client: client.clone() })
    }

    pub(super) fn needs_pkce(&self) -> Result<(), OidcError> {
        let supported = self.says.code_challenge_methods_supported.iter().any(|method| method == "S256");
        if supported { Ok(()) } else { Err(OidcError::NoPkce(quote(&self.says.authorization_endpoint))) }
    }

    /// Whether the provider has an endpoint: its URL.
    pub(super) fn endpoint(&self, name: &'static str, url: &str) -> Result<Url, OidcError> {
        if url.is_empty() {
            return Err(OidcError::Provider(format!("{name} endpoint not returned by provider")));
        }
        let parsed = Url::parse(url).map_err(|error| OidcError::Provider(format!("the provider's {name} endpoint: {error}")))?;
        // What the provider says must not be weaker than how it was asked.
        if parsed.scheme() != "https" && parsed.scheme() != self.service.url().scheme() {
            return Err(OidcError::Provider(format!("the provider's {name} endpoint is not https: {}", quote(url))));
        }
        Ok(parsed)
    }

    /// Posts a form; the answer holds credentials.
    pub(super) async fn post(&self, url: Url, fields: &[(&str, &str)], basic: Option<(&str, &[u8])>) -> Result<Response, OidcError> {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(fields);
        let mut request = Request::new(Method::POST, url, ANSWER_LIMIT)
            .body("application/x-www-form-urlencoded", encoded.finish().into_bytes())
            .kind(BodyKind::Credentials);
        if let Some((name, secret)) = basic {
            let escape = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", escape(name), escape(&String::from_utf8_lossy(secret)));
            request = request.header(AUTHORIZATION, &format!("Basic {}", base64::encode(pair)));
        }
        Ok(self.service.send(request).await?)
    }

    /// The token in an answer of the token endpoint.
    pub(super) fn id_token(&self, response: &Response) -> Result<IdToken, OidcError> {
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if !response.status.is_success() {
            return Err(OidcError::Refused(describe(&answer).unwrap_or_else(|| self.service.refused(response, "").to_string())));
        }
        let token = answer.get("id_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| OidcError::Token("id_token not present: the provider issued no identity token".to_owned()))?;
        self.client.hide(token);
        Ok(IdToken::new(token))
    }

    /// Checks signature, issuer, audience, expiry and nonce of a token.
    pub(super) async fn check(&self, token: &IdToken, request: &TokenRequest, nonce: Option<&str>, now: UnixTime) -> Result<(), OidcError> {
        let url = self.endpoint("jwks", &self.says.jwks_uri)?;
        let response = self.service.send(Request::new(Method::GET, url, ANSWER_LIMIT)).await?;
        if response.status != StatusCode::OK {
            return Err(self.service.refused(&response, " (asked for its keys)").into());
        }
        KeySet::parse(&response.body)?.verify(token)?;
        let claims = Claims::of(token)?;
        if claims.issuer() != Some(self.says.issuer.as_str()) {
            return Err(OidcError::Token("oidc: id token issued by a different provider".to_owned()));
        }
        let audience = claims.audience().unwrap_or_default();
        if !audience.contains(&request.client_id) {
            let names: Vec<String> = audience.iter().map(|name| quote(name)).collect();
            return Err(OidcError::Token(format!("oidc: expected audience {:?} got {names:?}", request.client_id)));
        }
        if claims.expires().is_none_or(|expires| expires <= now) {
            return Err(OidcError::Token("oidc: token is expired".to_owned()));
        }
        if nonce.is_some() && claims.nonce() != nonce {
            return Err(OidcError::Token("nonce does not match value sent".to_owned()));
        }
        claims.subject()?;
        Ok(())
    }

    /// A token for a client with a secret (RFC 6749 section 4.4).
    pub(super) async fn client_credentials(&self, request: &TokenRequest, context: &Context) -> Result<IdToken, OidcError> {
        let secret = secret_text(request.client_secret.as_ref());
        let fields = [
            ("client_id", request.client_id.as_str()),
            ("client_secret", secret.as_str()),
            ("grant_type", "client_credentials"),
            ("scope", "openid email"),
        ];
        self.client.hide(&secret);
        let response = self.post(self.endpoint("token", &self.says.token_endpoint)?, &fields, None).await?;
        let token = self.id_token(&response)?;
        self.check(&token, request, None, UnixTime::from(context.clock.now())).await?;
        context.ui.status("Token received!");
        Ok(token)
    }
}

pub(super) fn secret_text(secret: Option<&Password>) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(secret.map(|secret| String::from_utf8_lossy(secret.expose()).into_owned()).unwrap_or_default())
}

/// `"error" "description"` as Go's oauth2 package writes it.
pub(super) fn describe(answer: &Value) -> Option<String> {
    let text = |name| answer.get(name).and_then(Value::as_str);
    let error = text("error")?;
    Some(match text("error_description") {
        Some(description) => format!("oauth2: \"{}\" \"{}\"", quote(error), quote(description)),
        None => quote(error),
    })
}
