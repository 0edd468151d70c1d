//! A local file on its way into a repository: read once for its digest, and once more while it is sent.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use crate::crypto::{Digest, HashAlgorithm, Hasher};
use crate::encoding::PathError;
use crate::format::content_type;
use crate::format::oci::Descriptor;
use crate::registry::{LocalFile, RegistryError, Repository};

/// A file that was read once.
#[derive(Debug)]
pub struct BlobFile {
    path: PathBuf,
    size: u64,
    digest: Digest,
    content_type: &'static str,
    /// What cannot be read a second time, such as a pipe.
    held: Option<Vec<u8>>,
}

impl BlobFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn read(path: PathBuf) -> Result<Self, PathError> {
        let mut file = File::open(&path).map_err(PathError::of("open", &path))?;
        let failed = |error| PathError::of("read", &path)(error);
        if !file.metadata().map_err(failed)?.is_file() {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(failed)?;
            let (size, digest, content_type) = (bytes.len() as u64, Digest::sha256(&bytes), content_type::detect(&bytes));
            return Ok(Self { path, size, digest, content_type, held: Some(bytes) });
        }
        let mut beginning = Vec::new();
        file.by_ref().take(content_type::SNIFFED as u64).read_to_end(&mut beginning).map_err(failed)?;
        file.rewind().map_err(failed)?;
        let mut hasher = Hasher::new(HashAlgorithm::Sha256);
        let size = hasher.update_from(file).map_err(failed)?;
        Ok(Self { path, size, digest: hasher.finish(), content_type: content_type::detect(&beginning), held: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its SHA-256.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What it looks like.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Its descriptor.
    pub fn descriptor(&self, media_type: &str) -> Descriptor {
        Descriptor::new(media_type, i64::try_from(self.size).unwrap_or(i64::MAX), &self.digest)
    }

    /// Stores it.
    ///
    /// # Errors
    /// What the registry says; the file changed since it was read.
    pub async fn put(&self, repository: &dyn Repository) -> Result<(), RegistryError> {
        if let Some(bytes) = &self.held {
            return repository.put_blob(&self.digest, bytes).await;
        }
        repository.copy_blob(&self.descriptor(""), &LocalFile::new(&self.path)).await
    }
}
