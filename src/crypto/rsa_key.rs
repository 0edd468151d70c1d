//! RSA through aws-lc: constant-time and maintained. PKCS#1 (RFC 8017) on the outside.

use aws_lc_rs::digest;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaEncoding, VerificationAlgorithm};
use der::Tag;
use zeroize::Zeroizing;

use super::asn1::{self, Der, Malformed};
use super::private_key::MalformedKey;
use super::{Digest, HashAlgorithm, SignatureScheme};

/// Fewest bits of a modulus.
pub(super) const FEWEST_BITS: usize = 2048;
/// Most bits of a modulus: a longer one costs a verifier too much.
pub(super) const MOST_BITS: usize = 8192;

/// Modulus and exponent, big-endian without leading zeros.
pub(super) struct Numbers<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
}

impl<'a> Numbers<'a> {
    /// Reads an `RSAPublicKey`, whole.
    pub(super) fn from_der(der: &'a [u8]) -> Option<Self> {
        let mut content = Der::new(Der::whole(der, Tag::Sequence).ok()?);
        let (modulus, exponent) = (content.unsigned().ok()?, content.unsigned().ok()?);
        content.is_empty().then_some(Self { modulus, exponent })
    }

    /// Writes an `RSAPublicKey`.
    pub(super) fn to_der(&self) -> Vec<u8> {
        asn1::write(asn1::tag::SEQUENCE, &[&asn1::write_unsigned(self.modulus), &asn1::write_unsigned(self.exponent)]).to_vec()
    }

    /// Bits of the modulus.
    pub(super) fn bits(&self) -> usize {
        self.modulus.first().map_or(0, |first| self.modulus.len() * 8 - first.leading_zeros() as usize)
    }

    /// Whether it can be a key: an odd modulus and an odd exponent from 3 to 2³¹-1, the range of Go.
    pub(super) fn is_sound(&self) -> bool {
        let odd = |digits: &[u8]| digits.last().is_some_and(|last| last & 1 == 1);
        let in_range = match self.exponent {
            [] | [0..=2] => false,
            [first, _, _, _] => *first <= 0x7f,
            digits => digits.len() < 4,
        };
        odd(self.modulus) && odd(self.exponent) && in_range
    }
}

/// n, e, d, p, q, d mod p-1, d mod q-1, q⁻¹ mod p: big-endian, without leading zeros.
pub(super) struct PrivateNumbers<'a>(pub(super) [&'a [u8]; 8]);

impl<'a> PrivateNumbers<'a> {
    /// Reads an `RSAPrivateKey` of two primes, whole.
    pub(super) fn from_der(der: &'a [u8]) -> Result<Self, MalformedKey> {
        let structure = |_: Malformed| MalformedKey::Structure;
        let mut content = Der::new(Der::whole(der, Tag::Sequence).map_err(structure)?);
        match content.small().map_err(structure)? {
            0 => {}
            1 => return Err(MalformedKey::MultiPrime),
            _ => return Err(MalformedKey::Structure),
        }
        let mut numbers: [&[u8]; 8] = [&[]; 8];
        for number in &mut numbers {
            *number = content.unsigned().map_err(structure)?;
        }
        content.finish().map(|()| Self(numbers)).map_err(structure)
    }

    /// The public half.
    pub(super) fn public(&self) -> Numbers<'a> {
        Numbers { modulus: self.0[0], exponent: self.0[1] }
    }

    /// Writes an `RSAPrivateKey`.
    pub(super) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        let version = asn1::write_unsigned(&[]);
        let numbers = self.0.map(asn1::write_unsigned);
        let mut parts: Vec<&[u8]> = vec![&version];
        parts.extend(numbers.iter().map(|number| number.as_slice()));
        asn1::write(asn1::tag::SEQUENCE, &parts)
    }
}

/// Checks a signature under an `RSAPublicKey`.
pub(super) fn verify(public_key: &[u8], scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Option<()> {
    let algorithm: &'static dyn VerificationAlgorithm = match scheme {
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        SignatureScheme::RsaPss(HashAlgorithm::Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureScheme::RsaPss(HashAlgorithm::Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        SignatureScheme::RsaPss(HashAlgorithm::Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    ParsedPublicKey::new(algorithm, public_key).ok()?.verify_digest_sig(&foreign(digest)?, signature).ok()
}

/// Signs a digest.
pub(super) fn sign(key: &KeyPair, scheme: SignatureScheme, digest: &Digest) -> Option<Vec<u8>> {
    let encoding: &'static dyn RsaEncoding = match scheme {
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256) => &signature::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha384) => &signature::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha512) => &signature::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPss(HashAlgorithm::Sha256) => &signature::RSA_PSS_SHA256,
        SignatureScheme::RsaPss(HashAlgorithm::Sha384) => &signature::RSA_PSS_SHA384,
        SignatureScheme::RsaPss(HashAlgorithm::Sha512) => &signature::RSA_PSS_SHA512,
        _ => return None,
    };
    let mut out = vec![0; key.public_modulus_len()];
    key.sign_digest(encoding, &foreign(digest)?, &mut out).ok()?;
    Some(out)
}

/// The digest as the library takes it.
pub(super) fn foreign(digest: &Digest) -> Option<digest::Digest> {
    let algorithm = match digest.algorithm() {
        HashAlgorithm::Sha256 => &digest::SHA256,
        HashAlgorithm::Sha384 => &digest::SHA384,
        HashAlgorithm::Sha512 => &digest::SHA512,
    };
    digest::Digest::import_less_safe(digest.bytes(), algorithm).ok()
}

/// Why an RSA key is not fit to be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weakness {
    Size(usize),
    Exponent,
    SmallFactor,
    Roca,
    CloseFactors,
}

/// What the Go program refuses to import (the "good key" policy of Boulder): another size than 2048, 3072 or 4096 bits, another exponent
/// than 65537, a small factor, a key of an Infineon chip (ROCA, CVE-2017-15361), and factors that Fermat's method finds.
pub(super) fn weakness(numbers: &Numbers<'_>, factors: (&[u8], &[u8])) -> Option<Weakness> {
    if ![2048, 3072, 4096].contains(&numbers.bits()) {
        return Some(Weakness::Size(numbers.bits()));
    }
    if numbers.exponent != [1, 0, 1] {
        return Some(Weakness::Exponent);
    }
    if small_primes().any(|prime| remainder(numbers.modulus, prime) == 0) {
        return Some(Weakness::SmallFactor);
    }
    if is_roca(numbers.modulus) {
        return Some(Weakness::Roca);
    }
    // FIPS 186-5, A.1.3: |p - q| > 2^(bits/2 - 100). Fermat's method with 100 rounds, which Go runs, finds far less.
    if bits_of_difference(factors.0, factors.1) <= numbers.bits() / 2 - 100 {
        return Some(Weakness::CloseFactors);
    }
    None
}

/// The primes below 752 (ITU-T X.509 names that bound).
fn small_primes() -> impl Iterator<Item = u32> {
    (2..752_u32).filter(|number| (2..*number).take_while(|factor| factor * factor <= *number).all(|factor| number % factor != 0))
}

fn remainder(digits: &[u8], modulus: u32) -> u32 {
    digits.iter().fold(0, |rest, digit| (rest * 256 + u32::from(*digit)) % modulus)
}

/// Keys of the flawed chips: their modulus is a power of 65537 modulo each of these primes.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131,
        137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.into_iter().all(|prime| {
        let target = remainder(modulus, prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == target
        })
    })
}

/// How many bits `|a - b|` has.
fn bits_of_difference(a: &[u8], b: &[u8]) -> usize {
    let (a, b) = (asn1::without_leading_zeros(a), asn1::without_leading_zeros(b));
    let (large, small) = if (a.len(), a) >= (b.len(), b) { (a, b) } else { (b, a) };
    let mut difference = Zeroizing::new(large.to_vec());
    let mut borrow = 0_u16;
    let padded = small.iter().rev().copied().chain(std::iter::repeat(0));
    for (digit, less) in difference.iter_mut().rev().zip(padded) {
        let value = 0x100 + u16::from(*digit) - u16::from(less) - borrow;
        *digit = value.to_le_bytes()[0];
        borrow = u16::from(value < 0x100);
    }
    let digits = asn1::without_leading_zeros(&difference);
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn differences() {
        assert_eq!(bits_of_difference(&[1, 0, 0], &[0xff]), 16);
        assert_eq!(bits_of_difference(&[0, 5], &[5]), 0);
        assert_eq!(bits_of_difference(&[1, 0], &[1, 1]), 1);
    }

    #[test]
    fn weaknesses_each_alone() {
        // Numbers, not keys: a modulus that is 1 modulo every prime below 752 would be found by none but the wanted check.
        let mut modulus = vec![0xff; 256];
        while small_primes().any(|prime| remainder(&modulus, prime) == 0) {
            modulus[255] -= 2;
        }
        let far: (&[u8], &[u8]) = (&[0xff; 128], &[1]);
        let check = |modulus: &[u8], exponent: &[u8], factors| weakness(&Numbers { modulus, exponent }, factors);
        assert_eq!(check(&modulus, &[1, 0, 1], far), None);
        assert_eq!(check(&modulus, &[3], far), Some(Weakness::Exponent));
        assert_eq!(check(&modulus, &[1, 0, 1], (&[0xff; 128], &[0xff; 128])), Some(Weakness::CloseFactors));
        assert_eq!(check(&modulus[1..], &[1, 0, 1], far), Some(Weakness::Size(2040)));
        let mut even = modulus.clone();
        even[255] -= 1;
        assert_eq!(check(&even, &[1, 0, 1], far), Some(Weakness::SmallFactor));
    }

    #[test]
    fn a_key_of_a_flawed_chip_is_known() {
        let pem = crate::ambient::fake::testdata("keys/roca.pub");
        let key = crate::crypto::PublicKey::from_pem(&pem).unwrap();
        let Some(numbers) = key.spki_der().get(24..).and_then(Numbers::from_der) else { panic!("no numbers") };
        assert_eq!(weakness(&numbers, (&[0xff; 128], &[1])), Some(Weakness::Roca));
    }
}
