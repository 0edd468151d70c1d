//! Signs images: resolves all of them, opens the key once, then signs and stores one manifest after the other.

mod store;
mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::ambient::{Consent, Context, DeadlineExceeded, PromptError};
use crate::crypto::SignError;
use crate::encoding::{PathError, UnixTime};
use crate::entity::signature_image::ImageStyle;
use crate::entity::walk::WalkError;
use crate::format::intoto::Statement;
use crate::format::oci::{ImageRef, ReferenceError};
use crate::format::simple_signing::SimpleSigningPayload;
use crate::keys::load::FetchUrl;
use crate::registry::{Registries, RegistryError};
use crate::sign::identity::SigningIdentity;
use crate::sign::image;

use super::files;
use super::outputs::{Made, Outputs};
use super::place::Place;
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
    /// The key and its certificate.
    pub key: SigningKey,
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
    /// Whether a transparency log is told.
    pub log: LogUpload,
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

/// Whether a transparency log is told of the signatures.
pub enum LogUpload {
    /// No.
    No,
    /// Yes; but where the image cannot be read without credentials, only after consent.
    Yes {
        /// The log.
        url: String,
        /// Consent was given beforehand (`--yes`).
        consented: bool,
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
    /// The step over the network to a Sigstore service.
    #[error("{0}: not supported yet")]
    NotSupportedYet(String),
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
    let mut targets = Vec::new();
    for (typed, image) in images {
        targets.extend(target::resolve(request, registries, &image, &typed).await?);
    }
    refuse_shared_output(request, &targets)?;
    for target in &targets {
        if wants_log(request, target, registries, context).await? {
            return Err(SignImageError::NotSupportedYet("uploading to a transparency log".to_owned()));
        }
    }
    let identity = request.key.open(fetch, context).await?;
    let mut stored = Vec::new();
    for target in &targets {
        let outcome = sign_one(request, (target, &targets), prepared.as_deref(), (&identity, context)).await;
        if let Err(error) = outcome {
            if !stored.is_empty() {
                context.ui.status(&format!("Signatures of these were stored before the failure: {}", stored.join(", ")));
            }
            return Err(error);
        }
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
    (identity, context): (&SigningIdentity, &Context),
) -> Result<(), SignImageError> {
    context.deadline.check()?;
    let outputs = if request.recursive { request.outputs.for_manifest(&target.digest, all.len() > 1) } else { request.outputs.clone() };
    let certificate = identity.certificate_or_key_pem();
    match &request.form {
        SignatureForm::Bundle => {
            let statement = Statement::sign(&target.digest, &request.annotations).to_json();
            let (signed, bundle) = image::sign_statement(identity, statement).await?;
            let bundle = bundle.to_json();
            let made = Made { signatures: &[signed], certificate: &certificate, bundle: &bundle };
            outputs.write(&made, &*context.ui).map_err(SignImageError::Output)?;
            if request.upload {
                store::bundle(target, &bundle, context).await?;
            }
        }
        SignatureForm::SimpleSigning { .. } => {
            let mut signed = Vec::new();
            for payload in payloads(request, target, prepared) {
                signed.push(image::sign_payload(identity, payload).await?);
            }
            let bundle = store::legacy_bundle(identity, &signed);
            let made = Made { signatures: &signed, certificate: &certificate, bundle: &bundle };
            outputs.write(&made, &*context.ui).map_err(SignImageError::Output)?;
            if request.upload {
                store::signatures(request, target, (identity, &signed), context).await?;
            }
        }
    }
    Ok(())
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

/// Whether the log is to be told, after asking where the image looks private.
async fn wants_log(request: &SignImages, target: &Target, registries: &Registries, context: &Context) -> Result<bool, SignImageError> {
    let LogUpload::Yes { url, consented } = &request.log else { return Ok(false) };
    if *consented || target.is_public(registries).await {
        return Ok(true);
    }
    let warning = format!(
        "\"{}\" appears to be a private repository, please confirm uploading to the transparency log at \"{url}\"",
        target.repository_name
    );
    match context.ui.confirm(&Consent { warning: Some(&warning), flag: Some("--yes") }) {
        Ok(()) => Ok(true),
        Err(_) => {
            context.ui.status("not uploading to transparency log");
            Ok(false)
        }
    }
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
