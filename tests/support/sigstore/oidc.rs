//! An OpenID issuer with every flow; everyone is let in, as [`PERSON`] or as whom a test names.

use std::collections::HashMap;
use std::sync::Mutex;

use cosign::crypto::{Message, PublicKey};
use cosign::encoding::{base64, hex};
use serde_json::{Map, Value, json};

use super::der::inside;
use super::keys::{Key, KeyKind, random, sha256, verifies};
use super::service::{Clock, form, json as json_response};
use crate::support::http_server::{Request, Response};

/// Who logs in.
pub const PERSON: &str = "dev@example.com";
pub const CLIENT_SECRET: &str = "a client's secret";

/// What a test may turn.
#[derive(Default)]
struct Turned {
    /// Claims of tokens from flows that differ; null removes one.
    claims: Map<String, Value>,
    /// What the device flow answers before the token.
    device: Vec<&'static str>,
    /// What discovery says differently.
    discovery: Map<String, Value>,
    /// Signs with a key that is not published.
    hidden_key: bool,
    /// Sends another state back to the browser.
    other_state: bool,
}

struct Asked {
    nonce: Option<String>,
    challenge: Option<String>,
    redirect: Option<String>,
}

/// The issuer.
pub struct Issuer {
    pub key: Key,
    clock: Clock,
    url: Mutex<String>,
    codes: Mutex<HashMap<String, Asked>>,
    turned: Mutex<Turned>,
}

impl Issuer {
    pub fn new(kind: KeyKind, clock: &Clock) -> Self {
        Self { key: Key::new(kind), clock: clock.clone(), url: Mutex::default(), codes: Mutex::default(), turned: Mutex::default() }
    }

    /// Tells it where it is, once it is there.
    pub fn is_at(&self, url: &str) {
        *self.url.lock().unwrap() = url.to_owned();
    }

    pub fn url(&self) -> String {
        self.url.lock().unwrap().clone()
    }

    /// Tokens of flows have these claims instead.
    pub fn claims(&self, claims: Value) {
        self.turned.lock().unwrap().claims = claims.as_object().unwrap().clone();
    }

    /// What the device flow answers before it gives a token.
    pub fn device_answers(&self, answers: &[&'static str]) {
        self.turned.lock().unwrap().device = answers.to_vec();
    }

    /// Discovery says this instead.
    pub fn says(&self, discovery: Value) {
        self.turned.lock().unwrap().discovery = discovery.as_object().unwrap().clone();
    }

    /// From now on tokens are signed by a key that is not published.
    pub fn hides_its_key(&self) {
        self.turned.lock().unwrap().hidden_key = true;
    }

    /// The browser comes back with another state than it was sent with.
    pub fn forgets_the_state(&self) {
        self.turned.lock().unwrap().other_state = true;
    }

    /// A token for [`PERSON`] with other claims; null removes one.
    pub fn token(&self, claims: &Value) -> String {
        let now = self.clock.now();
        let mut all = json!({
            "iss": self.url(), "aud": "sigstore", "sub": PERSON, "email": PERSON, "email_verified": true,
            "iat": now, "nbf": now - 5, "exp": now + 600,
        });
        change(&mut all, claims.as_object().into_iter().flatten());
        let hidden = self.turned.lock().unwrap().hidden_key.then(|| Key::new(KeyKind::P256));
        let key = hidden.as_ref().unwrap_or(&self.key);
        let algorithm = if matches!(key, Key::Rsa(_)) { "RS256" } else { "ES256" };
        let head = json!({ "alg": algorithm, "typ": "JWT", "kid": "k1" });
        let signed = format!("{}.{}", base64::encode_url(head.to_string()), base64::encode_url(all.to_string()));
        let signature = match key {
            Key::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(key, signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            other => other.sign(signed.as_bytes()),
        };
        format!("{signed}.{}", base64::encode_url(signature))
    }

    /// The claims of a token of this issuer's for Sigstore that is valid now.
    pub fn verify(&self, token: &str, now: i64) -> Result<Value, &'static str> {
        let [head, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { return Err("no token") };
        let decoded = |text: &str| base64::decode_protojson(text).map_err(|_| "no base64");
        let key = PublicKey::from_spki_der(&self.key.spki()).unwrap();
        let mut bytes = decoded(signature)?;
        if let (Key::P256(_), 64) = (&self.key, bytes.len()) {
            let signature = p256::ecdsa::Signature::from_slice(&bytes).map_err(|_| "no signature")?;
            bytes = signature.to_der().as_bytes().to_vec();
        }
        if !verifies(&key, Message::Bytes(format!("{head}.{payload}").as_bytes()), &bytes) {
            return Err("signature");
        }
        let claims: Value = serde_json::from_slice(&decoded(payload)?).map_err(|_| "no JSON")?;
        let audience = claims["aud"] == "sigstore" || claims["aud"].as_array().is_some_and(|all| all.contains(&"sigstore".into()));
        match () {
            () if claims["iss"] != self.url() => Err("issuer"),
            () if !audience => Err("audience"),
            () if claims["exp"].as_i64().is_none_or(|expires| expires <= now) => Err("expired"),
            () => Ok(claims),
        }
    }

    pub fn answer(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path()) {
            ("GET", "/.well-known/openid-configuration") => self.discovery(),
            ("GET", "/keys") => json_response(200, &json!({ "keys": [self.jwk()] })),
            ("GET", "/id-token") => Response::new(200, self.short_cut(request)),
            ("GET", "/auth") => self.authorize(request),
            ("POST", "/device/code") => self.device_code(request),
            ("POST", "/token") => self
                .token_endpoint(request)
                .unwrap_or_else(|(error, why)| json_response(400, &json!({ "error": error, "error_description": why }))),
            _ => Response::new(404, "404 page not found\n"),
        }
    }

    fn discovery(&self) -> Response {
        let url = self.url();
        let mut says = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"), "device_authorization_endpoint": format!("{url}/device/code"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"], "code_challenge_methods_supported": ["S256"],
        });
        change(&mut says, &self.turned.lock().unwrap().discovery);
        json_response(200, &says)
    }

    fn jwk(&self) -> Value {
        let spki = self.key.spki();
        let key = inside(&spki).unwrap()[1].content[1..].to_vec();
        let text = |bytes: &[u8]| base64::encode_url(bytes);
        match &self.key {
            Key::Rsa(_) => {
                let numbers = inside(&key).unwrap();
                let unsigned = |at: usize| text(numbers[at].content.strip_prefix(&[0]).unwrap_or(numbers[at].content));
                json!({ "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": unsigned(0), "e": unsigned(1) })
            }
            _ => {
                json!({ "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": text(&key[1..33]), "y": text(&key[33..]) })
            }
        }
    }

    /// `?email=…&aud=…&expired=1`: a token without any flow.
    fn short_cut(&self, request: &Request) -> String {
        let mut claims = Map::new();
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        for (name, _) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            claims.insert(name.to_owned(), request.query(name).into());
        }
        if claims.remove("expired").is_some() {
            claims.insert("exp".to_owned(), (self.clock.now() - 60).into());
        }
        if let Some(email) = claims.get("email").cloned() {
            claims.entry("sub").or_insert(email);
        }
        self.token(&Value::Object(claims))
    }

    fn remember(&self, asked: Asked) -> String {
        let code = hex::encode(random::<12>());
        self.codes.lock().unwrap().insert(code.clone(), asked);
        code
    }

    fn authorize(&self, request: &Request) -> Response {
        let known = request.query("client_id").as_deref() == Some("sigstore") && request.query("response_type").as_deref() == Some("code");
        let (true, Some(redirect)) = (known, request.query("redirect_uri")) else { return Response::new(400, "invalid_request") };
        let asked = Asked { nonce: request.query("nonce"), challenge: request.query("code_challenge"), redirect: Some(redirect.clone()) };
        let code = self.remember(asked);
        if redirect == "urn:ietf:wg:oauth:2.0:oob" {
            return Response::new(200, code);
        }
        let mut state = request.query("state").unwrap_or_default();
        if self.turned.lock().unwrap().other_state {
            state = "another".to_owned();
        }
        Response::new(302, "").with("Location", format!("{redirect}?code={code}&state={state}"))
    }

    fn device_code(&self, request: &Request) -> Response {
        let code = self.remember(Asked { nonce: None, challenge: form(request, "code_challenge"), redirect: None });
        let url = self.url();
        json_response(
            200,
            &json!({
                "device_code": code, "user_code": "ABCD-EFGH", "verification_uri": format!("{url}/device"),
                "verification_uri_complete": format!("{url}/device?user_code=ABCD-EFGH"), "interval": 1, "expires_in": 300,
            }),
        )
    }

    fn token_endpoint(&self, request: &Request) -> Result<Response, (&'static str, &'static str)> {
        let nonce = match form(request, "grant_type").as_deref() {
            Some("client_credentials") => {
                let is_known = form(request, "client_secret").as_deref() == Some(CLIENT_SECRET);
                if !is_known {
                    return Err(("invalid_client", "unknown secret"));
                }
                None
            }
            Some("authorization_code") => self.redeem(request, "code")?,
            Some("urn:ietf:params:oauth:grant-type:device_code") => {
                let mut turned = self.turned.lock().unwrap();
                if !turned.device.is_empty() {
                    return Err((turned.device.remove(0), "as the test wants it"));
                }
                drop(turned);
                self.redeem(request, "device_code")?
            }
            _ => return Err(("unsupported_grant_type", "")),
        };
        let mut claims = json!({ "nonce": nonce });
        change(&mut claims, &self.turned.lock().unwrap().claims);
        let token = self.token(&claims);
        let answer = json!({ "access_token": hex::encode(random::<12>()), "token_type": "Bearer", "expires_in": 600, "id_token": token });
        Ok(json_response(200, &answer))
    }

    /// Takes a code that was handed out, once, from who has the verifier of its challenge (PKCE): its nonce.
    fn redeem(&self, request: &Request, field: &str) -> Result<Option<String>, (&'static str, &'static str)> {
        let code = form(request, field).unwrap_or_default();
        let asked = self.codes.lock().unwrap().remove(&code).ok_or(("invalid_grant", "unknown code"))?;
        let verifier = form(request, "code_verifier").unwrap_or_default();
        if asked.challenge.is_none_or(|challenge| challenge != base64::encode_url(sha256(verifier))) {
            return Err(("invalid_grant", "PKCE verifier does not match"));
        }
        if asked.redirect.is_some() && asked.redirect != form(request, "redirect_uri") {
            return Err(("invalid_grant", "another redirect URI"));
        }
        Ok(asked.nonce)
    }
}

/// Replaces members; null removes one.
fn change<'a>(value: &mut Value, changes: impl IntoIterator<Item = (&'a String, &'a Value)>) {
    let members = value.as_object_mut().unwrap();
    for (name, value) in changes {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
}
