//! Keeps a credential for later: what `login` does.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::config::DockerConfig;
use super::{config_key, helper, locations};
use crate::ambient::Env;
use crate::encoding::base64;
use crate::registry::RegistryError;
use crate::secret::Password;

/// Where a credential went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIn {
    /// The configuration file.
    pub file: PathBuf,
    /// Whether it stands there in the clear (encoded, not encrypted); otherwise a helper keeps it.
    pub in_the_clear: bool,
}

/// Stores a credential in the Docker config, or with the helper that it names for this registry. Everything else in the file is kept; it is
/// written beside and renamed, readable to its owner only. `registry` is a normalised host.
///
/// # Errors
/// [`RegistryError::Config`] for a file that cannot be read, parsed or written; [`RegistryError::Helper`].
pub fn store(env: &dyn Env, registry: &str, username: &str, password: &Password) -> Result<StoredIn, RegistryError> {
    let no_home = || RegistryError::Config { path: "config.json".into(), reason: "neither DOCKER_CONFIG nor HOME is set".to_owned() };
    let directory = locations::docker_directory(env).ok_or_else(no_home)?;
    let file = directory.join("config.json");
    let failed = |error: String| RegistryError::Config { path: file.clone(), reason: error };
    let present = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(error.to_string())),
    };
    let config = DockerConfig::parse(&present).map_err(&failed)?;
    let key = config_key(registry);
    let mut entry = Map::new();
    let helper = config.helper_for(&key);
    if let Some(helper) = helper {
        helper::store(helper, &key, username, password, env)?;
    } else {
        let pair = zeroize::Zeroizing::new([username.as_bytes(), b":", password.expose()].concat());
        entry.insert("auth".to_owned(), Value::String(base64::encode(&*pair)));
    }
    let mut document: Map<String, Value> = if present.trim_ascii().is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(&present).map_err(|error| failed(error.to_string()))?
    };
    let auths = document.entry("auths").or_insert_with(|| Value::Object(Map::new()));
    if !auths.is_object() {
        *auths = Value::Object(Map::new());
    }
    if let Value::Object(auths) = auths {
        auths.insert(key, Value::Object(entry));
        // Go writes maps sorted.
        auths.sort_keys();
    }
    write(&file, &document).map_err(|error| failed(error.to_string()))?;
    Ok(StoredIn { file, in_the_clear: helper.is_none() })
}

fn write(file: &Path, document: &Map<String, Value>) -> std::io::Result<()> {
    // A link is followed, so that what it points to is replaced, not the link.
    let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let directory = target.parent().unwrap_or(Path::new("."));
    create_private(directory)?;
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *bytes, formatter))?;
    // tempfile creates files readable to their owner only.
    let mut beside = tempfile::NamedTempFile::new_in(directory)?;
    beside.write_all(&bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(&target)?;
    Ok(())
}

fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
