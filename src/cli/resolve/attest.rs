//! The flags of `attest` and `attest-blob`.

use super::registry::place;
use super::services::{self, Asked};
use super::sign::{self, warn_of_old_flags};
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::{AttestArgs, AttestBlobArgs, AttestingArgs, SignerArgs};
use crate::cli::error::CommandError;
use crate::entity::signature_image::ImageStyle;
use crate::operations::attest_blob::{AttestBlob, AttestationOutputs};
use crate::operations::attest_image::{AttestImages, AttestationForm};
use crate::operations::attested_statement::StatementSource;
use crate::operations::sign_blob::BlobForm;
use crate::operations::sign_image;
use crate::sign::services::ServicesRequest;

/// What `attest` is to do.
///
/// # Errors
/// A flag or variable whose value cannot be used.
pub fn images(args: &AttestArgs, context: &Context) -> Result<AttestImages, CommandError> {
    let attesting = &args.attesting;
    Ok(AttestImages {
        images: args.images.clone(),
        source: source(attesting),
        key: sign::key(&attesting.signer)?,
        services: services(&attesting.signer, !attesting.signer.signing_config.new_bundle_format, context)?,
        form: form(args, context)?,
        replace: args.replace,
        upload: !args.no_upload,
        place: place(&args.registry, context)?,
        bundle: given_path(&attesting.bundle),
    })
}

/// What `attest-blob` is to do.
///
/// # Errors
/// As [`images`].
pub fn blob(args: &AttestBlobArgs, context: &Context) -> Result<AttestBlob, CommandError> {
    let (attesting, output) = (&args.attesting, &args.output);
    let form = if attesting.signer.signing_config.new_bundle_format { BlobForm::Bundle } else { BlobForm::Detached };
    if form == BlobForm::Bundle {
        warn_of_old_flags(
            &[
                (&output.output_signature, "--output-signature"),
                (&output.output_attestation, "--output-attestation"),
                (&output.output_certificate, "--output-certificate"),
                (&output.rfc3161_timestamp_bundle, "--rfc3161-timestamp-bundle"),
            ],
            context,
        );
    }
    Ok(AttestBlob {
        blob: args.words.first().cloned(),
        hash: given(&args.hash).map(str::to_owned),
        source: source(attesting),
        key: sign::key(&attesting.signer)?,
        services: services(&attesting.signer, form == BlobForm::Detached, context)?,
        form,
        outputs: AttestationOutputs {
            bundle: given_path(&attesting.bundle),
            signature: given_path(&output.output_signature),
            attestation: given_path(&output.output_attestation),
            certificate: given_path(&output.output_certificate),
            timestamp: given_path(&output.rfc3161_timestamp_bundle),
        },
    })
}

fn source(args: &AttestingArgs) -> StatementSource {
    let predicate = &args.predicate;
    match given_path(&predicate.statement) {
        Some(path) => StatementSource::Statement(path),
        None => StatementSource::Predicate { path: predicate.predicate.clone(), kind: predicate.predicate_type.clone() },
    }
}

fn services(signer: &SignerArgs, needs_promise: bool, context: &Context) -> Result<ServicesRequest, CommandError> {
    let asked = Asked { signer, needs_promise, hashed: false, algorithm: services::DEFAULT_ALGORITHM };
    services::of_signing(&asked, context)
}

fn form(args: &AttestArgs, context: &Context) -> Result<AttestationForm, CommandError> {
    if args.attesting.signer.signing_config.new_bundle_format {
        return Ok(AttestationForm::Bundle);
    }
    let created = args.record_creation_timestamp.then(|| sign_image::creation_time(context)).transpose();
    Ok(AttestationForm::Layer(ImageStyle {
        docker_media_types: sign::is_true(context, "COSIGN_DOCKER_MEDIA_TYPES"),
        created: created.map_err(|error| CommandError::from(error).with_prefix("SOURCE_DATE_EPOCH is no number of seconds"))?,
    }))
}
