//! Which kinds of keys there are, and which signature schemes go with them.

use std::fmt;

use super::HashAlgorithm;

/// An elliptic curve of NIST (FIPS 186-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// P-256, secp256r1, prime256v1.
    P256,
    /// P-384, secp384r1.
    P384,
    /// P-521, secp521r1.
    P521,
}

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on a curve.
    Ecdsa(Curve),
    /// RSA with a modulus of that many bits.
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// How a message becomes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureScheme {
    /// ECDSA over a digest; signatures are DER (or IEEE P1363 where a verifier allows it).
    Ecdsa(Curve, HashAlgorithm),
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PSS, MGF1 with the same hash.
    RsaPss(HashAlgorithm),
    /// Pure Ed25519: needs the whole message, not a digest.
    Ed25519,
    /// Ed25519ph: pre-hashed with SHA-512, empty context.
    Ed25519ph,
}

impl SignatureScheme {
    /// The hash function that the scheme applies to a message; `None` for pure Ed25519, which takes the message whole.
    pub fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::Ecdsa(_, hash) | Self::RsaPkcs1(hash) | Self::RsaPss(hash) => Some(hash),
            Self::Ed25519ph => Some(HashAlgorithm::Sha512),
            Self::Ed25519 => None,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ecdsa(Curve::P256) => f.write_str("ECDSA P-256"),
            Self::Ecdsa(Curve::P384) => f.write_str("ECDSA P-384"),
            Self::Ecdsa(Curve::P521) => f.write_str("ECDSA P-521"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}
