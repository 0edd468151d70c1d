//! The attestations of an image by their predicate type: which there are, and how a new one takes the place of those of its type.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::stream::StreamExt;

use super::bundles;
use super::signature_image::{ImageStyle, SignatureImage, SignatureLayer, upload_payloads};
use crate::ambient::Ui;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::format::bundle::{Bundle, BundleContent};
use crate::format::dsse::Envelope;
use crate::format::intoto::Statement;
use crate::format::oci::{Manifest, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository, Stored, TagUpdate};

/// The predicate type of the statement in an envelope; `None` where it holds none.
pub fn predicate_type_of(envelope: &Envelope) -> Option<String> {
    Statement::parse_without_predicate(&envelope.payload).ok().map(|statement| statement.predicate_type)
}

/// The predicate type of the statement in a bundle; `None` where it holds none.
pub fn predicate_type_of_bundle(json: &[u8]) -> Option<String> {
    match Bundle::read(json).ok()?.content? {
        BundleContent::Envelope(envelope) => predicate_type_of(&envelope),
        BundleContent::Message(_) => None,
    }
}

/// The referrers of `subject`, but for `new`, whose bundle holds a statement of that predicate type.
///
/// # Errors
/// What the registry says.
pub async fn bundles_of_type(
    repository: &dyn Repository,
    (subject, new): (&Digest, &Digest),
    predicate_type: &str,
    max_size: u64,
) -> Result<Vec<Digest>, RegistryError> {
    let mut candidates = bundles::candidates(repository, subject).await?;
    let new = new.to_string();
    candidates.retain(|candidate| candidate.digest != new);
    let mut fetched = pin!(bundles::fetch(repository, &candidates, max_size));
    let mut found = Vec::new();
    while let Some(attached) = fetched.next().await {
        let attached = attached?;
        if predicate_type_of_bundle(&attached.bytes).as_deref() == Some(predicate_type) {
            found.extend(Digest::parse(&attached.referrer));
        }
    }
    Ok(found)
}

/// A new attestation in the older form.
#[derive(Clone, Copy)]
pub struct AttestationLayer<'a> {
    /// The envelope and its annotations.
    pub layer: &'a SignatureLayer,
    /// Its predicate type.
    pub predicate_type: &'a str,
    /// How a new image is written.
    pub style: ImageStyle,
    /// The largest attestation that is read.
    pub max_size: u64,
}

/// Puts an attestation in the place of those of its predicate type; others stay, behind it.
pub struct ReplaceAttestations<'a> {
    repository: &'a dyn Repository,
    new: AttestationLayer<'a>,
    ui: &'a dyn Ui,
    was_told: AtomicBool,
}

impl<'a> ReplaceAttestations<'a> {
    /// In the image of attestations in `repository`; `ui` is told what is replaced, and what is not, as in cosign.
    pub fn new(repository: &'a dyn Repository, new: AttestationLayer<'a>, ui: &'a dyn Ui) -> Self {
        Self { repository, new, ui, was_told: AtomicBool::new(false) }
    }

    /// Uploads the envelope, then writes the tag.
    ///
    /// # Errors
    /// What the registry says.
    pub async fn store(&self, tag: &str) -> Result<Option<Stored>, RegistryError> {
        upload_payloads(self.repository, std::slice::from_ref(self.new.layer)).await?;
        self.repository.update_tag(tag, self).await
    }

    fn tell(&self, replaces: bool, predicate_type: &str) {
        if !self.was_told.load(Ordering::Relaxed) {
            let what = if replaces { "Replacing" } else { "Not replacing" };
            self.ui.status(&format!("{what} attestation predicate: {}", text::quote(predicate_type)));
        }
    }
}

#[async_trait]
impl TagUpdate for ReplaceAttestations<'_> {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let mut image = SignatureImage::empty(self.new.style);
        image.append(self.new.layer)?;
        if let Some(present) = present {
            let old = SignatureImage::read(self.repository, present).await?;
            image.take_style_of(&old);
            for descriptor in old.layers() {
                let is_new = image.layers().first().is_some_and(|new| new.digest == descriptor.digest);
                let envelope = self.repository.blob(descriptor, self.new.max_size).await?;
                let found = Envelope::from_json(&envelope).ok().and_then(|envelope| predicate_type_of(&envelope));
                let replaces = found.as_deref() == Some(self.new.predicate_type);
                if !is_new {
                    self.tell(replaces, found.as_deref().unwrap_or("unknown"));
                }
                if !replaces {
                    image.append_descriptor(descriptor.clone())?;
                }
            }
        }
        if let Some(moment) = self.new.style.created {
            image.created(moment);
        }
        let (config, manifest) = image.encode()?;
        if present.is_some_and(|present| present.bytes == manifest) {
            return Ok(None);
        }
        self.repository.put_blob(&Digest::sha256(&config), &config).await?;
        // Another round after another writer is not worth a word.
        self.was_told.store(true, Ordering::Relaxed);
        Ok(Some((image.media_type().to_owned(), manifest)))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        let digest = Digest::sha256(&self.new.layer.payload).to_string();
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&manifest.bytes) else { return false };
        let is_new = |layer: &crate::format::oci::Descriptor| {
            layer.media_type == media_type::DSSE_ENVELOPE
                && layer.digest == digest
                && layer.annotations.as_ref() == Some(&self.new.layer.annotations)
        };
        manifest.layers.iter().any(is_new)
    }
}
