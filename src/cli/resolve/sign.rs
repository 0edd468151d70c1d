//! The flags of `sign`.

use super::registry::place;
use super::services::{self, Asked};
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::{SignArgs, SignerArgs};
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::flag_value::ReferrersMode;
use crate::entity::signature_image::ImageStyle;
use crate::keys::KeyRef;
use crate::operations::outputs::Outputs;
use crate::operations::sign_image::{self, SignImages, SignatureForm};
use crate::operations::signing_key::SigningKey;

/// What `sign` is to do.
///
/// # Errors
/// A flag or variable whose value cannot be used, or a step over the network to a Sigstore service.
pub fn resolve(args: &SignArgs, context: &Context) -> Result<SignImages, CommandError> {
    let place = place(&args.registry, context)?;
    warn_of_old_outputs(args, context);
    Ok(SignImages {
        images: args.images.clone(),
        recursive: args.recursive,
        attached_sbom: !args.attachment.is_empty(),
        key: key(&args.signer)?,
        services: services::of_signing(&asked(args), context)?,
        consented: args.signer.yes,
        form: form(args, context)?,
        annotations: args.annotations.pairs()?.into_iter().collect(),
        upload: args.upload,
        place,
        outputs: Outputs {
            signature: given_path(&args.output.output_signature),
            payload: given_path(&args.output.output_payload),
            certificate: given_path(&args.output.output_certificate),
            bundle: given_path(&args.output.bundle),
        },
    })
}

/// The key, and where its certificate comes from; `None` signs with an identity.
pub(super) fn key(signer: &SignerArgs) -> Result<Option<SigningKey>, CommandError> {
    if signer.security_key.security_key {
        return Err(not_yet("signing with a hardware token (--sk)"));
    }
    let Some(key) = given(&signer.key) else { return Ok(None) };
    Ok(Some(SigningKey {
        key: KeyRef::parse(key),
        certificate: given_path(&signer.certificate),
        chain: given_path(&signer.certificate_chain),
    }))
}

fn asked(args: &SignArgs) -> Asked<'_> {
    let old_form = !args.signer.signing_config.new_bundle_format;
    Asked { signer: &args.signer, needs_promise: old_form, hashed: old_form, algorithm: services::DEFAULT_ALGORITHM }
}

fn form(args: &SignArgs, context: &Context) -> Result<SignatureForm, CommandError> {
    if args.signer.signing_config.new_bundle_format {
        for (given, flag) in [
            (!args.sign_container_identity.is_empty(), "--sign-container-identity"),
            (!args.payload.is_empty(), "--payload"),
            (args.referrers_mode.registry_referrers_mode == Some(ReferrersMode::Oci11), "--registry-referrers-mode"),
        ] {
            if given {
                context.ui.warn(&format!("{flag} has no effect on bundles; it needs --new-bundle-format=false"));
            }
        }
        return Ok(SignatureForm::Bundle);
    }
    let created = args.record_creation_timestamp.then(|| sign_image::creation_time(context)).transpose();
    Ok(SignatureForm::SimpleSigning {
        identities: args.sign_container_identity.clone(),
        payload: given_path(&args.payload),
        style: ImageStyle {
            docker_media_types: is_true(context, "COSIGN_DOCKER_MEDIA_TYPES"),
            created: created.map_err(|error| CommandError::from(error).with_prefix("SOURCE_DATE_EPOCH is no number of seconds"))?,
        },
        oci11: args.referrers_mode.registry_referrers_mode == Some(ReferrersMode::Oci11),
    })
}

fn warn_of_old_outputs(args: &SignArgs, context: &Context) {
    if args.signer.signing_config.new_bundle_format {
        let output = &args.output;
        warn_of_old_flags(
            &[
                (&output.output_signature, "--output-signature"),
                (&output.output_certificate, "--output-certificate"),
                (&output.output_payload, "--output-payload"),
            ],
            context,
        );
    }
}

/// Names the newer way for those of the flags that were given.
pub(super) fn warn_of_old_flags(flags: &[(&str, &str)], context: &Context) {
    for (_, flag) in flags.iter().filter(|(value, _)| !value.is_empty()) {
        context.ui.warn(&format!("{flag} is deprecated when using --new-bundle-format; --bundle holds all of it"));
    }
}

pub(super) fn is_true(context: &Context, variable: &str) -> bool {
    context.env.var(variable).is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

pub(super) fn not_yet(what: &str) -> CommandError {
    NotSupportedYet(what.to_owned()).into()
}
