//! Files that are written: beside, then renamed, so that a half-written one is never seen.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that could not be read or written. Displays in Go's words: `open PATH: no such file or directory`.
#[derive(Debug, thiserror::Error)]
#[error("open {}: {}", .path.display(), in_go_words(.source))]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Reads a file whole, once: pipes and `/dev/stdin` too.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|source| FileError { path: path.to_owned(), source })
}

/// Writes a file readable by its owner only (0600), replacing what was there. Devices and pipes are written to directly.
///
/// # Errors
/// [`FileError`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(path, bytes).map_err(|source| FileError { path: path.to_owned(), source })
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

/// Says why a file could not be opened in the words of Go's `syscall.Errno`, which scripts match on.
pub fn in_go_words(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = plain.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
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
