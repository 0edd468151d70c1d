//! `oci-layout` and `index.json`.

use std::path::{Path, PathBuf};

use super::blobs::{Mode, read_file, write_file};
use crate::crypto::Digest;
use crate::encoding::{go_json, text};
use crate::format::oci::{Descriptor, Index, Selector, media_type};
use crate::registry::{RegistryError, limits, tag_scheme};

/// The annotation that holds a tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// What the Go program's `save` notes of each entry.
const KIND: &str = "kind";
const KIND_PREFIX: &str = "dev.cosignproject.cosign/";
/// `oci-layout` as image-spec wants it.
const MARKER: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// The same as go-containerregistry writes it.
const SAVED_MARKER: &[u8] = b"{\n    \"imageLayoutVersion\": \"1.0.0\"\n}";

/// The index of a layout.
pub struct IndexFile {
    layout: PathBuf,
}

impl IndexFile {
    /// The index of the layout in `layout`.
    pub fn new(layout: &Path) -> Self {
        Self { layout: layout.to_owned() }
    }

    /// Makes sure that `oci-layout` is there; returns its path.
    ///
    /// # Errors
    /// The directory cannot be written to.
    pub fn create(&self) -> Result<PathBuf, RegistryError> {
        let marker = self.layout.join("oci-layout");
        if !marker.is_file() {
            write_file(&marker, MARKER, Mode::Public)?;
        }
        Ok(marker)
    }

    /// Whether there is an `index.json`.
    pub fn exists(&self) -> bool {
        self.path().is_file()
    }

    /// Reads `index.json`.
    ///
    /// # Errors
    /// [`RegistryError::NotInLayout`] where there is none; unreadable or malformed.
    pub fn read(&self) -> Result<Index, RegistryError> {
        let path = self.path();
        let Some(bytes) = read_file(&path, limits::MANIFEST_BYTES)? else {
            return Err(RegistryError::NotInLayout { what: format!("{}: no index.json", self.layout.display()) });
        };
        let failed = |reason| RegistryError::Layout { path, reason };
        let index: Index =
            serde_json::from_slice(&bytes).map_err(|error| failed(format!("no image index: {}", text::quote(&error.to_string()))))?;
        if index.manifests.len() > limits::REFERRERS {
            return Err(RegistryError::TooMany { what: "entries of index.json".to_owned(), limit: limits::REFERRERS });
        }
        Ok(index)
    }

    /// The entry of a tag. In a layout that the Go program's `save` wrote, `…​.sig` and `…​.att` are those of its one image.
    pub fn tagged<'a>(&self, index: &'a Index, tag: &str) -> Option<&'a Descriptor> {
        let named = |entry: &&Descriptor| entry.annotation(REF_NAME) == Some(tag);
        index.manifests.iter().rfind(named).or_else(|| {
            let (subject, suffix) = tag.strip_prefix("sha256-")?.split_once('.')?;
            let kind = match suffix {
                "sig" => "sigs",
                "att" => "atts",
                _ => return None,
            };
            let image = format!("sha256:{subject}");
            let is_image = |entry: &Descriptor| matches!(kind_of(entry), Some("image" | "imageIndex")) && entry.digest == image;
            let is_saved = index.manifests.iter().any(is_image);
            index.manifests.iter().find(|entry| is_saved && kind_of(entry) == Some(kind))
        })
    }

    /// The entries that may be images: not what is attached to one by its tag or by the Go program's `save`.
    pub fn candidates<'a>(&self, index: &'a Index) -> Vec<&'a Descriptor> {
        let is_attached = |entry: &Descriptor| {
            matches!(kind_of(entry), Some("sigs" | "atts" | "sboms")) || entry.annotation(REF_NAME).is_some_and(tag_scheme::is_derived)
        };
        let mut images: Vec<&Descriptor> = index.manifests.iter().filter(|entry| !is_attached(entry)).collect();
        // One image may have several tags.
        images.sort_by(|a, b| a.digest.cmp(&b.digest));
        images.dedup_by(|a, b| a.digest == b.digest);
        images
    }

    /// The media type that the index gives for a digest; that of an OCI manifest where it gives none.
    pub fn media_type_of(&self, digest: &Digest) -> String {
        let name = digest.to_string();
        let listed = self.read().ok().and_then(|index| index.manifests.into_iter().find(|entry| entry.digest == name));
        listed
            .map(|entry| entry.media_type)
            .filter(|media_type| !media_type.is_empty())
            .unwrap_or_else(|| media_type::OCI_MANIFEST.to_owned())
    }

    /// Adds an entry, with a tag or without; a tag moves. The lock is held.
    ///
    /// # Errors
    /// The index cannot be read or written.
    pub fn add(&self, mut descriptor: Descriptor, tag: Option<&str>) -> Result<(), RegistryError> {
        let mut index = self.read_or_empty()?;
        match tag {
            None if index.manifests.iter().any(|entry| entry.digest == descriptor.digest) => return Ok(()),
            None => {}
            Some(tag) => {
                untag(&mut index, tag);
                // A tag for what is there without one replaces that entry.
                index.manifests.retain(|entry| entry.digest != descriptor.digest || entry.annotations.is_some());
                descriptor.annotations.get_or_insert_default().insert(REF_NAME.to_owned(), tag.to_owned());
            }
        }
        index.manifests.push(descriptor);
        self.write(&index)
    }

    /// Removes a tag, or every entry of a digest; whether there was one. The blobs stay. The lock is held.
    ///
    /// # Errors
    /// The index cannot be read or written.
    pub fn remove(&self, selector: &Selector) -> Result<bool, RegistryError> {
        let mut index = self.read_or_empty()?;
        let before = index.manifests.len();
        match selector {
            Selector::Tag(tag) => index.manifests.retain(|entry| entry.annotation(REF_NAME) != Some(tag)),
            Selector::Digest(digest) => {
                let name = digest.to_string();
                index.manifests.retain(|entry| entry.digest != name);
            }
        }
        if index.manifests.len() == before {
            return Ok(false);
        }
        self.write(&index).map(|()| true)
    }

    /// Makes sure that `oci-layout` is there, in go-containerregistry's form; returns its path.
    ///
    /// # Errors
    /// As [`IndexFile::create`].
    pub fn create_saved(&self) -> Result<PathBuf, RegistryError> {
        let marker = self.layout.join("oci-layout");
        if !marker.is_file() {
            write_file(&marker, SAVED_MARKER, Mode::Everything)?;
        }
        Ok(marker)
    }

    /// Puts `entries` in the place of what the Go program's `save` or this one saved here before, in go-containerregistry's form. Entries of anybody else
    /// stay. The lock is held.
    ///
    /// # Errors
    /// The index cannot be read or written.
    pub fn save(&self, entries: Vec<Descriptor>) -> Result<(), RegistryError> {
        let mut index = self.read_or_empty()?;
        let tags: Vec<String> = entries.iter().filter_map(|entry| entry.annotation(REF_NAME).map(str::to_owned)).collect();
        let is_replaced = |entry: &Descriptor| entry.annotation(REF_NAME).is_some_and(|tag| tags.iter().any(|new| new == tag));
        index.manifests.retain(|entry| kind_of(entry).is_none() && !is_replaced(entry));
        index.manifests.splice(0..0, entries);
        let path = self.path();
        match go_json::to_vec_indented(&index, "   ") {
            Ok(bytes) => write_file(&path, &bytes, Mode::Everything),
            Err(error) => Err(RegistryError::Layout { path, reason: error.to_string() }),
        }
    }

    fn path(&self) -> PathBuf {
        self.layout.join("index.json")
    }

    fn read_or_empty(&self) -> Result<Index, RegistryError> {
        match self.read() {
            Err(RegistryError::NotInLayout { .. }) => Ok(Index {
                schema_version: 2,
                media_type: media_type::OCI_INDEX.to_owned(),
                manifests: Vec::new(),
                annotations: None,
                subject: None,
                artifact_type: None,
            }),
            read => read,
        }
    }

    fn write(&self, index: &Index) -> Result<(), RegistryError> {
        let path = self.path();
        match serde_json::to_vec(index) {
            Ok(bytes) => write_file(&path, &bytes, Mode::Public),
            Err(error) => Err(RegistryError::Layout { path, reason: error.to_string() }),
        }
    }
}

/// Takes a tag away from whatever has it. An image keeps its place without a tag; what had a derived tag is replaced and goes.
fn untag(index: &mut Index, tag: &str) {
    if tag_scheme::is_derived(tag) {
        index.manifests.retain(|entry| entry.annotation(REF_NAME) != Some(tag));
    }
    for entry in index.manifests.iter_mut().filter(|entry| entry.annotation(REF_NAME) == Some(tag)) {
        if let Some(annotations) = &mut entry.annotations {
            annotations.remove(REF_NAME);
            if annotations.is_empty() {
                entry.annotations = None;
            }
        }
    }
    let tagged: Vec<String> =
        index.manifests.iter().filter(|entry| entry.annotations.is_some()).map(|entry| entry.digest.clone()).collect();
    index.manifests.retain(|entry| entry.annotations.is_some() || !tagged.contains(&entry.digest));
}

fn kind_of(entry: &Descriptor) -> Option<&str> {
    entry.annotation(KIND)?.strip_prefix(KIND_PREFIX)
}
