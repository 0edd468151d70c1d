//! Puts what was made where verifiers look for it.

use super::target::Target;
use super::{SignImageError, SignImages, SignatureForm};
use crate::ambient::Context;
use crate::crypto::{Digest, Message, Verifier};
use crate::encoding::{UnixTime, base64};
use crate::entity::referrer::{self, BundleNote};
use crate::entity::signature_image::{self, AppendSignatures, ImageStyle, SignatureImage, SignatureLayer};
use crate::entity::signatures::OCI11_ARTIFACT_TYPE;
use crate::format::bundle::legacy::{self, LayerMaterial, LocalBundle, RekorBundle};
use crate::format::intoto::predicate_type;
use crate::format::oci::{Descriptor, media_type};
use crate::registry::RegistryError;
use crate::sign::identity::{SigningCertificate, SigningIdentity};
use crate::sign::image::SignedPayload;
use crate::sign::witness::Evidence;

/// Attaches a bundle to the manifest.
pub(super) async fn bundle(target: &Target, bundle: &[u8], context: &Context) -> Result<(), SignImageError> {
    context.ui.status(&format!("Pushing signature to: {}", target.repository_name));
    let note = BundleNote { predicate_type: predicate_type::COSIGN_SIGN, created: UnixTime::from(context.clock.now()) };
    referrer::attach_bundle(&*target.signatures, subject(target)?, bundle, note).await.map_err(SignImageError::Store)?;
    Ok(())
}

/// Stores simple signing payloads under the `.sig` tag, or as a referrer.
pub(super) async fn signatures(
    request: &SignImages,
    target: &Target,
    (identity, signed, evidence): (&SigningIdentity, &[SignedPayload], &[Evidence]),
    context: &Context,
) -> Result<(), SignImageError> {
    let SignatureForm::SimpleSigning { style, oci11, .. } = &request.form else { return Ok(()) };
    let layers: Vec<SignatureLayer> = signed.iter().zip(evidence).map(|(signed, evidence)| layer(identity, signed, evidence)).collect();
    // As cosign: with COSIGN_REPOSITORY, its path alone.
    let shown = request.place.repository.as_ref().map_or(&target.repository_name, |name| &name.path);
    context.ui.status(&format!("Pushing signature to: {shown}"));
    if *oci11 {
        return referrer_image(target, &layers, *style, context).await;
    }
    let is_duplicate = |existing: &Descriptor, layer: &SignatureLayer| is_same_claim(identity, existing, layer);
    let update = AppendSignatures::new(&*target.signatures, &layers, *style, &is_duplicate);
    let tag = request.place.signature_tag(&target.digest);
    update.store(&tag).await.map_err(SignImageError::Store)?;
    Ok(())
}

/// One line for each signature, as `--bundle` of version 2 holds it.
pub(super) fn legacy_bundle(identity: &SigningIdentity, signed: &[SignedPayload], evidence: &[Evidence]) -> Vec<u8> {
    let cert = identity.certificate.as_ref().map(|certificate| base64::encode(certificate.leaf.der())).unwrap_or_default();
    let line = |(signed, evidence): (&SignedPayload, &Evidence)| {
        LocalBundle { base64_signature: base64::encode(&signed.signature), cert: cert.clone(), rekor_bundle: promised(evidence) }.to_json()
    };
    let lines: Vec<Vec<u8>> = signed.iter().zip(evidence).map(line).collect();
    lines.join(b"\n".as_slice())
}

/// The older form holds one log's entry.
fn promised(evidence: &Evidence) -> Option<RekorBundle> {
    evidence.log_entries.iter().find_map(RekorBundle::of)
}

fn layer(identity: &SigningIdentity, signed: &SignedPayload, evidence: &Evidence) -> SignatureLayer {
    let material = LayerMaterial {
        certificate: identity.certificate.as_ref().map(|certificate| certificate.leaf.to_pem()),
        // Present even where it is empty, as in cosign.
        chain: identity.certificate.as_ref().map(SigningCertificate::chain_pem),
        rekor_bundle: promised(evidence),
        timestamp: evidence.timestamps.first().cloned(),
    };
    let annotations = material.to_annotations(&signed.signature);
    SignatureLayer { media_type: media_type::SIMPLE_SIGNING, payload: signed.payload.clone(), annotations }
}

/// Whether `existing` is a signature by the same key of the same payload, with the same certificate.
fn is_same_claim(identity: &SigningIdentity, existing: &Descriptor, layer: &SignatureLayer) -> bool {
    let same_payload = existing.media_type == layer.media_type && existing.digest == Digest::sha256(&layer.payload).to_string();
    let same_notes = layer
        .annotations
        .iter()
        .filter(|(key, _)| key.as_str() != legacy::SIGNATURE)
        .all(|(key, value)| existing.annotation(key) == Some(value));
    let Some(signature) = existing.annotation(legacy::SIGNATURE).and_then(|text| base64::decode(text).ok()) else {
        return false;
    };
    let signer = &identity.signer;
    same_payload && same_notes && signer.public_key().verify(signer.scheme(), Message::Bytes(&layer.payload), &signature).is_ok()
}

async fn referrer_image(target: &Target, layers: &[SignatureLayer], style: ImageStyle, context: &Context) -> Result<(), SignImageError> {
    let mut image = SignatureImage::empty(style);
    for layer in layers {
        image.append(layer).map_err(SignImageError::Store)?;
    }
    if let Some(moment) = style.created {
        image.created(moment);
    }
    let subject = subject(target)?;
    image.refer_to(referrer::plain(subject), OCI11_ARTIFACT_TYPE);
    let (config, manifest) = image.encode().map_err(SignImageError::Store)?;
    let mut entry = Descriptor::of(image.media_type(), &manifest);
    entry.artifact_type = Some(OCI11_ARTIFACT_TYPE.to_owned());
    context.ui.status(&format!(
        "Uploading signature for [{}] to [{}@{}] with config.mediaType [{OCI11_ARTIFACT_TYPE}] layers[0].mediaType [{}].",
        target.shown(),
        target.repository_name,
        entry.digest,
        media_type::SIMPLE_SIGNING,
    ));
    let repository = &*target.signatures;
    let stored = async {
        signature_image::upload_payloads(repository, layers).await?;
        repository.put_blob(&Digest::sha256(&config), &config).await?;
        referrer::put(repository, subject, &entry, &manifest).await
    };
    stored.await.map_err(SignImageError::Store)?;
    Ok(())
}

fn subject(target: &Target) -> Result<&Descriptor, SignImageError> {
    target
        .descriptor
        .as_ref()
        .ok_or_else(|| SignImageError::Store(RegistryError::Malformed { what: target.shown(), reason: "it is not in the registry".into() }))
}
