//! Fulcio, API version 2: certifies a key for whoever an identity token names.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::oidc::AUDIENCE;
use super::oidc::claims::Claims;
use super::service::{ANSWER_LIMIT, Service, ServiceError};
use crate::crypto::{Certificate, KeyAlgorithm, Message, SignError, Signer};
use crate::encoding::text::quote;
use crate::encoding::{UnixTime, base64, go_json};
use crate::http::header::AUTHORIZATION;
use crate::http::{Client, Method, Request, Response, StatusCode, Url};
use crate::secret::IdToken;

const LIMIT: Duration = Duration::from_secs(30);
/// The most certificates that an answer may hold.
const MAX_CHAIN: usize = 16;

/// A Fulcio.
pub struct Fulcio {
    service: Service,
}

/// What Fulcio issued. Nothing of it is believed before its chain and its SCT were checked.
#[derive(Debug, Clone)]
pub struct IssuedCertificate {
    /// The certificate of the key.
    pub leaf: Certificate,
    /// The certificates above it, as Fulcio sent them.
    pub chain: Vec<Certificate>,
    /// A detached SCT, JSON, where there is none in the certificate.
    pub detached_sct: Option<Vec<u8>>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum FulcioError {
    /// The token cannot be used.
    #[error(transparent)]
    Token(#[from] super::oidc::claims::ClaimsError),
    /// The token is for somebody else.
    #[error("the identity token is for {}, and {url} takes tokens for \"sigstore\" only: get one with that audience; nothing was sent", quote(.audience))]
    Audience {
        /// The Fulcio.
        url: String,
        /// Whom it is for.
        audience: String,
    },
    /// The key cannot show that it is at hand.
    #[error("signing the proof of possession: {0}")]
    Proof(#[from] SignError),
    /// The exchange.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<WithChain>,
    signed_certificate_detached_sct: Option<WithChain>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithChain {
    chain: Option<Chain>,
    #[serde(default)]
    signed_certificate_timestamp: String,
}

#[derive(Deserialize)]
struct Chain {
    #[serde(default)]
    certificates: Vec<String>,
}

impl Fulcio {
    /// The Fulcio at `url`.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(url: &str, client: &Client) -> Result<Self, FulcioError> {
        Ok(Self { service: Service::new("Fulcio", url, client, LIMIT)? })
    }

    /// Asks for a certificate of `key`, shows that the key is at hand, and checks that the answer is about that key.
    ///
    /// # Errors
    /// [`FulcioError`].
    pub async fn certificate(&self, key: &dyn Signer, token: &IdToken, now: UnixTime) -> Result<IssuedCertificate, FulcioError> {
        self.service.hide(token.expose());
        let claims = Claims::of(token)?;
        refuse_audience(&self.service.url(), &claims)?;
        let proof = key.sign(Message::Bytes(claims.subject()?.as_bytes())).await?;
        let algorithm = match key.public_key().algorithm() {
            KeyAlgorithm::Ecdsa(_) => "ECDSA",
            KeyAlgorithm::Rsa { .. } => "RSA_PSS",
            KeyAlgorithm::Ed25519 => "ED25519",
        };
        let body = json!({ "publicKeyRequest": {
            "publicKey": { "algorithm": algorithm, "content": key.public_key().to_pem() },
            "proofOfPossession": base64::encode(proof),
        }});
        let request = Request::new(Method::POST, self.service.endpoint("/api/v2/signingCert"), ANSWER_LIMIT)
            .header(AUTHORIZATION, &format!("Bearer {}", token.expose()))
            // Text and objects always have a JSON form.
            .body("application/json", go_json::to_vec(&body).unwrap_or_default());
        let response = self.service.send(request).await?;
        if response.status != StatusCode::OK {
            return Err(self.service.refused(&response, advice(&response, key.public_key().algorithm(), (&claims, now))).into());
        }
        self.issued(key, &response.body)
    }

    fn issued(&self, key: &dyn Signer, body: &[u8]) -> Result<IssuedCertificate, FulcioError> {
        let answer: Answer =
            serde_json::from_slice(body).map_err(|error| self.service.answer(format!("the answer is no certificate: {error}")))?;
        let (answer, is_detached) = match (answer.signed_certificate_embedded_sct, answer.signed_certificate_detached_sct) {
            (Some(answer), _) => (answer, false),
            (None, Some(answer)) => (answer, true),
            (None, None) => return Err(self.service.answer("Fulcio returned no certificates").into()),
        };
        let texts = answer.chain.map(|chain| chain.certificates).unwrap_or_default();
        if texts.is_empty() || texts.len() > MAX_CHAIN {
            return Err(self.service.answer("Fulcio returned no certificates").into());
        }
        let mut chain = Vec::new();
        for text in &texts {
            let parsed = Certificate::all_from_pem(text.as_bytes());
            chain.extend(parsed.map_err(|error| self.service.answer(format!("a certificate of the answer is none: {error}")))?);
        }
        let leaf = chain.remove(0);
        if leaf.spki_der() != key.public_key().spki_der() {
            return Err(self.service.answer("the certificate is about another key than the one that was sent").into());
        }
        let detached_sct = if is_detached {
            let sct = base64::decode_lenient(&answer.signed_certificate_timestamp);
            Some(sct.map_err(|error| self.service.answer(format!("the detached SCT: {error}")))?)
        } else {
            None
        };
        Ok(IssuedCertificate { leaf, chain, detached_sct })
    }
}

/// The instances of the project take tokens for `sigstore` alone; whom others take, only they know.
fn refuse_audience(url: &Url, claims: &Claims) -> Result<(), FulcioError> {
    let is_public = url.host_str().is_some_and(|host| host.ends_with(".sigstore.dev") || host.ends_with(".sigstage.dev"));
    match claims.audience() {
        Some(audience) if is_public && !audience.iter().any(|name| name == AUDIENCE) => {
            Err(FulcioError::Audience { url: url.to_string(), audience: audience.join(", ") })
        }
        _ => Ok(()),
    }
}

/// Fulcio has one sentence for all that is wrong with a token, and the token itself says more; and some for what is wrong with a key.
fn advice(response: &Response, key: KeyAlgorithm, (claims, now): (&Claims, UnixTime)) -> String {
    let said = String::from_utf8_lossy(&response.body);
    let is_about_key = ["public key", "signature", "algorithm"].iter().any(|word| said.contains(word));
    match response.status.as_u16() {
        400 | 401 | 403 => {}
        404 | 405 => return " (is this a Fulcio?)".to_owned(),
        _ => return String::new(),
    }
    match (claims.expires(), claims.audience()) {
        (Some(expires), _) if expires <= now => format!(" (the identity token expired at {expires}; get a new one)"),
        (_, Some(audience)) if !audience.iter().any(|name| name == "sigstore") => {
            format!(" (the identity token's audience is {}, and Sigstore's is \"sigstore\")", quote(&audience.join(", ")))
        }
        _ if is_about_key => format!(" (does this Fulcio take {key} keys?)"),
        _ => format!(
            " (the identity token is of the issuer {}; does this Fulcio accept it?)",
            quote(claims.issuer().unwrap_or("that it does not name"))
        ),
    }
}

#[cfg(test)]
mod tests;
