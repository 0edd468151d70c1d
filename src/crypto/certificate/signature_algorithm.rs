//! Signature algorithms of certificates and CMS (RFC 4055, 5758, 8410), and checking signatures with them.

use der::asn1::ObjectIdentifier;

use super::super::asn1::{Der, Malformed, context};
use crate::crypto::{HashAlgorithm, KeyAlgorithm, Message, PublicKey, SignatureScheme, Verifier};

const NULL: [u8; 2] = [5, 0];

/// The algorithm of a signature, without the curve, which is the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) enum SignatureAlgorithm {
    Ecdsa(HashAlgorithm),
    RsaPkcs1(HashAlgorithm),
    RsaPss(HashAlgorithm),
    Ed25519,
    /// MD5 or SHA-1, by Go's name.
    Insecure(&'static str),
    Unknown,
}

/// Why a signature in a certificate, SCT or token does not hold; texts are Go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// An algorithm that this program does not know.
    #[error("x509: cannot verify signature: algorithm unimplemented")]
    Unsupported,
    /// MD5 or SHA-1.
    #[error("x509: cannot verify signature: insecure algorithm {0}")]
    Insecure(&'static str),
    /// The key is of another kind than the algorithm wants.
    #[error("x509: signature algorithm specifies an {expected} public key, but have public key of type {actual}")]
    KeyMismatch {
        /// What the algorithm wants.
        expected: &'static str,
        /// What the key is.
        actual: KeyAlgorithm,
    },
    /// ECDSA: wrong.
    #[error("x509: ECDSA verification failure")]
    Ecdsa,
    /// RSA: wrong.
    #[error("crypto/rsa: verification error")]
    Rsa,
    /// Ed25519: wrong.
    #[error("x509: Ed25519 verification failure")]
    Ed25519,
}

/// The hash function of an AlgorithmIdentifier's OID; SHA-1 and others are `None`.
pub(in crate::crypto) fn hash_of(oid: &ObjectIdentifier) -> Option<HashAlgorithm> {
    match oid.as_bytes() {
        [0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, 1] => Some(HashAlgorithm::Sha256),
        [0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, 2] => Some(HashAlgorithm::Sha384),
        [0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, 3] => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

impl SignatureAlgorithm {
    /// Reads the content of an AlgorithmIdentifier.
    pub(in crate::crypto) fn parse(mut content: Der<'_>) -> Result<Self, Malformed> {
        let oid = content.oid()?;
        let parameters = if content.is_empty() { None } else { Some(content.next()?.raw) };
        content.finish()?;
        Ok(match oid.as_bytes() {
            // 1.2.840.113549.1.1.x
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last] => match last {
                4 => Self::Insecure("MD5-RSA"),
                5 => Self::Insecure("SHA1-RSA"),
                10 => parameters.and_then(|parameters| pss(parameters).ok()).map_or(Self::Unknown, Self::RsaPss),
                11 => Self::RsaPkcs1(HashAlgorithm::Sha256),
                12 => Self::RsaPkcs1(HashAlgorithm::Sha384),
                13 => Self::RsaPkcs1(HashAlgorithm::Sha512),
                _ => Self::Unknown,
            },
            // 1.2.840.10045.4.1, 1.2.840.10045.4.3.x
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => Self::Insecure("ECDSA-SHA1"),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => Self::Ecdsa(HashAlgorithm::Sha256),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => Self::Ecdsa(HashAlgorithm::Sha384),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => Self::Ecdsa(HashAlgorithm::Sha512),
            // 1.3.101.112, whose parameters must be absent
            [0x2b, 0x65, 0x70] if parameters.is_none() => Self::Ed25519,
            _ => Self::Unknown,
        })
    }

    /// Checks `signature` over `signed`.
    pub(in crate::crypto) fn verify(self, key: &PublicKey, signed: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let mismatch = |expected| Err(SignatureError::KeyMismatch { expected, actual: key.algorithm() });
        let (scheme, failure) = match (self, key.algorithm()) {
            (Self::Ecdsa(hash), KeyAlgorithm::Ecdsa(curve)) => (SignatureScheme::Ecdsa(curve, hash), SignatureError::Ecdsa),
            (Self::RsaPkcs1(hash), KeyAlgorithm::Rsa { .. }) => (SignatureScheme::RsaPkcs1(hash), SignatureError::Rsa),
            (Self::RsaPss(hash), KeyAlgorithm::Rsa { .. }) => (SignatureScheme::RsaPss(hash), SignatureError::Rsa),
            (Self::Ed25519, KeyAlgorithm::Ed25519) => (SignatureScheme::Ed25519, SignatureError::Ed25519),
            (Self::Ecdsa(_), _) => return mismatch("ECDSA"),
            (Self::RsaPkcs1(_) | Self::RsaPss(_), _) => return mismatch("RSA"),
            (Self::Ed25519, _) => return mismatch("Ed25519"),
            (Self::Insecure(name), _) => return Err(SignatureError::Insecure(name)),
            (Self::Unknown, _) => return Err(SignatureError::Unsupported),
        };
        key.verify(scheme, Message::Bytes(signed), signature).map_err(|_| failure)
    }
}

/// RSASSA-PSS parameters: the three forms that Go takes (same hash in MGF1, salt as long as the hash, default trailer).
fn pss(parameters: &[u8]) -> Result<HashAlgorithm, Malformed> {
    let mut outer = Der::new(parameters);
    let mut fields = outer.sequence()?;
    outer.finish()?;
    let hash = hash_identifier(Der::new(fields.expect(context(0, true))?.value))?;
    let mut mgf = Der::new(fields.expect(context(1, true))?.value).sequence()?;
    let is_mgf1 = mgf.oid()?.as_bytes() == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
    let mgf_hash = hash_identifier(mgf)?;
    let salt = Der::new(fields.expect(context(2, true))?.value).small()?;
    let trailer = match fields.optional(context(3, true))? {
        Some(field) => Der::new(field.value).small()?,
        None => 1,
    };
    fields.finish()?;
    let good = is_mgf1 && mgf_hash == hash && usize::try_from(salt).is_ok_and(|salt| salt == hash.size()) && trailer == 1;
    if good { Ok(hash) } else { Err(Malformed) }
}

fn hash_identifier(mut outer: Der<'_>) -> Result<HashAlgorithm, Malformed> {
    let mut fields = outer.sequence()?;
    outer.finish()?;
    let hash = hash_of(&fields.oid()?).ok_or(Malformed)?;
    if !fields.is_empty() && fields.next()?.raw != NULL {
        return Err(Malformed);
    }
    fields.finish()?;
    Ok(hash)
}
