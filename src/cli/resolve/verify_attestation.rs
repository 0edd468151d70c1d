//! The flags of `verify-attestation` and `verify-blob-attestation`.

use std::sync::Arc;

use super::evidence::EvidenceFlags;
use super::given;
use super::policies;
use super::registry::place;
use super::trust::{TrustFlags, no_bundle_takes};
use crate::ambient::Context;
use crate::cli::args::{VerifyAttestationArgs, VerifyBlobAttestationArgs};
use crate::cli::error::CommandError;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::hex;
use crate::keys::load::FetchUrl;
use crate::operations::log_lookup::LogLookup;
use crate::operations::verify_blob_attestation::{Subject, VerifyBlobAttestation};
use crate::operations::verify_image::{Bundles, Forms, VerifyImages};
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
    let flags = TrustFlags {
        key: &args.key,
        security_key: args.security_key.security_key,
        certificate: &args.certificate,
        common: &args.common,
        digest_algorithm: args.given.has("signature-digest-algorithm").then_some(&args.signature_digest.signature_digest_algorithm),
    };
    let (mut requirement, trusted) = flags.load(urls, context).await?;
    if !args.check_claims {
        requirement = requirement.insecure_ignore_claims();
    }
    let asks = !args.common.offline && !args.common.ignores_tlog();
    let lookup = given(&args.rekor_url).filter(|_| asks).map(|url| LogLookup::new(url, context)).transpose()?;
    let bundles = if args.common.new_bundle_format {
        no_bundle_takes(&args.common, &args.certificate).map_or(Bundles::Verified, Bundles::Unsupported)
    } else {
        Bundles::Ignored
    };
    Ok(VerifyImages {
        images: args.images.clone(),
        requirement,
        trusted: Arc::new(trusted),
        local: args.local_image,
        forms: Forms { bundles, allow_certificate_chain: args.common.allow_certificate_chain, oci11: false },
        attached_sbom: false,
        place,
        detached: None,
        lookup,
        max_workers: usize::try_from(args.common.max_workers).unwrap_or(1),
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
    let (mut requirement, trusted) = flags.load(urls, context).await?;
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
