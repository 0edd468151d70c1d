//! Signatures of images: a bundle with an in-toto statement, or the older simple signing payload.

use super::identity::SigningIdentity;
use crate::crypto::{Message, SignError};
use crate::format::bundle::{Bundle, BundleContent};
use crate::format::dsse::{self, Envelope};

/// A payload and the signature that covers it.
#[derive(Debug, Clone)]
pub struct SignedPayload {
    /// What was signed: a simple signing payload, or an in-toto statement.
    pub payload: Vec<u8>,
    /// The signature over it; for a statement, over its pre-authentication encoding.
    pub signature: Vec<u8>,
}

/// Signs a payload as it is.
///
/// # Errors
/// The key cannot sign.
pub async fn sign_payload(identity: &SigningIdentity, payload: Vec<u8>) -> Result<SignedPayload, SignError> {
    let signature = identity.signer.sign(Message::Bytes(&payload)).await?;
    Ok(SignedPayload { payload, signature })
}

/// Signs an in-toto statement and wraps it up as a bundle.
///
/// # Errors
/// The key cannot sign.
pub async fn sign_statement(identity: &SigningIdentity, statement: Vec<u8>) -> Result<(SignedPayload, Bundle), SignError> {
    let signed_bytes = dsse::pre_authentication_encoding(dsse::INTOTO_PAYLOAD_TYPE, &statement);
    let signature = identity.signer.sign(Message::Bytes(&signed_bytes)).await?;
    let envelope = Envelope::new(dsse::INTOTO_PAYLOAD_TYPE, statement.clone(), signature.clone());
    let bundle = Bundle::new(BundleContent::Envelope(envelope), identity.bundle_signer());
    Ok((SignedPayload { payload: statement, signature }, bundle))
}
