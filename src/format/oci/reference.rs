//! Image references, parsed as go-containerregistry's `name` package does with weak validation, plus `oci:DIR[:TAG|@DIGEST]`.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::text;

/// Docker Hub's registry, for names without a host.
const DEFAULT_REGISTRY: &str = "index.docker.io";
/// The tag of a reference that names neither tag nor digest.
const DEFAULT_TAG: &str = "latest";
const REPOSITORY_CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_-./";
const TAG_CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

/// A repository: the registry's host (with port) and the path. Displays as `registry/path`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName {
    /// Host and port, normalised: `index.docker.io` for Docker Hub's names.
    pub registry: String,
    /// The path below it, such as `library/busybox`.
    pub path: String,
}

/// Which manifest of a repository is meant. Displays as the last part of a manifest URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// A tag.
    Tag(String),
    /// A digest (SHA-256).
    Digest(Digest),
}

/// A reference to an image in a registry. Displays as go-containerregistry's `Name()`: `repository:tag` or `repository@digest`, all spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The repository.
    pub repository: RepositoryName,
    /// Tag or digest; the digest where both were given.
    pub selector: Selector,
}

/// An image, wherever it lies. Displays as it is named in messages: [`Reference`]'s form, or `oci:DIR…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageRef {
    /// In a registry.
    Registry(Reference),
    /// In an OCI image layout directory: `oci:DIR`, `oci:DIR:TAG`, `oci:DIR@DIGEST`.
    Layout {
        /// The directory.
        directory: PathBuf,
        /// What of it; `None` for the one image that it holds.
        selector: Option<Selector>,
    },
}

/// The text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not parse reference: {}", text::quote(.0))]
pub struct ReferenceError(pub String);

/// The text is no repository name, in go-containerregistry's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryNameError {
    /// Nothing, or a host alone.
    #[error("a repository name must be specified")]
    Empty,
    /// A character that no repository has.
    #[error("repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: {}", text::quote(.0))]
    Characters(String),
    /// Shorter than 2 or longer than 255 characters.
    #[error("repository must be between 2 and 255 characters in length: {}", text::quote(.0))]
    Length(String),
    /// The part before the first slash is no host.
    #[error("registries must be valid RFC 3986 URI authorities: {}", text::quote(.0))]
    Registry(String),
}

impl RepositoryName {
    /// Reads a repository name: `[host[:port]/]path`.
    ///
    /// # Errors
    /// [`RepositoryNameError`].
    pub fn parse(name: &str) -> Result<Self, RepositoryNameError> {
        if name.is_empty() {
            return Err(RepositoryNameError::Empty);
        }
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first == "localhost" || first.contains(['.', ':']) => (first, rest),
            _ => ("", name),
        };
        if path.chars().any(|c| !REPOSITORY_CHARACTERS.contains(c)) {
            return Err(RepositoryNameError::Characters(path.to_owned()));
        }
        if !(2..=255).contains(&path.len()) {
            return Err(RepositoryNameError::Length(path.to_owned()));
        }
        let registry = normalized_registry(registry)?;
        let path = if registry == DEFAULT_REGISTRY && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        Ok(Self { registry, path })
    }

    /// Reads a registry's name alone, as `login` takes it, and normalises it.
    ///
    /// # Errors
    /// [`RepositoryNameError::Registry`].
    pub fn parse_registry(name: &str) -> Result<String, RepositoryNameError> {
        normalized_registry(name)
    }

    /// The reference to a tag of this repository.
    pub fn tag(&self, tag: impl Into<String>) -> Reference {
        Reference { repository: self.clone(), selector: Selector::Tag(tag.into()) }
    }

    /// The reference to a digest of this repository.
    pub fn digest(&self, digest: Digest) -> Reference {
        Reference { repository: self.clone(), selector: Selector::Digest(digest) }
    }

    /// Whether go-containerregistry tries plain http for this host by itself: `localhost:PORT`, `*.localhost`, `127.0.0.1`, `[::1]` and
    /// addresses of private networks (RFC 1918).
    pub fn may_use_http(&self) -> bool {
        let registry = self.registry.as_str();
        if registry.starts_with("localhost:") || host_of(registry).ends_with(".localhost") {
            return true;
        }
        let host = host_of(registry);
        host == "127.0.0.1" || host == "[::1]" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_private())
    }
}

impl Reference {
    /// Reads `[host[:port]/]path[:tag][@digest]`, with weak validation, as go-containerregistry does.
    ///
    /// # Errors
    /// [`ReferenceError`] for everything else.
    pub fn parse(reference: &str) -> Result<Self, ReferenceError> {
        parse_tag(reference).or_else(|| parse_digest(reference)).ok_or_else(|| ReferenceError(reference.to_owned()))
    }

    /// go-containerregistry's `Name()`: the same as `Display`.
    pub fn name(&self) -> String {
        self.to_string()
    }
}

impl ImageRef {
    /// Tag or digest; `None` for the one image of a layout.
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Registry(reference) => Some(&reference.selector),
            Self::Layout { selector, .. } => selector.as_ref(),
        }
    }

    /// Reads an image reference: `oci:DIR`, `oci:DIR:TAG`, `oci:DIR@DIGEST`, else as [`Reference::parse`]. What follows the last colon behind the
    /// last slash is the tag; a directory with a colon in its name is written with a slash at its end.
    ///
    /// # Errors
    /// [`ReferenceError`].
    pub fn parse(reference: &str) -> Result<Self, ReferenceError> {
        let Some(layout) = reference.strip_prefix("oci:") else { return Reference::parse(reference).map(Self::Registry) };
        let malformed = || ReferenceError(reference.to_owned());
        let separator = if cfg!(windows) { ['/', '\\'].as_slice() } else { ['/'].as_slice() };
        let (directory, selector) = if let Some((directory, digest)) = layout.rsplit_once('@').filter(|(_, d)| d.contains(':')) {
            let digest = sha256(digest).ok_or_else(malformed)?;
            (directory, Some(Selector::Digest(digest)))
        } else {
            match layout.rsplit_once(':') {
                Some((directory, tag)) if !tag.contains(separator) && !is_drive(directory) => {
                    if !is_tag(tag) {
                        return Err(malformed());
                    }
                    (directory, Some(Selector::Tag(tag.to_owned())))
                }
                _ => (layout, None),
            }
        };
        if directory.is_empty() || directory.contains('\0') {
            return Err(malformed());
        }
        Ok(Self::Layout { directory: PathBuf::from(directory), selector })
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Selector::Tag(tag) => write!(f, "{}:{tag}", self.repository),
            Selector::Digest(digest) => write!(f, "{}@{digest}", self.repository),
        }
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => reference.fmt(f),
            Self::Layout { directory, selector } => {
                write!(f, "oci:{}", text::quote(&directory.to_string_lossy()))?;
                match selector {
                    None => Ok(()),
                    Some(Selector::Tag(tag)) => write!(f, ":{tag}"),
                    Some(Selector::Digest(digest)) => write!(f, "@{digest}"),
                }
            }
        }
    }
}

/// `repository[:tag]`.
fn parse_tag(reference: &str) -> Option<Reference> {
    let (base, tag) = match reference.rsplit_once(':') {
        // A colon before the last slash belongs to the host's port.
        Some((base, tag)) if !tag.contains('/') => (base, Some(tag)),
        _ => (reference, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return None;
    }
    Some(RepositoryName::parse(base).ok()?.tag(tag.unwrap_or(DEFAULT_TAG)))
}

/// `repository[:tag]@sha256:hex`; the tag must be well formed and is dropped.
fn parse_digest(reference: &str) -> Option<Reference> {
    let (base, digest) = reference.split_once('@')?;
    let digest = sha256(digest)?;
    let repository = match parse_tag(base) {
        Some(tagged) => tagged.repository,
        None => RepositoryName::parse(base).ok()?,
    };
    Some(repository.digest(digest))
}

fn sha256(digest: &str) -> Option<Digest> {
    Digest::parse(digest).filter(|digest| digest.algorithm() == HashAlgorithm::Sha256)
}

fn is_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len()) && tag.chars().all(|c| TAG_CHARACTERS.contains(c))
}

/// Whether it is a Windows drive letter, so that the colon behind it separates nothing.
fn is_drive(directory: &str) -> bool {
    cfg!(windows) && directory.len() == 1 && directory.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The host without the port; IPv6 literals keep their brackets.
fn host_of(registry: &str) -> &str {
    if let Some(end) = registry.find(']') {
        return &registry[..=end];
    }
    registry.split_once(':').map_or(registry, |(host, _)| host)
}

fn normalized_registry(registry: &str) -> Result<String, RepositoryNameError> {
    if registry.is_empty() || registry == "docker.io" {
        return Ok(DEFAULT_REGISTRY.to_owned());
    }
    if is_authority(registry) { Ok(registry.to_owned()) } else { Err(RepositoryNameError::Registry(registry.to_owned())) }
}

/// Whether Go's `url.Parse("//" + registry)` takes it whole as a host: no user, path or query; an optional port of digits.
fn is_authority(registry: &str) -> bool {
    let (host, port) = match registry.find(']') {
        Some(end) if registry.starts_with('[') => registry.split_at(end + 1),
        Some(_) => return false,
        None => registry.find(':').map_or((registry, ""), |colon| registry.split_at(colon)),
    };
    let port_is_valid = port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || (host.starts_with('[') && ":[]".contains(c));
    port_is_valid && host.chars().all(valid) && !host.contains("[[")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        input: String,
        error: Option<String>,
        kind: Option<String>,
        may_use_http: Option<bool>,
        name: Option<String>,
        repository: Option<String>,
    }

    #[test]
    fn the_vectors_of_go_containerregistry() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../../testdata/references/vectors.json")).unwrap();
        assert_eq!(vectors.len(), 70);
        for vector in vectors {
            match (Reference::parse(&vector.input), vector.error) {
                (Err(error), Some(expected)) => assert_eq!(error.to_string(), expected),
                (Ok(reference), None) => {
                    let kind = if matches!(reference.selector, Selector::Tag(_)) { "tag" } else { "digest" };
                    assert_eq!(Some(kind), vector.kind.as_deref(), "{}", vector.input);
                    assert_eq!(Some(reference.name()), vector.name, "{}", vector.input);
                    assert_eq!(Some(reference.repository.to_string()), vector.repository, "{}", vector.input);
                    assert_eq!(Some(reference.repository.may_use_http()), vector.may_use_http, "{}", vector.input);
                }
                (parsed, error) => panic!("{}: {parsed:?} but expected {error:?}", vector.input),
            }
        }
    }

    #[test]
    fn layouts_are_named_by_directory_tag_or_digest() {
        let digest = Digest::sha256(b"");
        let layout = |directory: &str, selector| ImageRef::Layout { directory: directory.into(), selector };
        let tag = |tag: &str| Some(Selector::Tag(tag.to_owned()));
        assert_eq!(ImageRef::parse("oci:a/b").unwrap(), layout("a/b", None));
        assert_eq!(ImageRef::parse("oci:./a:v1").unwrap(), layout("./a", tag("v1")));
        assert_eq!(ImageRef::parse("oci:a:b/c").unwrap(), layout("a:b/c", None));
        assert_eq!(ImageRef::parse(&format!("oci:/a@{digest}")).unwrap(), layout("/a", Some(Selector::Digest(digest.clone()))));
        assert_eq!(ImageRef::parse("oci:a:v1").unwrap().to_string(), "oci:a:v1");
        for wrong in ["oci:", "oci::v1", "oci:a:", "oci:a:b c", "oci:a@sha256:00", "oci:@sha256:00"] {
            assert!(ImageRef::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn repository_names_fail_in_the_words_of_the_go_program() {
        let message = |name: &str| RepositoryName::parse(name).unwrap_err().to_string();
        let characters = "repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: ";
        assert_eq!(message("UPPER/case"), format!("{characters}UPPER/case"));
        assert_eq!(message("localhost:5000/x/y:tag"), format!("{characters}x/y:tag"));
        assert_eq!(message(""), "a repository name must be specified");
        assert_eq!(RepositoryName::parse_registry("docker.io").as_deref(), Ok("index.docker.io"));
        assert!(RepositoryName::parse_registry("https://x.example").is_err());
        assert_eq!(message("gcr.io/x"), "repository must be between 2 and 255 characters in length: x");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_names_are_stable(input in "\\PC{0,80}|[a-z0-9./:@-]{0,80}|oci:[a-z:@/.]{0,30}") {
            if let Ok(reference) = ImageRef::parse(&input) {
                let again = ImageRef::parse(&reference.to_string());
                if let ImageRef::Registry(_) = reference {
                    prop_assert_eq!(again, Ok(reference));
                }
            }
        }
    }
}
