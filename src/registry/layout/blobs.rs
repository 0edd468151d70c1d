//! The files under `blobs/`.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::stream::{self, FileSink};
use crate::crypto::{Digest, HashAlgorithm, Hasher};
use crate::format::oci::{Descriptor, media_type};
use crate::http::Sink;
use crate::registry::checked::{self, Checked};
use crate::registry::{BlobSource, RegistryError, limits};

/// The most files that a search for referrers looks into.
const FILES: usize = 100_000;

/// The blobs of a layout.
pub struct Blobs {
    directory: PathBuf,
    style: Style,
}

/// Whose files they look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// All are readable by everybody.
    Plain,
    /// As the Go program's `save` leaves them: layers are the owner's.
    Saved,
}

/// What makes a manifest a referrer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Referring {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Typed>,
    #[serde(default)]
    subject: Option<Descriptor>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(default)]
    media_type: String,
}

impl Blobs {
    /// The blobs of the layout in `layout`.
    pub fn new(layout: &Path, style: Style) -> Self {
        Self { directory: layout.join("blobs"), style }
    }

    /// A blob, its digest checked; `None` where it is not there.
    ///
    /// # Errors
    /// Unreadable, larger than `limit`, or not what its name says.
    pub fn read(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, RegistryError> {
        let path = self.path(digest);
        let Some(bytes) = read_file(&path, limit)? else { return Ok(None) };
        let actual = digest.algorithm().digest(&bytes);
        if actual != *digest {
            let what = path.display().to_string();
            return Err(RegistryError::DigestMismatch { what, expected: digest.clone(), actual: actual.to_string() });
        }
        Ok(Some(bytes))
    }

    /// Writes a blob beside its place and renames it.
    ///
    /// # Errors
    /// The directory cannot be written to; `bytes` are not what `digest` says.
    pub fn write(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        self.write_as(digest, bytes, if self.style == Style::Saved { Mode::Created } else { Mode::Public })
    }

    /// As [`Blobs::write`], for an index: go-containerregistry writes those as it writes `index.json`.
    ///
    /// # Errors
    /// As [`Blobs::write`].
    pub fn write_index(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        self.write_as(digest, bytes, if self.style == Style::Saved { Mode::Everything } else { Mode::Public })
    }

    fn write_as(&self, digest: &Digest, bytes: &[u8], mode: Mode) -> Result<(), RegistryError> {
        let path = self.path(digest);
        let actual = digest.algorithm().digest(bytes);
        if actual != *digest {
            let what = path.display().to_string();
            return Err(RegistryError::DigestMismatch { what, expected: digest.clone(), actual: actual.to_string() });
        }
        self.refuse_links(&path)?;
        let is_there = !is_link(&path) && matches!(self.read(digest, bytes.len() as u64), Ok(Some(_)));
        if is_there { Ok(()) } else { write_file(&path, bytes, mode) }
    }

    /// A link would lead a write out of the layout.
    fn refuse_links(&self, path: &Path) -> Result<(), RegistryError> {
        match path.ancestors().skip(1).take(2).find(|directory| is_link(directory)) {
            Some(link) => Err(RegistryError::Layout { path: link.to_owned(), reason: "it is a symbolic link".to_owned() }),
            None => Ok(()),
        }
    }

    /// Hands a blob to `sink`; the last piece once size and digest are found right.
    ///
    /// # Errors
    /// It is not there, unreadable, or not what its name says.
    pub async fn stream(&self, (digest, size): (Digest, u64), sink: Arc<dyn Sink>) -> Result<(), RegistryError> {
        let path = self.path(&digest);
        let failed = |error: std::io::Error| RegistryError::Layout { path: path.clone(), reason: error.to_string() };
        let what = path.display().to_string();
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(RegistryError::NotInLayout { what }),
            Err(error) => return Err(failed(error)),
        };
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() || found.len() != size {
            return Err(RegistryError::SizeMismatch { what, expected: i64::try_from(size).unwrap_or(i64::MAX), actual: found.len() });
        }
        let checked = Checked::new(what.clone(), (digest, size), sink);
        stream::read(file, &checked).await.map_err(|error| RegistryError::NotWritten { what, reason: error.to_string() })?;
        checked.finish().await
    }

    /// Copies a blob from another repository; one that is here already, and whole, stays.
    ///
    /// # Errors
    /// It cannot be read there or written here.
    pub async fn copy(&self, descriptor: &Descriptor, from: &dyn BlobSource) -> Result<(), RegistryError> {
        let (digest, size) = checked::extent(&from.name(), descriptor)?;
        let path = self.path(&digest);
        self.refuse_links(&path)?;
        if !is_link(&path) && is_whole(&path, &digest, size) {
            return Ok(());
        }
        let failed = |error: std::io::Error| RegistryError::Layout { path: path.clone(), reason: error.to_string() };
        let file = FileSink::new(path.parent().unwrap_or(&self.directory)).map_err(failed)?;
        from.read_blob(descriptor, file.clone()).await?;
        file.persist(&path, self.style).map_err(failed)
    }

    /// Removes a blob; one that is not there is gone already.
    ///
    /// # Errors
    /// The directory cannot be written to.
    pub fn remove(&self, digest: &Digest) -> Result<(), RegistryError> {
        let path = self.path(digest);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(RegistryError::Layout { path, reason: error.to_string() }),
            _ => Ok(()),
        }
    }

    /// Every manifest among the blobs whose `subject` is `subject`, sorted by digest.
    ///
    /// # Errors
    /// The directory cannot be read, or holds too many files.
    pub fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let directory = self.directory.join(HashAlgorithm::Sha256.name());
        let failed = |error: std::io::Error| RegistryError::Layout { path: directory.clone(), reason: error.to_string() };
        let files = match std::fs::read_dir(&directory) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for (count, file) in files.enumerate() {
            if count >= FILES {
                return Err(RegistryError::TooMany { what: format!("files in {}", directory.display()), limit: FILES });
            }
            let name = file.map_err(failed)?.file_name();
            let digest = name.to_str().and_then(|hex| Digest::parse(&format!("sha256:{hex}")));
            if let Some(descriptor) = digest.and_then(|digest| self.referrer(&digest, subject)) {
                found.push(descriptor);
            }
        }
        if found.len() > limits::REFERRERS {
            return Err(RegistryError::TooMany { what: format!("referrers of {subject}"), limit: limits::REFERRERS });
        }
        found.sort_by(|a, b| a.digest.cmp(&b.digest));
        Ok(found)
    }

    /// Whether a blob is a manifest that refers to another.
    pub fn has_subject(&self, digest: &Digest) -> bool {
        let bytes = self.read(digest, limits::MANIFEST_BYTES).ok().flatten().unwrap_or_default();
        serde_json::from_slice::<Referring>(&bytes).is_ok_and(|manifest| manifest.subject.is_some())
    }

    /// The descriptor of a blob that is a manifest referring to `subject`.
    fn referrer(&self, digest: &Digest, subject: &Digest) -> Option<Descriptor> {
        let path = self.path(digest);
        // Most blobs are layers: one byte tells.
        let mut first = [0];
        std::fs::File::open(&path).ok()?.read_exact(&mut first).ok()?;
        if first != *b"{" {
            return None;
        }
        let bytes = self.read(digest, limits::MANIFEST_BYTES).ok()??;
        let manifest: Referring = serde_json::from_slice(&bytes).ok()?;
        manifest.subject.as_ref().filter(|descriptor| descriptor.digest == subject.to_string())?;
        let mut descriptor = Descriptor::of(manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST), &bytes);
        descriptor.artifact_type = manifest.artifact_type.or(manifest.config.map(|config| config.media_type));
        descriptor.annotations = manifest.annotations;
        Some(descriptor)
    }

    /// A digest is hexadecimal, so the path stays below the directory.
    fn path(&self, digest: &Digest) -> PathBuf {
        self.directory.join(digest.algorithm().name()).join(digest.hex())
    }
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

/// Whether a file is the blob, by size and digest.
fn is_whole(path: &Path, digest: &Digest, size: u64) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false };
    let mut hasher = Hasher::new(digest.algorithm());
    file.metadata().is_ok_and(|found| found.is_file() && found.len() == size)
        && hasher.update_from(file.take(size)).is_ok()
        && hasher.finish() == *digest
}

/// The artifact type that an index entry of this manifest carries.
pub fn artifact_type(manifest: &[u8]) -> Option<String> {
    serde_json::from_slice::<Referring>(manifest).ok()?.artifact_type
}

/// Reads a file of at most `limit` bytes; `None` where it is not there.
pub fn read_file(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, RegistryError> {
    let failed = |error: std::io::Error| RegistryError::Layout { path: path.to_owned(), reason: error.to_string() };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(RegistryError::Layout { path: path.to_owned(), reason: "it is no file".to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(RegistryError::TooLarge { what: path.display().to_string(), limit });
    }
    Ok(Some(bytes))
}

/// Who may do what with a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 0644, whatever the umask.
    Public,
    /// 0666 less the umask: Go's `os.Create`.
    Created,
    /// 0777 less the umask, as go-containerregistry writes `index.json`.
    Everything,
}

/// Writes a file beside its place and renames it; makes its directory.
pub fn write_file(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), RegistryError> {
    let write = || -> std::io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(directory)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tmp-");
        #[cfg(unix)]
        match mode {
            Mode::Public => &mut builder,
            Mode::Created => builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)),
            Mode::Everything => builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777)),
        };
        let mut beside = builder.tempfile_in(directory)?;
        beside.write_all(bytes)?;
        #[cfg(unix)]
        if mode == Mode::Public {
            beside.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        }
        let _ = mode;
        beside.as_file().sync_all()?;
        beside.persist(path)?;
        Ok(())
    };
    write().map_err(|error| RegistryError::Layout { path: path.to_owned(), reason: error.to_string() })
}
