//! The key that signs, with the certificate files that go with it.

use std::path::PathBuf;

use super::files;
use crate::ambient::Context;
use crate::encoding::PathError;
use crate::keys::KeyRef;
use crate::keys::load::{self, FetchUrl, KeyError};
use crate::sign::identity::{SigningCertificate, SigningCertificateError, SigningIdentity};

/// A key by reference, and the certificate files that go with it.
pub struct SigningKey {
    /// The key.
    pub key: KeyRef,
    /// Its certificate, PEM or DER.
    pub certificate: Option<PathBuf>,
    /// The chain above it, PEM.
    pub chain: Option<PathBuf>,
}

/// Why there is nothing to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The key.
    #[error("reading key: {0}")]
    Key(#[from] KeyError),
    /// The certificate file.
    #[error("read certificate: {0}")]
    CertificateFile(#[source] PathError),
    /// The chain file.
    #[error("reading certificate chain from path: {0}")]
    ChainFile(#[source] PathError),
    /// The certificate or its chain.
    #[error(transparent)]
    Certificate(#[from] SigningCertificateError),
}

impl SigningKey {
    /// Loads key and certificate; asks for the key's password.
    ///
    /// # Errors
    /// [`SigningKeyError`].
    pub async fn open(&self, fetch: &dyn FetchUrl, context: &Context) -> Result<SigningIdentity, SigningKeyError> {
        let certificate = self.certificate.as_deref().map(|path| files::read(path).map(|bytes| (path.display().to_string(), bytes)));
        let chain = self.chain.as_deref().map(files::read);
        let signer = load::signer(&self.key, context, fetch).await?;
        let certificate = certificate.transpose().map_err(SigningKeyError::CertificateFile)?;
        let chain = chain.transpose().map_err(SigningKeyError::ChainFile)?;
        let certificate = match (&certificate, &chain) {
            (Some((name, bytes)), chain) => Some(SigningCertificate::load(signer.public_key(), (name, bytes), chain.as_deref())?),
            (None, Some(_)) => return Err(SigningCertificateError::ChainWithoutLeaf.into()),
            (None, None) => None,
        };
        Ok(SigningIdentity { signer, certificate })
    }
}
