//! A manifest with everything below it, each fetched once: what has to be copied together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::walk::{self, MAX_DEPTH, MAX_MANIFESTS, WalkError};
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::registry::{FetchedManifest, RegistryError, Repository};

/// How many manifests are fetched at the same time.
const CONCURRENT: usize = 8;
/// The most bytes of manifests that one run holds.
const MAX_BYTES: u64 = 512 << 20;
/// Layers that are not to be stored in registries: Docker's and OCI's.
const FOREIGN: [&str; 2] = ["application/vnd.docker.image.rootfs.foreign.", "application/vnd.oci.image.layer.nondistributable."];

/// How many bytes of manifests are held, all trees together.
#[derive(Debug, Default)]
pub struct Budget(AtomicU64);

/// Manifests, children before their parents, the root last.
#[derive(Debug, Clone)]
pub struct Tree(Vec<FetchedManifest>);

/// A blob that a manifest names.
#[derive(Debug, Clone)]
pub enum Blob {
    /// A layer, of any size.
    Layer(Descriptor),
    /// A config.
    Config(Descriptor),
}

impl Blob {
    /// What and where it is.
    pub fn descriptor(&self) -> &Descriptor {
        match self {
            Self::Layer(descriptor) | Self::Config(descriptor) => descriptor,
        }
    }
}

/// What a manifest consists of.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
}

impl Budget {
    /// Counts a manifest.
    ///
    /// # Errors
    /// There are too many bytes of them.
    pub fn spend(&self, manifest: &FetchedManifest) -> Result<(), RegistryError> {
        let size = manifest.bytes.len() as u64;
        if self.0.fetch_add(size, Ordering::Relaxed) + size > MAX_BYTES {
            return Err(RegistryError::TooLarge { what: "all manifests together".to_owned(), limit: MAX_BYTES });
        }
        Ok(())
    }
}

impl Tree {
    /// Fetches everything below `root`.
    ///
    /// # Errors
    /// [`WalkError`].
    pub async fn fetch(repository: &dyn Repository, root: FetchedManifest, budget: &Budget) -> Result<Self, WalkError> {
        let name = root.descriptor.digest.clone();
        let mut found: BTreeMap<String, (FetchedManifest, Vec<String>)> = BTreeMap::new();
        let mut level = vec![root];
        let mut seen = BTreeSet::from([name.clone()]);
        for _ in 0..=MAX_DEPTH {
            let mut wanted = Vec::new();
            for manifest in std::mem::take(&mut level) {
                budget.spend(&manifest)?;
                let children = if media_type::is_index(&manifest.descriptor.media_type) { walk::listed(&manifest)? } else { Vec::new() };
                let names = children.iter().map(|child| child.digest.clone()).collect();
                wanted.extend(children.into_iter().filter(|child| seen.insert(child.digest.clone())));
                found.insert(manifest.descriptor.digest.clone(), (manifest, names));
            }
            if seen.len() > MAX_MANIFESTS {
                return Err(WalkError::TooMany);
            }
            if wanted.is_empty() {
                return Ok(Self(children_first(found, name)));
            }
            let fetched = stream::iter(&wanted).map(|child| fetch_child(repository, child)).buffered(CONCURRENT);
            level = fetched.try_collect().await?;
        }
        Err(WalkError::TooDeep(name))
    }

    /// A manifest alone; what is below it is somebody else's matter.
    pub fn of_one(manifest: FetchedManifest) -> Self {
        Self(vec![manifest])
    }

    /// The root.
    pub fn root(&self) -> Option<&FetchedManifest> {
        self.0.last()
    }

    /// All of them, children before their parents.
    pub fn manifests(&self) -> &[FetchedManifest] {
        &self.0
    }

    /// All but the root.
    pub fn below(&self) -> &[FetchedManifest] {
        self.0.split_last().map_or(&[], |(_, below)| below)
    }

    /// The layers and configs of all of them, each once; without those that are not to be stored in registries.
    ///
    /// # Errors
    /// A manifest that is none.
    pub fn blobs(&self) -> Result<Vec<Blob>, RegistryError> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for manifest in self.0.iter().filter(|manifest| !media_type::is_index(&manifest.descriptor.media_type)) {
            let malformed = |reason| RegistryError::Malformed { what: format!("manifest {}", manifest.descriptor.digest), reason };
            // A list would be read as one, too.
            if !manifest.bytes.trim_ascii_start().starts_with(b"{") {
                return Err(malformed("it is no JSON object".to_owned()));
            }
            let parts: Parts = serde_json::from_slice(&manifest.bytes).map_err(|error| malformed(error.to_string()))?;
            let layers = parts.layers.unwrap_or_default().into_iter().map(Blob::Layer);
            let blobs = layers.chain(parts.config.map(Blob::Config));
            found.extend(blobs.filter(|blob| !is_foreign(blob.descriptor()) && seen.insert(blob.descriptor().digest.clone())));
        }
        Ok(found)
    }
}

fn is_foreign(blob: &Descriptor) -> bool {
    FOREIGN.iter().any(|prefix| blob.media_type.starts_with(prefix))
}

async fn fetch_child(repository: &dyn Repository, child: &Descriptor) -> Result<FetchedManifest, WalkError> {
    let digest = child.parsed_digest().ok_or_else(|| WalkError::Digest { digest: child.digest.clone(), entry: child.digest.clone() })?;
    let mut fetched = repository.manifest(&Selector::Digest(digest)).await?;
    // What lists it says what it is.
    fetched.descriptor.media_type.clone_from(&child.media_type);
    Ok(fetched)
}

/// Orders manifests so that each comes after those that it lists. A digest cannot lie in what it is the digest of, so there are no cycles.
fn children_first(mut found: BTreeMap<String, (FetchedManifest, Vec<String>)>, root: String) -> Vec<FetchedManifest> {
    let mut ordered = Vec::new();
    let mut pending = vec![(root, false)];
    while let Some((name, ready)) = pending.pop() {
        if ready {
            ordered.extend(found.remove(&name).map(|(manifest, _)| manifest));
        } else if let Some((_, children)) = found.get_mut(&name) {
            let children = std::mem::take(children);
            pending.push((name, true));
            pending.extend(children.into_iter().rev().map(|child| (child, false)));
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn manifest(bytes: &str) -> FetchedManifest {
        FetchedManifest { descriptor: Descriptor::of(media_type::OCI_MANIFEST, bytes.as_bytes()), bytes: bytes.as_bytes().to_vec() }
    }

    #[test]
    fn children_come_first_and_once() {
        let node = |name: &str, children: &[&str]| {
            (name.to_owned(), (manifest(name), children.iter().map(|&child| child.to_owned()).collect::<Vec<_>>()))
        };
        let found = BTreeMap::from([node("a", &["b", "c", "d"]), node("b", &["d"]), node("c", &["b"]), node("d", &[])]);
        let ordered = children_first(found, "a".to_owned());
        let names: Vec<_> = ordered.iter().map(|manifest| String::from_utf8_lossy(&manifest.bytes).into_owned()).collect();
        assert_eq!(names, ["d", "b", "c", "a"]);
    }

    #[test]
    fn blobs_are_named_once_and_foreign_ones_left_out() {
        let layer = |kind: &str, content: &[u8]| serde_json::to_string(&Descriptor::of(kind, content)).unwrap();
        let (plain, foreign) = (layer("l", b"1"), layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"2"));
        let tree = Tree(vec![manifest(&format!(r#"{{"config":{},"layers":[{plain},{foreign},{plain}]}}"#, layer("c", b"0")))]);
        let kinds: Vec<_> = tree.blobs().unwrap().iter().map(|blob| blob.descriptor().media_type.clone()).collect();
        assert_eq!(kinds, ["l", "c"]);
        assert!(Tree(vec![manifest("[]")]).blobs().is_err());
    }
}
