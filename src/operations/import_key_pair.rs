//! `import-key-pair`: encrypts a private key that another program made.

use std::path::PathBuf;

use super::key_file::{KeyPairFiles, Overwrite, WriteError};
use crate::ambient::{Context, NewPassword, PasswordError};
use crate::crypto::PrivateKey;
use crate::crypto::private_key::PrivateKeyError;
use crate::encoding::PathError;
use crate::keys::{KeyError, file};

/// What to import, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportKeyPair {
    /// A PEM file: PKCS#1, SEC 1 or PKCS#8, not encrypted.
    pub key: PathBuf,
    /// The files are `PREFIX.key` and `PREFIX.pub`.
    pub output_key_prefix: String,
    /// `--yes`: overwrite without asking.
    pub skip_confirmation: bool,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The key cannot be read.
    #[error(transparent)]
    Read(#[from] KeyError),
    /// It is no key, or one that must not be used.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// There is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A file cannot be written; nothing was asked yet.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The pair was not written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Imports the key. In this order: it is read and checked, the places are checked, the password is asked for, overwriting is
/// asked about, the files are written.
///
/// # Errors
/// [`ImportError`]; then nothing has changed.
pub async fn import_key_pair(request: &ImportKeyPair, context: &Context) -> Result<(), ImportError> {
    let pem = file::read(&request.key, context).await?;
    let key = PrivateKey::from_pem(&pem)?;
    key.check_strength()?;
    let files = KeyPairFiles::new(&request.output_key_prefix);
    files.check()?;
    file::check_password_source(&request.key, context)?;
    let password = context.ui.new_password(NewPassword::Imported)?;
    let overwrite = if request.skip_confirmation { Overwrite::Yes } else { Overwrite::Ask { flag: Some("--yes") } };
    Ok(files.write(&key, &password, overwrite, context)?)
}
