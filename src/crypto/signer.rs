//! Signers and verifiers: file keys, KMS, hardware tokens and ephemeral keys are all just these.

use async_trait::async_trait;

use super::{Digest, HashAlgorithm, PublicKey, SignatureScheme};

/// What is signed: the message itself, or its digest where a scheme starts from that.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// The whole message.
    Bytes(&'a [u8]),
    /// Its digest, made by the hash function of the scheme.
    Digest(&'a Digest),
}

impl Message<'_> {
    /// The digest under `algorithm`; `None` where only a digest of another function is at hand.
    pub fn digest(&self, algorithm: HashAlgorithm) -> Option<Digest> {
        match self {
            Self::Bytes(bytes) => Some(algorithm.digest(bytes)),
            Self::Digest(digest) if digest.algorithm() == algorithm => Some((*digest).clone()),
            Self::Digest(_) => None,
        }
    }
}

/// Makes signatures with one key.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The scheme that this signer uses when it is not told another.
    fn scheme(&self) -> SignatureScheme {
        self.public_key().default_scheme()
    }

    /// Signs with `scheme`. ECDSA signatures are DER.
    ///
    /// # Errors
    /// [`SignError`].
    async fn sign_with(&self, scheme: SignatureScheme, message: Message<'_>) -> Result<Vec<u8>, SignError>;

    /// Signs with [`Signer::scheme`].
    ///
    /// # Errors
    /// [`SignError`].
    async fn sign(&self, message: Message<'_>) -> Result<Vec<u8>, SignError> {
        self.sign_with(self.scheme(), message).await
    }
}

/// Checks signatures of one key, here and now.
pub trait Verifier: Send + Sync {
    /// The key.
    fn public_key(&self) -> &PublicKey;

    /// Checks `signature` under `scheme`.
    ///
    /// # Errors
    /// [`VerifyError`].
    fn verify(&self, scheme: SignatureScheme, message: Message<'_>, signature: &[u8]) -> Result<(), VerifyError>;
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The scheme does not fit the key.
    #[error("a {key} key cannot sign as {scheme:?}")]
    Scheme {
        /// What the key is.
        key: super::KeyAlgorithm,
        /// What was asked.
        scheme: SignatureScheme,
    },
    /// Only a digest is at hand, and the scheme needs the message or another digest.
    #[error("signing as {0:?} needs the message itself")]
    NeedsMessage(SignatureScheme),
    /// The key refused, for a reason of its own.
    #[error("the key could not sign: {0}")]
    Failed(String),
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// ECDSA: wrong bytes, or no DER. The text is the Go program's, which other programs match on.
    #[error("invalid signature when validating ASN.1 encoded signature")]
    Ecdsa,
    /// ECDSA: a signature that is no DER, taken as IEEE P1363 by a caller that allows it.
    #[error("invalid signature when validating IEEE_P1363 encoded signature")]
    EcdsaP1363,
    /// RSA.
    #[error("crypto/rsa: verification error")]
    Rsa,
    /// Ed25519 and Ed25519ph.
    #[error("failed to verify signature")]
    Ed25519,
    /// The scheme does not fit the key.
    #[error("a {key} key cannot verify as {scheme:?}")]
    Scheme {
        /// What the key is.
        key: super::KeyAlgorithm,
        /// What was asked.
        scheme: SignatureScheme,
    },
    /// Only a digest is at hand, and the scheme needs the message or another digest.
    #[error("verifying as {0:?} needs the message itself")]
    NeedsMessage(SignatureScheme),
}
