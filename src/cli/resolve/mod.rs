//! From what was typed to what is to be done: every rule that turns flags into a request of an operation is here.

pub mod attach;
pub mod attest;
pub mod evidence;
mod policies;
pub mod registry;
pub mod service_spec;
pub mod services;
pub mod sign;
pub mod sign_blob;
pub mod signing_config;
mod trust;
pub mod trusted_root;
pub mod upload;
pub mod verify;
pub mod verify_attestation;
pub mod verify_blob;

use std::path::{Path, PathBuf};

use crate::ambient::Context;
use crate::cli::error::CommandError;
use crate::http::{Url, redact};
use crate::keys::load::FetchUrl;
use crate::operations::blob::MAX_FETCHED;
use crate::operations::files;

/// An empty text counts as not given, as in cosign.
pub(super) fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// As [`given`], for a path.
pub(super) fn given_path(text: &str) -> Option<PathBuf> {
    given(text).map(PathBuf::from)
}

/// A directory; an empty text is the current one.
pub(super) fn directory(text: &str) -> PathBuf {
    PathBuf::from(given(text).unwrap_or("."))
}

/// What a flag names: a file, a URL or a variable (`env://NAME`).
pub(super) async fn file_or_url(reference: &str, urls: &dyn FetchUrl, context: &Context) -> Result<Vec<u8>, CommandError> {
    match reference.split_once("://") {
        Some(("http" | "https", _)) => {
            let shown = || Url::parse(reference).map(|url| redact::url(&url)).unwrap_or_default();
            let prefix = |error| CommandError::from(error).with_prefix(format!("loading URL {}", shown()));
            Ok(urls.fetch(reference, MAX_FETCHED).await.map_err(prefix)?)
        }
        Some(("env", name)) => Ok(context.env.var(name).ok_or_else(|| NoSource::Variable(name.to_owned()))?.into_bytes()),
        Some((scheme, _)) => Err(NoSource::Scheme(scheme.to_owned()).into()),
        None => Ok(files::read(Path::new(reference))?),
    }
}

/// A reference to a file, URL or variable that leads nowhere. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum NoSource {
    /// `env://NAME`, and there is no such variable.
    #[error("loading URL: env var ${0} not found")]
    Variable(String),
    /// Another scheme.
    #[error("loading URL: unrecognized scheme: {0}://")]
    Scheme(String),
}

/// What a flag holds itself, or a file or URL that holds it.
pub(super) async fn text_or_file(value: &str, urls: &dyn FetchUrl, context: &Context) -> Result<Vec<u8>, CommandError> {
    let is_text = !value.contains("://") && !Path::new(value).exists();
    if is_text { Ok(value.as_bytes().to_vec()) } else { file_or_url(value, urls, context).await }
}
