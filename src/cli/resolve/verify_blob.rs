//! The flags of `verify-blob`.

use super::evidence::EvidenceFlags;
use super::trust;
use crate::ambient::Context;
use crate::cli::args::VerifyBlobArgs;
use crate::cli::error::CommandError;
use crate::keys::load::FetchUrl;
use crate::operations::blob::{BlobInput, parse_digest};
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
        verifier: &args.verifier,
    };
    let evidence = evidence.read(urls, context).await?;
    // A digest stands for a file that is elsewhere.
    if parse_digest(&args.blob).is_none() {
        BlobInput::parse(&args.blob)?.check_there()?;
    }
    let (requirement, trusted) = trust::load(&args.verifier, urls, context).await?;
    Ok(VerifyBlob { blob: args.blob.clone(), evidence, requirement, trusted })
}
