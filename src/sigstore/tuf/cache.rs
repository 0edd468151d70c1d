//! The cache on disk: go-tuf's names, private directories, one writer at a time, every file replaced by a rename.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Component, Path};
use std::time::Duration;

use super::{TufError, TufOptions};
use crate::ambient::Context;
use crate::encoding::{PathError, UnixTime};

/// How long a cache counts as fresh: one day.
const FRESH: i64 = 24 * 60 * 60;
/// How far another machine's clock may be ahead.
const SKEW: i64 = 5 * 60;
/// How long another writer is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// No metadata or target that is cached is larger.
const LARGEST: u64 = 16 << 20;
/// The most targets that are read.
const MOST_TARGETS: usize = 64;
/// The most earlier roots that are read.
const MOST_ROOTS: usize = 256;

/// What the cache holds of a repository.
pub(super) fn read(options: &TufOptions) -> BTreeMap<String, Vec<u8>> {
    let directory = options.metadata();
    let mut files = BTreeMap::new();
    let mut add = |name: String| {
        let path = directory.join(&name);
        let small = std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        if let Some(bytes) = small.then(|| std::fs::read(path).ok()).flatten() {
            files.insert(name, bytes);
        }
    };
    for role in ["root", "timestamp", "snapshot", "targets"] {
        add(format!("{role}.json"));
    }
    for (folder, most) in [("targets", MOST_TARGETS), ("root_history", MOST_ROOTS)] {
        for entry in std::fs::read_dir(directory.join(folder)).into_iter().flatten().flatten().take(most) {
            add(format!("{folder}/{}", entry.file_name().to_string_lossy()));
        }
    }
    files
}

/// Whether the cache was refreshed within a day.
pub(super) fn is_fresh(options: &TufOptions, now: UnixTime) -> bool {
    let Ok(bytes) = std::fs::read(options.times()) else { return false };
    let Ok(times) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return false };
    let last = times.get("lastTimestamp").and_then(|text| text.as_str()).and_then(UnixTime::parse_rfc3339);
    last.is_some_and(|last| (-SKEW..FRESH).contains(&(now.0.saturating_sub(last.0))))
}

/// A held lock; dropping it lets the next one in.
pub(super) struct Lock {
    _file: Option<File>,
}

/// Waits for other writers of this user. A directory that cannot be written to has none.
pub(super) async fn lock(options: &TufOptions, context: &Context) -> Lock {
    if private_directory(&options.directory).is_err() {
        return Lock { _file: None };
    }
    let Ok(file) = File::options().create(true).truncate(false).write(true).open(options.directory.join(".lock")) else {
        return Lock { _file: None };
    };
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Lock { _file: Some(file) },
            Err(TryLockError::WouldBlock) if waited < LONGEST_WAIT && context.deadline.check().is_ok() => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            Err(_) => return Lock { _file: None },
        }
    }
}

/// Writes what is new or changed: roots first, `timestamp.json` last, so that a reader in between sees an older whole or has to refresh.
pub(super) fn write(options: &TufOptions, before: &BTreeMap<String, Vec<u8>>, files: &BTreeMap<String, Vec<u8>>) -> Result<(), TufError> {
    let directory = options.metadata();
    private_directory(&options.directory)?;
    private_directory(&directory)?;
    let order = |name: &str| match name {
        "timestamp.json" => 3,
        "snapshot.json" => 2,
        "targets.json" => 1,
        _ => 0,
    };
    let mut names: Vec<&String> = files.keys().filter(|name| before.get(*name) != files.get(*name)).collect();
    names.sort_by_key(|name| order(name));
    for name in names {
        if !is_inside(name) {
            return Err(TufError::TargetName(name.clone()));
        }
        let path = directory.join(name);
        if let Some(parent) = path.parent() {
            private_directory(parent)?;
        }
        replace(&path, &files[name], 0o644)?;
    }
    Ok(())
}

/// Notes that the cache was refreshed now.
pub(super) fn write_time(options: &TufOptions, now: UnixTime) -> Result<(), TufError> {
    private_directory(&options.directory)?;
    let json = format!("{{\"lastTimestamp\":\"{now}\"}}");
    Ok(replace(&options.times(), json.as_bytes(), 0o600)?)
}

/// Whether a name is one of a file below the directory.
pub(super) fn is_inside(name: &str) -> bool {
    !name.is_empty() && !name.contains('\\') && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Makes a directory that only its owner can enter; one that is there stays as it is.
pub(super) fn private_directory(path: &Path) -> Result<(), PathError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(PathError::of("mkdir", path))
}

/// Replaces a file as a whole.
pub(super) fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix("tuf_tmp").tempfile_in(directory).map_err(PathError::of("open", path))?;
    file.write_all(bytes).map_err(PathError::of("write", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).map_err(PathError::of("chmod", path))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    file.persist(path).map_err(|error| error.error).map_err(PathError::of("rename", path))?;
    Ok(())
}
