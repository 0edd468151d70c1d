//! The flags of `sign-blob`.

use super::services::{self, Asked};
use super::sign::{self, warn_of_old_flags};
use super::{given, given_path};
use crate::ambient::Context;
use crate::cli::args::SignBlobArgs;
use crate::cli::error::CommandError;
use crate::crypto::{Curve, KeyAlgorithm};
use crate::operations::sign_blob::{BlobForm, BlobOutputs, SignBlobs};

/// The values of `--signing-algorithm`, as cosign names them, and the keys that they stand for.
pub const ALGORITHMS: [(&str, KeyAlgorithm); 6] = [
    ("ecdsa-sha2-256-nistp256", KeyAlgorithm::Ecdsa(Curve::P256)),
    ("ecdsa-sha2-384-nistp384", KeyAlgorithm::Ecdsa(Curve::P384)),
    ("ecdsa-sha2-512-nistp521", KeyAlgorithm::Ecdsa(Curve::P521)),
    ("rsa-sign-pkcs1-2048-sha256", KeyAlgorithm::Rsa { bits: 2048 }),
    ("rsa-sign-pkcs1-3072-sha256", KeyAlgorithm::Rsa { bits: 3072 }),
    ("rsa-sign-pkcs1-4096-sha256", KeyAlgorithm::Rsa { bits: 4096 }),
];

/// What `sign-blob` is to do.
///
/// # Errors
/// A flag whose value cannot be used, or a step over the network to a Sigstore service.
pub fn resolve(args: &SignBlobArgs, context: &Context) -> Result<SignBlobs, CommandError> {
    let output = &args.output;
    if !output.output.is_empty() {
        context.ui.warn("the '--output' flag is deprecated and will be removed in the future. Use '--output-signature'");
    }
    let form = if args.signer.signing_config.new_bundle_format { BlobForm::Bundle } else { BlobForm::Detached };
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
    // Other names were refused before anything was read.
    let algorithm = ALGORITHMS.iter().find(|(name, _)| *name == args.signing_algorithm);
    let asked = Asked {
        signer: &args.signer,
        // Without a bundle there is nowhere to keep a time stamp that Rekor v2 would need.
        needs_promise: form == BlobForm::Detached || output.bundle.is_empty(),
        hashed: true,
        algorithm: algorithm.map_or(services::DEFAULT_ALGORITHM, |(_, algorithm)| *algorithm),
    };
    Ok(SignBlobs {
        blobs: args.blobs.clone(),
        key: sign::key(&args.signer)?,
        services: services::of_signing(&asked, context)?,
        consented: args.signer.yes,
        form,
        outputs: BlobOutputs {
            bundle: given_path(&output.bundle),
            signature: given(&output.output).map(Into::into).or_else(|| given_path(&output.output_signature)),
            certificate: given_path(&output.output_certificate),
            timestamp: given_path(&output.rfc3161_timestamp),
            base64: output.b64,
        },
    })
}
