//! `public-key`: the public half of a key.

use std::io;
use std::path::PathBuf;

use super::files::{Mode, Target, check_writable};
use crate::ambient::Context;
use crate::encoding::PathError;
use crate::keys::{FetchUrl, KeyError, KeyRef, load};

/// Which key, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowPublicKey {
    /// The private key.
    pub key: KeyRef,
    /// The file to write, with mode 0600 when it is new; stdout without one.
    pub outfile: Option<PathBuf>,
}

/// Why the public key is not shown.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {
    /// The key cannot be loaded.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file cannot be written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// stdout cannot be written.
    #[error("writing the public key")]
    Output(#[source] io::Error),
}

/// Shows or writes the public half, as PEM. A file that cannot be written is found out before the password is asked for.
///
/// # Errors
/// [`PublicKeyError`]; then nothing was written.
pub async fn show_public_key(request: &ShowPublicKey, context: &Context, urls: &dyn FetchUrl) -> Result<(), PublicKeyError> {
    if let Some(path) = &request.outfile {
        check_writable(path)?;
    }
    let signer = load::signer(&request.key, context, urls).await?;
    let pem = signer.public_key().to_pem();
    let Some(path) = &request.outfile else {
        return context.ui.result(pem.as_bytes()).map_err(PublicKeyError::Output);
    };
    Target { path, mode: Mode::PrivateWhenNew, replace: true }.write(pem.as_bytes())?;
    context.ui.status(&format!("Public key written to {}", path.display()));
    Ok(())
}
