//! Rekor, API version 2 (rekor-tiles). It answers once a checkpoint includes the entry, and hands no entry out a second time.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Logged, LoggedContent, LoggedKey, RekorError};
use crate::crypto::{Curve, HashAlgorithm, KeyAlgorithm, PublicKey};
use crate::encoding::text::quote;
use crate::encoding::{base64, go_json};
use crate::format::bundle::read_log_entry;
use crate::format::tlog::LogEntry;
use crate::http::{Client, Method, Request, StatusCode};
use crate::sigstore::service::{ANSWER_LIMIT, Service};

const LIMIT: Duration = Duration::from_secs(60);

/// What helps when an entry is too large: there is no more in one than a digest, a signature and a key.
const TOO_LARGE: &str = "it holds no more than a digest, a signature and a certificate: ask whoever runs this log";

/// A log.
pub struct Rekor {
    service: Service,
}

impl Rekor {
    /// The log at `url`.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(url: &str, client: &Client) -> Result<Self, RekorError> {
        Ok(Self { service: Service::new("Rekor", url, client, LIMIT)? })
    }

    /// Logs a signature, an envelope's too, as a hashedrekord.
    ///
    /// # Errors
    /// [`RekorError`].
    pub async fn log(&self, logged: &Logged<'_>) -> Result<LogEntry, RekorError> {
        // Text and objects always have a JSON form.
        let body = go_json::to_vec(&proposed(logged)?).unwrap_or_default();
        let sent = body.len();
        let request = Request::new(Method::POST, self.service.endpoint("/api/v2/log/entries"), ANSWER_LIMIT).body("application/json", body);
        let response = self.service.send(request).await?;
        match response.status {
            StatusCode::CREATED => {
                read_log_entry(&response.body).map_err(|error| self.service.answer(format!("the answer is no log entry: {error}")).into())
            }
            StatusCode::CONFLICT => Err(RekorError::Duplicate {
                index: quote(response.header("X-Log-Index").unwrap_or("that it does not name")),
                body: quote(String::from_utf8_lossy(&response.body).trim()),
            }),
            _ => Err(RekorError::too_large(&response, sent, TOO_LARGE)
                .unwrap_or_else(|| self.service.refused(&response, advice(response.status)).into())),
        }
    }
}

fn advice(status: StatusCode) -> &'static str {
    if status == StatusCode::NOT_FOUND { " (is this a Rekor of version 2, as the signing config says?)" } else { "" }
}

fn proposed(logged: &Logged<'_>) -> Result<Value, RekorError> {
    let (verifier, key) = match logged.key {
        LoggedKey::Certificate(certificate) => {
            let key = certificate.public_key().map_err(|error| RekorError::Answer(error.to_string()))?;
            (json!({ "x509Certificate": { "rawBytes": base64::encode(certificate.der()) } }), key)
        }
        LoggedKey::PublicKey(key) => (json!({ "publicKey": { "rawBytes": base64::encode(key.spki_der()) } }), key.clone()),
    };
    let (details, hash) = details(&key)?;
    let digest = match logged.content {
        LoggedContent::Digest(digest) if digest.algorithm() == hash => digest.clone(),
        LoggedContent::Digest(_) => return Err(RekorError::Key(key.algorithm())),
        LoggedContent::Envelope { envelope, .. } => envelope.signed_digest(hash),
    };
    let mut verifier = verifier;
    verifier["keyDetails"] = details.into();
    Ok(json!({ "hashedRekordRequestV002": {
        "digest": base64::encode(digest.bytes()),
        "signature": { "content": base64::encode(logged.signature), "verifier": verifier },
    }}))
}

/// The key's algorithm in the log's words, and the hash function that goes with it.
fn details(key: &PublicKey) -> Result<(&'static str, HashAlgorithm), RekorError> {
    Ok(match key.algorithm() {
        KeyAlgorithm::Ecdsa(Curve::P256) => ("PKIX_ECDSA_P256_SHA_256", HashAlgorithm::Sha256),
        KeyAlgorithm::Ecdsa(Curve::P384) => ("PKIX_ECDSA_P384_SHA_384", HashAlgorithm::Sha384),
        KeyAlgorithm::Ecdsa(Curve::P521) => ("PKIX_ECDSA_P521_SHA_512", HashAlgorithm::Sha512),
        KeyAlgorithm::Rsa { bits: 2048 } => ("PKIX_RSA_PKCS1V15_2048_SHA256", HashAlgorithm::Sha256),
        KeyAlgorithm::Rsa { bits: 3072 } => ("PKIX_RSA_PKCS1V15_3072_SHA256", HashAlgorithm::Sha256),
        KeyAlgorithm::Rsa { bits: 4096 } => ("PKIX_RSA_PKCS1V15_4096_SHA256", HashAlgorithm::Sha256),
        KeyAlgorithm::Ed25519 => ("PKIX_ED25519_PH", HashAlgorithm::Sha512),
        other @ KeyAlgorithm::Rsa { .. } => return Err(RekorError::Key(other)),
    })
}

#[cfg(test)]
mod tests;
