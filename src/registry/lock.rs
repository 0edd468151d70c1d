//! Locks for writers on one machine, so that they do not undo each other's changes of a tag.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ambient::{Context, Env};
use crate::crypto::Digest;

/// How long one try waits for the next; jitter comes on top.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a lock is waited for at most: a holder that hangs must not stop all others; reading back still finds what is lost.
const LONGEST: Duration = Duration::from_secs(60);

/// A held lock; dropping it lets the next one in. Perhaps nothing is held: where no private directory can be had, or after a minute.
#[derive(Debug)]
pub struct Lock {
    /// Released when it is closed, after [`Lock::drop`].
    _file: Option<File>,
    /// A file that is there for the lock only.
    own: Option<PathBuf>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            // Still held: who opened the file before notices that it is gone and makes a new one.
            let _ = std::fs::remove_file(own);
        }
    }
}

/// Locks (registry, repository, tag), for this user on this machine.
pub async fn tag(context: &Context, registry: &str, repository: &str, tag: &str) -> Lock {
    let name = Digest::sha256(format!("{registry}\0{repository}\0{tag}")).hex();
    let Some(path) = directory(&*context.env).map(|directory| directory.join(name)) else { return Lock { _file: None, own: None } };
    let file = hold(context, &path).await;
    Lock { own: file.is_some().then_some(path), _file: file }
}

/// Locks a file that is there.
pub async fn file(context: &Context, path: &Path) -> Lock {
    Lock { _file: hold(context, path).await, own: None }
}

async fn hold(context: &Context, path: &Path) -> Option<File> {
    let mut waited = Duration::ZERO;
    loop {
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path).ok()?;
        loop {
            match file.try_lock() {
                Ok(()) if is_at(&file, path) => return Some(file),
                // Removed by the one who held it.
                Ok(()) => break,
                Err(TryLockError::Error(_)) => return None,
                Err(TryLockError::WouldBlock) if waited >= LONGEST || context.deadline.check().is_err() => return None,
                Err(TryLockError::WouldBlock) => {
                    let pause = jittered(context, PAUSE);
                    tokio::time::sleep(pause).await;
                    waited += pause;
                }
            }
        }
    }
}

/// Whether the open file is the one that `path` names now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: std::fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata().map(identity), std::fs::metadata(path).map(identity)), (Ok(open), Ok(named)) if open == named)
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Between half and one and a half times `pause`.
pub fn jittered(context: &Context, pause: Duration) -> Duration {
    let mut byte = [127];
    // Without randomness the waits are merely not spread.
    let _ = context.rng.fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 255
}

/// A directory that only this user can write to; `None` where there is none to be had.
fn directory(env: &dyn Env) -> Option<PathBuf> {
    let directory = match env.path("XDG_RUNTIME_DIR").filter(|path| path.is_dir()) {
        Some(runtime) => runtime.join("cosign-locks"),
        None => temporary(env).join(format!("cosign-locks-{}", user())),
    };
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // It may be there already; what counts is whose it is.
    let _ = builder.create(&directory);
    is_private(&directory).then_some(directory)
}

fn temporary(env: &dyn Env) -> PathBuf {
    let variables = if cfg!(windows) { ["TEMP", "TMP"].as_slice() } else { ["TMPDIR"].as_slice() };
    let named = variables.iter().find_map(|name| env.path(name));
    named.filter(|path| path.is_dir()).unwrap_or_else(|| PathBuf::from("/tmp"))
}

#[cfg(unix)]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn user() -> u32 {
    0
}

#[cfg(unix)]
fn is_private(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Another user may have made it, or a link in its place, in a shared directory.
    std::fs::symlink_metadata(directory).is_ok_and(|found| found.is_dir() && found.uid() == user() && found.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(directory: &Path) -> bool {
    directory.is_dir()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::registry::tests::context_with;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left_behind() {
        let runtime = tempfile::tempdir().unwrap();
        let path = runtime.path().display().to_string();
        let inside = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (path, inside) = (path.clone(), inside.clone());
                tokio::spawn(async move {
                    let (context, _) = context_with(&[("XDG_RUNTIME_DIR", &path)]);
                    let lock = tag(&context, "r.example", "a/b", "v1.sig").await;
                    assert!(lock._file.is_some());
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let left = std::fs::read_dir(runtime.path().join("cosign-locks")).unwrap().count();
        assert_eq!(left, 0);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_directory_that_others_may_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let runtime = tempfile::tempdir().unwrap();
        let locks = runtime.path().join("cosign-locks");
        std::fs::create_dir(&locks).unwrap();
        std::fs::set_permissions(&locks, std::fs::Permissions::from_mode(0o777)).unwrap();
        let (context, _) = context_with(&[("XDG_RUNTIME_DIR", &runtime.path().display().to_string())]);
        assert!(tag(&context, "r.example", "a/b", "v1.sig").await._file.is_none());
    }
}
