//! An OCI image layout directory (image-spec 1.1, image-layout.md) as a repository.
//!
//! Tags are `org.opencontainers.image.ref.name` annotations in `index.json`. Two processes may write one directory: changes of `index.json` are made under
//! a lock on the file `oci-layout`, and files are written beside and renamed.

mod blobs;
mod index;
mod stream;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use self::blobs::{Blobs, Style};
use self::index::IndexFile;
use super::checked;
use super::{BlobSource, Deletion, FetchedManifest, RegistryError, Repository, Stored, TagUpdate, limits, lock};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::base64;
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::http::Sink;

/// A layout directory.
pub struct LayoutRepository {
    directory: PathBuf,
    context: Context,
    style: Style,
    blobs: Blobs,
    index: IndexFile,
}

impl LayoutRepository {
    /// The layout in `directory`, which need not exist before something is written.
    pub fn new(directory: &Path, context: Context) -> Self {
        Self::in_style(directory, context, Style::Plain)
    }

    /// The layout in `directory`, whose files shall look like those of the Go program's `save`.
    pub fn saved(directory: &Path, context: Context) -> Self {
        Self::in_style(directory, context, Style::Saved)
    }

    fn in_style(directory: &Path, context: Context, style: Style) -> Self {
        Self { directory: directory.to_owned(), context, style, blobs: Blobs::new(directory, style), index: IndexFile::new(directory) }
    }

    fn create(&self) -> Result<PathBuf, RegistryError> {
        if self.style == Style::Saved { self.index.create_saved() } else { self.index.create() }
    }

    /// Makes `entries` the saved image of this directory, in place of one saved before.
    ///
    /// # Errors
    /// The index cannot be read or written.
    pub async fn save_index(&self, entries: Vec<Descriptor>) -> Result<(), RegistryError> {
        let _lock = self.lock().await?;
        self.index.save(entries)
    }

    /// The one image that the directory holds.
    ///
    /// # Errors
    /// There is no layout, or it holds none or several images.
    pub fn only_image(&self) -> Result<Digest, RegistryError> {
        let index = self.index.read()?;
        let mut images = self.index.candidates(&index);
        images.retain(|entry| !entry.parsed_digest().is_some_and(|digest| self.blobs.has_subject(&digest)));
        match images.as_slice() {
            [image] => image.parsed_digest().ok_or_else(|| self.failed("index.json: a digest is malformed")),
            [] => Err(self.failed("the layout holds no image")),
            _ => Err(self.failed("the layout holds several images: name a tag (oci:DIR:TAG) or a digest (oci:DIR@DIGEST)")),
        }
    }

    fn failed(&self, reason: &str) -> RegistryError {
        RegistryError::Layout { path: self.directory.clone(), reason: reason.to_owned() }
    }

    fn not_found(&self, selector: &Selector) -> RegistryError {
        RegistryError::NotInLayout { what: format!("{}: {selector}", self.name()) }
    }

    /// Reads what a selector names; `None` where it is not there.
    fn lookup(&self, selector: &Selector) -> Result<Option<FetchedManifest>, RegistryError> {
        let digest = match selector {
            Selector::Digest(digest) => digest.clone(),
            Selector::Tag(tag) => {
                let index = match self.index.read() {
                    Ok(index) => index,
                    Err(RegistryError::NotInLayout { .. }) => return Ok(None),
                    Err(error) => return Err(error),
                };
                match self.index.tagged(&index, tag) {
                    Some(descriptor) => descriptor.parsed_digest().ok_or_else(|| self.failed("index.json: a digest is malformed"))?,
                    None => return Ok(None),
                }
            }
        };
        let Some(bytes) = self.blobs.read(&digest, limits::MANIFEST_BYTES)? else { return Ok(None) };
        let media_type = super::remote::manifest_media_type("", &bytes);
        let media_type = if media_type.is_empty() { self.index.media_type_of(&digest) } else { media_type };
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        Ok(Some(FetchedManifest { descriptor: Descriptor::new(media_type, size, &digest), bytes }))
    }

    /// Makes the directory a layout, and locks it.
    async fn lock(&self) -> Result<lock::Lock, RegistryError> {
        let marker = self.create()?;
        Ok(lock::file(&self.context, &marker).await)
    }

    /// Writes a manifest and its entry in the index. The lock is held.
    fn store(&self, selector: &Selector, media_type: &str, bytes: &[u8]) -> Result<Stored, RegistryError> {
        let digest = match selector {
            Selector::Digest(digest) => digest.clone(),
            Selector::Tag(_) => Digest::sha256(bytes),
        };
        self.blobs.write(&digest, bytes)?;
        let mut descriptor = Descriptor::new(media_type, i64::try_from(bytes.len()).unwrap_or(i64::MAX), &digest);
        descriptor.artifact_type = blobs::artifact_type(bytes);
        let tag = match selector {
            Selector::Tag(tag) => Some(tag.as_str()),
            Selector::Digest(_) => None,
        };
        self.index.add(descriptor, tag)?;
        Ok(Stored { digest, subject_acknowledged: true })
    }
}

#[async_trait]
impl BlobSource for LayoutRepository {
    fn name(&self) -> String {
        format!("oci:{}", crate::encoding::text::quote(&self.directory.to_string_lossy()))
    }

    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let digest = descriptor.parsed_digest().ok_or_else(|| self.failed("the digest of a descriptor is malformed"))?;
        let what = || format!("{}@{digest}", self.name());
        if u64::try_from(descriptor.size).is_ok_and(|size| size > limit) {
            return Err(RegistryError::TooLarge { what: what(), limit });
        }
        let inline = descriptor.data.as_deref().and_then(|data| base64::decode(data).ok());
        if let Some(inline) = inline.filter(|inline| digest.algorithm().digest(inline) == digest) {
            return Ok(inline);
        }
        let bytes = self.blobs.read(&digest, limit)?.ok_or_else(|| RegistryError::NotInLayout { what: what() })?;
        if i64::try_from(bytes.len()) != Ok(descriptor.size) {
            return Err(RegistryError::SizeMismatch { what: what(), expected: descriptor.size, actual: bytes.len() as u64 });
        }
        Ok(bytes)
    }

    async fn read_blob(&self, descriptor: &Descriptor, sink: Arc<dyn Sink>) -> Result<(), RegistryError> {
        self.blobs.stream(checked::extent(&self.name(), descriptor)?, sink).await
    }
}

#[async_trait]
impl Repository for LayoutRepository {
    async fn resolve(&self, selector: &Selector) -> Result<Descriptor, RegistryError> {
        self.manifest(selector).await.map(|fetched| fetched.descriptor)
    }

    async fn find(&self, selector: &Selector) -> Result<Option<Descriptor>, RegistryError> {
        Ok(self.lookup(selector)?.map(|fetched| fetched.descriptor))
    }

    async fn manifest(&self, selector: &Selector) -> Result<FetchedManifest, RegistryError> {
        match self.lookup(selector)? {
            Some(fetched) => Ok(fetched),
            // A directory that is no layout is a mistake in the name, not an absent tag.
            None if !self.index.exists() => Err(self.failed("no OCI image layout is there (no index.json)")),
            None => Err(self.not_found(selector)),
        }
    }

    async fn put_manifest(&self, selector: &Selector, media_type: &str, bytes: &[u8]) -> Result<Stored, RegistryError> {
        let _lock = self.lock().await?;
        self.store(selector, media_type, bytes)
    }

    async fn put_child(&self, digest: &Digest, media_type: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        self.create()?;
        if media_type::is_index(media_type) { self.blobs.write_index(digest, bytes) } else { self.blobs.write(digest, bytes) }
    }

    async fn delete_manifest(&self, selector: &Selector) -> Result<(), RegistryError> {
        let _lock = self.lock().await?;
        if self.index.remove(selector)? { Ok(()) } else { Err(self.not_found(selector)) }
    }

    async fn delete_tag(&self, tag: &str, _keep: &Digest) -> Result<(), RegistryError> {
        self.delete_manifest(&Selector::Tag(tag.to_owned())).await
    }

    async fn copy_blob(&self, descriptor: &Descriptor, from: &dyn BlobSource) -> Result<(), RegistryError> {
        self.create()?;
        self.blobs.copy(descriptor, from).await
    }

    async fn put_blob(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        self.create()?;
        self.blobs.write(digest, bytes)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        self.blobs.referrers(subject)
    }

    async fn put_referrer(&self, subject: &Digest, entry: &Descriptor, manifest: &[u8]) -> Result<Digest, RegistryError> {
        let digest = Digest::sha256(manifest);
        self.put_manifest(&Selector::Digest(digest.clone()), &entry.media_type, manifest).await?;
        let name = digest.to_string();
        if self.blobs.referrers(subject)?.iter().any(|listed| listed.digest == name) {
            return Ok(digest);
        }
        Err(self.failed("the manifest stored as a referrer names another subject"))
    }

    async fn remove_referrers(&self, _subject: &Digest, referrers: &[Digest]) -> Result<(), RegistryError> {
        let _lock = self.lock().await?;
        for referrer in referrers {
            self.index.remove(&Selector::Digest(referrer.clone()))?;
            // Referrers are found by their blobs.
            self.blobs.remove(referrer)?;
        }
        Ok(())
    }

    async fn delete_referrers(&self, subject: &Digest, referrers: &[Digest]) -> Result<Vec<Deletion>, RegistryError> {
        self.remove_referrers(subject, referrers).await?;
        Ok(referrers.iter().map(|digest| Deletion { digest: digest.clone(), outcome: Ok(()) }).collect())
    }

    async fn update_tag(&self, tag: &str, update: &dyn TagUpdate) -> Result<Option<Stored>, RegistryError> {
        let _lock = self.lock().await?;
        let selector = Selector::Tag(tag.to_owned());
        let present = self.lookup(&selector)?;
        match update.edit(present.as_ref()).await? {
            Some((media_type, bytes)) => self.store(&selector, &media_type, &bytes).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
