//! OCI distribution: one [`Repository`] trait over a remote registry and an OCI layout directory.

pub mod error;
pub mod repository;

pub use error::RegistryError;
pub use repository::{FetchedManifest, Repository, Stored, TagUpdate};
