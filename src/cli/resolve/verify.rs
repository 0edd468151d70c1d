//! The flags of `verify`.

use std::sync::Arc;

use super::registry::place;
use super::trust;
use super::{file_or_url, given, text_or_file};
use crate::ambient::Context;
use crate::cli::args::{VerifierArgs, VerifyArgs};
use crate::cli::error::CommandError;
use crate::keys::load::FetchUrl;
use crate::operations::log_lookup::LogLookup;
use crate::operations::policies::Policies;
use crate::operations::verify_image::{Bundles, DetachedSignature, Forms, VerifyImages};

/// What `verify` is to do. Loads the key and the trusted material.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read, or a step over the network to a Sigstore service.
pub async fn resolve(args: &VerifyArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyImages, CommandError> {
    let place = place(&args.registry, context)?;
    let (requirement, trusted) = trust::load(&args.verifier, urls, context).await?;
    let requirement = if args.check_claims {
        requirement.with_annotations(args.annotations.pairs()?.into_iter().collect())
    } else {
        requirement.insecure_ignore_claims()
    };
    Ok(VerifyImages {
        images: args.images.clone(),
        requirement,
        trusted: Arc::new(trusted),
        local: args.local_image,
        forms: Forms { oci11: args.verifier.common.experimental_oci11, ..forms(&args.verifier) },
        attached_sbom: !args.attachment.is_empty(),
        place,
        detached: detached(args, urls, context).await?,
        lookup: lookup(&args.verifier, context)?,
        max_workers: usize::try_from(args.verifier.common.max_workers).unwrap_or(1),
        attestations: None,
        policies: Policies::default(),
    })
}

/// The log of `--rekor-url`, unless nobody is to be asked.
pub(super) fn lookup(verifier: &VerifierArgs, context: &Context) -> Result<Option<LogLookup>, CommandError> {
    Ok(given(&verifier.rekor_url).filter(|_| verifier.may_look_up()).map(|url| LogLookup::new(url, context)).transpose()?)
}

/// The forms that count; the older one without referrers.
pub(super) fn forms(verifier: &VerifierArgs) -> Forms {
    let bundles = if verifier.common.new_bundle_format {
        trust::no_bundle_takes(verifier).map_or(Bundles::Verified, Bundles::Unsupported)
    } else {
        Bundles::Ignored
    };
    Forms { bundles, allow_certificate_chain: verifier.common.allow_certificate_chain, oci11: false }
}

/// `--signature` holds the signature itself, or names a file or a URL that does.
async fn detached(args: &VerifyArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Option<DetachedSignature>, CommandError> {
    let Some(signature) = given(&args.signature) else { return Ok(None) };
    let signature = text_or_file(signature, urls, context).await?;
    let payload = match given(&args.payload) {
        Some(payload) => Some(file_or_url(payload, urls, context).await?),
        None => None,
    };
    Ok(Some(DetachedSignature { signature, payload }))
}
