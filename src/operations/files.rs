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

/// Writes a file readable by its owner only (0600), replacing what was there. Devices and pipes are written to directly.
///
/// # Errors
/// [`PathError`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    write(path, bytes).map_err(PathError::of("open", path))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // tempfile creates with mode 0600.
    let mut beside = NamedTempFile::new_in(directory)?;
    beside.write_all(bytes)?;
    beside.persist(path).map_err(|error| error.error)?;
    Ok(())
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
        std::fs::write(&path, "old and long").unwrap();
        write_private(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_private(&directory.path().join("no/such"), b"x").is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
