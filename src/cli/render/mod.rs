//! Results as text and as JSON.

pub mod attached;
pub mod bundle_tree;
mod certificate_tree;
mod tree;
pub mod verified_blob;
pub mod verified_image;
