//! Keys in files: read once, from front to back, never more than a key can need.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::load::{KeyError, MOST_KEY_BYTES};
use crate::ambient::{Context, PasswordError};
use crate::encoding::PathError;
use crate::secret::PrivateKeyPem;

/// Reads a file, a pipe or `/dev/stdin`. Waits for a pipe no longer than the deadline.
///
/// # Errors
/// [`KeyError::Path`] in Go's words, [`KeyError::TooLarge`], [`KeyError::Deadline`].
pub async fn read(path: &Path, context: &Context) -> Result<PrivateKeyPem, KeyError> {
    if path.is_file() {
        return read_now(path);
    }
    // A pipe may block forever, which must not block the rest: a thread of its own waits for it, and is left behind.
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let owned = path.to_owned();
    std::thread::spawn(move || sender.send(read_now(&owned)).is_ok());
    let abandoned =
        || KeyError::Path(PathError { operation: "read", path: path.to_owned(), reason: io::Error::other("the reader stopped") });
    let answer = match context.deadline.instant() {
        Some(moment) => tokio::time::timeout_at(moment.into(), receiver).await.map_err(|_| KeyError::Deadline(path.to_owned()))?,
        None => receiver.await,
    };
    answer.map_err(|_| abandoned())?
}

/// Whether the file is standard input, from which a password may have to come too.
pub fn is_stdin(path: &Path) -> bool {
    ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].iter().any(|name| path == Path::new(name))
}

/// Fails where standard input would have to be the key and its password at the same time.
///
/// # Errors
/// [`PasswordError::StdinTaken`].
pub fn check_password_source(path: &Path, context: &Context) -> Result<(), PasswordError> {
    if is_stdin(path) && context.env.var_os("COSIGN_PASSWORD").is_none() {
        return Err(PasswordError::StdinTaken("the key"));
    }
    Ok(())
}

fn read_now(path: &Path) -> Result<PrivateKeyPem, KeyError> {
    let file = File::open(path).map_err(PathError::of("open", path))?;
    let mut bytes = Vec::with_capacity(16 * 1024);
    file.take(MOST_KEY_BYTES + 1).read_to_end(&mut bytes).map_err(PathError::of("read", path))?;
    let pem = PrivateKeyPem::new(bytes);
    if pem.expose().len() as u64 > MOST_KEY_BYTES {
        return Err(KeyError::TooLarge(path.display().to_string()));
    }
    Ok(pem)
}
