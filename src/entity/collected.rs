//! An image and all that is attached to it, read from where it lies: each manifest once, no blob.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::signatures::OCI11_ARTIFACT_TYPE;
use super::tree::{Budget, Tree};
use super::walk::WalkError;
use crate::crypto::Digest;
use crate::format::intoto::predicate_type;
use crate::format::oci::{Descriptor, Selector, media_type};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{FetchedManifest, Repository};

/// How many manifests of an image are asked about at the same time, and how many referrers of each.
const CONCURRENT: usize = 4;
/// How deep what refers to a referrer is followed.
const MAX_REFERRER_DEPTH: usize = 4;
/// The artifact type of SBOMs in the experimental OCI 1.1 form.
const OCI11_SBOM: &str = "application/vnd.dev.cosign.artifact.sbom.v1+json";

/// Which of what is attached to an image is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Signatures: `.sig` and bundles made by `sign`.
    pub signatures: bool,
    /// Attestations: `.att` and all other bundles.
    pub attestations: bool,
    /// SBOMs: `.sbom`, and as referrers.
    pub sboms: bool,
    /// Whatever else refers to the image.
    pub others: bool,
}

impl Wanted {
    /// All of it.
    pub const ALL: Self = Self { signatures: true, attestations: true, sboms: true, others: true };

    fn tags(self) -> impl Iterator<Item = Attachment> {
        let kinds =
            [(self.signatures, Attachment::Signature), (self.attestations, Attachment::Attestation), (self.sboms, Attachment::Sbom)];
        kinds.into_iter().filter_map(|(wanted, kind)| wanted.then_some(kind))
    }
}

/// How something is attached.
#[derive(Debug, Clone)]
pub enum Attached {
    /// Under a tag made of the subject's digest.
    Tag(Attachment),
    /// As a referrer, which a listing describes so.
    Referrer(Descriptor),
}

/// Something that is attached to a manifest.
#[derive(Debug, Clone)]
pub struct Attachable {
    /// To which.
    pub subject: Digest,
    /// How.
    pub how: Attached,
    /// The thing itself.
    pub tree: Tree,
}

/// Where to look.
pub struct Collector<'a> {
    /// The repository of the image.
    pub image: &'a dyn Repository,
    /// The repository of what is attached to it.
    pub attached: &'a dyn Repository,
    /// The prefix of its tags.
    pub tag_prefix: &'a str,
    /// What is looked for.
    pub wanted: Wanted,
    /// How much is held.
    pub budget: Budget,
}

/// What a referrer says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Referring {
    #[serde(default)]
    subject: Option<Descriptor>,
    #[serde(default)]
    artifact_type: Option<String>,
    #[serde(default)]
    config: Option<Typed>,
    #[serde(default)]
    layers: Option<Vec<Typed>>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    artifact_type: Option<String>,
}

impl Referring {
    fn artifact_type(&self) -> &str {
        let config = self.config.as_ref();
        let noted = self.artifact_type.as_deref().or(config.and_then(|config| config.artifact_type.as_deref()));
        noted.or(config.map(|config| config.media_type.as_str())).unwrap_or_default()
    }

    fn is_of(&self, subject: &Digest) -> bool {
        self.subject.as_ref().and_then(Descriptor::parsed_digest).as_ref() == Some(subject)
    }

    fn is_bundle(&self) -> bool {
        let is_layer = matches!(self.layers.as_deref(), Some([layer]) if layer.media_type.starts_with(media_type::BUNDLE_PREFIX));
        is_layer || self.artifact_type().starts_with(media_type::BUNDLE_PREFIX)
    }

    /// Whether it is among what is wanted. A bundle that does not say what it holds may be either.
    fn is_wanted(&self, wanted: Wanted) -> bool {
        let note = |key: &str| self.annotations.as_ref().and_then(|notes| notes.get(key)).map(String::as_str);
        if self.is_bundle() {
            let predicate = note("dev.sigstore.bundle.predicateType");
            let is_message = note("dev.sigstore.bundle.content") == Some("message-signature");
            return match predicate {
                Some(predicate_type::COSIGN_SIGN) => wanted.signatures,
                Some(_) => wanted.attestations,
                None if is_message => wanted.signatures,
                None => wanted.signatures || wanted.attestations,
            };
        }
        match self.artifact_type() {
            OCI11_ARTIFACT_TYPE => wanted.signatures,
            OCI11_SBOM => wanted.sboms,
            _ => wanted.others,
        }
    }
}

/// Whether a manifest refers to `subject` and holds a Sigstore bundle.
pub fn holds_bundle_of(manifest: &[u8], subject: &Digest) -> bool {
    serde_json::from_slice::<Referring>(manifest).is_ok_and(|referring| referring.is_bundle() && referring.is_of(subject))
}

impl Collector<'_> {
    /// Everything that is wanted and attached to the manifests of `tree`, subjects before what is attached to them.
    ///
    /// # Errors
    /// What the registry says, but for what is not there.
    pub async fn attached_to(&self, tree: &Tree) -> Result<Vec<Attachable>, WalkError> {
        let subjects: Vec<Digest> = tree.manifests().iter().rev().filter_map(|manifest| manifest.descriptor.parsed_digest()).collect();
        let found = stream::iter(&subjects).map(|subject| self.attached_to_one(subject)).buffered(CONCURRENT);
        Ok(found.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
    }

    async fn attached_to_one(&self, subject: &Digest) -> Result<Vec<Attachable>, WalkError> {
        let tags = stream::iter(self.wanted.tags()).map(|kind| self.tagged(subject, kind)).buffered(CONCURRENT).try_collect::<Vec<_>>();
        let (tagged, referring) = tokio::try_join!(tags, self.referring(subject))?;
        Ok(tagged.into_iter().flatten().chain(referring).collect())
    }

    async fn tagged(&self, subject: &Digest, kind: Attachment) -> Result<Option<Attachable>, WalkError> {
        let tag = attachment_tag(self.tag_prefix, subject, kind);
        let manifest = match self.attached.manifest(&Selector::Tag(tag)).await {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(None),
            // As Artifactory answers for what is not there, to who may read the image itself.
            Err(error) if error.is_forbidden() && self.attached.name() == self.image.name() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let tree = Tree::fetch(self.attached, manifest, &self.budget).await?;
        Ok(Some(Attachable { subject: subject.clone(), how: Attached::Tag(kind), tree }))
    }

    /// What refers to `subject`, and what refers to that. Nothing is looked for behind bundles.
    async fn referring(&self, subject: &Digest) -> Result<Vec<Attachable>, WalkError> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([subject.clone()]);
        let mut level = vec![subject.clone()];
        for _ in 0..MAX_REFERRER_DEPTH {
            let mut next = Vec::new();
            for subject in level {
                let listed = self.attached.referrers(&subject).await?;
                let mut fetched = stream::iter(&listed).map(|entry| self.referrer(&subject, entry)).buffered(CONCURRENT);
                while let Some(one) = fetched.try_next().await? {
                    let Some((referrer, is_bundle)) = one else { continue };
                    let Some(digest) = referrer.tree.root().and_then(|root| root.descriptor.parsed_digest()) else { continue };
                    if !seen.insert(digest.clone()) {
                        continue;
                    }
                    if !is_bundle {
                        next.push(digest);
                    }
                    found.push(referrer);
                }
            }
            level = next;
        }
        Ok(found)
    }

    /// One entry of a listing; `None` where it is not wanted, gone, or no referrer of `subject`: a fallback tag may hold anything.
    async fn referrer(&self, subject: &Digest, entry: &Descriptor) -> Result<Option<(Attachable, bool)>, WalkError> {
        let Some(digest) = entry.parsed_digest() else { return Ok(None) };
        let manifest: FetchedManifest = match self.attached.manifest(&Selector::Digest(digest)).await {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Ok(referring) = serde_json::from_slice::<Referring>(&manifest.bytes) else { return Ok(None) };
        if !referring.is_of(subject) || !referring.is_wanted(self.wanted) {
            return Ok(None);
        }
        let mut listed = manifest.descriptor.clone();
        listed.artifact_type =
            entry.artifact_type.clone().or_else(|| Some(referring.artifact_type().to_owned())).filter(|kind| !kind.is_empty());
        listed.annotations.clone_from(&entry.annotations);
        let tree = Tree::fetch(self.attached, manifest, &self.budget).await?;
        Ok(Some((Attachable { subject: subject.clone(), how: Attached::Referrer(listed), tree }, referring.is_bundle())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const NOTHING: Wanted = Wanted { signatures: false, attestations: false, sboms: false, others: false };

    fn referring(annotations: &str, artifact_type: &str) -> Referring {
        let json = format!(r#"{{"artifactType":"{artifact_type}","config":{{"mediaType":"c"}},"annotations":{annotations}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn bundles_count_by_what_they_hold() {
        let bundle =
            |predicate: &str| referring(&format!(r#"{{"dev.sigstore.bundle.predicateType":"{predicate}"}}"#), media_type::BUNDLE_V03);
        let (signatures, attestations) = (Wanted { signatures: true, ..NOTHING }, Wanted { attestations: true, ..NOTHING });
        assert!(bundle(predicate_type::COSIGN_SIGN).is_wanted(signatures) && !bundle(predicate_type::COSIGN_SIGN).is_wanted(attestations));
        assert!(!bundle("https://slsa.dev/provenance/v1").is_wanted(signatures) && bundle("x").is_wanted(attestations));
        let message = referring(r#"{"dev.sigstore.bundle.content":"message-signature"}"#, media_type::BUNDLE_V03);
        assert!(message.is_wanted(signatures) && !message.is_wanted(attestations));
        let unsaid = referring("{}", media_type::BUNDLE_V03);
        assert!(unsaid.is_wanted(signatures) && unsaid.is_wanted(attestations) && !unsaid.is_wanted(Wanted { others: true, ..NOTHING }));
    }

    #[test]
    fn other_referrers_count_by_their_type() {
        assert!(referring("{}", OCI11_SBOM).is_wanted(Wanted { sboms: true, ..NOTHING }));
        assert!(referring("{}", OCI11_ARTIFACT_TYPE).is_wanted(Wanted { signatures: true, ..NOTHING }));
        let other = referring("null", "application/x");
        assert!(other.is_wanted(Wanted { others: true, ..NOTHING }) && !other.is_wanted(Wanted { others: false, ..Wanted::ALL }));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            holds_bundle_of(&bytes, &Digest::sha256(b""));
        }
    }
}
