//! ECDSA on the curves of NIST: signatures as DER and as IEEE P1363, checked and made over digests of any SHA-2 function.

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use der::Tag;
use der::asn1::ObjectIdentifier;
use ecdsa::elliptic_curve::CurveArithmetic;
use ecdsa::signature::hazmat::RandomizedPrehashSigner;
use ecdsa::signature::rand_core::{TryCryptoRng, TryRng};
use ecdsa::{EcdsaCurve, Signature};

use super::asn1::{self, Der};
use super::rsa_key::foreign;
use super::{Curve, Digest, HashAlgorithm};

/// The longest IEEE P1363 signature: two numbers of 66 bytes (P-521).
const LONGEST_P1363: usize = 132;

impl Curve {
    /// Bytes of a coordinate, and of a number modulo the order of the curve.
    pub(super) fn field_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Its object identifier (RFC 5480).
    pub(super) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Self::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Self::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        }
    }

    /// The curve with that object identifier.
    pub(super) fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.oid() == *oid)
    }

    /// The name in Go's error messages: `P256`.
    pub(super) fn short_name(self) -> &'static str {
        match self {
            Self::P256 => "P256",
            Self::P384 => "P384",
            Self::P521 => "P521",
        }
    }
}

/// Rewrites an IEEE P1363 signature (`r` and `s` side by side, big-endian, of equal length) as DER, which is what
/// [`super::Verifier::verify`] takes. `None` where the length is odd, zero or more than 132.
///
/// The Go program takes this form wherever the bytes are no ASN.1; a caller has to allow it here.
pub fn ecdsa_p1363_to_der(signature: &[u8]) -> Option<Vec<u8>> {
    if signature.is_empty() || signature.len() > LONGEST_P1363 || !signature.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    Some(asn1::write(asn1::tag::SEQUENCE, &[&asn1::write_unsigned(r), &asn1::write_unsigned(s)]).to_vec())
}

/// Checks a DER signature over a digest; strict DER, nothing after it. `point` is uncompressed.
pub(super) fn verify(point: &[u8], curve: Curve, digest: &Digest, der: &[u8]) -> Option<()> {
    numbers(Der::new(Der::whole(der, Tag::Sequence).ok()?))?;
    let algorithm: &'static dyn VerificationAlgorithm = match (curve, digest.algorithm()) {
        (Curve::P256, HashAlgorithm::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (Curve::P256, HashAlgorithm::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (Curve::P256, HashAlgorithm::Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (Curve::P384, HashAlgorithm::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (Curve::P384, HashAlgorithm::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (Curve::P384, HashAlgorithm::Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        (Curve::P521, HashAlgorithm::Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
        (Curve::P521, HashAlgorithm::Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
        (Curve::P521, HashAlgorithm::Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
    };
    ParsedPublicKey::new(algorithm, point).ok()?.verify_digest_sig(&foreign(digest)?, der).ok()
}

/// Signs a digest; DER. Hedged (RFC 6979 with additional randomness): bad randomness cannot leak the key, and two signatures of the same content
/// differ, so that each is listed where a registry names them by digest.
pub(super) fn sign<C, K>(key: &K, curve: Curve, digest: &[u8]) -> Option<Vec<u8>>
where
    C: EcdsaCurve + CurveArithmetic,
    K: RandomizedPrehashSigner<Signature<C>>,
{
    let signature: Signature<C> = key.sign_prehash_with_rng(&mut SystemRandomness, &padded(digest, curve)).ok()?;
    ecdsa_p1363_to_der(&signature.to_bytes())
}

/// The system's randomness, for the nonces.
struct SystemRandomness;

impl TryRng for SystemRandomness {
    type Error = aws_lc_rs::error::Unspecified;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        aws_lc_rs::rand::fill(bytes)
    }
}

impl TryCryptoRng for SystemRandomness {}

/// Whether the bytes begin with a DER signature; then they are no IEEE P1363.
pub(super) fn is_der(signature: &[u8]) -> bool {
    Der::new(signature).sequence().ok().and_then(numbers).is_some()
}

/// `r` and `s`, and nothing else.
fn numbers(mut content: Der<'_>) -> Option<()> {
    content.unsigned().ok()?;
    content.unsigned().ok()?;
    content.finish().ok()
}

/// FIPS 186-5 reads a digest that is shorter than the field as a number, so zeros in front of it change nothing; the library
/// below refuses digests of less than half the field's length (SHA-256 on P-521) unless they are padded.
fn padded(digest: &[u8], curve: Curve) -> Vec<u8> {
    left_padded(digest, curve.field_len()).unwrap_or_else(|| digest.to_vec())
}

/// `digits` with zeros in front, `length` long; `None` where it is longer already.
pub(super) fn left_padded(digits: &[u8], length: usize) -> Option<Vec<u8>> {
    let missing = length.checked_sub(digits.len())?;
    let mut out = vec![0; length];
    out[missing..].copy_from_slice(digits);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_strict() {
        let good = [0x30, 6, 2, 1, 1, 2, 1, 2];
        let read = |der| Der::whole(der, Tag::Sequence).ok().and_then(|content| numbers(Der::new(content)));
        assert!(read(&good).is_some());
        for bad in [
            &[0x30, 6, 2, 1, 1, 2, 1, 2, 0][..],   // a byte after it
            &[0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3], // a third number
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 2],    // a length that could be shorter
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 2],       // a number that could be shorter
            &[0x30, 6, 2, 1, 0x81, 2, 1, 2],       // a negative number
            &[0x30, 3, 2, 1, 1],                   // half of it
            &[],
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn p1363_lengths() {
        assert_eq!(ecdsa_p1363_to_der(&[0, 1, 0x80, 0]).as_deref(), Some(&[0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 0][..]));
        assert_eq!(ecdsa_p1363_to_der(&[]), None);
        assert_eq!(ecdsa_p1363_to_der(&[1; 3]), None);
        assert_eq!(ecdsa_p1363_to_der(&[1; 134]), None);
    }
}
