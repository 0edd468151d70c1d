//! What is attached to an image, group by group.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::place::Place;
use super::subject::{Subject, SubjectError};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::entity::referrer::PREDICATE_TYPE;
use crate::format::oci::{Descriptor, Selector};
use crate::registry::tag_scheme::Attachment;
use crate::registry::{Access, Registries, RegistryError, Repository};

/// How many referrers are fetched at the same time.
const CONCURRENT: usize = 8;
/// The order in which the tags are shown; in cosign it is left to chance.
const KINDS: [Attachment; 3] = [Attachment::Signature, Attachment::Sbom, Attachment::Attestation];

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The image cannot be named or opened.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The image is not there.
    #[error("entity not found in registry, error: {0}")]
    NotFound(RegistryError),
    /// The registry fails.
    #[error(transparent)]
    Registry(RegistryError),
    /// The listing of what refers to it fails.
    #[error("getting referrers: {0}")]
    Referrers(RegistryError),
}

/// Manifests under one name, and what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is.
    pub kind: GroupKind,
    /// The whole reference.
    pub reference: String,
    /// The digests of its layers, as the manifest says them; of the manifests in an index.
    pub contents: Vec<String>,
}

/// How something is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKind {
    /// Under a tag of its own.
    Tag(Attachment),
    /// As a referrer: its artifact type; of a bundle its predicate type.
    Referrer(String),
}

/// Opens the image; no connection is made.
///
/// # Errors
/// [`TreeError::Subject`].
pub fn open(image: &str, place: &Place, registries: &Registries) -> Result<Subject, TreeError> {
    Ok(Subject::open(image, place, registries, Access::Pull)?)
}

/// What is attached to `subject`: tags first, then, with `referrers`, the referrers in the order of their listing.
///
/// # Errors
/// [`TreeError`]. A referrer that is listed but gone is named on stderr and left out, as in cosign; any other failure is an error, never an absence.
pub async fn attached(subject: &Subject, referrers: bool, context: &Context) -> Result<Vec<Group>, TreeError> {
    let descriptor = subject.descriptor().await.map_err(|error| match error.is_not_found() {
        true => TreeError::NotFound(error),
        false => TreeError::Registry(error),
    })?;
    let digest = subject.parsed(&descriptor).map_err(TreeError::Registry)?;
    let tags = stream::iter(KINDS).map(|kind| under_tag(subject, &digest, kind, context)).buffered(KINDS.len());
    let tags = async { tags.try_filter_map(async |group| Ok(group)).try_collect::<Vec<_>>().await };
    if !referrers {
        return tags.await;
    }
    let referring = async {
        let listed = subject.attached.referrers(&digest).await.map_err(TreeError::Referrers)?;
        let fetched = stream::iter(listed).map(|entry| referrer(subject, entry, context)).buffered(CONCURRENT);
        fetched.try_filter_map(async |group| Ok(group)).try_collect::<Vec<_>>().await
    };
    let (mut groups, mut more) = try_join(tags, referring).await?;
    groups.append(&mut more);
    Ok(groups)
}

async fn under_tag(subject: &Subject, digest: &Digest, kind: Attachment, context: &Context) -> Result<Option<Group>, TreeError> {
    let tag = subject.tag(digest, kind);
    match read(&*subject.attached, &Selector::Tag(tag.clone())).await {
        Ok(found) if found.contents.is_empty() => Ok(None),
        Ok(found) => Ok(Some(Group { kind: GroupKind::Tag(kind), reference: subject.tag_reference(&tag), contents: found.contents })),
        Err(error) if error.is_not_found() => Ok(None),
        // As Artifactory answers for an absent tag.
        Err(error) if error.is_forbidden() && subject.is_one_repository() => {
            context.ui.warn(&format!("{tag} counts as absent, since the image can be read: {error}"));
            Ok(None)
        }
        Err(error) => Err(TreeError::Registry(error)),
    }
}

async fn referrer(subject: &Subject, entry: Descriptor, context: &Context) -> Result<Option<Group>, TreeError> {
    let reference = subject.digest_reference(&text::quote(&entry.digest));
    let Some(digest) = entry.parsed_digest() else {
        context.ui.status(&format!("Error fetching artifact {reference}: its digest is none"));
        return Ok(None);
    };
    let found = match read(&*subject.attached, &Selector::Digest(digest)).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => {
            context.ui.status(&format!("Error fetching artifact {reference}: {error}"));
            return Ok(None);
        }
        Err(error) => return Err(TreeError::Registry(error)),
    };
    let listed = entry.artifact_type.filter(|listed| !listed.is_empty());
    let kind = found.predicate_type.or(listed).unwrap_or(found.artifact_type);
    Ok(Some(Group { kind: GroupKind::Referrer(kind), reference, contents: found.contents }))
}

/// What a manifest says of itself.
struct Found {
    contents: Vec<String>,
    predicate_type: Option<String>,
    artifact_type: String,
}

async fn read(repository: &dyn Repository, selector: &Selector) -> Result<Found, RegistryError> {
    let fetched = repository.manifest(selector).await?;
    parse(&fetched.bytes).map_err(|error| RegistryError::Malformed {
        what: format!("manifest {} in {}", fetched.descriptor.digest, repository.name()),
        reason: text::quote(&error.to_string()),
    })
}

/// Image manifests, indexes and artifact manifests alike; only what is shown.
fn parse(manifest: &[u8]) -> Result<Found, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shown {
        #[serde(default)]
        layers: Option<Vec<Digested>>,
        #[serde(default)]
        manifests: Option<Vec<Digested>>,
        #[serde(default)]
        blobs: Option<Vec<Digested>>,
        #[serde(default)]
        annotations: Option<BTreeMap<String, String>>,
        #[serde(default)]
        artifact_type: Option<String>,
        #[serde(default)]
        config: Option<Typed>,
    }
    #[derive(Deserialize)]
    struct Digested {
        digest: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        #[serde(default)]
        media_type: String,
    }
    let shown: Shown = serde_json::from_slice(manifest)?;
    let contents = shown.layers.or(shown.manifests).or(shown.blobs).unwrap_or_default();
    Ok(Found {
        contents: contents.into_iter().map(|content| content.digest).collect(),
        predicate_type: shown.annotations.and_then(|mut annotations| annotations.remove(PREDICATE_TYPE)),
        artifact_type: shown
            .artifact_type
            .filter(|kind| !kind.is_empty())
            .or(shown.config.map(|config| config.media_type))
            .unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_manifest_says() {
        let found = parse(br#"{"config":{"mediaType":"c"},"layers":[{"digest":"a"},{"digest":"b"}],"annotations":{"x":"y"}}"#).unwrap();
        assert_eq!((found.contents, found.predicate_type, found.artifact_type.as_str()), (vec!["a".into(), "b".into()], None, "c"));
        let bundle = parse(br#"{"artifactType":"t","layers":null,"annotations":{"dev.sigstore.bundle.predicateType":"p"}}"#).unwrap();
        assert_eq!((bundle.contents.len(), bundle.predicate_type.as_deref(), bundle.artifact_type.as_str()), (0, Some("p"), "t"));
        assert_eq!(parse(br#"{"manifests":[{"digest":"m"}]}"#).unwrap().contents, ["m"]);
        assert!(parse(br#"{"layers":[{}]}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_manifest_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
