//! Bundles that were made elsewhere.

use serde_json::value::RawValue;

use super::DocumentError;
use crate::ambient::Context;
use crate::encoding::UnixTime;
use crate::entity::attestations::predicate_type_of;
use crate::entity::referrer::{self, BundleNote};
use crate::format::bundle::{Bundle, BundleContent, BundleVersion};
use crate::format::oci::Descriptor;
use crate::operations::subject::Subject;
use crate::registry::RegistryError;

/// A bundle that can be attached.
pub(super) struct CheckedBundle {
    json: Vec<u8>,
    predicate_type: String,
    version: BundleVersion,
}

/// Whether bytes are meant to be a bundle, whatever may be wrong with them: an object with a field of a bundle.
pub(super) fn is_meant(json: &[u8]) -> bool {
    let fields = ["mediaType", "media_type", "verificationMaterial", "verification_material", "messageSignature", "dsseEnvelope"];
    let Ok(object) = serde_json::from_slice::<std::collections::BTreeMap<String, &RawValue>>(json) else { return false };
    fields.iter().any(|field| object.contains_key(*field))
}

impl CheckedBundle {
    /// Reads a bundle and checks its form. Whether it verifies is the verifier's matter.
    pub(super) fn read(json: &[u8]) -> Result<Self, DocumentError> {
        let bundle = Bundle::read(json)?;
        // As cosign: a bundle with a key alone and no log is valid.
        bundle.validate(false)?;
        let version = bundle.version()?;
        let Some(BundleContent::Envelope(envelope)) = &bundle.content else { return Err(DocumentError::NoEnvelope) };
        let predicate_type = predicate_type_of(envelope).ok_or(DocumentError::NoStatement)?;
        Ok(Self { json: one_line(json), predicate_type, version })
    }

    /// Uploads it as a referrer of the image.
    pub(super) async fn attach(&self, subject: &Subject, image: &Descriptor, context: &Context) -> Result<(), RegistryError> {
        if self.version < BundleVersion::V0_3 {
            context.ui.warn(
                "the bundle is older than version 0.3, and verifiers look for newer ones only: `cosign bundle upgrade` makes one of it",
            );
        }
        let note = BundleNote { predicate_type: &self.predicate_type, created: UnixTime::from(context.clock.now()) };
        referrer::attach_bundle(&*subject.attached, image, &self.json, note).await.map(drop)
    }
}

/// Programs read bundles line by line.
fn one_line(json: &[u8]) -> Vec<u8> {
    let json = json.trim_ascii();
    if !json.contains(&b'\n') {
        return json.to_vec();
    }
    serde_json::from_slice::<serde_json::Value>(json).and_then(|value| serde_json::to_vec(&value)).unwrap_or_else(|_| json.to_vec())
}
