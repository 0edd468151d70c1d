//! A token service for docker-registry: a JWT, ES256 with the certificate in its header, for [`USER`] and [`PASSWORD`].

use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use super::http_server::{Request, Response, Server};
use super::pki::Issued;
use super::registry::behaviour::{PASSWORD, USER};

/// Who the tokens are from, and for whom.
pub const ISSUER: &str = "test-issuer";
pub const SERVICE: &str = "test-registry";

/// A running token service.
pub struct TokenServer {
    server: Server,
    log: Arc<Mutex<Vec<String>>>,
}

impl TokenServer {
    pub fn start(issued: &Issued) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let (lines, issued) = (log.clone(), issued.clone());
        let handler = move |request: &Request| {
            lines.lock().unwrap().push(request.target.clone());
            answer(request, &issued.key, &issued.certificate)
        };
        Self { server: Server::start(None, Arc::new(handler)), log }
    }

    /// Where tokens are asked for; by name, since a registry may not send its users to another private address.
    pub fn realm(&self) -> String {
        format!("http://localhost:{}/token", self.server.host().rsplit(':').next().unwrap())
    }

    /// The requests so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

fn answer(request: &Request, key: &Path, certificate: &Path) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    match request.header("authorization") {
        Some(given) if given != basic => return Response::new(401, "{}"),
        _ => {}
    }
    let known = request.header("authorization").is_some();
    let access: Vec<Value> = request.queries("scope").iter().filter(|_| known).filter_map(|scope| entry(scope)).collect();
    let token = jwt(&access, key, certificate);
    Response::new(200, json!({"token": token, "expires_in": 300}).to_string()).with("Content-Type", "application/json")
}

fn entry(scope: &str) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    Some(json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}))
}

fn jwt(access: &[Value], key: &Path, certificate: &Path) -> String {
    let pem = std::fs::read_to_string(certificate).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [der]});
    let claims = json!({
        "iss": ISSUER, "sub": USER, "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": format!("{now}"), "access": access,
    });
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
