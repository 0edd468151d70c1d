//! OCI distribution: one [`Repository`] trait over a remote registry and an OCI layout directory.
//!
//! [`Registries`] hands out repositories; those of one registry share a `Host`: its scheme, connections and tokens.

mod auth;
mod certs_d;
mod challenge;
mod checked;
mod copy_blob;
pub mod error;
mod go_value;
mod host;
pub mod keychain;
mod layout;
pub mod limits;
mod link;
mod local_file;
mod lock;
pub mod options;
mod probe;
mod referrers;
pub mod registries;
mod remote;
pub mod repository;
pub mod tag_scheme;
mod update;
mod upload;

pub use error::{RegistryError, known_digest};
pub use layout::LayoutRepository;
pub use local_file::LocalFile;
pub use options::{Access, RegistryOptions};
pub use registries::{Located, Registries};
pub use repository::{BlobSource, Deletion, FetchedManifest, Repository, Stored, TagUpdate};

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
