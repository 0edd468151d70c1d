//! Uploads files as images of one layer: one file, or one for each platform behind an index.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::value::RawValue;

use super::blob_file::BlobFile;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{PathError, go_json, text};
use crate::entity::file_image::{EncodedImage, FileImage};
use crate::format::oci::{Descriptor, ImageRef, Index, ReferenceError, Selector, media_type};
use crate::registry::{Access, Registries, RegistryError, Repository};

/// Media type of a WebAssembly module.
const WASM_LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";
/// Media type of the config beside it.
const WASM_CONFIG: &str = "application/vnd.wasm.config.v1+json";
/// The tag of a layout directory named without one, as registries have it.
const DEFAULT_TAG: &str = "latest";

/// What is to be uploaded.
#[derive(Debug, Clone)]
pub struct UploadFiles {
    /// Where to, as it was typed.
    pub image: String,
    /// The files; of several each has a platform.
    pub files: Vec<PlatformFile>,
    /// Their media type; `None` for what they look like.
    pub content_type: Option<String>,
    /// Annotations of all manifests.
    pub annotations: BTreeMap<String, String>,
}

/// A file and the platform that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFile {
    /// The file.
    pub path: PathBuf,
    /// The platform.
    pub platform: Option<Platform>,
}

/// A platform, its fields in Go's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// Such as `amd64`; empty where nobody says.
    pub architecture: String,
    /// Such as `linux`.
    pub os: String,
    /// Such as `v7`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

/// Why not everything was uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// The registry fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Several files, and one has no platform.
    #[error("each file must include a unique platform, {} had no platform", text::quote(&.0.to_string_lossy()))]
    NoPlatform(PathBuf),
}

/// Where an upload goes.
struct Target {
    shown: ImageRef,
    repository: std::sync::Arc<dyn Repository>,
    selector: Selector,
}

/// One file, read and made an image, not yet stored.
struct Prepared<'a> {
    file: BlobFile,
    given: &'a PlatformFile,
    image: EncodedImage,
    media_type: String,
}

/// Uploads files, all of which are read before anything is written, and names what was stored: the image, or the index of all of them.
///
/// # Errors
/// [`UploadError`].
pub async fn files(request: &UploadFiles, registries: &Registries, context: &Context) -> Result<String, UploadError> {
    let is_lonely = request.files.len() == 1;
    if let Some(file) = request.files.iter().find(|file| !is_lonely && file.platform.is_none()) {
        return Err(UploadError::NoPlatform(file.path.clone()));
    }
    let target = Target::open(&request.image, registries)?;
    let prepared: Vec<Prepared<'_>> = request.files.iter().map(|given| prepare(request, given)).collect::<Result<_, _>>()?;
    for one in &prepared {
        let shown = text::quote(&one.given.path.to_string_lossy());
        context.ui.status(&format!(
            "Uploading file from [{shown}] to [{}] with media type [{}]",
            target.shown,
            text::quote(&one.media_type)
        ));
        let selector = if is_lonely { Some(&target.selector) } else { None };
        target.put_image(&one.file, &one.image, selector).await?;
        context.ui.status(&format!("File [{shown}] is available directly at [{}]", target.blob_address(one.file.digest())));
    }
    match prepared.as_slice() {
        [one] => Ok(target.digest_reference(&one.image.descriptor.digest)),
        several => target.put_index(several, &request.annotations).await,
    }
}

/// Uploads a WebAssembly module.
///
/// # Errors
/// [`UploadError`].
pub async fn wasm(image: &str, path: PathBuf, registries: &Registries, context: &Context) -> Result<(), UploadError> {
    let file = BlobFile::read(path)?;
    let target = Target::open(image, registries)?;
    context.ui.status(&format!("Uploading wasm file from [{}] to [{}].", text::quote(&file.path().to_string_lossy()), target.shown));
    let layer = file.descriptor(WASM_LAYER);
    let encoded = FileImage { config_type: WASM_CONFIG.to_owned(), ..FileImage::new(layer) }.encode()?;
    Ok(target.put_image(&file, &encoded, Some(&target.selector)).await?)
}

fn prepare<'a>(request: &UploadFiles, given: &'a PlatformFile) -> Result<Prepared<'a>, UploadError> {
    let file = BlobFile::read(given.path.clone())?;
    let media_type = request.content_type.clone().unwrap_or_else(|| file.content_type().to_owned());
    let image = FileImage { annotations: request.annotations.clone(), ..FileImage::new(file.descriptor(&media_type)) }.encode()?;
    Ok(Prepared { file, given, image, media_type })
}

impl Target {
    fn open(typed: &str, registries: &Registries) -> Result<Self, UploadError> {
        let mut shown = ImageRef::parse(typed)?;
        if let ImageRef::Layout { selector: selector @ None, .. } = &mut shown {
            *selector = Some(Selector::Tag(DEFAULT_TAG.to_owned()));
        }
        let located = registries.locate(&shown, Access::Push)?;
        Ok(Self { shown, repository: located.repository, selector: located.selector })
    }

    /// Stores an image, its blobs first; under its own digest where there is no `selector`.
    async fn put_image(&self, file: &BlobFile, image: &EncodedImage, selector: Option<&Selector>) -> Result<(), RegistryError> {
        file.put(&*self.repository).await?;
        self.repository.put_blob(&Digest::sha256(&image.config), &image.config).await?;
        let own = Selector::Digest(Digest::sha256(&image.manifest));
        self.repository.put_manifest(selector.unwrap_or(&own), media_type::OCI_MANIFEST, &image.manifest).await.map(drop)
    }

    async fn put_index(&self, images: &[Prepared<'_>], annotations: &BTreeMap<String, String>) -> Result<String, UploadError> {
        let encoding = |error: serde_json::Error| RegistryError::Malformed { what: "index of files".into(), reason: error.to_string() };
        let entry = |one: &Prepared<'_>| -> Result<Descriptor, serde_json::Error> {
            let mut entry = one.image.descriptor.clone();
            entry.platform = match &one.given.platform {
                Some(platform) => Some(RawValue::from_string(go_json::to_string(platform)?)?),
                None => None,
            };
            Ok(entry)
        };
        let index = Index {
            schema_version: 2,
            media_type: media_type::OCI_INDEX.to_owned(),
            manifests: images.iter().map(entry).collect::<Result<_, _>>().map_err(encoding)?,
            annotations: (!annotations.is_empty()).then(|| annotations.clone()),
            subject: None,
            artifact_type: None,
        };
        let bytes = go_json::to_vec(&index).map_err(encoding)?;
        self.repository.put_manifest(&self.selector, media_type::OCI_INDEX, &bytes).await?;
        Ok(self.digest_reference(&Digest::sha256(&bytes).to_string()))
    }

    fn digest_reference(&self, digest: &str) -> String {
        format!("{}@{digest}", self.repository.name())
    }

    /// Where a blob can be fetched without a manifest.
    fn blob_address(&self, digest: &Digest) -> String {
        match &self.shown {
            ImageRef::Registry(reference) => {
                format!("{}/v2/{}/blobs/{digest}", reference.repository.registry, reference.repository.path)
            }
            ImageRef::Layout { directory, .. } => {
                let path = directory.join("blobs").join(digest.algorithm().name()).join(digest.hex());
                text::quote(&path.to_string_lossy())
            }
        }
    }
}
