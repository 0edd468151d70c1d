//! How much of a registry's answers is taken.

/// The most bytes of a manifest or of one page of a referrers listing. The specification lets registries refuse more than 4 MiB; a `.sig` manifest with
/// a thousand layers, each with a certificate chain, stays below this.
pub const MANIFEST_BYTES: u64 = 32 << 20;
/// The most entries of a referrers listing, over all pages.
pub const REFERRERS: usize = 10_000;
/// The most pages of a referrers listing.
pub const REFERRER_PAGES: usize = 200;
/// The most bytes of an answer whose body nobody reads.
pub const ACKNOWLEDGEMENT_BYTES: u64 = 64 << 10;
/// Blobs up to this size go with the first POST; larger ones are looked for first, and sent once the registry said where to.
pub const SINGLE_POST_BYTES: usize = 256 << 10;
