//! Which repository, whom it starts from, and where it is cached.

use std::path::{Path, PathBuf};

use super::TufOptionsError;
use crate::ambient::Context;
use crate::encoding::PathError;

/// The public instance's mirror.
pub const DEFAULT_MIRROR: &str = "https://tuf-repo-cdn.sigstore.dev";
/// The staging instance's mirror.
pub const STAGING_MIRROR: &str = "https://tuf-repo-cdn.sigstage.dev";

/// The root of the public instance, as sigstore-go 1.2.2 carries it.
const PUBLIC_GOOD_ROOT: &[u8] = include_bytes!("public_good_root.json");
/// The root of the staging instance, likewise.
const STAGING_ROOT: &[u8] = include_bytes!("staging_root.json");

/// A repository.
#[derive(Debug, Clone)]
pub struct TufOptions {
    /// Where it is.
    pub mirror: String,
    /// The root metadata that trust starts from.
    pub root: Vec<u8>,
    /// The directory of all caches (`~/.sigstore/root`).
    pub directory: PathBuf,
}

impl TufOptions {
    /// What `TUF_ROOT`, `TUF_MIRROR`, `TUF_ROOT_JSON` and the cache's `remote.json` say.
    ///
    /// # Errors
    /// [`TufOptionsError`].
    pub fn from_env(context: &Context) -> Result<Self, TufOptionsError> {
        let directory = cache_directory(context)?;
        let named = context.env.var("TUF_MIRROR").filter(|mirror| !mirror.is_empty());
        let mirror = match named {
            Some(mirror) => mirror,
            None => initialized_mirror(&directory)?.unwrap_or_else(|| DEFAULT_MIRROR.to_owned()),
        };
        if mirror == DEFAULT_MIRROR {
            return Ok(Self { mirror, root: PUBLIC_GOOD_ROOT.to_vec(), directory });
        }
        if let Some(path) = context.env.path("TUF_ROOT_JSON") {
            let root = std::fs::read(&path).map_err(PathError::of("open", path)).map_err(TufOptionsError::RootFile)?;
            return Ok(Self { mirror, root, directory });
        }
        match std::fs::read(directory.join(directory_of(&mirror)).join("root.json")) {
            Ok(root) => Ok(Self { mirror, root, directory }),
            Err(_) if mirror == STAGING_MIRROR => Ok(Self { mirror, root: STAGING_ROOT.to_vec(), directory }),
            Err(_) => Err(TufOptionsError::NoRoot(mirror)),
        }
    }

    /// What `initialize` starts from: the root that was given, else the one that is built in.
    ///
    /// # Errors
    /// There is no home directory.
    pub fn to_initialize(mirror: Option<String>, root: Option<Vec<u8>>, context: &Context) -> Result<Self, TufOptionsError> {
        let mirror = mirror.unwrap_or_else(|| DEFAULT_MIRROR.to_owned());
        // As in the Go program: for the staging mirror its own root counts, whatever was given.
        let root = match root {
            _ if mirror == STAGING_MIRROR => STAGING_ROOT.to_vec(),
            Some(root) => root,
            None => PUBLIC_GOOD_ROOT.to_vec(),
        };
        Ok(Self { mirror, root, directory: cache_directory(context)? })
    }

    /// The directory of this repository's metadata.
    pub(super) fn metadata(&self) -> PathBuf {
        self.directory.join(directory_of(&self.mirror))
    }

    /// The file that says when it was refreshed.
    pub(super) fn times(&self) -> PathBuf {
        self.directory.join(format!("{}.json", directory_of(&self.mirror)))
    }
}

/// `~/.sigstore/root`, or `TUF_ROOT`.
fn cache_directory(context: &Context) -> Result<PathBuf, TufOptionsError> {
    if let Some(directory) = context.env.path("TUF_ROOT") {
        return Ok(directory);
    }
    let home = context.env.path("HOME").or_else(|| context.env.path("USERPROFILE")).ok_or(TufOptionsError::NoHome)?;
    Ok(home.join(".sigstore").join("root"))
}

/// The mirror that `initialize` left.
fn initialized_mirror(directory: &Path) -> Result<Option<String>, TufOptionsError> {
    let bytes = match std::fs::read(directory.join("remote.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(TufOptionsError::Remote(format!("error reading remote.json: {error}"))),
    };
    let remote: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| TufOptionsError::Remote(format!("error unmarshalling remote.json: {error}")))?;
    Ok(remote.get("mirror").and_then(|mirror| mirror.as_str()).filter(|mirror| !mirror.is_empty()).map(str::to_owned))
}

/// A mirror's name as a directory, as sigstore-go makes it.
fn directory_of(mirror: &str) -> String {
    let bare = mirror.strip_prefix("https://").unwrap_or(mirror);
    let bare = bare.strip_prefix("http://").unwrap_or(bare);
    // Never a way out of the cache: what is left has no separators, and a lone `..` names no cache.
    let name = bare.replace(['/', '\\', ':'], "-").to_lowercase();
    if matches!(name.as_str(), "" | "." | "..") { "-".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::directory_of;

    #[test]
    fn directories_are_sigstore_gos() {
        assert_eq!(directory_of("https://tuf-repo-cdn.sigstore.dev"), "tuf-repo-cdn.sigstore.dev");
        assert_eq!(directory_of("http://127.0.0.1:18006/TUF/x"), "127.0.0.1-18006-tuf-x");
        assert_eq!(directory_of("https://.."), "-");
        assert_eq!(directory_of("http://../../etc"), "..-..-etc");
    }
}
