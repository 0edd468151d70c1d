//! The client against a tiny server that answers by script, and against Debian's `docker-registry` where it is installed.

mod docker_registry;
mod micro_server;
mod tls;
mod wire;
mod wire_auth;

use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::*;
use crate::ambient::{Clock, Consent, Context, Deadline, Env, NewPassword, PasswordError, Progress, PromptError, Rng, Ui};
use crate::crypto::Digest;
use crate::format::oci::{Descriptor, Index, RepositoryName, media_type};
use crate::secret::Password;

/// Variables that a test sets; a home that does not exist.
pub struct Vars(pub Vec<(String, String)>);

impl Env for Vars {
    fn var_os(&self, name: &str) -> Option<OsString> {
        self.0.iter().rfind(|(n, _)| n == name).map(|(_, value)| value.into())
    }
    fn vars(&self) -> Vec<(String, String)> {
        self.0.clone()
    }
}

struct Now;
impl Clock for Now {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

struct Os;
impl Rng for Os {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}

/// Keeps what is said.
#[derive(Default)]
pub struct Heard {
    pub traces: Mutex<Vec<String>>,
    pub warnings: Mutex<Vec<String>>,
}

struct Silent;
impl Progress for Silent {
    fn advance(&self, _: u64) {}
}

impl Ui for Heard {
    fn result(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn status(&self, _: &str) {}
    fn warn(&self, line: &str) {
        self.warnings.lock().unwrap().push(line.to_owned());
    }
    fn trace(&self, block: &str) {
        self.traces.lock().unwrap().push(block.to_owned());
    }
    fn traces(&self) -> bool {
        true
    }
    fn confirm(&self, _: &Consent<'_>) -> Result<(), PromptError> {
        Err(PromptError::Declined)
    }
    fn password(&self) -> Result<Password, PasswordError> {
        Err(PasswordError::Nobody)
    }
    fn new_password(&self, _: NewPassword) -> Result<Password, PasswordError> {
        Err(PasswordError::Nobody)
    }
    fn progress(&self, _: &str, _: Option<u64>) -> Box<dyn Progress> {
        Box::new(Silent)
    }
}

/// A context whose messages are heard, with a deadline of a minute.
pub fn context_with(vars: &[(&str, &str)]) -> (Context, Arc<Heard>) {
    context_until(vars, Deadline::after(Duration::from_secs(60)))
}

/// As [`context_with`], with another deadline.
pub fn context_until(vars: &[(&str, &str)], deadline: Deadline) -> (Context, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let mut all = vec![("HOME".to_owned(), "/nonexistent".to_owned())];
    all.extend(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let context = Context { env: Arc::new(Vars(all)), clock: Arc::new(Now), rng: Arc::new(Os), ui: heard.clone(), deadline };
    (context, heard)
}

/// The repository `name` of an anonymous client.
pub fn repository(name: &str) -> Arc<dyn Repository> {
    let registries = Registries::new(RegistryOptions::default(), context_with(&[]).0).unwrap();
    registries.repository(&RepositoryName::parse(name).unwrap(), Access::Push).unwrap()
}

/// Adds an entry to an index under a tag: a stand-in for what `sign` does.
pub struct AddEntry(pub Descriptor);

#[async_trait]
impl TagUpdate for AddEntry {
    async fn edit(&self, present: Option<&FetchedManifest>) -> Result<Option<(String, Vec<u8>)>, RegistryError> {
        let mut index: Index = match present {
            Some(present) => serde_json::from_slice(&present.bytes).unwrap(),
            None => serde_json::from_str(r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json"}"#).unwrap(),
        };
        index.manifests.push(self.0.clone());
        Ok(Some((media_type::OCI_INDEX.to_owned(), serde_json::to_vec(&index).unwrap())))
    }

    fn kept(&self, manifest: &FetchedManifest) -> bool {
        let index: Index = serde_json::from_slice(&manifest.bytes).unwrap();
        index.manifests.iter().any(|entry| entry.digest == self.0.digest)
    }
}

/// A manifest that refers to `subject`, told apart by `name`, and its entry.
pub fn referrer(subject: &Descriptor, name: &str) -> (Descriptor, Vec<u8>) {
    let empty = Descriptor::of(media_type::OCI_EMPTY, b"{}");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": empty, "layers": [empty],
        "annotations": {"name": name}, "subject": subject, "artifactType": media_type::BUNDLE_V03,
    });
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let mut entry = Descriptor::of(media_type::OCI_MANIFEST, &bytes);
    entry.artifact_type = Some(media_type::BUNDLE_V03.to_owned());
    (entry, bytes)
}

/// Stores an image with nothing in it under a tag.
pub async fn push_image(repository: &dyn Repository, tag: &str) -> Descriptor {
    let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
    repository.put_blob(&Digest::sha256(b"{}"), b"{}").await.unwrap();
    let manifest = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": []});
    let bytes = serde_json::to_vec(&manifest).unwrap();
    repository.put_manifest(&crate::format::oci::Selector::Tag(tag.to_owned()), media_type::OCI_MANIFEST, &bytes).await.unwrap();
    Descriptor::of(media_type::OCI_MANIFEST, &bytes)
}
