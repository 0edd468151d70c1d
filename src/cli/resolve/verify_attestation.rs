//! The flags of `verify-attestation` and `verify-blob-attestation`.

use std::path::Path;
use std::sync::Arc;

use super::policies;
use super::registry::place;
use super::trust::{TrustFlags, no_bundle_takes};
use super::verify_blob::BlobFormError;
use super::{file_or_url, given};
use crate::ambient::Context;
use crate::cli::args::{VerifyAttestationArgs, VerifyBlobAttestationArgs};
use crate::cli::error::CommandError;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::hex;
use crate::format::bundle::legacy::LocalBundle;
use crate::keys::load::FetchUrl;
use crate::operations::files;
use crate::operations::log_lookup::LogLookup;
use crate::operations::verify_blob::Evidence;
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
    let evidence = evidence(args, urls, context).await?;
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

async fn evidence(args: &VerifyBlobAttestationArgs, urls: &dyn FetchUrl, context: &Context) -> Result<Evidence, CommandError> {
    let read = |path: &str| files::read(Path::new(path)).map_err(|error| CommandError::from(error).with_prefix(format!("reading {path}")));
    let json = given(&args.bundle).map(read).transpose()?;
    match json {
        Some(json) if args.common.new_bundle_format && !LocalBundle::looks_like_one(&json) => {
            check_bundle_flags(args)?;
            Ok(Evidence::Bundle { json, allow_chain: args.common.allow_certificate_chain })
        }
        json => {
            check_detached_flags(args)?;
            let timestamp = match given(&args.rfc3161_timestamp) {
                Some(timestamp) => Some(file_or_url(timestamp, urls, context).await?),
                None => None,
            };
            let asks = !args.common.offline && !args.common.ignores_tlog();
            Ok(Evidence::Detached {
                signature: given(&args.signature).map(read).transpose()?,
                bundle: json.map(|json| LocalBundle::parse(&json).map(Box::new)).transpose()?,
                timestamp,
                log: given(&args.rekor_url).filter(|_| asks).map(str::to_owned),
            })
        }
    }
}

fn check_bundle_flags(args: &VerifyBlobAttestationArgs) -> Result<(), BlobFormError> {
    let unsupported = no_bundle_takes(&args.common, &args.certificate)
        .or_else(|| given(&args.rfc3161_timestamp).map(|_| "RFC3161 timestamp may not be provided using --rfc3161-timestamp"))
        .or_else(|| given(&args.signature).map(|_| "signature may not be provided using --signature"));
    unsupported.map_or(Ok(()), |reason| Err(BlobFormError::WithBundle(reason)))
}

fn check_detached_flags(args: &VerifyBlobAttestationArgs) -> Result<(), BlobFormError> {
    let wants_timestamp = args.common.use_signed_timestamps || !args.common.timestamp_certificate_chain.is_empty();
    super::verify_blob::check_detached(&args.common, !args.rfc3161_timestamp.is_empty(), wants_timestamp)
}
