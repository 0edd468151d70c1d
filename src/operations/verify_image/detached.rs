//! A signature given by hand (`--signature`, `--payload`).

use std::collections::BTreeMap;

use crate::crypto::Digest;
use crate::encoding::base64;
use crate::format::material::{Signed, SignedContent, VerificationMaterial};
use crate::format::simple_signing::SimpleSigningPayload;

/// A signature that does not lie in the registry.
#[derive(Debug, Clone)]
pub struct DetachedSignature {
    /// The signature: base64, or raw.
    pub signature: Vec<u8>,
    /// The payload; `None` for the one that very old versions implied.
    pub payload: Option<Vec<u8>>,
}

impl DetachedSignature {
    /// The signature over `payload`, for the engine.
    pub(super) fn signed(&self, payload: Vec<u8>) -> Signed {
        let signature = base64::decode_lenient(&self.signature).unwrap_or_else(|_| self.signature.clone());
        Signed { content: SignedContent::SimpleSigning { payload, signature }, material: VerificationMaterial::legacy() }
    }

    /// The payload that was given, or the implied one for this image.
    pub(super) fn payload(&self, repository: &str, image: &Digest) -> Vec<u8> {
        match &self.payload {
            Some(payload) => payload.clone(),
            None => SimpleSigningPayload::new(repository, image, &BTreeMap::new()).to_json(),
        }
    }
}
