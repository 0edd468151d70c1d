//! The image under a `.sig` or `.att` tag: one layer for each signature, as cosign's SIGNATURE_SPEC and go-containerregistry write it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::MAX_ATTACHED;
use crate::crypto::Digest;
use crate::encoding::{UnixTime, go_json};
use crate::format::oci::{Descriptor, Manifest, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository, Stored, TagUpdate};

/// The time that Go writes for no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";
/// The largest config of a signature image that is read; a thousand layers need some 150 KiB.
const MAX_CONFIG: u64 = 4 << 20;

/// One signature: a payload and what is said about it.
#[derive(Debug, Clone)]
pub struct SignatureLayer {
    /// Media type of the payload.
    pub media_type: &'static str,
    /// The signed payload (or the DSSE envelope).
    pub payload: Vec<u8>,
    /// Annotations of the layer: signature, certificate, chain, bundle, time stamp.
    pub annotations: BTreeMap<String, String>,
}

impl SignatureLayer {
    /// The digest of the payload.
    pub fn digest(&self) -> Digest {
        Digest::sha256(&self.payload)
    }
}

/// How a new signature image is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct ImageStyle {
    /// Docker media types instead of OCI's (`COSIGN_DOCKER_MEDIA_TYPES`); for a new image only.
    pub docker_media_types: bool,
    /// The config's `created` (`--record-creation-timestamp`).
    pub created: Option<UnixTime>,
}

/// Says whether an existing layer is the same signature already, given its payload descriptor and annotations.
pub type IsDuplicate<'a> = dyn Fn(&Descriptor, &SignatureLayer) -> bool + Send + Sync + 'a;

/// Appends layers to what a tag holds.
pub struct AppendSignatures<'a> {
    /// Where the image lies.
    repository: &'a dyn Repository,
    /// What to append.
    layers: &'a [SignatureLayer],
    /// How.
    style: ImageStyle,
    /// Which of them need not be appended.
    is_duplicate: &'a IsDuplicate<'a>,
}

impl<'a> AppendSignatures<'a> {
    /// Appends those of `layers` that are no duplicates of what is there, to the image in `repository`.
    pub fn new(repository: &'a dyn Repository, layers: &'a [SignatureLayer], style: ImageStyle, is_duplicate: &'a IsDuplicate<'a>) -> Self {
        Self { repository, layers, style, is_duplicate }
    }

    /// Uploads the payloads, then writes the tag: however often other writers make that necessary, it changes the config only.
    ///
    /// # Errors
    /// What the registry says.
    pub async fn store(&self, tag: &str) -> Result<Option<Stored>, RegistryError> {
        upload_payloads(self.repository, self.layers).await?;
        self.repository.update_tag(tag, self).await
    }
}

/// A manifest and its config, ready to be stored.
pub struct SignatureImage {
    manifest: Manifest,
    config: Config,
}

#[derive(Clone, Serialize, Deserialize)]
struct Config {
    #[serde(default)]
    architecture: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    author: String,
    #[serde(default = "no_time")]
    created: String,
    #[serde(default)]
    history: Vec<Value>,
    #[serde(default)]
    os: String,
    rootfs: RootFs,
    #[serde(default)]
    config: Value,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Clone, Serialize, Deserialize)]
struct RootFs {
    #[serde(rename = "type", default)]
    kind: String,
    diff_ids: Option<Vec<String>>,
}

fn no_time() -> String {
    NO_TIME.to_owned()
}

impl SignatureImage {
    /// An image without layers.
    pub fn empty(style: ImageStyle) -> Self {
        let (manifest_type, config_type) = if style.docker_media_types {
            (media_type::DOCKER_MANIFEST, media_type::DOCKER_CONFIG)
        } else {
            (media_type::OCI_MANIFEST, media_type::OCI_CONFIG)
        };
        Self {
            manifest: Manifest {
                schema_version: 2,
                media_type: manifest_type.to_owned(),
                config: Descriptor::of(config_type, b""),
                layers: Vec::new(),
                annotations: None,
                subject: None,
                artifact_type: None,
            },
            config: Config {
                architecture: String::new(),
                author: String::new(),
                created: no_time(),
                history: Vec::new(),
                os: String::new(),
                rootfs: RootFs { kind: "layers".to_owned(), diff_ids: Some(Vec::new()) },
                config: Value::Object(Map::new()),
                rest: Map::new(),
            },
        }
    }

    /// What a tag holds now.
    ///
    /// # Errors
    /// The manifest or its config is no JSON of its kind, or the config cannot be read.
    pub async fn read(repository: &dyn Repository, present: &FetchedManifest) -> Result<Self, RegistryError> {
        let invalid = |what: &str, error: serde_json::Error| RegistryError::Malformed {
            what: format!("{what} of the signatures in {} ({})", repository.name(), present.descriptor.digest),
            reason: error.to_string(),
        };
        let manifest: Manifest = serde_json::from_slice(&present.bytes).map_err(|error| invalid("manifest", error))?;
        let config = repository.blob(&manifest.config, MAX_CONFIG).await?;
        let config: Config = serde_json::from_slice(&config).map_err(|error| invalid("config", error))?;
        Ok(Self { manifest, config })
    }

    /// The layers.
    pub fn layers(&self) -> &[Descriptor] {
        &self.manifest.layers
    }

    /// Appends one layer with its history entry and diff id.
    ///
    /// # Errors
    /// There are [`MAX_ATTACHED`] layers already.
    pub fn append(&mut self, layer: &SignatureLayer) -> Result<(), RegistryError> {
        let mut descriptor = Descriptor::of(layer.media_type, &layer.payload);
        descriptor.annotations = Some(layer.annotations.clone());
        self.append_descriptor(descriptor)
    }

    /// Appends a layer that another image has already.
    ///
    /// # Errors
    /// As [`SignatureImage::append`].
    pub fn append_descriptor(&mut self, descriptor: Descriptor) -> Result<(), RegistryError> {
        if self.manifest.layers.len() >= MAX_ATTACHED {
            return Err(RegistryError::TooMany { what: "signature layers".into(), limit: MAX_ATTACHED });
        }
        self.config.rootfs.diff_ids.get_or_insert_default().push(descriptor.digest.clone());
        self.config.history.push(serde_json::json!({ "created": NO_TIME }));
        self.manifest.layers.push(descriptor);
        Ok(())
    }

    /// Takes over the media types of another image.
    pub fn take_style_of(&mut self, other: &Self) {
        self.manifest.media_type.clone_from(&other.manifest.media_type);
        self.manifest.config.media_type.clone_from(&other.manifest.config.media_type);
    }

    /// Sets the config's `created`.
    pub fn created(&mut self, moment: UnixTime) {
        self.config.created = moment.to_string();
    }

    /// Turns the image into a referrer of `subject`: the experimental OCI 1.1 form (`--registry-referrers-mode=oci-1-1`).
    pub fn refer_to(&mut self, subject: Descriptor, artifact_type: &str) {
        self.manifest.config.media_type = artifact_type.to_owned();
        self.manifest.artifact_type = Some(artifact_type.to_owned());
        self.manifest.subject = Some(subject);
    }

    /// The config's bytes and the manifest's, whose config descriptor fits them.
    ///
    /// # Errors
    /// Never for what [`SignatureImage::read`] gave.
    pub fn encode(&mut self) -> Result<(Vec<u8>, Vec<u8>), RegistryError> {
        let encoding = |error: serde_json::Error| RegistryError::Malformed { what: "signature image".into(), reason: error.to_string() };
        let config = go_json::to_vec(&self.config).map_err(encoding)?;
        let descriptor = Descriptor::of("", &config);
        self.manifest.config.size = descriptor.size;
        self.manifest.config.digest = descriptor.digest;
        let manifest = go_json::to_vec(&self.manifest).map_err(encoding)?;
        Ok((config, manifest))
    }

    /// Media type of the manifest.
    pub fn media_type(&self) -> &str {
        if self.manifest.media_type.is_empty() { media_type::OCI_MANIFEST } else { &self.manifest.media_type }
    }
}

/// Uploads the payloads, each once.
///
/// # Errors
/// What the registry says.
pub async fn upload_payloads(repository: &dyn Repository, layers: &[SignatureLayer]) -> Result<(), RegistryError> {
    let mut done: Vec<Digest> = Vec::new();
    for layer in layers {
        let digest = Digest::sha256(&layer.payload);
        if !done.contains(&digest) {
            repository.put_blob(&digest, &layer.payload).await?;
            done.push(digest);
        }
    }
    Ok(())
}

#[async_trait]
impl TagUpdate for AppendSignatures<'_> {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let mut image = match present {
            Some(present) => SignatureImage::read(self.repository, present).await?,
            None => SignatureImage::empty(self.style),
        };
        let is_fresh = |layer: &&SignatureLayer| !image.layers().iter().any(|existing| (self.is_duplicate)(existing, layer));
        let fresh: Vec<&SignatureLayer> = self.layers.iter().filter(is_fresh).collect();
        if fresh.is_empty() {
            return Ok(None);
        }
        for layer in fresh {
            image.append(layer)?;
        }
        if let Some(moment) = self.style.created {
            image.created(moment);
        }
        let (config, manifest) = image.encode()?;
        self.repository.put_blob(&Digest::sha256(&config), &config).await?;
        Ok(Some((image.media_type().to_owned(), manifest)))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&manifest.bytes) else { return false };
        self.layers.iter().all(|layer| {
            let digest = Digest::sha256(&layer.payload).to_string();
            manifest.layers.iter().any(|existing| {
                (existing.digest == digest && existing.annotations.as_ref() == Some(&layer.annotations))
                    || (self.is_duplicate)(existing, layer)
            })
        })
    }
}
