//! Attestations: a statement in a signed envelope, in a bundle or in one of the older forms.

use std::io::{self, Write};

use super::identity::{SigningCertificate, SigningIdentity};
use crate::crypto::{Message, SignError, SignatureScheme};
use crate::encoding::base64;
use crate::format::bundle::legacy::{LayerMaterial, LocalBundle, RekorBundle};
use crate::format::bundle::{Bundle, BundleContent, BundleMaterial};
use crate::format::dsse::{self, Envelope, INTOTO_PAYLOAD_TYPE};

/// Signs a statement and puts it into a bundle. Only pure Ed25519 needs another copy of it.
///
/// # Errors
/// The key cannot sign.
pub async fn sign(identity: &SigningIdentity, statement: Vec<u8>) -> Result<Bundle, SignError> {
    let scheme = identity.signer.scheme();
    let signature = match scheme.hash() {
        Some(hash) if scheme != SignatureScheme::Ed25519 => {
            let digest = dsse::digest_of_encoding(INTOTO_PAYLOAD_TYPE, &statement, hash);
            identity.signer.sign_with(scheme, Message::Digest(&digest)).await?
        }
        _ => {
            let encoding = dsse::pre_authentication_encoding(INTOTO_PAYLOAD_TYPE, &statement);
            identity.signer.sign_with(scheme, Message::Bytes(&encoding)).await?
        }
    };
    let envelope = Envelope::new(INTOTO_PAYLOAD_TYPE, statement, signature);
    Ok(Bundle::new(BundleContent::Envelope(envelope), identity.bundle_signer()))
}

/// What the older forms hold: the envelope's JSON, and what proves it.
#[derive(Debug, Clone)]
pub struct OlderAttestation {
    /// The envelope, as it is stored.
    pub envelope: Vec<u8>,
    /// Certificate, log entry and time stamp.
    pub material: LayerMaterial,
}

impl OlderAttestation {
    /// What is in a bundle that [`sign`] made, with the witnesses that were added to it. A log entry without a promise has no older form.
    pub fn of(bundle: Bundle, identity: &SigningIdentity) -> Self {
        let BundleMaterial { log_entries, timestamps, .. } = bundle.material.unwrap_or_default();
        let certificate = identity.certificate.as_ref();
        let material = LayerMaterial {
            certificate: certificate.map(|certificate| certificate.leaf.to_pem()),
            // As in cosign: no annotation where there is no more than the certificate.
            chain: certificate.map(SigningCertificate::chain_pem).filter(|chain| !chain.is_empty()),
            rekor_bundle: log_entries.iter().find_map(|entry| RekorBundle::of(&entry.entry)),
            timestamp: timestamps.into_iter().next(),
        };
        let envelope = match bundle.content {
            Some(BundleContent::Envelope(envelope)) => envelope.to_json(),
            Some(BundleContent::Message(_)) | None => Vec::new(),
        };
        Self { envelope, material }
    }

    /// Writes the `--bundle` JSON of version 2: the envelope in base64 once more.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_local_bundle(&self, identity: &SigningIdentity, out: &mut dyn Write) -> io::Result<()> {
        let bundle = LocalBundle {
            base64_signature: String::new(),
            cert: base64::encode(identity.certificate_or_key_pem()),
            rekor_bundle: self.material.rekor_bundle.clone(),
        };
        bundle.write_json(&self.envelope, out)
    }
}
