//! A file of this machine as a source of one blob.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::checked::{self, Checked};
use super::{BlobSource, RegistryError};
use crate::encoding::{PathError, text};
use crate::format::oci::Descriptor;
use crate::http::Sink;

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// A file, which is opened anew for each reading.
#[derive(Debug, Clone)]
pub struct LocalFile(PathBuf);

impl LocalFile {
    /// The file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn failed(&self, error: io::Error) -> RegistryError {
        PathError::of("read", &self.0)(error).into()
    }

    async fn pass(&self, sink: &dyn Sink) -> Result<(), RegistryError> {
        let mut file = File::open(&self.0).map_err(|error| self.failed(error))?;
        let not_kept = |error: io::Error| RegistryError::NotWritten { what: self.name(), reason: error.to_string() };
        sink.start().await.map_err(not_kept)?;
        let mut buffer = vec![0; PIECE];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => sink.take(Bytes::copy_from_slice(&buffer[..count])).await.map_err(not_kept)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }
}

#[async_trait]
impl BlobSource for LocalFile {
    fn name(&self) -> String {
        text::quote(&self.0.to_string_lossy())
    }

    /// The whole file, which is what `descriptor` says.
    async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, RegistryError> {
        let (digest, size) = checked::extent(&self.name(), descriptor)?;
        if size > limit {
            return Err(RegistryError::TooLarge { what: self.name(), limit });
        }
        let mut bytes = Vec::new();
        let file = File::open(&self.0).map_err(|error| self.failed(error))?;
        file.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
        let actual = digest.algorithm().digest(&bytes);
        match actual == digest {
            true => Ok(bytes),
            false => Err(RegistryError::DigestMismatch { what: self.name(), expected: digest, actual: actual.to_string() }),
        }
    }

    async fn read_blob(&self, descriptor: &Descriptor, sink: Arc<dyn Sink>) -> Result<(), RegistryError> {
        let checked = Checked::new(self.name(), checked::extent(&self.name(), descriptor)?, sink);
        self.pass(&checked).await?;
        checked.finish().await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::registry::checked::Kept;

    #[tokio::test]
    async fn a_file_that_changed_is_never_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        let content = vec![7; PIECE + 1];
        std::fs::write(&path, &content).unwrap();
        let descriptor = Descriptor::of("x", &content);
        let (file, kept) = (LocalFile::new(&path), Arc::new(Kept::default()));
        file.read_blob(&descriptor, kept.clone()).await.unwrap();
        assert_eq!(*kept.0.lock().unwrap(), content);
        assert_eq!(file.blob(&descriptor, 1 << 20).await.unwrap(), content);
        assert!(matches!(file.blob(&descriptor, 1).await, Err(RegistryError::TooLarge { .. })));
        for changed in [vec![8; PIECE + 1], vec![7; PIECE + 2], vec![7]] {
            std::fs::write(&path, &changed).unwrap();
            let kept = Arc::new(Kept::default());
            assert!(file.read_blob(&descriptor, kept.clone()).await.is_err() && kept.0.lock().unwrap().len() < changed.len().max(2));
            assert!(file.blob(&descriptor, 1 << 20).await.is_err());
        }
        std::fs::remove_file(&path).unwrap();
        assert!(
            file.read_blob(&descriptor, Arc::new(Kept::default())).await.unwrap_err().to_string().ends_with("no such file or directory")
        );
    }
}
