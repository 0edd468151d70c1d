//! Copies an image with everything that is attached to it: tags of the older form, bundles and other referrers.
//!
//! All is read and all conflicts are found before anything is written; the tag of the image is written last. The image is never written to the
//! referrers fallback tag (`sha256-<hex>`), as the Go program does.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::place::Place;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::text;
use crate::entity::collected::{Attachable, Attached, Collector, Wanted};
use crate::entity::delivery::{Delivery, Parcel, Target};
use crate::entity::platform::{self, PlatformError};
use crate::entity::tree::{Budget, Tree};
use crate::entity::walk::WalkError;
use crate::format::oci::{Descriptor, ImageRef, ReferenceError, Selector, media_type};
use crate::registry::tag_scheme::{attachment_tag, referrers_tag};
use crate::registry::{Access, FetchedManifest, Located, Registries, RegistryError, Repository, known_digest};

/// How many tags are looked at at the same time.
const CONCURRENT: usize = 4;

/// What is to be copied.
pub struct CopyImage {
    /// The image, as it was typed.
    pub source: String,
    /// Where to, as it was typed.
    pub destination: String,
    /// Only this of what is attached, and no tag for the image.
    pub only: Option<Wanted>,
    /// Of an index, the image for this platform alone.
    pub platform: Option<String>,
    /// Overwrite tags that point to something else.
    pub force: bool,
    /// Where signatures of the source lie.
    pub place: Place,
}

/// Why nothing, or not everything, was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The image is not there.
    #[error("entity not found in registry, error: {0}")]
    NotFound(RegistryError),
    /// A registry fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Neither an image nor an index.
    #[error("unknown mime type: {}", text::quote(.0))]
    UnknownMediaType(String),
    /// What belongs to the image cannot be read.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// `--platform` names no image.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// Something else is at the destination.
    #[error("image {0:?} already exists. Use `-f` to overwrite")]
    Exists(String),
    /// The destination is a digest, and not that of the image.
    #[error("{destination} cannot become a copy of {image}: another digest")]
    OtherDigest {
        /// The image.
        image: String,
        /// The destination.
        destination: String,
    },
}

/// The image and its two ends.
struct Ends {
    from: Arc<dyn Repository>,
    attached: Arc<dyn Repository>,
    to: Arc<dyn Repository>,
    target: Selector,
    root: Digest,
}

/// Copies it. A line on stderr says of each manifest where it goes.
///
/// # Errors
/// [`CopyError`].
pub async fn copy(request: &CopyImage, registries: &Registries, context: &Context) -> Result<(), CopyError> {
    let (source, destination) = (ImageRef::parse(&request.source)?, ImageRef::parse(&request.destination)?);
    let Located { repository: from, selector } = registries.locate(&source, Access::Pull)?;
    let to = registries.open(&destination, Access::Push)?;
    let attached = request.place.signatures(registries, (&source, &from), Access::Pull)?;
    let (root, digest) = read_root(&*from, &selector, request.platform.as_deref()).await?;
    let target = target_of(request, &destination, &digest)?;
    let ends = Ends { from, attached, to, target, root: digest };
    let is_there = ends.holds_image(request.force).await?;
    let budget = Budget::default();
    let tree = Tree::fetch(&*ends.from, root, &budget).await?;
    let tag_prefix = &request.place.tag_prefix;
    let wanted = request.only.unwrap_or(Wanted::ALL);
    let collector = Collector { image: &*ends.from, attached: &*ends.attached, tag_prefix, wanted, budget };
    let found = collector.attached_to(&tree).await?;
    let announce = |parcel: &Parcel<'_>, manifest: &FetchedManifest, target: &Target<'_>| {
        context.ui.status(&line(parcel, manifest, target));
    };
    let tagged = ends.tags_by_prefix(&tree, tag_prefix);
    let mut attached = ends.parcels(&found, is_there, request).await?;
    if !is_there {
        attached.extend(tagged.iter().map(|(tree, tag)| ends.image(tree, Target::Tag(tag.clone()))));
    }
    let target = match &ends.target {
        Selector::Tag(tag) => Target::Tag(tag.clone()),
        Selector::Digest(_) => Target::Digest,
    };
    let delivery = Delivery { image: ends.image(&tree, target), image_is_there: is_there, attached };
    Ok(delivery.store(&announce).await?)
}

async fn read_root(
    repository: &dyn Repository,
    selector: &Selector,
    platform: Option<&str>,
) -> Result<(FetchedManifest, Digest), CopyError> {
    let read = async |selector: &Selector| match repository.manifest(selector).await {
        Err(error) if error.is_not_found() => Err(CopyError::NotFound(error)),
        read => Ok(read?),
    };
    let mut root = read(selector).await?;
    if let Some(platform) = platform {
        let entry = platform::choose(&root, platform)?;
        let digest = known_digest(&entry, || shown(&entry))?;
        root = read(&Selector::Digest(digest)).await?;
    }
    let kind = &root.descriptor.media_type;
    if !media_type::is_index(kind) && !media_type::is_manifest(kind) {
        return Err(CopyError::UnknownMediaType(kind.clone()));
    }
    let digest = known_digest(&root.descriptor, || shown(&root.descriptor))?;
    Ok((root, digest))
}

fn shown(manifest: &Descriptor) -> String {
    format!("manifest {}", text::quote(&manifest.digest))
}

fn target_of(request: &CopyImage, destination: &ImageRef, digest: &Digest) -> Result<Selector, CopyError> {
    match destination.selector() {
        Some(Selector::Digest(other)) if other != digest => Err(CopyError::OtherDigest {
            image: format!("{}@{digest}", text::quote(&request.source)),
            destination: destination.to_string(),
        }),
        // Without the image's own tag what is attached to it is all that was asked for.
        Some(named) if request.only.is_none() => Ok(named.clone()),
        _ => Ok(Selector::Digest(digest.clone())),
    }
}

/// `Copying A to B...`: the Go program's sentence.
fn line(parcel: &Parcel<'_>, manifest: &FetchedManifest, target: &Target<'_>) -> String {
    let digest = &manifest.descriptor.digest;
    let (from, to) = (parcel.from.name(), parcel.to.name());
    match target {
        Target::Tag(tag) if parcel.source_tag.is_some() => {
            format!("Copying {from}:{} to {to}:{tag}...", parcel.source_tag.as_deref().unwrap_or(tag))
        }
        Target::Tag(tag) | Target::Merged(tag, _) => format!("Copying {from}@{digest} to {to}:{tag}..."),
        _ => format!("Copying {from}@{digest} to {to}@{digest}..."),
    }
}

impl Ends {
    /// Whether the destination is this image already.
    async fn holds_image(&self, force: bool) -> Result<bool, CopyError> {
        if force {
            return Ok(false);
        }
        self.is_at(&self.target, &self.root.to_string()).await
    }

    /// Whether a manifest is at its destination already; something else there is an error.
    async fn is_at(&self, selector: &Selector, digest: &str) -> Result<bool, CopyError> {
        match self.to.find(selector).await? {
            Some(present) if present.digest == digest => Ok(true),
            Some(_) => {
                let separator = if matches!(selector, Selector::Tag(_)) { ':' } else { '@' };
                Err(CopyError::Exists(format!("{}{separator}{selector}", self.to.name())))
            }
            None => Ok(false),
        }
    }

    /// What is attached and not yet at the destination.
    async fn parcels<'a>(&'a self, found: &'a [Attachable], is_there: bool, request: &CopyImage) -> Result<Vec<Parcel<'a>>, CopyError> {
        if self.attached.name() == self.to.name() {
            return Ok(Vec::new());
        }
        let known = if is_there { self.known_referrers(found).await? } else { BTreeSet::new() };
        let one = |thing: &'a Attachable| async {
            let Some(root) = thing.tree.root() else { return Ok::<_, CopyError>(None) };
            let digest = &root.descriptor.digest;
            let (target, source_tag) = match &thing.how {
                Attached::Tag(kind) => {
                    let tag = attachment_tag(&request.place.tag_prefix, &thing.subject, *kind);
                    if !request.force && self.is_at(&Selector::Tag(tag.clone()), digest).await? {
                        return Ok(None);
                    }
                    (Target::Tag(tag.clone()), Some(tag))
                }
                Attached::Referrer(_) if known.contains(digest) => return Ok(None),
                Attached::Referrer(entry) => (Target::Referrer { subject: thing.subject.clone(), entry: entry.clone() }, None),
            };
            Ok(Some(Parcel { from: &self.attached, to: &self.to, tree: &thing.tree, target, source_tag }))
        };
        let parcels: Vec<Option<Parcel<'a>>> = stream::iter(found).map(one).buffered(CONCURRENT).try_collect().await?;
        Ok(parcels.into_iter().flatten().collect())
    }

    /// What the destination lists of the subjects that have referrers at the source.
    async fn known_referrers(&self, found: &[Attachable]) -> Result<BTreeSet<String>, CopyError> {
        let subjects: BTreeSet<&Digest> =
            found.iter().filter(|thing| matches!(thing.how, Attached::Referrer(_))).map(|thing| &thing.subject).collect();
        let listings = stream::iter(subjects).map(|subject| self.to.referrers(subject)).buffered(CONCURRENT);
        let listings: Vec<_> = listings.try_collect().await?;
        Ok(listings.into_iter().flatten().map(|entry| entry.digest).collect())
    }

    fn image<'a>(&'a self, tree: &'a Tree, target: Target<'a>) -> Parcel<'a> {
        Parcel { from: &self.from, to: &self.to, tree, target, source_tag: None }
    }

    /// With a prefix the Go program's tags of each manifest are no fallback tags, so they are written as it does.
    fn tags_by_prefix(&self, tree: &Tree, prefix: &str) -> Vec<(Tree, String)> {
        if prefix.is_empty() || self.from.name() == self.to.name() {
            return Vec::new();
        }
        let tag_of = |manifest: &FetchedManifest| Some(format!("{prefix}{}", referrers_tag(&manifest.descriptor.parsed_digest()?)));
        tree.manifests().iter().filter_map(|manifest| Some((Tree::of_one(manifest.clone()), tag_of(manifest)?))).collect()
    }
}
