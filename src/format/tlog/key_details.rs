//! The names that Sigstore's protobuf `PublicKeyDetails` gives to keys with their signature schemes.

use crate::crypto::{Curve, HashAlgorithm, KeyAlgorithm, PublicKey, SignatureScheme};

const ECDSA: [(&str, SignatureScheme); 5] = [
    ("PKIX_ECDSA_P256_SHA_256", SignatureScheme::Ecdsa(Curve::P256, HashAlgorithm::Sha256)),
    ("PKIX_ECDSA_P384_SHA_384", SignatureScheme::Ecdsa(Curve::P384, HashAlgorithm::Sha384)),
    ("PKIX_ECDSA_P384_SHA_256", SignatureScheme::Ecdsa(Curve::P384, HashAlgorithm::Sha256)),
    ("PKIX_ECDSA_P521_SHA_512", SignatureScheme::Ecdsa(Curve::P521, HashAlgorithm::Sha512)),
    ("PKIX_ECDSA_P521_SHA_256", SignatureScheme::Ecdsa(Curve::P521, HashAlgorithm::Sha256)),
];

/// The name for a key that signs with `scheme`; `None` where there is none.
pub fn name(key: &PublicKey, scheme: SignatureScheme) -> Option<&'static str> {
    match (key.algorithm(), scheme) {
        (KeyAlgorithm::Ecdsa(_), _) => ECDSA.iter().find(|(_, known)| *known == scheme).map(|(name, _)| *name),
        (KeyAlgorithm::Ed25519, SignatureScheme::Ed25519) => Some("PKIX_ED25519"),
        (KeyAlgorithm::Ed25519, SignatureScheme::Ed25519ph) => Some("PKIX_ED25519_PH"),
        (KeyAlgorithm::Rsa { bits }, SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256)) => match bits {
            2048 => Some("PKIX_RSA_PKCS1V15_2048_SHA256"),
            3072 => Some("PKIX_RSA_PKCS1V15_3072_SHA256"),
            4096 => Some("PKIX_RSA_PKCS1V15_4096_SHA256"),
            _ => None,
        },
        (KeyAlgorithm::Rsa { bits }, SignatureScheme::RsaPss(HashAlgorithm::Sha256)) => match bits {
            2048 => Some("PKIX_RSA_PSS_2048_SHA256"),
            3072 => Some("PKIX_RSA_PSS_3072_SHA256"),
            4096 => Some("PKIX_RSA_PSS_4096_SHA256"),
            _ => None,
        },
        _ => None,
    }
}

/// The scheme that a name means; `None` for names that this program does not know.
pub fn scheme(name: &str) -> Option<SignatureScheme> {
    if let Some((_, scheme)) = ECDSA.iter().find(|(known, _)| *known == name) {
        return Some(*scheme);
    }
    match name {
        "PKIX_ED25519" => Some(SignatureScheme::Ed25519),
        "PKIX_ED25519_PH" => Some(SignatureScheme::Ed25519ph),
        "PKIX_RSA_PKCS1V15_2048_SHA256" | "PKIX_RSA_PKCS1V15_3072_SHA256" | "PKIX_RSA_PKCS1V15_4096_SHA256" => {
            Some(SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256))
        }
        "PKIX_RSA_PSS_2048_SHA256" | "PKIX_RSA_PSS_3072_SHA256" | "PKIX_RSA_PSS_4096_SHA256" => {
            Some(SignatureScheme::RsaPss(HashAlgorithm::Sha256))
        }
        _ => None,
    }
}
