//! Puts attestations where verifiers look for them, and takes away those that they replace.

use super::target::Target;
use super::{AttestImages, AttestStepError};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::UnixTime;
use crate::entity::attestations::{self, AttestationLayer, ReplaceAttestations};
use crate::entity::bundles::DEFAULT_MAX_SIZE;
use crate::entity::referrer::{self, BundleNote};
use crate::entity::signature_image::{AppendSignatures, ImageStyle, SignatureLayer};
use crate::format::bundle::legacy;
use crate::format::oci::{Descriptor, media_type};
use crate::registry::RegistryError;
use crate::sign::attestation::OlderAttestation;

/// Attaches a bundle to the image.
pub(super) async fn bundle(
    request: &AttestImages,
    target: &Target,
    (json, predicate_type): (&[u8], &str),
    context: &Context,
) -> Result<(), AttestStepError> {
    let subject = target.descriptor.as_ref().ok_or_else(|| {
        AttestStepError::Store(RegistryError::Malformed { what: target.shown(), reason: "it is not in the registry".into() })
    })?;
    warn_of_size(json.len(), context);
    let repository = &*target.attestations;
    let note = BundleNote { predicate_type, created: UnixTime::from(context.clock.now()) };
    let stored = async {
        let new = referrer::attach_bundle(repository, subject, json, note).await?;
        if !request.replace {
            return Ok(());
        }
        let older = attestations::bundles_of_type(repository, (&target.digest, &new), predicate_type, request.place.max_size).await?;
        if !older.is_empty() {
            context.ui.status(&format!("Replacing attestation predicate: {predicate_type}"));
            repository.remove_referrers(&target.digest, &older).await?;
        }
        Ok(())
    };
    stored.await.map_err(AttestStepError::Store)
}

/// Verifiers, cosign among them, read so much only where they are told to.
fn warn_of_size(size: usize, context: &Context) {
    if size as u64 > DEFAULT_MAX_SIZE {
        context.ui.warn(&format!(
            "the attestation has {} MB: verifiers take more than {} MB only with COSIGN_MAX_ATTACHMENT_SIZE",
            size / 1_000_000,
            DEFAULT_MAX_SIZE / 1_000_000
        ));
    }
}

/// Stores an envelope under the `.att` tag.
pub(super) async fn layer(
    request: &AttestImages,
    target: &Target,
    (older, predicate_type, style): (OlderAttestation, &str, ImageStyle),
    context: &Context,
) -> Result<(), AttestStepError> {
    warn_of_size(older.envelope.len(), context);
    let mut annotations = older.material.to_annotations(&[]);
    annotations.insert(legacy::PREDICATE_TYPE.to_owned(), predicate_type.to_owned());
    let layers = [SignatureLayer { media_type: media_type::DSSE_ENVELOPE, payload: older.envelope, annotations }];
    let repository = &*target.attestations;
    let tag = request.place.attestation_tag(&target.digest);
    let stored = if request.replace {
        let layer = AttestationLayer { layer: &layers[0], predicate_type, style, max_size: request.place.max_size };
        ReplaceAttestations::new(repository, layer, &*context.ui).store(&tag).await
    } else {
        // A signature is made of randomness: the same bytes are the same attestation.
        let digest = Digest::sha256(&layers[0].payload).to_string();
        let is_duplicate = |existing: &Descriptor, layer: &SignatureLayer| {
            existing.digest == digest && existing.annotations.as_ref() == Some(&layer.annotations)
        };
        AppendSignatures::new(repository, &layers, style, &is_duplicate).store(&tag).await
    };
    stored.map(drop).map_err(AttestStepError::Store)
}
