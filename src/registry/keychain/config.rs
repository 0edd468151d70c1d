//! The Docker config: `auths`, `credHelpers`, `credsStore`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::encoding::base64;
use crate::registry::RegistryError;
use crate::secret::{IdToken, Password};

/// Larger files are no configuration.
const FILE_LIMIT: u64 = 8 << 20;

/// What a registry wants to see. All empty: nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// User name; empty for none.
    pub username: String,
    /// Password.
    pub password: Option<Password>,
    /// An OAuth2 refresh token.
    pub identity_token: Option<IdToken>,
    /// A bearer token, sent as it is.
    pub registry_token: Option<IdToken>,
}

impl Credential {
    /// A user name and password.
    pub fn basic(username: impl Into<String>, password: Password) -> Self {
        Self { username: username.into(), password: Some(password), ..Self::default() }
    }

    /// Whether there is nothing to show.
    pub fn is_anonymous(&self) -> bool {
        self.username.is_empty() && self.password.is_none() && self.identity_token.is_none() && self.registry_token.is_none()
    }
}

/// A parsed configuration.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerConfig {
    auths: Option<BTreeMap<String, Option<Entry>>>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl DockerConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// [`RegistryError::Config`].
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let failed = |reason| RegistryError::Config { path: path.to_owned(), reason };
        let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
        if length > FILE_LIMIT {
            return Err(failed(format!("larger than {FILE_LIMIT} bytes")));
        }
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        Self::parse(&bytes).map_err(failed)
    }

    /// Parses JSON; nothing at all is an empty configuration, as for Docker.
    ///
    /// # Errors
    /// Why not, in Go's words where the text ends too early; it quotes no content.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => "unexpected EOF".to_owned(),
            // serde_json quotes values of the wrong type, which may be secrets.
            _ => format!("invalid JSON, or a value of the wrong type, at line {} column {}", error.line(), error.column()),
        })
    }

    /// The helper for a key: its own, else the default one.
    pub fn helper_for(&self, key: &str) -> Option<&str> {
        let own = self.cred_helpers.as_ref().and_then(|helpers| helpers.get(key));
        own.or(self.creds_store.as_ref()).map(String::as_str).filter(|helper| !helper.is_empty())
    }

    /// The entry of a key: of that very name, else the first whose host it is.
    ///
    /// # Errors
    /// [`RegistryError::Config`] for an `auth` that is malformed.
    pub fn entry(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        if let Some(credential) = self.exact_entry(key)? {
            return Ok(Some(credential));
        }
        let same_host = |(name, _): &(&String, &Option<Entry>)| hostname(name) == key;
        self.auths.iter().flatten().find(same_host).map(|(name, entry)| credential(name, entry.as_ref())).transpose()
    }

    /// The entry of exactly that name.
    ///
    /// # Errors
    /// As [`DockerConfig::entry`].
    pub fn exact_entry(&self, key: &str) -> Result<Option<Credential>, RegistryError> {
        self.auths.as_ref().and_then(|auths| auths.get(key)).map(|entry| credential(key, entry.as_ref())).transpose()
    }
}

fn credential(name: &str, entry: Option<&Entry>) -> Result<Credential, RegistryError> {
    let Some(entry) = entry else { return Ok(Credential::default()) };
    let token = |value: &Option<String>| value.clone().filter(|value| !value.is_empty()).map(IdToken::new);
    let mut found = Credential {
        username: entry.username.clone().unwrap_or_default(),
        password: entry.password.clone().filter(|password| !password.is_empty()).map(|password| Password::new(password.into_bytes())),
        identity_token: token(&entry.identitytoken),
        registry_token: token(&entry.registrytoken),
    };
    if let Some(auth) = entry.auth.as_deref().filter(|auth| !auth.is_empty()) {
        let malformed =
            || RegistryError::Config { path: name.into(), reason: "the entry's auth is not base64 of user:password".to_owned() };
        let decoded = zeroize::Zeroizing::new(base64::decode_lenient(auth).map_err(|_| malformed())?);
        let colon = decoded.iter().position(|byte| *byte == b':').ok_or_else(malformed)?;
        found.username = String::from_utf8(decoded[..colon].to_vec()).map_err(|_| malformed())?;
        let password = &decoded[colon + 1..];
        let end = password.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        found.password = Some(Password::new(&password[..end]));
    }
    Ok(found)
}

/// `https://host/path` as `host`.
fn hostname(name: &str) -> &str {
    let rest = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    rest.split('/').next().unwrap_or_default()
}
