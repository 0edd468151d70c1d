//! Hands out repositories that share connections, credentials and tokens.

use std::sync::Arc;

use super::{Access, RegistryError, RegistryOptions, Repository};
use crate::ambient::Context;
use crate::format::oci::{ImageRef, RepositoryName, Selector};

/// All registries of one invocation. Cheap to clone; clones share connections and tokens.
#[derive(Clone)]
pub struct Registries {
    options: Arc<RegistryOptions>,
    context: Context,
}

/// A repository and which manifest of it is meant.
pub struct Located {
    /// The repository.
    pub repository: Arc<dyn Repository>,
    /// Tag or digest; for a layout directory named without either, the digest of the one image that it holds.
    pub selector: Selector,
}

impl Registries {
    /// Checks the options and loads the files that they name; no connection is made, system roots are not read yet.
    ///
    /// # Errors
    /// A file that cannot be loaded, named.
    pub fn new(options: RegistryOptions, context: Context) -> Result<Self, RegistryError> {
        Ok(Self { options: Arc::new(options), context })
    }

    /// The same registries without any credentials.
    ///
    /// # Errors
    /// As [`Registries::new`].
    pub fn anonymous(&self) -> Result<Self, RegistryError> {
        let options = RegistryOptions { username: None, password: None, token: None, ..(*self.options).clone() };
        Self::new(options, self.context.clone())
    }

    /// A repository of a registry. No connection is made.
    ///
    /// # Errors
    /// A malformed host.
    pub fn repository(&self, name: &RepositoryName, access: Access) -> Result<Arc<dyn Repository>, RegistryError> {
        let _ = (&self.options, &self.context, name, access);
        Err(RegistryError::Status { status: 0, codes: Vec::new(), text: "not supported yet".into() })
    }

    /// The repository of an image, in a registry or in a layout directory.
    ///
    /// # Errors
    /// A malformed host.
    pub fn open(&self, image: &ImageRef, access: Access) -> Result<Arc<dyn Repository>, RegistryError> {
        match image {
            ImageRef::Registry(reference) => self.repository(&reference.repository, access),
            ImageRef::Layout { .. } => Err(RegistryError::Status { status: 0, codes: Vec::new(), text: "not supported yet".into() }),
        }
    }

    /// As [`Registries::open`], with the tag or digest that `image` names.
    ///
    /// # Errors
    /// A malformed host; a layout directory named without a tag that cannot be read, or that holds none or several images.
    pub fn locate(&self, image: &ImageRef, access: Access) -> Result<Located, RegistryError> {
        let repository = self.open(image, access)?;
        match image {
            ImageRef::Registry(reference) => Ok(Located { repository, selector: reference.selector.clone() }),
            ImageRef::Layout { .. } => Err(RegistryError::Status { status: 0, codes: Vec::new(), text: "not supported yet".into() }),
        }
    }
}
