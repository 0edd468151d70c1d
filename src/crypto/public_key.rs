//! Public keys: SPKI and PEM (RFC 5280, RFC 5480, RFC 8410, RFC 7468), and checking signatures with them.

use std::fmt;

use super::asn1::{self, Der, Malformed};
use super::ecdsa_signature;
use super::ed25519_prehash::Sha512Prehash;
use super::rsa_key::{self, Numbers};
use super::{Curve, Digest, HashAlgorithm, KeyAlgorithm, Message, SignatureScheme, Verifier, VerifyError};
use crate::encoding::{base64, pem, text};

pub use super::ecdsa_signature::ecdsa_p1363_to_der;

/// A public key of a kind that this program knows: ECDSA on P-256, P-384 and P-521, RSA of 2048 to 8192 bits, Ed25519.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
    key: Key,
}

#[derive(Clone)]
enum Key {
    /// An uncompressed point of that curve.
    Ecdsa(Curve, Vec<u8>),
    /// An `RSAPublicKey` in DER.
    Rsa(Vec<u8>),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Why bytes are no public key. The texts keep the phrases of the Go program and of Go's `crypto/x509`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// There is no PEM block.
    #[error("PEM decoding failed")]
    NoPem,
    /// A PEM block, but not of a public key; the label, quoted.
    #[error("unknown Public key PEM file type: {0}. Are you passing the correct public key?")]
    Label(String),
    /// No SubjectPublicKeyInfo.
    #[error("x509: failed to parse public key")]
    Malformed,
    /// Bytes after the key.
    #[error("x509: trailing data after ASN.1 of public-key")]
    TrailingData,
    /// Another algorithm; its object identifier.
    #[error("x509: unknown public key algorithm {0}")]
    Algorithm(String),
    /// RSA: the parameters of the algorithm are not NULL (RFC 3279, 2.3.1).
    #[error("x509: RSA key missing NULL parameters")]
    RsaParameters,
    /// ECDSA: the parameters do not name a curve and nothing else.
    #[error("x509: invalid ECDSA parameters")]
    EcdsaParameters,
    /// Ed25519: there are parameters (RFC 8410, 3).
    #[error("x509: Ed25519 key encoded with illegal parameters")]
    Ed25519Parameters,
    /// Another curve; its object identifier.
    #[error("x509: unsupported elliptic curve {0}")]
    Curve(String),
    /// A point that is compressed, hybrid, infinite or of the wrong length.
    #[error("ecdsa: invalid uncompressed public key")]
    PointForm,
    /// Coordinates that do not satisfy the equation of the curve.
    #[error("{0} point not on curve")]
    NotOnCurve(&'static str),
    /// RSA: no modulus and exponent, or such as cannot be a key.
    #[error("x509: invalid RSA public key")]
    Rsa,
    /// RSA of another size than 2048 to 8192 bits.
    #[error("RSA keys of {0} bits are not supported, only those of 2048 to 8192")]
    RsaSize(usize),
    /// Ed25519: no point of the curve, or one of small order, under which anybody could sign.
    #[error("x509: invalid Ed25519 public key")]
    Ed25519,
}

impl PublicKey {
    /// Reads the first PEM block: `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`PublicKeyError`], whose texts keep the Go program's phrases.
    pub fn from_pem(pem: &[u8]) -> Result<Self, PublicKeyError> {
        let (block, _) = pem::first(pem).ok_or(PublicKeyError::NoPem)?;
        match block.label.as_str() {
            "PUBLIC KEY" => Self::from_spki_der(&block.bytes),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(&block.bytes),
            other => Err(PublicKeyError::Label(text::quote(other))),
        }
    }

    /// Reads a DER SubjectPublicKeyInfo, whole.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        use PublicKeyError as E;
        let malformed = |_: Malformed| E::Malformed;
        let mut outer = Der::new(der);
        let mut content = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(|_| E::TrailingData)?;
        let mut parameters = content.sequence().map_err(malformed)?;
        let algorithm = parameters.oid().map_err(malformed)?;
        let key = content.bytes_of_bits().map_err(malformed)?;
        content.finish().map_err(malformed)?;
        match algorithm {
            asn1::EC_PUBLIC_KEY => {
                let curve = parameters.oid().map_err(|_| E::EcdsaParameters)?;
                parameters.finish().map_err(|_| E::EcdsaParameters)?;
                Self::from_point(Curve::from_oid(&curve).ok_or_else(|| E::Curve(curve.to_string()))?, key)
            }
            asn1::RSA_ENCRYPTION if parameters.rest() == asn1::NULL => Self::from_pkcs1_der(key),
            asn1::RSA_ENCRYPTION => Err(E::RsaParameters),
            asn1::ED25519 if parameters.is_empty() => Self::from_ed25519(key),
            asn1::ED25519 => Err(E::Ed25519Parameters),
            other => Err(E::Algorithm(other.to_string())),
        }
    }

    /// Reads a DER `RSAPublicKey` (RFC 8017), whole.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let numbers = Numbers::from_der(der).filter(Numbers::is_sound).ok_or(PublicKeyError::Rsa)?;
        let bits = numbers.bits();
        if !(rsa_key::FEWEST_BITS..=rsa_key::MOST_BITS).contains(&bits) {
            return Err(PublicKeyError::RsaSize(bits));
        }
        let key = numbers.to_der();
        let spki = write_spki(&asn1::write_algorithm(&asn1::RSA_ENCRYPTION, asn1::NULL), &key);
        Ok(Self { spki, algorithm: KeyAlgorithm::Rsa { bits }, key: Key::Rsa(key) })
    }

    /// Reads an uncompressed point (SEC 1, 2.3.3).
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, PublicKeyError> {
        if point.len() != 1 + 2 * curve.field_len() || point[0] != 4 {
            return Err(PublicKeyError::PointForm);
        }
        let is_on_curve = match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
        };
        if !is_on_curve {
            return Err(PublicKeyError::NotOnCurve(curve.short_name()));
        }
        let parameters = asn1::write(asn1::tag::OID, &[curve.oid().as_bytes()]);
        let spki = write_spki(&asn1::write_algorithm(&asn1::EC_PUBLIC_KEY, &parameters), point);
        Ok(Self { spki, algorithm: KeyAlgorithm::Ecdsa(curve), key: Key::Ecdsa(curve, point.to_vec()) })
    }

    /// An RSA key from modulus and exponent, big-endian (RFC 7518 section 6.3).
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_rsa_numbers(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let numbers = [asn1::write_unsigned(modulus), asn1::write_unsigned(exponent)];
        Self::from_pkcs1_der(&asn1::write(asn1::tag::SEQUENCE, &[&numbers[0], &numbers[1]]))
    }

    /// Reads the 32 bytes of an Ed25519 key (RFC 8032).
    ///
    /// # Errors
    /// [`PublicKeyError::Ed25519`].
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| PublicKeyError::Ed25519)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Ed25519)?;
        if key.is_weak() {
            return Err(PublicKeyError::Ed25519);
        }
        let spki = write_spki(&asn1::write_algorithm(&asn1::ED25519, &[]), bytes);
        Ok(Self { spki, algorithm: KeyAlgorithm::Ed25519, key: Key::Ed25519(key) })
    }

    /// The key as SubjectPublicKeyInfo in DER, as Go's `x509.MarshalPKIXPublicKey` writes it.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The key as PEM with the label `PUBLIC KEY` and a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// What kind of key it is.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// P-256/SHA-256, P-384/SHA-384, P-521/SHA-512, RSA PKCS#1 v1.5/SHA-256, pure Ed25519.
    pub fn default_scheme(&self) -> SignatureScheme {
        match self.algorithm {
            KeyAlgorithm::Ecdsa(Curve::P256) => SignatureScheme::Ecdsa(Curve::P256, HashAlgorithm::Sha256),
            KeyAlgorithm::Ecdsa(Curve::P384) => SignatureScheme::Ecdsa(Curve::P384, HashAlgorithm::Sha384),
            KeyAlgorithm::Ecdsa(Curve::P521) => SignatureScheme::Ecdsa(Curve::P521, HashAlgorithm::Sha512),
            KeyAlgorithm::Rsa { .. } => SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256),
            KeyAlgorithm::Ed25519 => SignatureScheme::Ed25519,
        }
    }

    /// The scheme of this kind of key with another hash function (`--signature-digest-algorithm`); Ed25519 has no choice.
    pub fn scheme_with(&self, hash: HashAlgorithm) -> SignatureScheme {
        match self.algorithm {
            KeyAlgorithm::Ecdsa(curve) => SignatureScheme::Ecdsa(curve, hash),
            KeyAlgorithm::Rsa { .. } => SignatureScheme::RsaPkcs1(hash),
            KeyAlgorithm::Ed25519 => SignatureScheme::Ed25519,
        }
    }

    /// What a verifier tries where nothing says which scheme was used, in this order: the default first, then what the Go
    /// program makes with such a key (it signs with the hash function of the curve's size, or with SHA-256, and with Ed25519ph).
    pub fn candidate_schemes(&self) -> &'static [SignatureScheme] {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        use SignatureScheme::{Ecdsa, Ed25519, Ed25519ph, RsaPkcs1};
        match self.algorithm {
            KeyAlgorithm::Ecdsa(Curve::P256) => &[Ecdsa(Curve::P256, Sha256)],
            KeyAlgorithm::Ecdsa(Curve::P384) => &[Ecdsa(Curve::P384, Sha384), Ecdsa(Curve::P384, Sha256)],
            KeyAlgorithm::Ecdsa(Curve::P521) => &[Ecdsa(Curve::P521, Sha512), Ecdsa(Curve::P521, Sha256)],
            KeyAlgorithm::Rsa { .. } => &[RsaPkcs1(Sha256)],
            KeyAlgorithm::Ed25519 => &[Ed25519, Ed25519ph],
        }
    }

    /// The hint of a bundle's `publicKey`, as the Go program writes it: base64 of the SHA-256 of the SPKI.
    pub fn hint(&self) -> String {
        base64::encode(Digest::sha256(&self.spki).bytes())
    }

    /// SHA-256 of the SPKI.
    pub fn fingerprint(&self) -> Digest {
        Digest::sha256(&self.spki)
    }

    /// As [`Verifier::verify`], but an ECDSA signature that is no DER is taken as IEEE P1363, as the Go program takes it.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_allowing_p1363(&self, scheme: SignatureScheme, message: Message<'_>, signature: &[u8]) -> Result<(), VerifyError> {
        if !matches!(scheme, SignatureScheme::Ecdsa(..)) || ecdsa_signature::is_der(signature) {
            return self.verify(scheme, message, signature);
        }
        let der = ecdsa_p1363_to_der(signature).ok_or(VerifyError::EcdsaP1363)?;
        self.verify(scheme, message, &der).map_err(|error| if error == VerifyError::Ecdsa { VerifyError::EcdsaP1363 } else { error })
    }

    fn check(&self, scheme: SignatureScheme, message: Message<'_>, signature: &[u8]) -> Result<Option<()>, VerifyError> {
        let needs_message = || VerifyError::NeedsMessage(scheme);
        let digest = match scheme.hash() {
            Some(hash) => message.digest(hash).ok_or_else(needs_message)?,
            None => return self.check_whole(message, signature),
        };
        Ok(match (&self.key, scheme) {
            (Key::Ecdsa(curve, point), SignatureScheme::Ecdsa(of_scheme, _)) if *curve == of_scheme => {
                ecdsa_signature::verify(point, *curve, &digest, signature)
            }
            (Key::Rsa(key), SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_)) => rsa_key::verify(key, scheme, &digest, signature),
            (Key::Ed25519(key), SignatureScheme::Ed25519ph) => {
                let prehash = Sha512Prehash::of(&digest).ok_or_else(needs_message)?;
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                signature.and_then(|signature| key.verify_prehashed_strict(prehash, None, &signature).ok())
            }
            _ => return Err(VerifyError::Scheme { key: self.algorithm, scheme }),
        })
    }

    /// Pure Ed25519, the one scheme without a hash function.
    fn check_whole(&self, message: Message<'_>, signature: &[u8]) -> Result<Option<()>, VerifyError> {
        let scheme = SignatureScheme::Ed25519;
        let Key::Ed25519(key) = &self.key else {
            return Err(VerifyError::Scheme { key: self.algorithm, scheme });
        };
        let Message::Bytes(message) = message else {
            return Err(VerifyError::NeedsMessage(scheme));
        };
        let signature = ed25519_dalek::Signature::from_slice(signature).ok();
        Ok(signature.and_then(|signature| key.verify_strict(message, &signature).ok()))
    }
}

impl Verifier for PublicKey {
    fn public_key(&self) -> &PublicKey {
        self
    }

    fn verify(&self, scheme: SignatureScheme, message: Message<'_>, signature: &[u8]) -> Result<(), VerifyError> {
        self.check(scheme, message, signature)?.ok_or(match self.algorithm {
            KeyAlgorithm::Ecdsa(_) => VerifyError::Ecdsa,
            KeyAlgorithm::Rsa { .. } => VerifyError::Rsa,
            KeyAlgorithm::Ed25519 => VerifyError::Ed25519,
        })
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.fingerprint())
    }
}

fn write_spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    asn1::write(asn1::tag::SEQUENCE, &[algorithm, &asn1::write(asn1::tag::BIT_STRING, &[&[0], key])]).to_vec()
}

#[cfg(test)]
mod tests;
