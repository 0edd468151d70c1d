//! What lies in the test registry.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::digest_of;

/// Repositories by name.
#[derive(Default)]
pub struct Store {
    repositories: BTreeMap<String, Content>,
    uploads: u64,
}

/// One repository.
#[derive(Default)]
pub struct Content {
    pub manifests: BTreeMap<String, StoredManifest>,
    pub tags: BTreeMap<String, String>,
    pub blobs: BTreeMap<String, Vec<u8>>,
    pub uploads: BTreeMap<String, Vec<u8>>,
}

/// A manifest as it was put.
#[derive(Clone)]
pub struct StoredManifest {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl StoredManifest {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

impl Store {
    pub fn repository(&mut self, name: &str) -> &mut Content {
        self.repositories.entry(name.to_owned()).or_default()
    }

    pub fn existing(&self, name: &str) -> Option<&Content> {
        self.repositories.get(name)
    }

    /// A name for a new upload.
    pub fn new_upload(&mut self, repository: &str) -> String {
        self.uploads += 1;
        let id = format!("upload-{}", self.uploads);
        self.repository(repository).uploads.insert(id.clone(), Vec::new());
        id
    }
}

impl Content {
    pub fn put_blob(&mut self, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        self.blobs.insert(digest.clone(), bytes.to_vec());
        digest
    }

    /// Stores a manifest, under a tag too where one is given, whatever it refers to.
    pub fn put_manifest(&mut self, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        self.manifests.insert(digest.clone(), StoredManifest { media_type: media_type.into(), bytes: bytes.to_vec() });
        if let Some(tag) = tag {
            self.tags.insert(tag.into(), digest.clone());
        }
        digest
    }

    /// The manifest of a tag or digest, with its digest.
    pub fn manifest(&self, reference: &str) -> Option<(String, StoredManifest)> {
        let digest = if reference.starts_with("sha256:") { reference } else { self.tags.get(reference)? };
        Some((digest.to_owned(), self.manifests.get(digest)?.clone()))
    }

    /// What a manifest names that is not there.
    pub fn missing(&self, manifest: &Value) -> Option<String> {
        let blobs = manifest["layers"].as_array().into_iter().flatten().chain(manifest.get("config"));
        let absent = |digest: &&str| !self.blobs.contains_key(*digest);
        let blob = blobs.filter_map(|d| d["digest"].as_str()).find(absent);
        let children = manifest["manifests"].as_array().into_iter().flatten();
        let child = children.filter_map(|d| d["digest"].as_str()).find(|digest| !self.manifests.contains_key(*digest));
        blob.or(child).map(str::to_owned)
    }

    /// Descriptors of the manifests whose subject is `digest`.
    pub fn referrers(&self, digest: &str) -> Vec<Value> {
        let refers = |manifest: &Value| manifest["subject"]["digest"] == digest;
        let found = self.manifests.iter().map(|(digest, manifest)| (digest, manifest, manifest.json())).filter(|(_, _, json)| refers(json));
        found.map(|(digest, manifest, json)| descriptor(digest, manifest, &json)).collect()
    }
}

fn descriptor(digest: &str, manifest: &StoredManifest, json: &Value) -> Value {
    let mut descriptor = serde_json::json!({
        "mediaType": manifest.media_type, "size": manifest.bytes.len(), "digest": digest,
        "artifactType": json.get("artifactType").or_else(|| json["config"].get("mediaType")).unwrap_or(&Value::Null),
    });
    if let Some(annotations) = json.get("annotations") {
        descriptor["annotations"] = annotations.clone();
    }
    descriptor
}
