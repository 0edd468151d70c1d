//! An image and all that is attached to it: walking an index, reading what is attached, attaching more.

pub mod attestations;
pub mod bundles;
pub mod collected;
pub mod delivery;
pub mod file_image;
pub mod merged;
pub mod platform;
pub mod referrer;
pub mod saved;
pub mod signature_image;
pub mod signatures;
pub mod tree;
pub mod walk;

/// The most layers of a `.sig` or `.att` image, and the most referrers of one image, that are looked at (GHSA-vfp6-jrw2-99g9, GHSA-95pr-fxf5-86gv).
pub const MAX_ATTACHED: usize = 1000;
