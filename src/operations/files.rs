//! Files that are written: beside, then renamed, so that a half-written one is never seen.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::encoding::PathError;

/// Reads a file whole, once: pipes and `/dev/stdin` too.
///
/// # Errors
/// [`PathError`].
pub fn read(path: &Path) -> Result<Vec<u8>, PathError> {
    std::fs::read(path).map_err(PathError::of("open", path))
}

/// Writes a file readable by its owner only (0600), replacing what was there; a file that was there keeps its mode, as in Go. Devices and
/// pipes are written to directly, and so is a file in a directory that takes no new one.
///
/// # Errors
/// [`PathError`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    write(path, bytes).map_err(PathError::of("open", path))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let existing = std::fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // tempfile creates with mode 0600.
    let Ok(mut beside) = NamedTempFile::new_in(directory) else { return write_in_place(path, bytes) };
    beside.write_all(bytes)?;
    if let Some(existing) = existing {
        beside.as_file().set_permissions(existing.permissions())?;
    }
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn write_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
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
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"newer").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        let error = write_private(&directory.path().join("no/such"), b"x").unwrap_err().to_string();
        assert!(error.ends_with("no/such: no such file or directory"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
