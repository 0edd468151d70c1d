//! Attests images: reads what is said, opens the key once, then signs and stores one attestation after the other.

mod store;
mod target;

use std::path::PathBuf;

use super::attested_statement::{Attested, StatementSource, StatementSourceError};
use super::files;
use super::place::Place;
use super::sign_image::tag_warning;
use super::signing::{self, OpenError, Signing};
use super::signing_key::SigningKey;
use crate::ambient::{Context, DeadlineExceeded};
use crate::crypto::SignError;
use crate::encoding::{PathError, text};
use crate::entity::signature_image::ImageStyle;
use crate::format::bundle::Bundle;
use crate::format::material::Form;
use crate::format::oci::{ImageRef, ReferenceError, Selector};
use crate::keys::load::FetchUrl;
use crate::registry::{Registries, RegistryError};
use crate::sign::attestation::{self, OlderAttestation};
use crate::sign::certifier::CertifyError;
use crate::sign::finish::{Finish, FinishError};
use crate::sign::identity::SigningIdentity;
use crate::sign::services::{ServicesError, ServicesRequest, SigningServices};
use crate::verify::Artifact;
use target::Target;

/// What is to be attested, with what, and where it goes.
pub struct AttestImages {
    /// The images, as they were typed.
    pub images: Vec<String>,
    /// What is said about them.
    pub source: StatementSource,
    /// The key and its certificate; `None` signs with an identity.
    pub key: Option<SigningKey>,
    /// The services that take part.
    pub services: ServicesRequest,
    /// What is made.
    pub form: AttestationForm,
    /// Take away earlier attestations of the same type (`--replace`).
    pub replace: bool,
    /// Whether it is stored in the registry.
    pub upload: bool,
    /// Where it is stored.
    pub place: Place,
    /// The file for the bundle.
    pub bundle: Option<PathBuf>,
}

/// What is made of a statement.
#[derive(Debug, Clone, Copy)]
pub enum AttestationForm {
    /// A bundle, stored as a referrer.
    Bundle,
    /// An envelope under the `.att` tag.
    Layer(ImageStyle),
}

/// Why an image was not attested.
#[derive(Debug, thiserror::Error)]
pub enum AttestImagesError {
    /// One of the images, or what is said about it.
    #[error("signing {}: {source}", text::quote(.image))]
    Image {
        /// The image, as it was typed.
        image: String,
        /// What is wrong.
        source: Box<AttestStepError>,
    },
    /// Several images would overwrite one file.
    #[error("{images} different images, but one output file: attest them one by one, or leave --bundle out")]
    OneFileForSeveral {
        /// How many.
        images: usize,
    },
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

/// Which step failed.
#[derive(Debug, thiserror::Error)]
pub enum AttestStepError {
    /// A reference that is none.
    #[error("parsing reference: {0}")]
    Reference(#[from] ReferenceError),
    /// The registry does not give the image.
    #[error(transparent)]
    Access(RegistryError),
    /// What is said.
    #[error(transparent)]
    Statement(#[from] StatementSourceError),
    /// Nobody signs.
    #[error("creating bundle: {0}")]
    Signer(#[from] OpenError),
    /// The services cannot be used.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// Another certificate was needed, and there is none.
    #[error("creating bundle: {0}")]
    Certify(#[from] CertifyError),
    /// It was not witnessed, or does not verify.
    #[error("creating bundle: {0}")]
    Finish(#[from] FinishError),
    /// The key could not sign.
    #[error("creating bundle: {0}")]
    Sign(#[from] SignError),
    /// The bundle file.
    #[error("create bundle file: {0}")]
    Output(PathError),
    /// The registry did not take it.
    #[error("writing attestation: {0}")]
    Store(RegistryError),
    /// stdout cannot be written.
    #[error("writing the attestation: {0}")]
    Print(#[from] std::io::Error),
}

/// Attests the images of `request`, in their order. All that is read is read and checked before anything is stored.
///
/// # Errors
/// [`AttestImagesError`]: the first thing that fails; a line on stderr says what had been stored before it.
pub async fn attest_images(
    request: &AttestImages,
    registries: &Registries,
    fetch: &dyn FetchUrl,
    context: &Context,
) -> Result<(), AttestImagesError> {
    let at = |image: &str| {
        let image = image.to_owned();
        move |source| AttestImagesError::Image { image, source: Box::new(source) }
    };
    let first = request.images.first().map_or("", String::as_str);
    let mut targets = Vec::new();
    for (typed, image) in parse(request, context)? {
        targets.push(target::resolve(request, registries, image, typed).await.map_err(at(typed))?);
    }
    let attested = request.source.read(context).map_err(|error| at(first)(error.into()))?;
    for target in &targets {
        attested.check_about(&target.digest).map_err(|error| at(&target.typed)(error.into()))?;
    }
    refuse_shared_output(request, &targets)?;
    let mut signing = open(request, fetch, context).await.map_err(at(first))?;
    let predicate_type = attested.predicate_type().to_owned();
    let mut attested = Some(attested);
    let mut stored = Vec::new();
    for (number, target) in targets.iter().enumerate() {
        context.deadline.check()?;
        // The last one takes it along, since it may be large.
        let statement =
            if number + 1 < targets.len() { statement(attested.as_ref(), target) } else { statement(attested.take().as_ref(), target) };
        let outcome = attest_one(request, target, (statement, &predicate_type), (&mut signing, context)).await;
        if let Err(error) = outcome {
            if !stored.is_empty() {
                context.ui.status(&format!("Attestations of these were stored before the failure: {}", stored.join(", ")));
            }
            return Err(at(&target.typed)(error));
        }
        stored.push(target.shown());
    }
    Ok(())
}

async fn open(request: &AttestImages, fetch: &dyn FetchUrl, context: &Context) -> Result<Signing, AttestStepError> {
    let services = SigningServices::resolve(&request.services, context).await?;
    Ok(Signing::open(request.key.as_ref(), services, fetch, context).await?)
}

fn statement(attested: Option<&Attested>, target: &Target) -> Vec<u8> {
    let digest = &target.digest;
    attested.map(|attested| attested.statement(&target.repository_name, (digest.algorithm().name(), &digest.hex()))).unwrap_or_default()
}

fn parse<'a>(request: &'a AttestImages, context: &Context) -> Result<Vec<(&'a str, ImageRef)>, AttestImagesError> {
    let mut parsed = Vec::new();
    for typed in &request.images {
        let image =
            ImageRef::parse(typed).map_err(|error| AttestImagesError::Image { image: typed.clone(), source: Box::new(error.into()) })?;
        parsed.push((typed.as_str(), image));
    }
    for (typed, image) in &parsed {
        if matches!(image, ImageRef::Registry(reference) if matches!(reference.selector, Selector::Tag(_))) {
            context.ui.warn(&tag_warning(typed));
        }
    }
    Ok(parsed)
}

fn refuse_shared_output(request: &AttestImages, targets: &[Target]) -> Result<(), AttestImagesError> {
    let mut digests: Vec<_> = targets.iter().map(|target| &target.digest).collect();
    digests.sort();
    digests.dedup();
    if digests.len() > 1 && request.bundle.is_some() {
        return Err(AttestImagesError::OneFileForSeveral { images: digests.len() });
    }
    Ok(())
}

async fn attest_one(
    request: &AttestImages,
    target: &Target,
    (statement, predicate_type): (Vec<u8>, &str),
    (signing, context): (&mut Signing, &Context),
) -> Result<(), AttestStepError> {
    let identity = &signing.identity(context).await?;
    let bundle = attestation::sign(identity, statement).await?;
    let bundle = if signing.services.sign_alone() && identity.certificate.is_none() {
        bundle
    } else {
        let form = if matches!(request.form, AttestationForm::Bundle) { Form::Bundle } else { Form::Legacy };
        let finish = Finish { form, ..signing.finish(identity, true) };
        finish.bundle(bundle, Artifact::Image(&target.digest), context).await?
    };
    let logged = signing::logged(&bundle);
    let stored = match request.form {
        AttestationForm::Bundle => as_bundle(request, target, (bundle, predicate_type), context).await,
        AttestationForm::Layer(style) => {
            let older = OlderAttestation::of(bundle, identity);
            as_layer(request, target, (older, identity, predicate_type, style), context).await
        }
    };
    stored.inspect_err(|_| signing::tell_logged(&logged, context))
}

async fn as_layer(
    request: &AttestImages,
    target: &Target,
    (older, identity, predicate_type, style): (OlderAttestation, &SigningIdentity, &str, ImageStyle),
    context: &Context,
) -> Result<(), AttestStepError> {
    if let Some(path) = &request.bundle {
        write_bundle(path, &|out| older.write_local_bundle(identity, out), context)?;
    }
    if request.upload {
        return store::layer(request, target, (older, predicate_type, style), context).await;
    }
    if request.bundle.is_none() {
        let mut line = older.envelope;
        line.push(b'\n');
        context.ui.result(&line)?;
    }
    Ok(())
}

async fn as_bundle(
    request: &AttestImages,
    target: &Target,
    (bundle, predicate_type): (Bundle, &str),
    context: &Context,
) -> Result<(), AttestStepError> {
    let json = bundle.to_json();
    // It may be large.
    drop(bundle);
    if let Some(path) = &request.bundle {
        write_bundle(path, &|out| out.write_all(&json), context)?;
    }
    if request.upload {
        store::bundle(request, target, (&json, predicate_type), context).await?;
    }
    Ok(())
}

fn write_bundle(path: &std::path::Path, content: files::Content<'_>, context: &Context) -> Result<(), AttestStepError> {
    files::write_private_with(path, content).map_err(AttestStepError::Output)?;
    context.ui.status(&format!("Wrote bundle to file {}", path.display()));
    Ok(())
}
