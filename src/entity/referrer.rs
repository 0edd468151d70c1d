//! Attaches a bundle to an image as an OCI referrer, byte for byte as cosign v3 does.

use std::collections::BTreeMap;

use crate::crypto::Digest;
use crate::encoding::{UnixTime, go_json};
use crate::format::oci::{Descriptor, Manifest, media_type};
use crate::registry::{RegistryError, Repository, known_digest};

/// The config of every bundle referrer: the OCI empty value.
const EMPTY_CONFIG: &[u8] = b"{}";

/// Annotation of the manifest: the in-toto predicate type of the bundle.
pub const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// What a bundle holds, for the manifest's annotations.
#[derive(Debug, Clone, Copy)]
pub struct BundleNote<'a> {
    /// The in-toto predicate type.
    pub predicate_type: &'a str,
    /// Now.
    pub created: UnixTime,
}

/// The referrer manifest of a bundle, and the descriptor that a fallback index lists.
///
/// # Errors
/// Never in practice: a manifest always has a JSON form.
pub fn manifest(subject: &Descriptor, bundle: &[u8], note: BundleNote<'_>) -> Result<(Descriptor, Vec<u8>), RegistryError> {
    let mut config = Descriptor::of(media_type::OCI_EMPTY, EMPTY_CONFIG);
    config.artifact_type = Some(media_type::BUNDLE_V03.to_owned());
    let annotations = BTreeMap::from([
        ("dev.sigstore.bundle.content".to_owned(), "dsse-envelope".to_owned()),
        (PREDICATE_TYPE.to_owned(), note.predicate_type.to_owned()),
        ("org.opencontainers.image.created".to_owned(), note.created.to_string()),
    ]);
    let manifest = Manifest {
        schema_version: 2,
        media_type: media_type::OCI_MANIFEST.to_owned(),
        config,
        layers: vec![Descriptor::of(media_type::BUNDLE_V03, bundle)],
        annotations: Some(annotations),
        subject: Some(plain(subject)),
        artifact_type: Some(media_type::BUNDLE_V03.to_owned()),
    };
    encode(&manifest)
}

/// Uploads a bundle and attaches it to `subject` (whose descriptor was resolved in the image's repository) within `repository`.
///
/// # Errors
/// What the registry says.
pub async fn attach_bundle(
    repository: &dyn Repository,
    subject: &Descriptor,
    bundle: &[u8],
    note: BundleNote<'_>,
) -> Result<Digest, RegistryError> {
    let (entry, manifest) = manifest(subject, bundle, note)?;
    repository.put_blob(&Digest::sha256(EMPTY_CONFIG), EMPTY_CONFIG).await?;
    repository.put_blob(&Digest::sha256(bundle), bundle).await?;
    put(repository, subject, &entry, &manifest).await
}

/// Stores a referrer manifest whose blobs are there already.
///
/// # Errors
/// What the registry says.
pub async fn put(repository: &dyn Repository, subject: &Descriptor, entry: &Descriptor, manifest: &[u8]) -> Result<Digest, RegistryError> {
    let subject = known_digest(subject, || format!("descriptor of {}", repository.name()))?;
    repository.put_referrer(&subject, entry, manifest).await
}

/// A descriptor with media type, size and digest only: what `subject` holds.
pub fn plain(descriptor: &Descriptor) -> Descriptor {
    Descriptor {
        media_type: descriptor.media_type.clone(),
        size: descriptor.size,
        digest: descriptor.digest.clone(),
        data: None,
        urls: None,
        annotations: None,
        platform: None,
        artifact_type: None,
    }
}

fn encode(manifest: &Manifest) -> Result<(Descriptor, Vec<u8>), RegistryError> {
    let bytes = go_json::to_vec(manifest)
        .map_err(|error| RegistryError::Malformed { what: "referrer manifest".into(), reason: error.to_string() })?;
    let mut entry = Descriptor::of(media_type::OCI_MANIFEST, &bytes);
    entry.artifact_type.clone_from(&manifest.artifact_type);
    Ok((entry, bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_manifest_has_the_bytes_that_cosign_writes() {
        let mut subject = Descriptor::of(media_type::OCI_INDEX, b"x");
        subject.annotations = Some(BTreeMap::new());
        let note = BundleNote { predicate_type: "https://sigstore.dev/cosign/sign/v1", created: UnixTime(1_767_225_600) };
        let (entry, bytes) = manifest(&subject, b"bundle", note).unwrap();
        let hex = |content: &[u8]| Digest::sha256(content).hex();
        // registry.md 1.8, measured on cosign v3.1.2.
        let expected = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}},"layers":[{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":6,"digest":"sha256:{}"}}],"annotations":{{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1","org.opencontainers.image.created":"2026-01-01T00:00:00Z"}},"subject":{{"mediaType":"application/vnd.oci.image.index.v1+json","size":1,"digest":"sha256:{}"}},"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}}"#,
            hex(b"bundle"),
            hex(b"x"),
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(entry.digest, Digest::sha256(&bytes).to_string());
        assert_eq!(entry.artifact_type.as_deref(), Some(media_type::BUNDLE_V03));
    }
}
