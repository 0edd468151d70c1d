//! Stores a credential for a registry, without asking the registry.

use crate::ambient::Context;
use crate::encoding::text;
use crate::format::oci::RepositoryName;
use crate::format::oci::reference::RepositoryNameError;
use crate::registry::{RegistryError, keychain};
use crate::secret::Password;

/// What is to be stored.
pub struct Login {
    /// The registry, as it was typed.
    pub server: String,
    /// The user name; may be empty.
    pub username: String,
    /// The password; may be empty.
    pub password: Password,
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Neither name nor password.
    #[error("username and password required")]
    Nothing,
    /// The server is no registry.
    #[error(transparent)]
    Server(#[from] RepositoryNameError),
    /// The configuration cannot be written, or the helper fails.
    #[error(transparent)]
    Store(#[from] RegistryError),
}

/// Stores the credential in the Docker config, or with the helper that it names.
///
/// # Errors
/// [`LoginError`].
pub fn login(request: &Login, context: &Context) -> Result<(), LoginError> {
    if request.username.is_empty() && request.password.expose().is_empty() {
        return Err(LoginError::Nothing);
    }
    let registry = RepositoryName::parse_registry(&request.server)?;
    if request.password.expose().is_empty() {
        context.ui.warn(&format!("an empty password is stored for {}", text::quote(&registry)));
    }
    let stored = keychain::store(&*context.env, &registry, &request.username, &request.password)?;
    let file = stored.file.display();
    if stored.in_the_clear {
        context.ui.status(&format!(
            "\nWARNING! Your credentials are stored unencrypted in '{file}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n"
        ));
    }
    context.ui.status(&format!("logged in via {file}"));
    Ok(())
}
