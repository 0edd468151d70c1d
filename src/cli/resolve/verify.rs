//! The flags of `verify`.

use std::sync::Arc;

use super::registry::place;
use super::trust::TrustFlags;
use super::{file_or_url, given, text_or_file};
use crate::ambient::Context;
use crate::cli::args::VerifyArgs;
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
    let flags = TrustFlags {
        key: &args.key,
        security_key: args.security_key.security_key,
        certificate: &args.certificate,
        common: &args.common,
        digest_algorithm: args.given.has("signature-digest-algorithm").then_some(&args.signature_digest.signature_digest_algorithm),
    };
    let (requirement, trusted) = flags.load(urls, context).await?;
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
        forms: forms(args),
        attached_sbom: !args.attachment.is_empty(),
        place,
        detached: detached(args, urls, context).await?,
        lookup: lookup(args, context)?,
        max_workers: usize::try_from(args.common.max_workers).unwrap_or(1),
        attestations: None,
        policies: Policies::default(),
    })
}

/// The log of `--rekor-url`, unless nobody is to be asked.
fn lookup(args: &VerifyArgs, context: &Context) -> Result<Option<LogLookup>, CommandError> {
    if args.common.offline || args.common.ignores_tlog() || args.rekor_url.is_empty() {
        return Ok(None);
    }
    Ok(Some(LogLookup::new(&args.rekor_url, context)?))
}

fn forms(args: &VerifyArgs) -> Forms {
    let bundles = if !args.common.new_bundle_format {
        Bundles::Ignored
    } else {
        super::trust::no_bundle_takes(&args.common, &args.certificate).map_or(Bundles::Verified, Bundles::Unsupported)
    };
    Forms { bundles, allow_certificate_chain: args.common.allow_certificate_chain, oci11: args.common.experimental_oci11 }
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
