//! The flags of `sign-blob`.

use super::sign::{self, KeyFlags, not_yet, warn_of_old_flags};
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::SignBlobArgs;
use crate::cli::error::CommandError;
use crate::operations::sign_blob::{BlobForm, BlobOutputs, SignBlobs};
use crate::operations::sign_image::LogUpload;

/// What `sign-blob` is to do.
///
/// # Errors
/// A flag whose value cannot be used, or a step over the network to a Sigstore service.
pub fn resolve(args: &SignBlobArgs, context: &Context) -> Result<SignBlobs, CommandError> {
    let output = &args.output;
    if !output.output.is_empty() {
        context.ui.warn("the '--output' flag is deprecated and will be removed in the future. Use '--output-signature'");
    }
    let form = if args.signing_config.new_bundle_format { BlobForm::Bundle } else { BlobForm::Detached };
    if form == BlobForm::Bundle {
        warn_of_old_flags(
            &[
                (&output.output, "--output"),
                (&output.output_signature, "--output-signature"),
                (&output.output_certificate, "--output-certificate"),
                (&output.rfc3161_timestamp, "--rfc3161-timestamp"),
            ],
            context,
        );
    }
    if let LogUpload::Yes { .. } = sign::log(&args.signing_config, &args.timestamp, args.yes)? {
        return Err(not_yet("uploading to a transparency log"));
    }
    // Timestamps come with the authority, which `log` has refused.
    Ok(SignBlobs {
        blobs: args.blobs.clone(),
        key: sign::key(&KeyFlags {
            key: &args.key,
            security_key: args.security_key.security_key,
            issue_certificate: args.issue_certificate,
            certificate: &args.certificate,
            certificate_chain: &args.certificate_chain,
        })?,
        form,
        outputs: BlobOutputs {
            bundle: given_path(&output.bundle),
            signature: given(&output.output).map(Into::into).or_else(|| given_path(&output.output_signature)),
            certificate: given_path(&output.output_certificate),
            base64: output.b64,
        },
    })
}
