//! The image of one file, as cosign stores SBOMs, blobs and modules: one layer, byte for byte.

use std::collections::BTreeMap;

use super::signature_image::{ImageStyle, SignatureImage};
use crate::encoding::go_json;
use crate::format::oci::{Descriptor, Manifest, media_type};
use crate::registry::RegistryError;

/// What go-containerregistry writes for a config of a type that it does not know: that of an image without layers.
const EMPTY_CONFIG: &[u8] =
    br#"{"architecture":"","created":"0001-01-01T00:00:00Z","os":"","rootfs":{"type":"layers","diff_ids":null},"config":{}}"#;

/// An image of one file, to be written.
#[derive(Debug, Clone)]
pub struct FileImage {
    /// The file: media type, size and digest.
    pub layer: Descriptor,
    /// Media type of the config.
    pub config_type: String,
    /// Annotations of the manifest; empty for none.
    pub annotations: BTreeMap<String, String>,
    /// What it refers to.
    pub subject: Option<Descriptor>,
}

/// A manifest and its config, ready to be stored.
#[derive(Debug, Clone)]
pub struct EncodedImage {
    /// The config.
    pub config: Vec<u8>,
    /// The manifest.
    pub manifest: Vec<u8>,
    /// Of the manifest; its artifact type is that of the config, as go-containerregistry lists it.
    pub descriptor: Descriptor,
}

impl FileImage {
    /// A file in an OCI image.
    pub fn new(layer: Descriptor) -> Self {
        Self { layer, config_type: media_type::OCI_CONFIG.to_owned(), annotations: BTreeMap::new(), subject: None }
    }

    /// The bytes of manifest and config.
    ///
    /// # Errors
    /// Never in practice: both always have a JSON form.
    pub fn encode(self) -> Result<EncodedImage, RegistryError> {
        let encoding = |error: serde_json::Error| RegistryError::Malformed { what: "image of a file".into(), reason: error.to_string() };
        let config = self.config()?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: media_type::OCI_MANIFEST.to_owned(),
            config: Descriptor::of(&self.config_type, &config),
            layers: vec![self.layer],
            annotations: (!self.annotations.is_empty()).then_some(self.annotations),
            subject: self.subject,
            artifact_type: None,
        };
        let manifest = go_json::to_vec(&manifest).map_err(encoding)?;
        let mut descriptor = Descriptor::of(media_type::OCI_MANIFEST, &manifest);
        descriptor.artifact_type = Some(self.config_type);
        Ok(EncodedImage { config, manifest, descriptor })
    }

    fn config(&self) -> Result<Vec<u8>, RegistryError> {
        if self.config_type != media_type::OCI_CONFIG {
            return Ok(EMPTY_CONFIG.to_vec());
        }
        let mut image = SignatureImage::empty(ImageStyle::default());
        image.append_descriptor(self.layer.clone())?;
        Ok(image.encode()?.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::Digest;

    #[test]
    fn bytes_are_those_of_the_go_program() {
        let image = FileImage::new(Descriptor::of("text/spdx", b"sbom"));
        let encoded = image.clone().encode().unwrap();
        let layer = Digest::sha256(b"sbom");
        let config = format!(
            r#"{{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{{"created":"0001-01-01T00:00:00Z"}}],"os":"","rootfs":{{"type":"layers","diff_ids":["{layer}"]}},"config":{{}}}}"#
        );
        assert_eq!(String::from_utf8(encoded.config).unwrap(), config);
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":{},"digest":"{}"}},"layers":[{{"mediaType":"text/spdx","size":4,"digest":"{layer}"}}]}}"#,
            config.len(),
            Digest::sha256(config.as_bytes()),
        );
        assert_eq!(String::from_utf8(encoded.manifest).unwrap(), manifest);
        let other = FileImage { config_type: "application/x".into(), ..image }.encode().unwrap();
        assert_eq!(other.config.len(), 115);
        assert_eq!(other.descriptor.artifact_type.as_deref(), Some("application/x"));
    }
}
