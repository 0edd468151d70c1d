//! One repository, wherever it is.

use std::sync::Arc;

use async_trait::async_trait;

use super::RegistryError;
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, RepositoryName, Selector};
use crate::http::Sink;

/// A manifest as it was fetched: exactly these bytes have that digest.
#[derive(Debug, Clone)]
pub struct FetchedManifest {
    /// Media type (from the answer), size and digest (computed, and checked against what was asked).
    pub descriptor: Descriptor,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a registry said when a manifest was stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Digest of the stored manifest.
    pub digest: Digest,
    /// Whether the registry acknowledged the subject (`OCI-Subject`), so that no fallback tag is needed.
    pub subject_acknowledged: bool,
}

/// What became of a manifest that was to be deleted.
#[derive(Debug)]
pub struct Deletion {
    /// The manifest.
    pub digest: Digest,
    /// Whether it is gone.
    pub outcome: Result<(), RegistryError>,
}

/// What blobs are read from: a repository, or a local file.
#[async_trait]
pub trait BlobSource: Send + Sync {
    /// For messages: `registry/path`, the directory, or the file.
    fn name(&self) -> String;

    /// The name in its registry; `None` for what is local.
    fn remote_name(&self) -> Option<&RepositoryName> {
        None
    }

    /// The content of `descriptor`, its size and digest checked; refused without reading where it is said, or turns out, to be larger than `limit` bytes.
    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, RegistryError>;

    /// Hands the content of `descriptor` to `sink` as it comes. The last piece comes only once size and digest are found right.
    async fn read_blob(&self, descriptor: &Descriptor, sink: Arc<dyn Sink>) -> Result<(), RegistryError>;
}

/// A repository of a registry, or an OCI layout directory.
#[async_trait]
pub trait Repository: BlobSource {
    /// Media type, size and digest of a manifest (HEAD; a GET where the registry's HEAD says too little).
    async fn resolve(&self, selector: &Selector) -> Result<Descriptor, RegistryError>;

    /// As [`Repository::resolve`], for a place that is going to be written to: `None` where nothing is there (404, and 403, as Artifactory answers), without
    /// asking why.
    async fn find(&self, selector: &Selector) -> Result<Option<Descriptor>, RegistryError> {
        match self.resolve(selector).await {
            Ok(descriptor) => Ok(Some(descriptor)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The manifest itself.
    async fn manifest(&self, selector: &Selector) -> Result<FetchedManifest, RegistryError>;

    /// Stores a manifest under a tag or under its own digest. One PUT, nothing else.
    async fn put_manifest(&self, selector: &Selector, media_type: &str, bytes: &[u8]) -> Result<Stored, RegistryError>;

    /// Stores a manifest that another one names: by its digest, in a directory without an entry of its own.
    async fn put_child(&self, digest: &Digest, media_type: &str, bytes: &[u8]) -> Result<(), RegistryError> {
        self.put_manifest(&Selector::Digest(digest.clone()), media_type, bytes).await.map(drop)
    }

    /// Deletes a tag or a manifest.
    async fn delete_manifest(&self, selector: &Selector) -> Result<(), RegistryError>;

    /// Deletes a tag; where a registry deletes manifests only, the manifest that it points to, but never `keep`.
    async fn delete_tag(&self, tag: &str, keep: &Digest) -> Result<(), RegistryError>;

    /// Makes sure that the blob `descriptor`, which `from` has, is here, too; a large one is never in memory.
    async fn copy_blob(&self, descriptor: &Descriptor, from: &dyn BlobSource) -> Result<(), RegistryError>;

    /// Stores a blob: one POST where the registry takes it so.
    async fn put_blob(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError>;

    /// What refers to `subject`: the referrers API, else the fallback tag; empty where there is nothing. Every other failure is an error.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError>;

    /// Stores `manifest` (whose `subject` is `subject`) by its digest and makes sure that [`Repository::referrers`] lists it: nothing more where the
    /// registry acknowledged the subject, else a probe of the referrers API, else the fallback tag, merged and read back as ruled.
    async fn put_referrer(&self, subject: &Digest, entry: &Descriptor, manifest: &[u8]) -> Result<Digest, RegistryError>;

    /// Makes [`Repository::referrers`] of `subject` list these manifests no more: they are deleted, or taken out of the fallback tag.
    async fn remove_referrers(&self, subject: &Digest, referrers: &[Digest]) -> Result<(), RegistryError>;

    /// As [`Repository::remove_referrers`], and the manifests go, too, as does a fallback tag that lists nothing else. What became of each manifest that was
    /// to be deleted, in order.
    async fn delete_referrers(&self, subject: &Digest, referrers: &[Digest]) -> Result<Vec<Deletion>, RegistryError>;

    /// Read, change, write, read back: `edit` gets the manifest that `tag` has now (`None` where it does not exist) and returns what to store, or `None` for
    /// no change; `kept` says whether a manifest read back still holds what was added. Repeats with jitter while another writer interferes.
    async fn update_tag(&self, tag: &str, update: &dyn TagUpdate) -> Result<Option<Stored>, RegistryError>;
}

/// A change of what a tag points to.
#[async_trait]
pub trait TagUpdate: Send + Sync {
    /// The new manifest, made from the present one; `None` when nothing is to be changed. Uploads what it needs (config, layers) itself, before it returns.
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError>;

    /// Whether `manifest`, read back, holds what this update added.
    fn kept(&self, manifest: &FetchedManifest) -> bool;
}
