//! Removes what is attached to an image: the tags of the older form, and bundles. Referrers of other kinds are somebody else's, and stay.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::place::Place;
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::entity::collected;
use crate::format::oci::{Descriptor, ImageRef, ReferenceError, Selector};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{self, Access, Located, Registries, RegistryError, Repository};

/// How many referrers are looked into at the same time.
const CONCURRENT: usize = 8;

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanKind {
    /// `.sig`.
    Signature,
    /// `.att`.
    Attestation,
    /// Bundles.
    Referrer,
    /// `.sbom`.
    Sbom,
    /// All of these.
    All,
}

impl CleanKind {
    /// What a person is asked about, in cosign's words.
    pub fn warning(self) -> &'static str {
        match self {
            Self::Signature => "this will remove all signatures from the image",
            Self::Attestation => "this will remove all attestations from the image",
            Self::Referrer => "this will remove all referrer attestations and/or signatures from the image",
            Self::Sbom => "this will remove all SBOMs from the image",
            Self::All => "this will remove all signatures, SBOMs and attestations from the image",
        }
    }

    fn tags(self) -> &'static [Attachment] {
        match self {
            Self::Signature => &[Attachment::Signature],
            Self::Attestation => &[Attachment::Attestation],
            Self::Referrer => &[],
            Self::Sbom => &[Attachment::Sbom],
            Self::All => &[Attachment::Signature, Attachment::Attestation, Attachment::Sbom],
        }
    }
}

/// What is to be cleaned.
pub struct CleanImage {
    /// The image, as it was typed.
    pub image: String,
    /// Of what.
    pub kind: CleanKind,
    /// Where that lies.
    pub place: Place,
}

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// A reference that is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The registry fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Removes it; a line on stderr tells what. That something cannot be deleted is told, too, and no error, as in cosign.
///
/// # Errors
/// [`CleanError`]: the image is not there, or its referrers cannot be listed.
pub async fn clean(request: &CleanImage, registries: &Registries, context: &Context) -> Result<(), CleanError> {
    let image = ImageRef::parse(&request.image)?;
    // One repository, and so one token, where both are the same.
    let access = if request.place.repository.is_none() { Access::Delete } else { Access::Pull };
    let Located { repository: own, selector } = registries.locate(&image, access)?;
    let digest = digest_of(&*own, &selector).await?;
    let attached = request.place.signatures(registries, (&image, &own), Access::Delete)?;
    let bundles = if request.kind == CleanKind::Sbom { Vec::new() } else { bundles(&*attached, &digest).await? };
    if matches!(request.kind, CleanKind::Signature | CleanKind::Attestation) && !bundles.is_empty() {
        context.ui.warn("image has referrers, consider using --referrer");
    }
    let tell = |what: String, outcome: Result<(), RegistryError>| match outcome {
        Ok(()) => context.ui.status(&format!("Removed {what} from {}", request.image)),
        // It was not there.
        Err(error) if error.is_not_found() => {}
        Err(error) => context.ui.status(&format!("could not delete {what} from {}:\n{error}", request.image)),
    };
    for kind in request.kind.tags() {
        let tag = attachment_tag(&request.place.tag_prefix, &digest, *kind);
        let outcome = attached.delete_tag(&tag, &digest).await;
        tell(format!("{}:{tag}", attached.name()), outcome);
    }
    if matches!(request.kind, CleanKind::Referrer | CleanKind::All) && !bundles.is_empty() {
        for deletion in attached.delete_referrers(&digest, &bundles).await? {
            tell(format!("{}@{}", attached.name(), deletion.digest), deletion.outcome);
        }
    }
    Ok(())
}

async fn digest_of(repository: &dyn Repository, selector: &Selector) -> Result<Digest, RegistryError> {
    match selector {
        Selector::Digest(digest) => Ok(digest.clone()),
        Selector::Tag(tag) => registry::known_digest(&repository.resolve(selector).await?, || format!("{}:{tag}", repository.name())),
    }
}

/// The referrers of an image that hold bundles, and those that are listed and gone.
async fn bundles(repository: &dyn Repository, subject: &Digest) -> Result<Vec<Digest>, RegistryError> {
    let listed: Vec<Digest> = repository.referrers(subject).await?.iter().filter_map(Descriptor::parsed_digest).collect();
    let looked_into = stream::iter(listed).map(|digest| async move {
        match repository.manifest(&Selector::Digest(digest.clone())).await {
            Ok(manifest) => Ok(collected::holds_bundle_of(&manifest.bytes, subject).then_some(digest)),
            Err(error) if error.is_not_found() => Ok(Some(digest)),
            Err(error) => Err(error),
        }
    });
    let found: Vec<Option<Digest>> = looked_into.buffered(CONCURRENT).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
