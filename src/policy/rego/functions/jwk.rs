//! Keys that tokens are verified with: PEM, or JSON Web Keys (RFC 7517).

use serde::Deserialize;

use crate::crypto::HashAlgorithm::{Sha256, Sha384, Sha512};
use crate::crypto::mac::{Hmac, hmac};
use crate::crypto::public_key::ecdsa_p1363_to_der;
use crate::crypto::{Certificate, Curve, HashAlgorithm, KeyAlgorithm, Message, PublicKey, SignatureScheme, Verifier};
use crate::encoding::{base64, pem};

/// The most keys of a set.
const MAX_KEYS: usize = 256;

const ALGORITHMS: [&str; 13] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA"];

/// A key.
pub(super) struct VerificationKey {
    /// `kid`; empty where there is none.
    pub(super) key_id: String,
    /// `alg`; empty where there is none.
    pub(super) algorithm: String,
    key: Key,
}

enum Key {
    Public(Box<PublicKey>),
    Secret(Vec<u8>),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    alg: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    k: String,
}

/// The keys in a certificate or public key in PEM, a JSON Web Key, or a set of them; `None` where they cannot be read.
pub(super) fn keys(source: &str) -> Option<Vec<VerificationKey>> {
    if let Some((block, rest)) = pem::first(source.as_bytes()) {
        let key = match block.label.as_str() {
            "CERTIFICATE" => Certificate::from_der(&block.bytes).ok()?.public_key().ok()?,
            "PUBLIC KEY" => PublicKey::from_spki_der(&block.bytes).ok()?,
            _ => return None,
        };
        return rest
            .is_empty()
            .then(|| vec![VerificationKey { key_id: String::new(), algorithm: String::new(), key: Key::Public(key.into()) }]);
    }
    let set = match serde_json::from_str::<KeySet>(source) {
        Ok(set) => set.keys,
        Err(_) => vec![serde_json::from_str(source).ok()?],
    };
    if set.len() > MAX_KEYS {
        return None;
    }
    let known = |jwk: &Jwk| jwk.alg.is_empty() || ALGORITHMS.contains(&jwk.alg.as_str());
    // One that cannot be read spoils the set, as in OPA; one for another algorithm is passed over.
    let read = set.into_iter().map(|jwk| Some((known(&jwk), jwk.read()?))).collect::<Option<Vec<_>>>()?;
    Some(read.into_iter().filter_map(|(known, key)| known.then_some(key)).collect())
}

impl Jwk {
    fn read(self) -> Option<VerificationKey> {
        let bytes = |text: &str| base64::decode_url(text).ok().filter(|bytes| !bytes.is_empty());
        let key = match (self.kty.as_str(), self.crv.as_str()) {
            ("RSA", _) => Key::Public(PublicKey::from_rsa_numbers(&bytes(&self.n)?, &bytes(&self.e)?).ok()?.into()),
            ("EC", curve) => {
                let curve = match curve {
                    "P-256" => Curve::P256,
                    "P-384" => Curve::P384,
                    "P-521" => Curve::P521,
                    _ => return None,
                };
                Key::Public(PublicKey::from_point(curve, &[&[4], &bytes(&self.x)?[..], &bytes(&self.y)?[..]].concat()).ok()?.into())
            }
            ("OKP", "Ed25519") => Key::Public(PublicKey::from_ed25519(&bytes(&self.x)?).ok()?.into()),
            ("oct", _) => Key::Secret(bytes(&self.k)?),
            _ => return None,
        };
        Some(VerificationKey { key_id: self.kid, algorithm: self.alg, key })
    }
}

impl VerificationKey {
    /// A secret that both sides know.
    pub(super) fn secret(secret: Vec<u8>) -> Self {
        Self { key_id: String::new(), algorithm: String::new(), key: Key::Secret(secret) }
    }

    /// Whether this key made `signature` of `message` under an algorithm of JSON Web Signatures.
    pub(super) fn verify(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let Some((family, hash)) = family_and_hash(algorithm) else { return false };
        match (&self.key, family) {
            (Key::Secret(secret), "HS") => hmac(Hmac::Sha2(hash), secret, message) == signature,
            (Key::Public(key), "RS") => check(key, SignatureScheme::RsaPkcs1(hash), message, signature),
            (Key::Public(key), "PS") => check(key, SignatureScheme::RsaPss(hash), message, signature),
            (Key::Public(key), "Ed") => check(key, SignatureScheme::Ed25519, message, signature),
            (Key::Public(key), "ES") => match (key.algorithm(), ecdsa_p1363_to_der(signature)) {
                (KeyAlgorithm::Ecdsa(curve), Some(der)) => check(key, SignatureScheme::Ecdsa(curve, hash), message, &der),
                _ => false,
            },
            _ => false,
        }
    }
}

fn check(key: &PublicKey, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
    key.verify(scheme, Message::Bytes(message), signature).is_ok()
}

fn family_and_hash(algorithm: &str) -> Option<(&str, HashAlgorithm)> {
    if algorithm == "EdDSA" {
        return Some(("Ed", Sha512));
    }
    let (family, bits) = algorithm.split_at_checked(2)?;
    let hash = match bits {
        "256" => Sha256,
        "384" => Sha384,
        "512" => Sha512,
        _ => return None,
    };
    Some((family, hash))
}
