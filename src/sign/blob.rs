//! Signatures over files: in a bundle, or detached in the older form.

use super::identity::SigningIdentity;
use crate::crypto::{Digest, HashAlgorithm, Message, SignError, SignatureScheme, Verifier, VerifyError};
use crate::encoding::base64;
use crate::format::bundle::legacy::LocalBundle;
use crate::format::bundle::{Bundle, BundleContent};
use crate::format::material::{MessageDigest, MessageSignature};
use crate::verify::Blob;

/// A signature over a file.
#[derive(Debug, Clone)]
pub struct SignedBlob {
    /// The signature.
    pub signature: Vec<u8>,
    /// The file's digest, by the function that the signature is over; SHA-256 for Ed25519, which signs the file itself.
    pub digest: Digest,
}

/// Why a file was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignBlobError {
    /// The key refused.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The new signature does not hold: the key is broken, or its holder lies.
    #[error("the new signature does not verify with the key's public half: {0}")]
    Wrong(#[from] VerifyError),
}

/// The function by which a file has to be hashed for a signature by `scheme`.
pub fn hash_for(scheme: SignatureScheme) -> HashAlgorithm {
    match scheme {
        // The digest in the bundle, so that cosign takes it.
        SignatureScheme::Ed25519 => HashAlgorithm::Sha256,
        other => other.hash().unwrap_or(HashAlgorithm::Sha256),
    }
}

/// Signs a file of which the digest by [`hash_for`] is at hand (for pure Ed25519 the bytes, too), and checks the signature.
///
/// # Errors
/// [`SignBlobError`].
pub async fn sign(identity: &SigningIdentity, blob: &Blob<'_>) -> Result<SignedBlob, SignBlobError> {
    let scheme = identity.signer.scheme();
    let digest = blob.digest(hash_for(scheme)).ok_or(SignError::NeedsMessage(scheme))?;
    let message = match (scheme, blob.bytes) {
        (SignatureScheme::Ed25519, Some(bytes)) => Message::Bytes(bytes),
        _ => Message::Digest(digest),
    };
    let signature = identity.signer.sign_with(scheme, message).await?;
    identity.signer.public_key().verify(scheme, message, &signature)?;
    Ok(SignedBlob { signature, digest: digest.clone() })
}

impl SignedBlob {
    /// The bundle that holds it.
    pub fn to_bundle(&self, identity: &SigningIdentity) -> Bundle {
        let message = MessageSignature { signature: self.signature.clone(), digest: Some(MessageDigest::from(&self.digest)) };
        Bundle::new(BundleContent::Message(message), identity.bundle_signer())
    }

    /// The `--bundle` JSON of version 2 that holds it.
    pub fn to_local_bundle(&self, identity: &SigningIdentity) -> LocalBundle {
        LocalBundle {
            base64_signature: base64::encode(&self.signature),
            cert: base64::encode(identity.certificate_or_key_pem()),
            rekor_bundle: None,
        }
    }
}
