//! Writes key pairs, after consent where one is there already.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::files::{Mode, Target, check_writable};
use crate::ambient::{Consent, Context, PromptError};
use crate::crypto::PrivateKey;
use crate::crypto::encrypted_pem;
use crate::encoding::{PathError, text};
use crate::keys::load::MOST_KEY_BYTES;
use crate::secret::{Password, PrivateKeyPem};

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
    pub(super) fn check(&self) -> Result<(), PathError> {
        check_writable(&self.private)?;
        check_writable(&self.public)
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
        target.write(sealed.expose())?;
        let public = Target { path: &self.public, mode: Mode::PublicWhenNew, replace: true };
        if let Err(error) = public.write(key.public().to_pem().as_bytes()) {
            self.restore(previous);
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
    fn restore(&self, previous: Option<PrivateKeyPem>) {
        let target = Target { path: &self.private, mode: Mode::Secret, replace: true };
        // The error that led here is the one to report; this is all that can be done about it.
        let _ = match previous {
            Some(previous) => target.write(previous.expose()).is_ok(),
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

#[cfg(test)]
mod tests;
