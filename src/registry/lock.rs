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
    _file: Option<File>,
}

/// Locks (registry, repository, tag), for this user on this machine.
pub async fn tag(context: &Context, registry: &str, repository: &str, tag: &str) -> Lock {
    let name = Digest::sha256(format!("{registry}\0{repository}\0{tag}")).hex();
    match directory(&*context.env) {
        Some(directory) => Lock { _file: hold(context, &directory.join(name)).await },
        None => Lock { _file: None },
    }
}

/// Locks a file that is there.
pub async fn file(context: &Context, path: &Path) -> Lock {
    Lock { _file: hold(context, path).await }
}

async fn hold(context: &Context, path: &Path) -> Option<File> {
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path).ok()?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
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
    let named = ["TMPDIR", "TEMP", "TMP"].iter().find_map(|name| env.path(name));
    named.filter(|path| path.is_dir()).unwrap_or_else(std::env::temp_dir)
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
