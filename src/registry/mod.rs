//! OCI distribution: one [`Repository`] trait over a remote registry and an OCI layout directory.

pub mod error;
pub mod options;
pub mod registries;
pub mod repository;
pub mod tag_scheme;

pub use error::RegistryError;
pub use options::{Access, RegistryOptions};
pub use registries::{Located, Registries};
pub use repository::{FetchedManifest, Repository, Stored, TagUpdate};
