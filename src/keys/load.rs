//! Loads keys: the only place that knows every kind.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use super::{KeyRef, file};
use crate::ambient::{Context, DeadlineExceeded, PasswordError};
use crate::crypto::encrypted_pem::{EncryptedKey, EncryptedPemError};
use crate::crypto::public_key::PublicKeyError;
use crate::crypto::{PublicKey, Signer};
use crate::encoding::{PathError, text};
use crate::secret::PrivateKeyPem;

/// The most bytes that a key may have in its file, its variable or behind its URL: 1 MiB.
pub const MOST_KEY_BYTES: u64 = 1 << 20;

/// Fetches the content of a URL. What calls [`signer`] and [`verifier`] brings one along.
#[async_trait]
pub trait FetchUrl: Send + Sync {
    /// The body of the answer to a GET, at most `limit` bytes of it.
    ///
    /// # Errors
    /// [`FetchError`], without the URL, which the caller adds.
    async fn fetch(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError>;
}

/// Why the content of a URL could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The answer was no success.
    #[error("server returned HTTP {0}")]
    Status(u16),
    /// The body is longer than the limit.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// One redirect led to the next; how many were followed.
    #[error("stopped after {0} redirects")]
    Redirects(usize),
    /// There was no answer.
    #[error("no answer")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a key cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error(transparent)]
    Path(#[from] PathError),
    /// `env://` names a variable that is not set.
    #[error("loading URL: env var ${0} not found")]
    EnvNotSet(String),
    /// The URL, redacted, gave nothing.
    #[error("loading URL {url}")]
    Url {
        /// Without user, password, query and fragment.
        url: String,
        /// What went wrong.
        source: FetchError,
    },
    /// More bytes than a key can need; from where.
    #[error("{0} has more than 1 MiB: that is no key")]
    TooLarge(String),
    /// The deadline passed while a pipe was read.
    #[error("read {0}: {DeadlineExceeded}")]
    Deadline(PathBuf),
    /// A kind of key that a later version will know.
    #[error("{0} are not supported yet")]
    NotSupportedYet(&'static str),
    /// A scheme that is none of ours.
    #[error("loading URL: unrecognized scheme: {0}:// (key plugins, here sigstore-kms-{0}, are not supported yet)")]
    Scheme(String),
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The private key cannot be opened.
    #[error(transparent)]
    Private(#[from] EncryptedPemError),
    /// It is no public key.
    #[error("pem to public key")]
    Public(#[source] PublicKeyError),
}

/// Loads a private key. Asks for its password only when the key is there and encrypted.
///
/// # Errors
/// [`KeyError`].
pub async fn signer(key: &KeyRef, context: &Context, urls: &dyn FetchUrl) -> Result<Arc<dyn Signer>, KeyError> {
    let pem = content(key, context, urls).await?;
    let encrypted = EncryptedKey::from_pem(&pem)?;
    if let KeyRef::File(path) = key {
        file::check_password_source(path, context)?;
    }
    let password = context.ui.password()?;
    Ok(Arc::new(encrypted.open(&password)?))
}

/// Loads a public key; it is a [`crate::crypto::Verifier`].
///
/// # Errors
/// [`KeyError`]. A private key is refused, as in the Go program.
pub async fn verifier(key: &KeyRef, context: &Context, urls: &dyn FetchUrl) -> Result<PublicKey, KeyError> {
    let pem = content(key, context, urls).await?;
    PublicKey::from_pem(pem.expose()).map_err(KeyError::Public)
}

/// What is behind the reference, as it is; it may be private.
async fn content(key: &KeyRef, context: &Context, urls: &dyn FetchUrl) -> Result<PrivateKeyPem, KeyError> {
    match key {
        KeyRef::File(path) => file::read(path, context).await,
        KeyRef::Env(name) => {
            let value = context.env.var(name).ok_or_else(|| KeyError::EnvNotSet(text::quote(name)))?;
            within_limit(value.into_bytes(), || format!("the variable {}", text::quote(name)))
        }
        KeyRef::Url(url) => {
            let redacted = without_secrets(url);
            if url.starts_with("http://") {
                context.ui.warn(&format!("The key at {redacted} is fetched over plain http: whoever is on the way can replace it"));
            }
            let bytes = urls.fetch(url, MOST_KEY_BYTES).await.map_err(|source| KeyError::Url { url: redacted.clone(), source })?;
            within_limit(bytes, || redacted)
        }
        KeyRef::Kms { .. } => Err(KeyError::NotSupportedYet("keys in a key management service")),
        KeyRef::Kubernetes(_) => Err(KeyError::NotSupportedYet("keys in Kubernetes secrets")),
        KeyRef::GitLab(_) => Err(KeyError::NotSupportedYet("keys in GitLab variables")),
        KeyRef::GitHub(_) => Err(KeyError::NotSupportedYet("keys in GitHub secrets")),
        KeyRef::Pkcs11(_) => Err(KeyError::NotSupportedYet("keys on PKCS#11 tokens")),
        KeyRef::Plugin { scheme, .. } => Err(KeyError::Scheme(text::quote(scheme))),
    }
}

fn within_limit(bytes: Vec<u8>, origin: impl FnOnce() -> String) -> Result<PrivateKeyPem, KeyError> {
    let pem = PrivateKeyPem::new(bytes);
    if pem.expose().len() as u64 > MOST_KEY_BYTES { Err(KeyError::TooLarge(origin())) } else { Ok(pem) }
}

/// A URL fit for messages: without user, password, query and fragment, any of which may hold a secret.
fn without_secrets(url: &str) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return "(not a URL)".to_owned() };
    // These fail only for URLs without a host, which have nothing to hide there.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.set_query(None);
    parsed.set_fragment(None);
    text::quote(parsed.as_str())
}

#[cfg(test)]
mod tests;
