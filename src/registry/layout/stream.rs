//! Blobs of a layout as streams.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::NamedTempFile;

use super::blobs::Style;
use crate::http::Sink;

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// A file that is written beside its place, and renamed once it is whole.
pub struct FileSink {
    directory: PathBuf,
    file: Mutex<Option<NamedTempFile>>,
}

impl FileSink {
    /// A file to be in `directory`, which is made.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn new(directory: &Path) -> io::Result<Arc<Self>> {
        std::fs::create_dir_all(directory)?;
        Ok(Arc::new(Self { directory: directory.to_owned(), file: Mutex::new(None) }))
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// It cannot be written or renamed.
    pub fn persist(&self, path: &Path, style: Style) -> io::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A blob of no bytes was never begun.
        let file = file.map_or_else(|| beside(&self.directory), Ok)?;
        #[cfg(unix)]
        if style == Style::Plain {
            file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        }
        let _ = style;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

fn beside(directory: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory)
}

#[async_trait]
impl Sink for FileSink {
    async fn start(&self) -> io::Result<()> {
        // What an attempt before this one left goes.
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(beside(&self.directory)?);
        Ok(())
    }

    fn restarts(&self) -> bool {
        true
    }

    async fn take(&self, piece: Bytes) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_none() {
            *file = Some(beside(&self.directory)?);
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(&piece))
    }
}

/// Hands a file to a sink.
///
/// # Errors
/// It cannot be read, or the sink takes no more.
pub async fn read(mut file: File, sink: &dyn Sink) -> io::Result<()> {
    sink.start().await?;
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => sink.take(Bytes::copy_from_slice(&buffer[..count])).await?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
