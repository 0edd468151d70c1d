//! `initialize`: starts a repository's cache anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::refresh::Session;
use super::{SIGNING_CONFIG, TRUSTED_ROOT, TufError, TufOptions, cache};
use crate::ambient::Context;
use crate::encoding::{PathError, UnixTime, go_json};

/// Fetches the repository from its root on and replaces the cache by it, once all of it is there. A mirror without a signing config is a warning.
///
/// # Errors
/// [`TufError`]; then the cache is as it was.
pub async fn initialize(options: &TufOptions, context: &Context) -> Result<(), TufError> {
    let now = UnixTime::from(context.clock.now());
    let mut session = Session::from_mirror(options, &BTreeMap::new(), (context, now)).await?;
    match session.target(SIGNING_CONFIG).await {
        Ok(_) => {}
        Err(error @ TufError::NoTarget(_)) => context.ui.warn(&format!(
            "Could not fetch signing_config.json from the TUF mirror (encountered error: {error}). It is recommended to use a signing config file rather than provide service URLs when signing."
        )),
        Err(error) => return Err(error),
    }
    session.target(TRUSTED_ROOT).await?;
    let _lock = cache::lock(options, context).await;
    store(options, &session.files(), now)
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
