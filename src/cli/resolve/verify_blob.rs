//! The flags of `verify-blob`.

use super::evidence::EvidenceFlags;
use super::trust::TrustFlags;
use crate::ambient::Context;
use crate::cli::args::VerifyBlobArgs;
use crate::cli::error::CommandError;
use crate::keys::load::FetchUrl;
use crate::operations::verify_blob::VerifyBlob;

/// What `verify-blob` is to do. Reads the signature, loads the key and the trusted material.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read, or a step over the network to a Sigstore service.
pub async fn resolve(args: &VerifyBlobArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyBlob, CommandError> {
    let evidence = EvidenceFlags {
        bundle: &args.bundle,
        signature: &args.signature,
        signature_may_be_text: true,
        timestamp: &args.rfc3161_timestamp,
        rekor_url: &args.rekor_url,
        common: &args.common,
        certificate: &args.certificate,
    };
    let evidence = evidence.read(urls, context).await?;
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
