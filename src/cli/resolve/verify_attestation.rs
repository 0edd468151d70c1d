//! The flags of `verify-attestation` and `verify-blob-attestation`.

use std::sync::Arc;

use super::evidence::EvidenceFlags;
use super::policies;
use super::registry::place;
use super::trust;
use super::verify::{forms, lookup};
use crate::ambient::Context;
use crate::cli::args::{VerifyAttestationArgs, VerifyBlobAttestationArgs};
use crate::cli::error::CommandError;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::hex;
use crate::keys::load::FetchUrl;
use crate::operations::blob::BlobInput;
use crate::operations::verify_blob_attestation::{Subject, VerifyBlobAttestation};
use crate::operations::verify_image::VerifyImages;
use crate::verify::WantedPredicate;

/// `--digest` and `--digestAlg`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestFlagsError {
    /// Another function.
    #[error("unsupported --digestAlg {0:?}; supported values are sha256, sha384, sha512")]
    Algorithm(String),
    /// No such digest.
    #[error("unable to decode provided digest: it is no {algorithm} digest in hexadecimal")]
    Digest {
        /// The function.
        algorithm: String,
    },
}

/// What `verify-attestation` is to do. Loads the key and the trusted material.
///
/// # Errors
/// A flag or variable whose value cannot be used, a file that cannot be read.
pub async fn images(args: &VerifyAttestationArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyImages, CommandError> {
    let policies = policies::load(&args.policy, urls, context).await?;
    let place = place(&args.registry, context)?;
    let (mut requirement, trusted) = trust::load(&args.verifier, urls, context).await?;
    if !args.check_claims {
        requirement = requirement.insecure_ignore_claims();
    }
    Ok(VerifyImages {
        images: args.images.clone(),
        requirement,
        trusted: Arc::new(trusted),
        local: args.local_image,
        forms: forms(&args.verifier),
        attached_sbom: false,
        place,
        detached: None,
        lookup: lookup(&args.verifier, context)?,
        max_workers: usize::try_from(args.verifier.common.max_workers).unwrap_or(1),
        attestations: Some(WantedPredicate::named(&args.predicate_type)),
        policies,
    })
}

/// What `verify-blob-attestation` is to do. Reads the attestation, loads the key and the trusted material.
///
/// # Errors
/// As [`images`].
pub async fn blob(args: &VerifyBlobAttestationArgs, urls: &dyn FetchUrl, context: &Context) -> Result<VerifyBlobAttestation, CommandError> {
    let subject = subject(args, context)?;
    let evidence = EvidenceFlags {
        bundle: &args.bundle,
        signature: &args.signature,
        signature_may_be_text: false,
        timestamp: &args.rfc3161_timestamp,
        verifier: &args.verifier,
    };
    let evidence = evidence.read(urls, context).await?;
    if let Subject::File { path, .. } = &subject {
        BlobInput::parse(path)?.check_there()?;
    }
    let (mut requirement, trusted) = trust::load(&args.verifier, urls, context).await?;
    if !args.check_claims {
        requirement = requirement.insecure_ignore_claims();
    }
    requirement.predicate_type = Some(WantedPredicate::named(&args.predicate_type));
    Ok(VerifyBlobAttestation { subject, evidence, requirement, trusted })
}

fn subject(args: &VerifyBlobAttestationArgs, context: &Context) -> Result<Subject, DigestFlagsError> {
    if !args.check_claims {
        return Ok(Subject::InsecureAny);
    }
    let name = if args.digest_algorithm.is_empty() { "sha256" } else { &args.digest_algorithm };
    let algorithm = HashAlgorithm::from_name(name).ok_or_else(|| DigestFlagsError::Algorithm(name.to_owned()))?;
    if let Some(path) = args.words.first() {
        if !args.digest.is_empty() {
            context.ui.warn("Ignoring provided --digest in favor of provided blob");
        }
        return Ok(Subject::File { path: path.clone(), algorithm });
    }
    let digest = hex::decode(&args.digest).and_then(|bytes| Digest::from_bytes(algorithm, &bytes));
    digest.map(Subject::Digest).ok_or_else(|| DigestFlagsError::Digest { algorithm: name.to_owned() })
}
