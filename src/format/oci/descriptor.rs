//! Content descriptors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::crypto::Digest;

/// A content descriptor, its fields in the order in which go-containerregistry writes them.
///
/// Fields that this program does not use (`urls`, `data`, `platform`) are kept as they were read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Descriptor {
    /// Media type of the content.
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
    /// Length of the content in bytes.
    pub size: i64,
    /// Digest of the content as text; see [`Descriptor::parsed_digest`].
    pub digest: String,
    /// The content itself, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Where else the content lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    /// Annotations, sorted by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// The platform of an image in an index, as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Box<RawValue>>,
    /// The artifact type of what it points to.
    #[serde(rename = "artifactType", default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor of `content` with nothing but media type, size and SHA-256 digest.
    pub fn of(media_type: impl Into<String>, content: &[u8]) -> Self {
        Self::new(media_type, content.len() as i64, &Digest::sha256(content))
    }

    /// A descriptor with nothing but media type, size and digest.
    pub fn new(media_type: impl Into<String>, size: i64, digest: &Digest) -> Self {
        Self {
            media_type: media_type.into(),
            size,
            digest: digest.to_string(),
            data: None,
            urls: None,
            annotations: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// The digest; `None` where its text is no digest that this program knows.
    pub fn parsed_digest(&self) -> Option<Digest> {
        Digest::parse(&self.digest)
    }

    /// The annotation of that key.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }
}
