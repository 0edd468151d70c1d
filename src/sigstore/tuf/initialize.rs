//! `initialize`: starts a repository's cache anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::refresh::Session;
use super::{SIGNING_CONFIG, TRUSTED_ROOT, TufError, TufOptions, cache, individual};
use crate::ambient::Context;
use crate::encoding::{PathError, UnixTime, go_json};

/// Fetches the repository from its root on and replaces the cache by it, once all of it is there. A mirror without a signing config, or without a
/// trusted root, is a warning; for the latter all targets are fetched, and the result is what is to be shown of the repository.
///
/// # Errors
/// [`TufError`]; then the cache is as it was.
pub async fn initialize(options: &TufOptions, context: &Context) -> Result<Option<RootStatus>, TufError> {
    let now = UnixTime::from(context.clock.now());
    let mut session = Session::from_mirror(options, &BTreeMap::new(), (context, now)).await?;
    match session.target(SIGNING_CONFIG).await {
        Ok(_) => {}
        Err(error @ TufError::NoTarget(_)) => context.ui.warn(&format!(
            "Could not fetch signing_config.json from the TUF mirror (encountered error: {error}). It is recommended to use a signing config file rather than provide service URLs when signing."
        )),
        Err(error) => return Err(error),
    }
    let status = match session.target(TRUSTED_ROOT).await {
        Ok(_) => None,
        Err(error @ TufError::NoTarget(_)) => {
            context.ui.warn(&format!(
                "Could not fetch trusted_root.json from the TUF mirror (encountered error: {error}), falling back to individual targets. It is recommended to update your TUF metadata repository to include trusted_root.json."
            ));
            Some(all_targets(&mut session, options).await?)
        }
        Err(error) => return Err(error),
    };
    let _lock = cache::lock(options, context).await;
    store(options, &session.files(), now)?;
    Ok(status)
}

/// What is shown of a repository of individual targets. Fields and their order are the Go program's.
#[derive(Debug, Clone, Serialize)]
pub struct RootStatus {
    /// The cache.
    pub local: String,
    /// The mirror.
    pub remote: String,
    /// Each role's file.
    pub metadata: BTreeMap<&'static str, MetadataStatus>,
    /// The names of all targets.
    pub targets: Vec<String>,
}

/// What is shown of a role.
#[derive(Debug, Clone, Serialize)]
pub struct MetadataStatus {
    /// Its version.
    pub version: u64,
    /// How many bytes it has.
    pub len: usize,
    /// Until when it counts, day by day.
    pub expiration: String,
    /// What is wrong with it: nothing, as it was verified.
    pub error: String,
}

async fn all_targets(session: &mut Session, options: &TufOptions) -> Result<RootStatus, TufError> {
    let mut targets = individual::names(&session.metadata("targets.json"));
    targets.sort_unstable();
    for name in &targets {
        session.target(name).await?;
    }
    let metadata =
        ["root.json", "snapshot.json", "targets.json", "timestamp.json"].map(|file| (file, MetadataStatus::of(&session.metadata(file))));
    Ok(RootStatus { local: options.directory.display().to_string(), remote: options.mirror.clone(), metadata: metadata.into(), targets })
}

impl MetadataStatus {
    fn of(bytes: &[u8]) -> Self {
        let signed = serde_json::from_slice::<Value>(bytes).unwrap_or_default()["signed"].clone();
        let expires = signed["expires"].as_str().and_then(UnixTime::parse_rfc3339);
        Self {
            version: signed["version"].as_u64().unwrap_or_default(),
            len: bytes.len(),
            expiration: expires.map(UnixTime::to_rfc822).unwrap_or_default(),
            error: String::new(),
        }
    }
}

/// The old cache goes as a whole, as the new one does not build upon it.
fn store(options: &TufOptions, files: &BTreeMap<String, Vec<u8>>, now: UnixTime) -> Result<(), TufError> {
    cache::private_directory(&options.directory)?;
    let fresh = TufOptions { directory: options.directory.join(format!(".new-{}", std::process::id())), ..options.clone() };
    let _ = std::fs::remove_dir_all(&fresh.directory);
    let stored = cache::write(&fresh, &BTreeMap::new(), files).and_then(|()| swap(options, &fresh));
    let _ = std::fs::remove_dir_all(&fresh.directory);
    stored?;
    let remote = BTreeMap::from([("mirror", options.mirror.as_str())]);
    // A map of text always has a JSON form.
    let remote = go_json::to_vec(&remote).unwrap_or_default();
    cache::replace(&options.directory.join("remote.json"), &remote, 0o600)?;
    cache::write_time(options, now)
}

fn swap(options: &TufOptions, fresh: &TufOptions) -> Result<(), TufError> {
    for path in replaced(options)? {
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(PathError::of("unlinkat", path))?;
    }
    let target = options.metadata();
    Ok(std::fs::rename(fresh.metadata(), &target).map_err(PathError::of("rename", target))?)
}

/// What goes: every repository that is cached, and what older clients left. Nothing else, whatever directory `TUF_ROOT` names.
fn replaced(options: &TufOptions) -> Result<Vec<PathBuf>, TufError> {
    let entries = std::fs::read_dir(&options.directory).map_err(PathError::of("open", &options.directory))?;
    let mut replaced = vec![];
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if matches!(name.as_str(), "tuf.db" | "targets") {
            replaced.push(path);
        } else if !name.starts_with(".new-") && path.join("root.json").is_file() {
            let times = options.directory.join(format!("{name}.json"));
            replaced.extend(times.is_file().then_some(times));
            replaced.push(path);
        }
    }
    Ok(replaced)
}
