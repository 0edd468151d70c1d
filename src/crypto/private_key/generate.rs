//! New keys.

use std::io;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use zeroize::Zeroizing;

use super::PrivateKey;
use crate::ambient::Rng;
use crate::crypto::{Curve, KeyAlgorithm};

impl PrivateKey {
    /// A new key on P-256.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate(rng: &dyn Rng) -> io::Result<Self> {
        Self::generate_as(KeyAlgorithm::Ecdsa(Curve::P256), rng)
    }

    /// A new key of any kind that can be made here: ECDSA, Ed25519, and RSA of 2048, 3072 and 4096 bits, for which the library asks the
    /// system for randomness by itself.
    ///
    /// # Errors
    /// The system has no randomness to give, or RSA of another size.
    pub fn generate_as(algorithm: KeyAlgorithm, rng: &dyn Rng) -> io::Result<Self> {
        match algorithm {
            KeyAlgorithm::Ecdsa(curve) => Self::generate_on(curve, rng),
            KeyAlgorithm::Rsa { bits } => Self::generate_rsa(bits),
            KeyAlgorithm::Ed25519 => {
                let mut seed = Zeroizing::new([0_u8; 32]);
                rng.fill(seed.as_mut_slice())?;
                Self::from_ed25519_seed(seed.as_slice()).map_err(io::Error::other)
            }
        }
    }

    fn generate_on(curve: Curve, rng: &dyn Rng) -> io::Result<Self> {
        let mut candidate = Zeroizing::new(vec![0_u8; curve.field_len()]);
        // One candidate in 2^32 is out of range; a source that gives eight of them in a row is broken.
        for _ in 0..8 {
            rng.fill(candidate.as_mut_slice())?;
            if curve == Curve::P521 {
                // 521 bits are 65 bytes and one bit.
                candidate[0] &= 1;
            }
            if let Ok(key) = Self::from_scalar(curve, candidate.as_slice()) {
                return Ok(key);
            }
        }
        Err(io::Error::other("the source of randomness is broken"))
    }

    fn generate_rsa(bits: usize) -> io::Result<Self> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            other => return Err(io::Error::other(format!("RSA keys of {other} bits are not made"))),
        };
        let failed = || io::Error::other("the cryptographic library could not make an RSA key");
        let pair = KeyPair::generate(size).map_err(|_| failed())?;
        let der = pair.as_der().map_err(|_| failed())?;
        Self::from_pkcs8_der(der.as_ref()).map_err(io::Error::other)
    }
}
