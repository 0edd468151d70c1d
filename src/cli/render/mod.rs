//! Results as text and as JSON.

pub mod verified_blob;
pub mod verified_image;
