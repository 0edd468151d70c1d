//! Image references, parsed as go-containerregistry's `name` package does with weak validation, plus `oci:DIR[:TAG|@DIGEST]`.

use std::path::PathBuf;

use crate::crypto::Digest;

/// A repository: the registry's host (with port) and the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName {
    /// Host and port, normalised: `index.docker.io` for Docker Hub's names.
    pub registry: String,
    /// The path below it, such as `library/busybox`.
    pub path: String,
}

/// Which manifest of a repository is meant. Displays as the last part of a manifest URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// A tag.
    Tag(String),
    /// A digest (SHA-256).
    Digest(Digest),
}

/// A reference to an image in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The repository.
    pub repository: RepositoryName,
    /// Tag or digest; the digest where both were given.
    pub selector: Selector,
}

/// An image, wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageRef {
    /// In a registry.
    Registry(Reference),
    /// In an OCI image layout directory: `oci:DIR`, `oci:DIR:TAG`, `oci:DIR@DIGEST`.
    Layout {
        /// The directory.
        directory: PathBuf,
        /// What of it; `None` for the one image that it holds.
        selector: Option<Selector>,
    },
}

/// The text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not parse reference: {0}")]
pub struct ReferenceError(pub String);
