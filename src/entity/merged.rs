//! Brings the image of older signatures or attestations to a tag that may hold some already: nothing that is there gets lost.

use std::sync::Arc;

use async_trait::async_trait;

use super::signature_image::SignatureImage;
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, Manifest};
use crate::registry::{FetchedManifest, RegistryError, Repository, TagUpdate};

/// Adds the layers of one signature image to those of another. The layers are stored already.
pub struct MergedSignatures {
    repository: Arc<dyn Repository>,
    manifest: FetchedManifest,
    layers: Vec<Descriptor>,
}

impl MergedSignatures {
    /// The image `manifest`, for a tag in `repository`; `None` where it is no image manifest.
    pub fn new(repository: Arc<dyn Repository>, manifest: FetchedManifest) -> Option<Self> {
        let layers = layers_of(&manifest)?;
        Some(Self { repository, manifest, layers })
    }

    fn itself(&self) -> (String, Vec<u8>) {
        (self.manifest.descriptor.media_type.clone(), self.manifest.bytes.clone())
    }
}

fn layers_of(manifest: &FetchedManifest) -> Option<Vec<Descriptor>> {
    serde_json::from_slice::<Manifest>(&manifest.bytes).ok().map(|manifest| manifest.layers)
}

/// The same payload with the same notes is the same signature.
fn holds(layers: &[Descriptor], wanted: &Descriptor) -> bool {
    layers.iter().any(|layer| layer.digest == wanted.digest && layer.annotations == wanted.annotations)
}

#[async_trait]
impl TagUpdate for MergedSignatures {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let Some(present) = present else { return Ok(Some(self.itself())) };
        if present.descriptor.digest == self.manifest.descriptor.digest {
            return Ok(None);
        }
        let mut image = SignatureImage::read(&*self.repository, present).await?;
        if image.layers().iter().all(|layer| holds(&self.layers, layer)) {
            return Ok(Some(self.itself()));
        }
        let missing: Vec<Descriptor> = self.layers.iter().filter(|layer| !holds(image.layers(), layer)).cloned().collect();
        if missing.is_empty() {
            return Ok(None);
        }
        for layer in missing {
            image.append_descriptor(layer)?;
        }
        let (config, manifest) = image.encode()?;
        self.repository.put_blob(&Digest::sha256(&config), &config).await?;
        Ok(Some((image.media_type().to_owned(), manifest)))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        layers_of(manifest).is_some_and(|present| self.layers.iter().all(|layer| holds(&present, layer)))
    }
}
