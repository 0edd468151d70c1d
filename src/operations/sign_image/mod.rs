//! Signs images: resolves all of them, opens the key once, then signs and stores one manifest after the other.

mod consent;
mod store;
mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::ambient::{Context, DeadlineExceeded, PromptError};
use crate::crypto::SignError;
use crate::encoding::{PathError, UnixTime};
use crate::entity::signature_image::ImageStyle;
use crate::entity::walk::WalkError;
use crate::format::intoto::Statement;
use crate::format::oci::{ImageRef, ReferenceError};
use crate::format::simple_signing::SimpleSigningPayload;
use crate::keys::load::FetchUrl;
use crate::registry::{Registries, RegistryError};
use crate::sign::certifier::CertifyError;
use crate::sign::finish::FinishError;
use crate::sign::image;
use crate::sign::services::{ServicesError, ServicesRequest, SigningServices};
use crate::verify::Artifact;

use super::files;
use super::outputs::{Made, Outputs};
use super::place::Place;
use super::progress;
use super::signing::{self, OpenError, Signing};
use super::signing_key::{SigningKey, SigningKeyError};
use target::Target;

/// What is to be signed, with what, and where it goes.
pub struct SignImages {
    /// The images, as they were typed.
    pub images: Vec<String>,
    /// The images' own manifests, or also everything below an index.
    pub recursive: bool,
    /// Sign the SBOM attached under the image's `.sbom` tag instead of the image.
    pub attached_sbom: bool,
    /// The key and its certificate; `None` signs with an identity.
    pub key: Option<SigningKey>,
    /// What is made.
    pub form: SignatureForm,
    /// What is said beside the digest.
    pub annotations: BTreeMap<String, String>,
    /// Where signatures are stored; `None` stores none.
    pub upload: bool,
    /// Where they lie.
    pub place: Place,
    /// Files to leave.
    pub outputs: Outputs,
    /// The services that take part.
    pub services: ServicesRequest,
    /// Questions are answered with yes (`--yes`).
    pub consented: bool,
}

/// What is made of a manifest.
pub enum SignatureForm {
    /// A bundle, stored as a referrer.
    Bundle,
    /// Simple signing payloads under the `.sig` tag.
    SimpleSigning {
        /// `docker-reference` values, one signature for each; empty for the image's repository.
        identities: Vec<String>,
        /// A prepared payload file instead.
        payload: Option<PathBuf>,
        /// How the signature image is written.
        style: ImageStyle,
        /// Store it as a referrer of the experimental OCI 1.1 form.
        oci11: bool,
    },
}

/// Why an image was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignImageError {
    /// A reference that is none.
    #[error("parsing reference: {0}")]
    Reference(#[from] ReferenceError),
    /// A tag or a repository that does not exist.
    #[error("accessing entity: entity not found in registry, error: {0}")]
    NotFound(#[source] RegistryError),
    /// The registry does not give the image.
    #[error("accessing image: {0}")]
    Access(#[source] RegistryError),
    /// An index that cannot be walked.
    #[error("recursively signing: {0}")]
    Walk(#[from] WalkError),
    /// The payload file.
    #[error("payload from file: {0}")]
    Payload(#[source] PathError),
    /// The key or its certificate.
    #[error("getting signer: {0}")]
    Signer(#[from] SigningKeyError),
    /// Several manifests would overwrite one file.
    #[error("{manifests} different images, but one output file: sign them one by one, or leave the output flags out")]
    OneFileForSeveral {
        /// How many.
        manifests: usize,
    },
    /// No consent for the log.
    #[error("should upload to tlog: {0}")]
    Consent(#[from] PromptError),
    /// The services cannot be used.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// There is no certificate.
    #[error("signing digest: {0}")]
    Certify(#[from] CertifyError),
    /// Neither key nor certificate authority.
    #[error("signing digest: {0}")]
    Nobody(OpenError),
    /// The signature was not witnessed, or does not verify.
    #[error("signing digest: {0}")]
    Finish(#[from] FinishError),
    /// The key could not sign.
    #[error("signing digest: {0}")]
    Sign(#[from] SignError),
    /// A file could not be written.
    #[error("signing digest: writing {0}")]
    Output(#[source] PathError),
    /// The registry did not take the signature.
    #[error("signing digest: {0}")]
    Store(#[source] RegistryError),
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

impl From<OpenError> for SignImageError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Key(error) => Self::Signer(error),
            OpenError::Certify(error) => Self::Certify(error),
            OpenError::Nobody => Self::Nobody(error),
        }
    }
}

/// Signs the images of `request`, in their order.
///
/// # Errors
/// [`SignImageError`]: the first thing that fails; a line on stderr says what had been stored before it.
pub async fn sign_images(
    request: &SignImages,
    registries: &Registries,
    fetch: &dyn FetchUrl,
    context: &Context,
) -> Result<(), SignImageError> {
    let images = parse(request, context)?;
    let prepared = prepared_payload(request, context)?;
    let services = SigningServices::resolve(&request.services, context).await?;
    let mut targets = Vec::new();
    for (typed, image) in images {
        targets.extend(target::resolve(request, registries, &image, &typed).await?);
    }
    refuse_shared_output(request, &targets)?;
    for target in &mut targets {
        target.is_logged = consent::is_logged(request, &services, (target, registries), context).await;
    }
    consent::state_privacy(request, &services, &targets, context)?;
    let mut signer = Signing::open(request.key.as_ref(), services, fetch, context).await?;
    let progress = progress::of_images(context, "signing images", targets.len());
    let mut stored = Vec::new();
    for target in &targets {
        let outcome = sign_one(request, (target, &targets), prepared.as_deref(), (&mut signer, context)).await;
        if let Err(error) = outcome {
            if !stored.is_empty() {
                context.ui.status(&format!("Signatures of these were stored before the failure: {}", stored.join(", ")));
            }
            return Err(error);
        }
        progress.advance(1);
        stored.push(target.shown());
    }
    Ok(())
}

fn parse(request: &SignImages, context: &Context) -> Result<Vec<(String, ImageRef)>, SignImageError> {
    let mut parsed = Vec::new();
    for typed in &request.images {
        parsed.push((typed.clone(), ImageRef::parse(typed)?));
    }
    for (typed, image) in &parsed {
        if target::by_tag(image) {
            context.ui.warn(&tag_warning(typed));
        }
    }
    Ok(parsed)
}

/// What cosign says about an image named by a tag.
pub(super) fn tag_warning(typed: &str) -> String {
    format!(
        "Image reference {typed} uses a tag, not a digest, to identify the image to sign.\n    This can lead you to sign a different image than the intended one. Please use a\n    digest (example.com/ubuntu@sha256:abc123...) rather than tag\n    (example.com/ubuntu:latest) for the input to cosign. The ability to refer to\n    images by tag will be removed in a future release.\n"
    )
}

fn prepared_payload(request: &SignImages, context: &Context) -> Result<Option<Vec<u8>>, SignImageError> {
    let SignatureForm::SimpleSigning { payload: Some(path), .. } = &request.form else { return Ok(None) };
    context.ui.status(&format!("Using payload from: {}", path.display()));
    let bytes = files::read(path).map_err(SignImageError::Payload)?;
    // An empty file counts as none, as in cosign.
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn refuse_shared_output(request: &SignImages, targets: &[Target]) -> Result<(), SignImageError> {
    let mut digests: Vec<_> = targets.iter().map(|target| &target.digest).collect();
    digests.sort();
    digests.dedup();
    if digests.len() > 1 && request.outputs.any() && !request.recursive {
        return Err(SignImageError::OneFileForSeveral { manifests: digests.len() });
    }
    Ok(())
}

async fn sign_one(
    request: &SignImages,
    (target, all): (&Target, &[Target]),
    prepared: Option<&[u8]>,
    (signing, context): (&mut Signing, &Context),
) -> Result<(), SignImageError> {
    context.deadline.check()?;
    let outputs = if request.recursive { request.outputs.for_manifest(&target.digest, all.len() > 1) } else { request.outputs.clone() };
    let identity = signing.identity(context).await?;
    let certificate = identity.certificate_or_key_pem();
    let finish = signing.finish(&identity, target.is_logged);
    match &request.form {
        SignatureForm::Bundle => {
            let statement = Statement::sign(&target.digest, &request.annotations).to_json();
            let (signed, bundle) = image::sign_statement(&identity, statement).await?;
            let bundle = finish.bundle(bundle, Artifact::Image(&target.digest), context).await?;
            let (logged, bundle) = (signing::logged(&bundle), bundle.to_json());
            let made = Made { signatures: &[signed], certificate: &certificate, bundle: &bundle };
            let stored = async {
                outputs.write(&made, &*context.ui).map_err(SignImageError::Output)?;
                if request.upload { store::bundle(target, &bundle, context).await } else { Ok(()) }
            };
            stored.await.inspect_err(|_| signing::tell_logged(&logged, context))
        }
        SignatureForm::SimpleSigning { .. } => {
            let (mut signed, mut evidence) = (Vec::new(), Vec::new());
            for payload in payloads(request, target, prepared) {
                let one = image::sign_payload(&identity, payload).await?;
                evidence.push(finish.payload(&one, &target.digest, context).await?);
                signed.push(one);
            }
            let logged: Vec<i64> = evidence.iter().flat_map(|one| &one.log_entries).map(|entry| entry.log_index).collect();
            let bundle = store::legacy_bundle(&identity, &signed, &evidence);
            let made = Made { signatures: &signed, certificate: &certificate, bundle: &bundle };
            let stored = async {
                outputs.write(&made, &*context.ui).map_err(SignImageError::Output)?;
                let all = (&identity, &signed[..], &evidence[..]);
                if request.upload { store::signatures(request, target, all, context).await } else { Ok(()) }
            };
            stored.await.inspect_err(|_| signing::tell_logged(&logged, context))
        }
    }
}

fn payloads(request: &SignImages, target: &Target, prepared: Option<&[u8]>) -> Vec<Vec<u8>> {
    if let Some(prepared) = prepared {
        return vec![prepared.to_vec()];
    }
    let own = vec![target.repository_name.clone()];
    let identities = match &request.form {
        SignatureForm::SimpleSigning { identities, .. } if !identities.is_empty() => identities,
        _ => &own,
    };
    identities.iter().map(|identity| SimpleSigningPayload::new(identity, &target.digest, &request.annotations).to_json()).collect()
}

/// The config's `created` for `--record-creation-timestamp`: `SOURCE_DATE_EPOCH`, else now.
///
/// # Errors
/// The variable holds no number of seconds.
pub fn creation_time(context: &Context) -> Result<UnixTime, std::num::ParseIntError> {
    match context.env.var("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(seconds) => seconds.trim().parse().map(UnixTime),
        None => Ok(UnixTime::from(context.clock.now())),
    }
}

impl SignatureForm {
    /// Whether the manifest's media type and size are needed: for a `subject`.
    fn needs_descriptor(&self) -> bool {
        matches!(self, Self::Bundle | Self::SimpleSigning { oci11: true, .. })
    }
}
