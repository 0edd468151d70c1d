//! The flags of `sign`.

use super::registry::place;
use super::services::{self, Asked};
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::SignArgs;
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
        key: key(&KeyFlags {
            key: &args.key,
            security_key: args.security_key.security_key,
            certificate: &args.certificate,
            certificate_chain: &args.certificate_chain,
        })?,
        services: services::of_signing(&asked(args), context)?,
        consented: args.yes,
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

/// Where the key comes from, and its certificate.
pub(super) struct KeyFlags<'a> {
    pub(super) key: &'a str,
    pub(super) security_key: bool,
    pub(super) certificate: &'a str,
    pub(super) certificate_chain: &'a str,
}

/// The key; `None` signs with an identity.
pub(super) fn key(flags: &KeyFlags<'_>) -> Result<Option<SigningKey>, CommandError> {
    if flags.security_key {
        return Err(not_yet("signing with a hardware token (--sk)"));
    }
    let Some(key) = given(flags.key) else { return Ok(None) };
    Ok(Some(SigningKey { key: KeyRef::parse(key), certificate: given_path(flags.certificate), chain: given_path(flags.certificate_chain) }))
}

fn asked(args: &SignArgs) -> Asked<'_> {
    Asked {
        services: &args.signing_config,
        fulcio: &args.fulcio,
        oidc: &args.oidc,
        timestamp: &args.timestamp,
        certificate: args.key.is_empty() || args.issue_certificate,
        needs_promise: !args.signing_config.new_bundle_format,
        hashed: !args.signing_config.new_bundle_format,
        algorithm: services::DEFAULT_ALGORITHM,
        yes: args.yes,
    }
}

fn form(args: &SignArgs, context: &Context) -> Result<SignatureForm, CommandError> {
    if args.signing_config.new_bundle_format {
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
    if args.signing_config.new_bundle_format {
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
