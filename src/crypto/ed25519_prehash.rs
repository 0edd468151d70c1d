//! Ed25519ph over a SHA-512 digest that exists already: the library wants a hash function, so this one only hands it over.

use sha2::digest::{FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U64};

use super::{Digest, HashAlgorithm};

/// A "hash function" that has been fed already.
#[derive(Clone)]
pub(super) struct Sha512Prehash([u8; 64]);

impl Sha512Prehash {
    /// `None` where the digest is not of SHA-512.
    pub(super) fn of(digest: &Digest) -> Option<Self> {
        (digest.algorithm() == HashAlgorithm::Sha512).then_some(())?;
        digest.bytes().try_into().ok().map(Self)
    }
}

impl Default for Sha512Prehash {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl OutputSizeUser for Sha512Prehash {
    type OutputSize = U64;
}

impl HashMarker for Sha512Prehash {}

impl Update for Sha512Prehash {
    fn update(&mut self, _data: &[u8]) {}
}

impl FixedOutput for Sha512Prehash {
    fn finalize_into(self, out: &mut Output<Self>) {
        out.copy_from_slice(&self.0);
    }
}
