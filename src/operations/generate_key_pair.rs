//! `generate-key-pair`: a new ECDSA P-256 key pair, the private half encrypted.

use std::io;

use super::key_file::{KeyPairFiles, Overwrite, WriteError};
use crate::ambient::{Context, NewPassword, PasswordError};
use crate::crypto::PrivateKey;
use crate::encoding::{PathError, text};

/// What to make, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateKeyPair {
    /// The files are `PREFIX.key` and `PREFIX.pub`.
    pub output_key_prefix: String,
    /// `SCHEME://REF`: where to keep the pair instead of in files.
    pub argument: Option<String>,
    /// A key management service to make the key in.
    pub kms: Option<String>,
}

/// Why there is no new key pair.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The argument is no `SCHEME://REF`.
    #[error("could not parse scheme, use <scheme>://<ref> format")]
    NoScheme,
    /// The argument names no place where keys can be kept; its scheme, quoted.
    #[error("undefined provider: {0}")]
    Provider(String),
    /// A place that a later version will know; the reference, quoted.
    #[error("keeping a key pair in {0} is not supported yet")]
    PlaceNotSupportedYet(String),
    /// Key management services; the reference, quoted.
    #[error("making a key in a key management service ({0}) is not supported yet")]
    KmsNotSupportedYet(String),
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The system has no randomness to give.
    #[error("generating the key")]
    Random(#[source] io::Error),
    /// A file cannot be written; nothing was asked yet.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The pair was not written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Makes the pair. In this order: the places are checked, the password is asked for, overwriting is asked about, the files
/// are written.
///
/// # Errors
/// [`GenerateError`]; then nothing has changed.
pub async fn generate_key_pair(request: &GenerateKeyPair, context: &Context) -> Result<(), GenerateError> {
    if let Some(kms) = request.kms.as_deref().filter(|kms| !kms.is_empty()) {
        return Err(GenerateError::KmsNotSupportedYet(text::quote(kms)));
    }
    if let Some(argument) = &request.argument {
        let (provider, _) = argument.split_once("://").ok_or(GenerateError::NoScheme)?;
        return Err(match provider {
            "k8s" | "gitlab" | "github" => GenerateError::PlaceNotSupportedYet(text::quote(argument)),
            other => GenerateError::Provider(text::quote(other)),
        });
    }
    let files = KeyPairFiles::new(&request.output_key_prefix);
    files.check()?;
    let password = context.ui.new_password(NewPassword::Generated)?;
    let key = PrivateKey::generate(context.rng.as_ref()).map_err(GenerateError::Random)?;
    Ok(files.write(&key, &password, Overwrite::Ask { flag: None }, context)?)
}
