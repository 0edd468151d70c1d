//! Public keys: SPKI and PEM (RFC 5280, RFC 7468), and checking signatures with them.

use super::{KeyAlgorithm, Message, SignatureScheme, Verifier, VerifyError};

/// A public key of a kind that this program knows.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {}

/// Why bytes are no public key.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeyError {}

impl PublicKey {
    /// Reads `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1) PEM.
    ///
    /// # Errors
    /// [`PublicKeyError`], whose texts keep the Go program's phrases.
    pub fn from_pem(_pem: &[u8]) -> Result<Self, PublicKeyError> {
        todo!()
    }
    /// Reads a DER SubjectPublicKeyInfo, whole.
    ///
    /// # Errors
    /// [`PublicKeyError`].
    pub fn from_spki_der(_der: &[u8]) -> Result<Self, PublicKeyError> {
        todo!()
    }
    /// The key as SubjectPublicKeyInfo in DER, as Go's `x509.MarshalPKIXPublicKey` writes it.
    pub fn spki_der(&self) -> &[u8] {
        todo!()
    }
    /// The key as PEM with the label `PUBLIC KEY` and a final newline.
    pub fn to_pem(&self) -> String {
        todo!()
    }
    /// What kind of key it is.
    pub fn algorithm(&self) -> KeyAlgorithm {
        todo!()
    }
    /// P-256/SHA-256, P-384/SHA-384, P-521/SHA-512, RSA PKCS#1 v1.5/SHA-256, pure Ed25519.
    pub fn default_scheme(&self) -> SignatureScheme {
        todo!()
    }
}

impl Verifier for PublicKey {
    fn public_key(&self) -> &PublicKey {
        self
    }
    fn verify(&self, _scheme: SignatureScheme, _message: Message<'_>, _signature: &[u8]) -> Result<(), VerifyError> {
        todo!()
    }
}
