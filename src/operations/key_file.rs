//! Writes key files: beside their place and then into it, so that no half of one is ever there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::ambient::{Consent, Context, PromptError, Rng};
use crate::crypto::PrivateKey;
use crate::crypto::encrypted_pem;
use crate::encoding::{PathError, hex, text};
use crate::keys::load::MOST_KEY_BYTES;
use crate::secret::{Password, PrivateKeyPem};

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

/// Why a key pair was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file cannot be written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Overwriting was declined.
    #[error(transparent)]
    Declined(#[from] PromptError),
    /// The system has no randomness to give, or the key could not be encrypted.
    #[error("encrypting the private key")]
    Seal(#[source] io::Error),
}

/// Where a key pair goes: `PREFIX.key` and `PREFIX.pub`.
pub(super) struct KeyPairFiles {
    private: PathBuf,
    public: PathBuf,
}

impl KeyPairFiles {
    pub(super) fn new(prefix: &str) -> Self {
        Self { private: PathBuf::from(format!("{prefix}.key")), public: PathBuf::from(format!("{prefix}.pub")) }
    }

    /// Fails where they could not be written, before anybody is asked anything.
    pub(super) fn check(&self, rng: &dyn Rng) -> Result<(), PathError> {
        check_writable(&self.private, rng)?;
        check_writable(&self.public, rng)
    }

    /// Encrypts and writes the pair, after consent where there is a private key already. Says what was written.
    pub(super) fn write(&self, key: &PrivateKey, password: &Password, consent: Overwrite, context: &Context) -> Result<(), WriteError> {
        let replaces = self.private.exists();
        if replaces {
            let warning = format!("File {} already exists. Overwrite?", text::quote(&self.private.to_string_lossy()));
            match consent {
                Overwrite::Ask { flag } => context.ui.confirm(&Consent { warning: Some(&warning), flag })?,
                Overwrite::Yes => context.ui.warn(&warning),
            }
        }
        let sealed = encrypted_pem::seal(key, password, context.rng.as_ref()).map_err(WriteError::Seal)?;
        let previous = if replaces { self.previous() } else { None };
        let target = Target { path: &self.private, mode: Mode::Secret, replace: replaces };
        target.write(sealed.expose(), context.rng.as_ref())?;
        let public = Target { path: &self.public, mode: Mode::PublicWhenNew, replace: true };
        if let Err(error) = public.write(key.public().to_pem().as_bytes(), context.rng.as_ref()) {
            self.restore(previous, context.rng.as_ref());
            return Err(error.into());
        }
        context.ui.status(&format!("Private key written to {}", self.private.display()));
        context.ui.status(&format!("Public key written to {}", self.public.display()));
        Ok(())
    }

    /// The private key that is there, if it is one that fits into memory.
    fn previous(&self) -> Option<PrivateKeyPem> {
        let found = fs::metadata(&self.private).ok()?;
        if found.len() > MOST_KEY_BYTES { None } else { fs::read(&self.private).ok().map(PrivateKeyPem::new) }
    }

    /// The pair belongs together: without its public half the new private key goes, and the old one comes back.
    fn restore(&self, previous: Option<PrivateKeyPem>, rng: &dyn Rng) {
        let target = Target { path: &self.private, mode: Mode::Secret, replace: true };
        // The error that led here is the one to report; this is all that can be done about it.
        let _ = match previous {
            Some(previous) => target.write(previous.expose(), rng).is_ok(),
            None => fs::remove_file(&self.private).is_ok(),
        };
    }
}

/// What happens where a private key is there already.
#[derive(Debug, Clone, Copy)]
pub(super) enum Overwrite {
    /// Ask.
    Ask {
        /// The flag that answers beforehand.
        flag: Option<&'static str>,
    },
    /// The answer was given: only warn.
    Yes,
}

/// Fails where `path` could not be written; leaves nothing behind.
pub(super) fn check_writable(path: &Path, rng: &dyn Rng) -> Result<(), PathError> {
    let target = resolved(path);
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => return Err(PathError::of("open", path)(io::ErrorKind::IsADirectory.into())),
        Ok(found) if !found.is_file() || is_device(path) => return Ok(()),
        _ => {}
    }
    match Beside::create(&target, 0o600, rng) {
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
    pub(super) fn write(&self, bytes: &[u8], rng: &dyn Rng) -> Result<(), PathError> {
        let target = resolved(self.path);
        let failed = |error| PathError::of("open", self.path)(error);
        match fs::metadata(&target) {
            Ok(found) if found.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() || is_device(self.path) => return self.write_in_place(self.path, bytes),
            _ => {}
        }
        match self.write_beside(&target, bytes, rng) {
            Ok(()) => Ok(()),
            Err(error) if self.replace && target.exists() && is_about_the_place(&error) => self.write_in_place(&target, bytes),
            Err(error) => Err(failed(error)),
        }
    }

    fn write_beside(&self, target: &Path, bytes: &[u8], rng: &dyn Rng) -> io::Result<()> {
        let mut beside = Beside::create(target, self.new_mode(), rng)?;
        if let (Mode::PrivateWhenNew | Mode::PublicWhenNew, Ok(found)) = (self.mode, fs::metadata(target)) {
            beside.file.set_permissions(found.permissions())?;
        }
        beside.file.write_all(bytes)?;
        beside.file.sync_all()?;
        if self.replace { beside.rename(target) } else { beside.link(target) }
    }

    fn write_in_place(&self, target: &Path, bytes: &[u8]) -> Result<(), PathError> {
        let mut file = OpenOptions::new().write(true).truncate(true).open(target).map_err(PathError::of("open", self.path))?;
        #[cfg(unix)]
        if self.mode == Mode::Secret {
            use std::os::unix::fs::PermissionsExt;
            file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(PathError::of("chmod", self.path))?;
        }
        file.write_all(bytes).map_err(PathError::of("write", self.path))
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
struct Beside {
    path: PathBuf,
    file: File,
}

impl Beside {
    fn create(target: &Path, mode: u32, rng: &dyn Rng) -> io::Result<Self> {
        let mut random = [0; 8];
        rng.fill(&mut random)?;
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}", hex::encode(random)));
        let path = target.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        let file = options.open(&path)?;
        Ok(Self { path, file })
    }

    fn rename(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    /// Puts it into its place unless something is there by now.
    fn link(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !target.exists() => fs::rename(&self.path, target),
            other => other,
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests;
