//! Private keys: SEC 1 (RFC 5915), PKCS#1 (RFC 8017) and PKCS#8 (RFC 5958), and signing with them.

use async_trait::async_trait;
use aws_lc_rs::rsa::KeyPair;
use der::Tag;
use zeroize::Zeroizing;

use super::asn1::{self, Der, Malformed};
use super::ecdsa_signature::{self, left_padded};
use super::ed25519_prehash::Sha512Prehash;
use super::public_key::PublicKeyError;
use super::rsa_key::{self, PrivateNumbers, Weakness};
use super::{Curve, Digest, Message, PublicKey, SignError, SignatureScheme, Signer};
use crate::encoding::{pem, text};
use crate::secret::PrivateKeyPem;

/// A private key in memory; wiped when dropped, never printed.
pub struct PrivateKey {
    key: Key,
    public: PublicKey,
}

enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Rsa(Box<RsaKey>),
    Ed25519(ed25519_dalek::SigningKey),
}

struct RsaKey {
    pair: KeyPair,
    /// An `RSAPrivateKey` in DER.
    pkcs1: Zeroizing<Vec<u8>>,
}

/// Why bytes are no private key, or one that is not to be used. The texts keep the phrases of the Go program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// There is no PEM block.
    #[error("invalid pem block")]
    NoPem,
    /// A PEM block of another kind.
    #[error("unsupported private key: {label}{advice}")]
    Label {
        /// Its label, quoted.
        label: String,
        /// What to do about it; may be empty.
        advice: &'static str,
    },
    /// `RSA PRIVATE KEY` that does not hold one.
    #[error("error parsing rsa private key")]
    Pkcs1(#[source] MalformedKey),
    /// `EC PRIVATE KEY` that does not hold one, or one on an unknown curve.
    #[error("error parsing ecdsa private key")]
    Sec1(#[source] MalformedKey),
    /// `PRIVATE KEY` that does not hold one.
    #[error("error parsing pkcs #8 private key")]
    Pkcs8(#[source] MalformedKey),
    /// A curve that is known but not used for signing.
    #[error("error validating ecdsa key: ECDSA curve {0} not allowed")]
    CurveNotAllowed(&'static str),
    /// An RSA key that must not be imported.
    #[error("error validating rsa key: {0}")]
    Weak(String),
}

/// What is wrong with the DER of a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// It is not the structure that it claims to be.
    #[error("the ASN.1 structure is wrong or cut short")]
    Structure,
    /// Another algorithm or curve; its object identifier.
    #[error("the algorithm or curve {0} is not supported")]
    Algorithm(String),
    /// A number that cannot be a key of its kind.
    #[error("the numbers are not those of an {0} key")]
    Numbers(&'static str),
    /// RSA of another size than 2048 to 8192 bits.
    #[error("RSA keys of {0} bits are not supported")]
    RsaSize(usize),
    /// The content does not parse, and RFC 1421 headers say why.
    #[error("it is encrypted; decrypt it first (openssl pkey -in KEY -out PLAIN)")]
    Encrypted,
    /// RSA with more than two primes.
    #[error("RSA keys of more than two primes are not supported")]
    MultiPrime,
    /// P-224.
    #[error("ECDSA curve P-224 not allowed")]
    P224,
}

impl PrivateKey {
    /// Reads an unencrypted PEM block: `EC PRIVATE KEY`, `RSA PRIVATE KEY` or `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`PrivateKeyError`], whose texts keep the phrases of the Go program's `import-key-pair`.
    pub fn from_pem(pem: &PrivateKeyPem) -> Result<Self, PrivateKeyError> {
        let (block, _) = pem::first(pem.expose()).ok_or(PrivateKeyError::NoPem)?;
        let bytes = Zeroizing::new(block.bytes);
        type Reader = fn(&[u8]) -> Result<PrivateKey, MalformedKey>;
        let (read, wrap): (Reader, fn(MalformedKey) -> PrivateKeyError) = match block.label.as_str() {
            "RSA PRIVATE KEY" => (Self::from_pkcs1_der, PrivateKeyError::Pkcs1),
            "EC PRIVATE KEY" => (Self::from_sec1_der, PrivateKeyError::Sec1),
            "PRIVATE KEY" => (Self::from_pkcs8_der, PrivateKeyError::Pkcs8),
            other => return Err(PrivateKeyError::Label { advice: advice(other), label: text::quote(other) }),
        };
        read(&bytes).map_err(|error| match error {
            MalformedKey::P224 => PrivateKeyError::CurveNotAllowed("P-224"),
            MalformedKey::RsaSize(bits) => PrivateKeyError::Weak(size_not_supported(bits)),
            _ if block.has_headers => wrap(MalformedKey::Encrypted),
            other => wrap(other),
        })
    }

    /// Reads an unencrypted PKCS#8 `PrivateKeyInfo`, whole; attributes and the public key in it are not looked at.
    ///
    /// # Errors
    /// [`MalformedKey`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, MalformedKey> {
        let structure = |_: Malformed| MalformedKey::Structure;
        let mut content = Der::new(Der::whole(der, Tag::Sequence).map_err(structure)?);
        if content.small().map_err(structure)? > 1 {
            return Err(MalformedKey::Structure);
        }
        let mut parameters = content.sequence().map_err(structure)?;
        let algorithm = parameters.oid().map_err(structure)?;
        let key = content.octet_string().map_err(structure)?;
        match algorithm {
            asn1::EC_PUBLIC_KEY => Self::from_sec1_with(parameters.oid().ok(), key),
            asn1::RSA_ENCRYPTION => Self::from_pkcs1_der(key),
            asn1::ED25519 if parameters.is_empty() => Self::from_ed25519_seed(Der::whole(key, Tag::OctetString).map_err(structure)?),
            other => Err(MalformedKey::Algorithm(other.to_string())),
        }
    }

    /// Reads a SEC 1 `ECPrivateKey` that names its curve, whole.
    ///
    /// # Errors
    /// [`MalformedKey`].
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, MalformedKey> {
        Self::from_sec1_with(None, der)
    }

    /// Reads a PKCS#1 `RSAPrivateKey` of two primes, whole, and checks that its numbers belong together.
    ///
    /// # Errors
    /// [`MalformedKey`].
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, MalformedKey> {
        let wrong = || MalformedKey::Numbers("RSA");
        let numbers = PrivateNumbers::from_der(der)?;
        let pkcs1 = numbers.to_der();
        let public = PublicKey::from_pkcs1_der(&numbers.public().to_der()).map_err(|error| match error {
            PublicKeyError::RsaSize(bits) => MalformedKey::RsaSize(bits),
            _ => wrong(),
        })?;
        let pair = KeyPair::from_der(&pkcs1).map_err(|_| wrong())?;
        Ok(Self { key: Key::Rsa(Box::new(RsaKey { pair, pkcs1 })), public })
    }

    /// Whether the key may be imported, by the rules of the Go program (Boulder's "good key" policy).
    ///
    /// # Errors
    /// [`PrivateKeyError::Weak`], with what is wrong.
    pub fn check_strength(&self) -> Result<(), PrivateKeyError> {
        let Key::Rsa(key) = &self.key else { return Ok(()) };
        let Ok(numbers) = PrivateNumbers::from_der(&key.pkcs1) else { return Ok(()) };
        let [_, _, _, p, q, ..] = numbers.0;
        let reason = match rsa_key::weakness(&numbers.public(), (p, q)) {
            None => return Ok(()),
            Some(Weakness::Size(bits)) => size_not_supported(bits),
            Some(Weakness::Exponent) => "key exponent must be 65537".to_owned(),
            Some(Weakness::SmallFactor) => "key divisible by small prime".to_owned(),
            Some(Weakness::Roca) => "key generated by vulnerable Infineon-based hardware".to_owned(),
            Some(Weakness::CloseFactors) => "key generated with factors too close together".to_owned(),
        };
        Err(PrivateKeyError::Weak(reason))
    }

    /// The key as PKCS#8 in DER, as Go's `x509.MarshalPKCS8PrivateKey` lays it out: version 0, no attributes, and in EC keys
    /// the public key but no second mention of the curve.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        let (algorithm, key) = match &self.key {
            Key::P256(key) => self.sec1(Curve::P256, &Zeroizing::new(key.to_bytes())),
            Key::P384(key) => self.sec1(Curve::P384, &Zeroizing::new(key.to_bytes())),
            Key::P521(key) => self.sec1(Curve::P521, &Zeroizing::new(key.to_bytes())),
            Key::Rsa(key) => (asn1::write_algorithm(&asn1::RSA_ENCRYPTION, asn1::NULL), key.pkcs1.clone()),
            Key::Ed25519(key) => (asn1::write_algorithm(&asn1::ED25519, &[]), asn1::write(asn1::tag::OCTET_STRING, &[key.as_bytes()])),
        };
        let version = asn1::write_unsigned(&[]);
        asn1::write(asn1::tag::SEQUENCE, &[&version, &algorithm, &asn1::write(asn1::tag::OCTET_STRING, &[&key])])
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs with `scheme`, here and now. ECDSA signatures are DER and never the same twice.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_now(&self, scheme: SignatureScheme, message: Message<'_>) -> Result<Vec<u8>, SignError> {
        let needs_message = || SignError::NeedsMessage(scheme);
        if let (Key::Ed25519(key), SignatureScheme::Ed25519) = (&self.key, scheme) {
            let Message::Bytes(bytes) = message else { return Err(needs_message()) };
            return Ok(ed25519_dalek::Signer::sign(key, bytes).to_vec());
        }
        let hash = scheme.hash().ok_or(SignError::Scheme { key: self.public.algorithm(), scheme })?;
        let digest = message.digest(hash).ok_or_else(needs_message)?;
        self.sign_digest(scheme, &digest)?.ok_or_else(|| SignError::Failed("the cryptographic library gave no reason".to_owned()))
    }

    fn sign_digest(&self, scheme: SignatureScheme, digest: &Digest) -> Result<Option<Vec<u8>>, SignError> {
        use ecdsa_signature::sign;
        Ok(match (&self.key, scheme) {
            (Key::P256(key), SignatureScheme::Ecdsa(curve @ Curve::P256, _)) => sign(key, curve, digest.bytes()),
            (Key::P384(key), SignatureScheme::Ecdsa(curve @ Curve::P384, _)) => sign(key, curve, digest.bytes()),
            (Key::P521(key), SignatureScheme::Ecdsa(curve @ Curve::P521, _)) => sign(key, curve, digest.bytes()),
            (Key::Rsa(key), SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_)) => rsa_key::sign(&key.pair, scheme, digest),
            (Key::Ed25519(key), SignatureScheme::Ed25519ph) => {
                let prehash = Sha512Prehash::of(digest).ok_or(SignError::NeedsMessage(scheme))?;
                key.sign_prehashed(prehash, None).ok().map(|signature| signature.to_vec())
            }
            _ => return Err(SignError::Scheme { key: self.public.algorithm(), scheme }),
        })
    }

    /// An `ECPrivateKey` whose curve is named outside (in PKCS#8), inside, or both.
    fn from_sec1_with(outside: Option<der::asn1::ObjectIdentifier>, der: &[u8]) -> Result<Self, MalformedKey> {
        const P224: der::asn1::ObjectIdentifier = der::asn1::ObjectIdentifier::new_unwrap("1.3.132.0.33");
        let structure = |_: Malformed| MalformedKey::Structure;
        let mut content = Der::new(Der::whole(der, Tag::Sequence).map_err(structure)?);
        if content.small().map_err(structure)? != 1 {
            return Err(MalformedKey::Structure);
        }
        let scalar = content.octet_string().map_err(structure)?;
        let inside = content.expect(asn1::context(0, true)).and_then(|inside| Der::new(inside.value).oid());
        // As in Go the outer name wins.
        let oid = outside.or(inside.ok()).ok_or(MalformedKey::Structure)?;
        match Curve::from_oid(&oid) {
            Some(curve) => Self::from_scalar(curve, scalar),
            None if oid == P224 => Err(MalformedKey::P224),
            None => Err(MalformedKey::Algorithm(oid.to_string())),
        }
    }

    /// A number of any length, as some programs leave zeros out and others add some.
    fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, MalformedKey> {
        let wrong = || MalformedKey::Numbers("ECDSA");
        let scalar = Zeroizing::new(left_padded(asn1::without_leading_zeros(scalar), curve.field_len()).ok_or_else(wrong)?);
        let (key, point) = match curve {
            Curve::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&scalar).map_err(|_| wrong())?;
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Key::P256(key), point)
            }
            Curve::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(&scalar).map_err(|_| wrong())?;
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Key::P384(key), point)
            }
            Curve::P521 => {
                let key = p521::ecdsa::SigningKey::from_slice(&scalar).map_err(|_| wrong())?;
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Key::P521(key), point)
            }
        };
        let public = PublicKey::from_point(curve, &point).map_err(|_| wrong())?;
        Ok(Self { key, public })
    }

    fn from_ed25519_seed(seed: &[u8]) -> Result<Self, MalformedKey> {
        let wrong = || MalformedKey::Numbers("Ed25519");
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.try_into().map_err(|_| wrong())?);
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public = PublicKey::from_ed25519(key.verifying_key().as_bytes()).map_err(|_| wrong())?;
        Ok(Self { key: Key::Ed25519(key), public })
    }

    fn sec1(&self, curve: Curve, scalar: &[u8]) -> (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>) {
        let spki = self.public.spki_der();
        // The point is the end of the SPKI, of a known length.
        let point = &spki[spki.len() - (1 + 2 * curve.field_len())..];
        let public = asn1::write(asn1::tag::CONTEXT_1, &[&asn1::write(asn1::tag::BIT_STRING, &[&[0], point])]);
        let parts: [&[u8]; 3] = [&asn1::write_unsigned(&[1]), &asn1::write(asn1::tag::OCTET_STRING, &[scalar]), &public];
        let parameters = asn1::write(asn1::tag::OID, &[curve.oid().as_bytes()]);
        (asn1::write_algorithm(&asn1::EC_PUBLIC_KEY, &parameters), asn1::write(asn1::tag::SEQUENCE, &parts))
    }
}

#[async_trait]
impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign_with(&self, scheme: SignatureScheme, message: Message<'_>) -> Result<Vec<u8>, SignError> {
        self.sign_now(scheme, message)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(<redacted>, {:?})", self.public)
    }
}

fn size_not_supported(bits: usize) -> String {
    format!("key size not supported: {bits}")
}

fn advice(label: &str) -> &'static str {
    match label {
        "ENCRYPTED PRIVATE KEY" => " (decrypt it first: openssl pkey -in KEY -out PLAIN)",
        "EC PARAMETERS" => " (remove this block; the key stands after it)",
        "ENCRYPTED SIGSTORE PRIVATE KEY" | "ENCRYPTED COSIGN PRIVATE KEY" => " (there is nothing to import: sign with it as it is)",
        _ => "",
    }
}

mod generate;
#[cfg(test)]
mod tests;
