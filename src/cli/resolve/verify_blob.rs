//! The flags of `verify-blob`.

use std::path::Path;

use super::trust::{TrustFlags, no_bundle_takes};
use super::{file_or_url, given, text_or_file};
use crate::ambient::Context;
use crate::cli::args::{CommonVerifyArgs, VerifyBlobArgs};
use crate::cli::error::CommandError;
use crate::format::bundle::legacy::LocalBundle;
use crate::keys::load::FetchUrl;
use crate::operations::files;
use crate::operations::verify_blob::{Evidence, VerifyBlob};

/// A rule of the flags of `verify-blob` that depends on the form of the bundle. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobFormError {
    /// What has to be in a bundle was given by hand.
    #[error("unsupported: {0} when using --new-bundle-format")]
    WithBundle(&'static str),
    /// A trusted root with the older form.
    #[error("--trusted-root only supported with --new-bundle-format")]
    TrustedRoot,
    /// A timestamp that nothing asks for.
    #[error("when specifying --rfc3161-timestamp-path, you must also specify --use-signed-timestamps or --timestamp-certificate-chain")]
    TimestampAlone,
    /// A timestamp is asked for, and there is none.
    #[error("when specifying --use-signed-timestamps or --timestamp-certificate-chain, you must also specify --rfc3161-timestamp-path")]
    NoTimestamp,
}

/// What `verify-blob` is to do. Reads the signature, loads the key and the trusted material.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read, or a step over the network to a Sigstore service.
pub async fn resolve(args: &VerifyBlobArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyBlob, CommandError> {
    let evidence = evidence(args, urls, context).await?;
    let flags = TrustFlags {
        key: &args.key,
        security_key: args.security_key.security_key,
        certificate: &args.certificate,
        common: &args.common,
        digest_algorithm: args.given.has("signature-digest-algorithm").then_some(&args.signature_digest.signature_digest_algorithm),
    };
    let (requirement, trusted) = flags.load(urls, context).await?;
    Ok(VerifyBlob { blob: args.blob.clone(), evidence, requirement, trusted })
}

async fn evidence(args: &VerifyBlobArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Evidence, CommandError> {
    let json = given(&args.bundle).map(|path| files::read(Path::new(path)));
    let json = json.transpose().map_err(|error| CommandError::from(error).with_prefix(format!("reading {}", args.bundle)))?;
    match json {
        Some(json) if args.common.new_bundle_format && !LocalBundle::looks_like_one(&json) => {
            check_bundle_flags(args)?;
            Ok(Evidence::Bundle { json, allow_chain: args.common.allow_certificate_chain })
        }
        json => {
            check_detached_flags(args)?;
            let signature = match given(&args.signature) {
                Some(signature) => Some(text_or_file(signature, urls, context).await?),
                None => None,
            };
            let timestamp = match given(&args.rfc3161_timestamp) {
                Some(timestamp) => Some(file_or_url(timestamp, urls, context).await?),
                None => None,
            };
            let bundle = json.map(|json| LocalBundle::parse(&json).map(Box::new)).transpose()?;
            let log = given(&args.rekor_url).filter(|_| !args.common.offline).map(str::to_owned);
            Ok(Evidence::Detached { signature, bundle, timestamp, log })
        }
    }
}

fn check_bundle_flags(args: &VerifyBlobArgs) -> Result<(), BlobFormError> {
    let unsupported = no_bundle_takes(&args.common, &args.certificate)
        .or_else(|| given(&args.rfc3161_timestamp).map(|_| "RFC3161 timestamp may not be provided using --rfc3161-timestamp"))
        .or_else(|| given(&args.signature).map(|_| "signature may not be provided using --signature"));
    unsupported.map_or(Ok(()), |reason| Err(BlobFormError::WithBundle(reason)))
}

fn check_detached_flags(args: &VerifyBlobArgs) -> Result<(), BlobFormError> {
    let wants_timestamp = args.common.use_signed_timestamps || !args.common.timestamp_certificate_chain.is_empty();
    check_detached(&args.common, !args.rfc3161_timestamp.is_empty(), wants_timestamp)
}

/// What goes with the older form: no trusted root, and a time stamp just where one is asked for.
pub(super) fn check_detached(common: &CommonVerifyArgs, has_timestamp: bool, wants_timestamp: bool) -> Result<(), BlobFormError> {
    if !common.trusted_root.is_empty() {
        return Err(BlobFormError::TrustedRoot);
    }
    match (has_timestamp, wants_timestamp) {
        (true, false) => Err(BlobFormError::TimestampAlone),
        (false, true) => Err(BlobFormError::NoTimestamp),
        _ => Ok(()),
    }
}
