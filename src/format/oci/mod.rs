//! OCI image references, descriptors, manifests and indexes (image-spec 1.1, distribution-spec 1.1).

pub mod descriptor;
pub mod manifest;
pub mod media_type;
pub mod reference;

pub use descriptor::Descriptor;
pub use manifest::{Index, Manifest};
pub use reference::{ImageRef, Reference, ReferenceError, RepositoryName, RepositoryNameError, Selector};
