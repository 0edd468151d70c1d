//! Keys of the services.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use cosign::crypto::{Message, PublicKey, SignatureScheme, Verifier as _};
use ed25519_dalek::Signer as _;
use p256::pkcs8::EncodePublicKey as _;
use sha2::{Digest as _, Sha256};

use super::der::{oid, seq};

/// Which kind of key a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    P256,
    P384,
    Ed25519,
    /// 2048 bits; all of one process are the same key.
    Rsa,
}

/// A private key.
#[derive(Clone)]
pub enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Rsa(&'static KeyPair),
}

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes.as_ref()).into()
}

fn rsa() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

impl Key {
    pub fn new(kind: KeyKind) -> Self {
        match kind {
            KeyKind::P256 => Self::P256(p256::ecdsa::SigningKey::from_slice(&random::<32>()).unwrap()),
            KeyKind::P384 => Self::P384(p384::ecdsa::SigningKey::from_slice(&random::<48>()).unwrap()),
            KeyKind::Ed25519 => Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&random())),
            KeyKind::Rsa => Self::Rsa(rsa()),
        }
    }

    /// SubjectPublicKeyInfo.
    pub fn spki(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => p256::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec(),
            Self::P384(key) => p384::PublicKey::from(key.verifying_key()).to_public_key_der().unwrap().into_vec(),
            Self::Ed25519(key) => [&ED25519_PREFIX[..], key.verifying_key().as_bytes()].concat(),
            Self::Rsa(key) => AsDer::<PublicKeyX509Der>::as_der(aws_lc_rs::signature::KeyPair::public_key(*key)).unwrap().as_ref().to_vec(),
        }
    }

    pub fn pem(&self) -> String {
        cosign::encoding::pem::encode("PUBLIC KEY", &self.spki())
    }

    /// The SHA-256 of the key, by which logs are known.
    pub fn id(&self) -> [u8; 32] {
        sha256(self.spki())
    }

    /// A signature, as certificates, notes and promises hold it: with the hash function of the key's size.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::DerSignature = p256::ecdsa::signature::Signer::sign(key, message);
                signature.as_bytes().to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::DerSignature = p384::ecdsa::signature::Signer::sign(key, message);
                signature.as_bytes().to_vec()
            }
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A signature in TUF: with RSA under PSS.
    pub fn sign_for_tuf(&self, message: &[u8]) -> Vec<u8> {
        let Self::Rsa(key) = self else { return self.sign(message) };
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// The AlgorithmIdentifier of [`Key::sign`].
    pub fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::P256(_) => seq(&[&oid("1.2.840.10045.4.3.2")]),
            Self::P384(_) => seq(&[&oid("1.2.840.10045.4.3.3")]),
            Self::Ed25519(_) => seq(&[&oid("1.3.101.112")]),
            Self::Rsa(_) => seq(&[&oid("1.2.840.113549.1.1.11"), &[5, 0]]),
        }
    }

    /// What a trusted root calls the key.
    pub fn details(&self) -> &'static str {
        match self {
            Self::P256(_) => "PKIX_ECDSA_P256_SHA_256",
            Self::P384(_) => "PKIX_ECDSA_P384_SHA_384",
            Self::Ed25519(_) => "PKIX_ED25519",
            Self::Rsa(_) => "PKIX_RSA_PKCS1V15_2048_SHA256",
        }
    }
}

const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// Whether the signature is the key's over the message, under any scheme that such a key may use.
pub fn verifies(key: &PublicKey, message: Message<'_>, signature: &[u8]) -> bool {
    let fits = |scheme: &&SignatureScheme| matches!(message, Message::Bytes(_)) || scheme.hash().is_some();
    key.candidate_schemes().iter().filter(fits).any(|scheme| key.verify(*scheme, message, signature).is_ok())
}
