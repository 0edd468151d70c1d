//! Files that are written: beside, then renamed, so that a half-written one is never seen.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::encoding::PathError;

/// Reads a file whole, once: pipes and `/dev/stdin` too.
///
/// # Errors
/// [`PathError`].
pub fn read(path: &Path) -> Result<Vec<u8>, PathError> {
    fs::read(path).map_err(PathError::of("open", path))
}

/// Writes a file, readable by its owner only (0600) when it is new, replacing what was there.
///
/// # Errors
/// [`PathError`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    write_private_with(path, &|out| out.write_all(bytes))
}

/// What a file is to hold, written piece by piece; perhaps twice, where the first way of writing fails.
pub(super) type Content<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;

/// As [`write_private`], for what is too large to be in memory whole.
pub(super) fn write_private_with(path: &Path, content: Content<'_>) -> Result<(), PathError> {
    Target { path, mode: Mode::PrivateWhenNew, replace: true }.write_with(content)
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// 0600, also where a file with another mode was there before.
    Secret,
    /// 0600 for a new file; one that is there keeps its mode.
    PrivateWhenNew,
    /// 0644 for a new file; one that is there keeps its mode.
    PublicWhenNew,
}

/// Fails where `path` could not be written; leaves nothing behind.
pub(super) fn check_writable(path: &Path) -> Result<(), PathError> {
    let target = resolved(path);
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => return Err(PathError::of("open", path)(io::ErrorKind::IsADirectory.into())),
        Ok(found) if !found.is_file() || is_device(path) => return Ok(()),
        _ => {}
    }
    match beside(&target, 0o600) {
        Ok(_) => Ok(()),
        // A file that is mounted alone, or in a directory of somebody else, can still be written in place.
        Err(_) if target.exists() => OpenOptions::new().write(true).open(&target).map(drop).map_err(PathError::of("open", path)),
        Err(error) => Err(PathError::of("open", path)(error)),
    }
}

/// A file to be written whole.
pub(super) struct Target<'a> {
    pub(super) path: &'a Path,
    pub(super) mode: Mode,
    /// Whether a file that is there may be replaced.
    pub(super) replace: bool,
}

impl Target<'_> {
    /// Writes it; either all of `bytes` is there afterwards or what was there before.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), PathError> {
        self.write_with(&|out| out.write_all(bytes))
    }

    fn write_with(&self, content: Content<'_>) -> Result<(), PathError> {
        let target = resolved(self.path);
        let failed = |error| PathError::of("open", self.path)(error);
        match fs::metadata(&target) {
            Ok(found) if found.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() || is_device(self.path) => return self.write_in_place(self.path, content),
            _ => {}
        }
        match self.write_beside(&target, content) {
            Ok(()) => Ok(()),
            Err(error) if self.replace && target.exists() && is_about_the_place(&error) => self.write_in_place(&target, content),
            Err(error) => Err(failed(error)),
        }
    }

    fn write_beside(&self, target: &Path, content: Content<'_>) -> io::Result<()> {
        let mut beside = beside(target, self.new_mode())?;
        if let (Mode::PrivateWhenNew | Mode::PublicWhenNew, Ok(found)) = (self.mode, fs::metadata(target)) {
            beside.as_file().set_permissions(found.permissions())?;
        }
        content(&mut beside)?;
        beside.as_file().sync_all()?;
        let placed = if self.replace { beside.persist(target) } else { beside.persist_noclobber(target) };
        placed.map(drop).map_err(|error| error.error)
    }

    pub(super) fn write_in_place(&self, target: &Path, content: Content<'_>) -> Result<(), PathError> {
        let mut file = OpenOptions::new().write(true).truncate(true).open(target).map_err(PathError::of("open", self.path))?;
        #[cfg(unix)]
        if self.mode == Mode::Secret {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(PathError::of("chmod", self.path))?;
        }
        content(&mut file).map_err(PathError::of("write", self.path))
    }

    /// The mode of a new file, before the umask has its say.
    fn new_mode(&self) -> u32 {
        match self.mode {
            Mode::Secret | Mode::PrivateWhenNew => 0o600,
            Mode::PublicWhenNew => 0o644,
        }
    }
}

/// Whether another way of writing to the same file may work: a mounted file cannot be renamed over, a directory may be read-only.
fn is_about_the_place(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices)
}

/// `/dev/stdout` and its like lead to files of others, which must not be replaced.
fn is_device(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

/// Where a symbolic link leads; the path itself where nothing is there.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A new file in the directory of another, removed when dropped.
fn beside(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".");
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // Opened here, since tempfile's own errors hide what the system said.
    tempfile::Builder::new().prefix(&prefix).make_in(directory, |path| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        options.open(path)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn errors_speak_go() {
        let error = read(Path::new("/nonexistent/x")).unwrap_err();
        assert_eq!(error.to_string(), "open /nonexistent/x: no such file or directory");
        assert_eq!(read(Path::new("/")).unwrap_err().to_string(), "open /: is a directory");
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_private_and_whole() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        write_private(&path, b"old and long").unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_private(&directory.path().join("no/such"), b"x").is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
