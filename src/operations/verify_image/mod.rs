//! Verifies the signatures of images: bundles first, the older form where there is no bundle or none that satisfies the policy, under the same policy.

mod attestations;
mod detached;
mod image;
mod outcome;

use std::io;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use crate::ambient::{Context, DeadlineExceeded};
use crate::encoding::UnixTime;
use crate::entity::saved::SavedImageError;
use crate::format::oci::{ImageRef, ReferenceError};
use crate::format::trusted_root::TrustedRoot;
use crate::registry::{Registries, RegistryError};
use crate::verify::{Requirement, WantedPredicate};

use super::log_lookup::LogLookup;
use super::place::Place;
use super::policies::{Policies, PolicyError};
use super::progress;

pub use detached::DetachedSignature;
pub use outcome::{CertificateFacts, Check, VerifiedImage, VerifiedSignature, WorkflowFact};

/// What is to be verified, and what must hold.
pub struct VerifyImages {
    /// The images, as they were typed.
    pub images: Vec<String>,
    /// What must hold of a signature.
    pub requirement: Requirement,
    /// The authorities and logs that count.
    pub trusted: Arc<TrustedRoot>,
    /// The images are directories that `cosign save` wrote (`--local-image`).
    pub local: bool,
    /// Which forms of signatures are looked at.
    pub forms: Forms,
    /// Verify the SBOM attached under the image's `.sbom` tag instead of the image.
    pub attached_sbom: bool,
    /// Where signatures lie.
    pub place: Place,
    /// A signature given by hand instead of those in the registry.
    pub detached: Option<DetachedSignature>,
    /// The log that is asked about signatures of the older form that came without an entry; `None` asks nobody.
    pub lookup: Option<LogLookup>,
    /// How many images are worked on at the same time; at least one.
    pub max_workers: usize,
    /// Attestations of this type are looked for, instead of signatures.
    pub attestations: Option<WantedPredicate>,
    /// What attestations have to satisfy.
    pub policies: Policies,
}

/// Which forms of signatures are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Forms {
    /// Whether bundles are looked at, and whether under these flags one can satisfy the policy at all.
    pub bundles: Bundles,
    /// A bundle may carry a chain of certificates (`--allow-certificate-chain`).
    pub allow_certificate_chain: bool,
    /// Look at the newest signature in the experimental OCI 1.1 form first (`--experimental-oci11`).
    pub oci11: bool,
}

/// Whether bundles are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bundles {
    /// They are not (`--new-bundle-format=false`).
    Ignored,
    /// They are.
    Verified,
    /// A flag was given that no bundle can be verified with: an image that has nothing but bundles is an error with this text.
    Unsupported(&'static str),
}

/// Why an image is not believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyImageError {
    /// A reference that is none.
    #[error("parsing reference: {0}")]
    Reference(#[from] ReferenceError),
    /// The tag does not exist.
    #[error("image tag not found: {0}")]
    TagNotFound(#[source] RegistryError),
    /// There is no signature.
    #[error("no signatures found")]
    NoSignatures,
    /// There is no attestation.
    #[error("no matching attestations: {0} has none")]
    NoAttestations(String),
    /// There are attestations, and none is of that type.
    #[error("none of the attestations matched the predicate type: {wanted}, found: {found}")]
    PredicateType {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// There are signatures, and none satisfies the policy.
    #[error("{0}")]
    NoMatch(NoMatch),
    /// The flags do not go with what the image has.
    #[error("unsupported: {0} when using --new-bundle-format")]
    UnsupportedWithBundles(&'static str),
    /// The directory is no saved image.
    #[error("checking local image format: {0}")]
    Saved(#[from] SavedImageError),
    /// The registry fails. Never taken for an absent signature.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
    /// stdout cannot be written.
    #[error("writing the result: {0}")]
    Output(#[from] io::Error),
}

/// Why each signature was refused.
#[derive(Debug, Default)]
pub struct NoMatch {
    /// Reasons of the bundles.
    pub bundles: Vec<String>,
    /// Reasons of the older signatures.
    pub signatures: Vec<String>,
}

/// How many images for each worker are waited for: those under way, those done that an earlier one holds up, those that come next.
const WINDOW: usize = 4;
/// The most reasons that a message quotes.
const MAX_REASONS: usize = 20;

impl std::fmt::Display for NoMatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |what: &str, reasons: &[String]| {
            let mut distinct: Vec<&str> = Vec::new();
            for reason in reasons {
                if !distinct.contains(&reason.as_str()) {
                    distinct.push(reason);
                }
            }
            let more = distinct.len().saturating_sub(MAX_REASONS);
            distinct.truncate(MAX_REASONS);
            let more = if more > 0 { format!("\n and {more} other reasons") } else { String::new() };
            format!("no matching {what}: {}{more}", distinct.join("\n "))
        };
        match (self.signatures.is_empty(), self.bundles.is_empty()) {
            (false, true) => f.write_str(&part("signatures", &self.signatures)),
            (true, _) => f.write_str(&part("attestations", &self.bundles)),
            (false, false) => {
                write!(f, "{}\n{}", part("signatures", &self.signatures), part("attestations", &self.bundles))
            }
        }
    }
}

/// One argument.
enum Subject<'a> {
    Image(ImageRef),
    Saved(&'a str),
}

impl<'a> Subject<'a> {
    fn parse(typed: &'a str, local: bool) -> Result<Self, ReferenceError> {
        if local { Ok(Self::Saved(typed)) } else { ImageRef::parse(typed).map(Self::Image) }
    }
}

/// Verifies the images, several at a time, and hands each result to `emit` in the order of the arguments. The first failure in that order ends it.
///
/// # Errors
/// [`VerifyImageError`].
pub async fn verify_images(
    request: &VerifyImages,
    registries: &Registries,
    context: &Context,
    emit: &mut (dyn FnMut(VerifiedImage) -> io::Result<()> + Send),
) -> Result<(), VerifyImageError> {
    let now = UnixTime::from(context.clock.now());
    // All arguments are looked at before the first request.
    let images = request.images.iter().map(|typed| Subject::parse(typed, request.local)).collect::<Result<Vec<_>, _>>()?;
    let progress = progress::of_images(context, "verifying images", images.len());
    let workers = Semaphore::new(request.max_workers.clamp(1, Semaphore::MAX_PERMITS));
    let workers = &workers;
    let mut results = stream::iter(images)
        .map(|subject| async move {
            // An error would mean that the semaphore was closed, which it never is.
            let _turn = workers.acquire().await;
            match subject {
                Subject::Image(image) => image::verify(request, registries, image, (context, now)).await,
                Subject::Saved(directory) => image::verify_saved(request, registries, directory, (context, now)).await,
            }
        })
        // Results wait for their turn, so that one slow image does not keep the workers idle.
        .buffered(request.max_workers.max(1).saturating_mul(WINDOW));
    while let Some(result) = results.next().await {
        context.deadline.check()?;
        progress.advance(1);
        let mut image = result?;
        if let Some(wanted) = &request.attestations {
            let statements: Vec<Vec<u8>> = image.signatures.iter_mut().filter_map(|signature| signature.statement.take()).collect();
            request.policies.judge(&wanted.name, statements.iter().map(Vec::as_slice), (context, now))?;
        }
        emit(image)?;
    }
    Ok(())
}
