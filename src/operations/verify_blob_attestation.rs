//! Verifies the attestation of a file: from a bundle, or in the older form from an envelope and what is given beside it.

use std::collections::BTreeMap;

use super::blob::{BlobInput, Wanted};
use super::log_lookup::{LogLookup, SignatureOf};
use super::verify_blob::{Evidence, VerifyBlobError};
use crate::ambient::Context;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::UnixTime;
use crate::format::bundle::Bundle;
use crate::format::bundle::legacy;
use crate::format::material::{Signed, SignerMaterial};
use crate::format::trusted_root::TrustedRoot;
use crate::keys::load::FetchUrl;
use crate::verify::{self, Artifact, Requirement, Trust, Verified};

/// What is to be verified, and what must hold.
pub struct VerifyBlobAttestation {
    /// What the attestation has to be about.
    pub subject: Subject,
    /// The attestation, and what came with it: the signature of the older form is an envelope.
    pub evidence: Evidence,
    /// What must hold of it, the predicate type among it.
    pub requirement: Requirement,
    /// The authorities and logs that count.
    pub trusted: TrustedRoot,
}

/// What an attestation has to be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A file, as it was typed.
    File {
        /// Its name.
        path: String,
        /// The function by whose digest the older form names it.
        algorithm: HashAlgorithm,
    },
    /// A file that is not at hand.
    Digest(Digest),
    /// Anything (`--check-claims=false`).
    InsecureAny,
}

/// Verifies the attestation. The file is read once.
///
/// # Errors
/// [`VerifyBlobError`]: the first thing that fails.
pub async fn verify_blob_attestation(
    request: VerifyBlobAttestation,
    urls: &dyn FetchUrl,
    context: &Context,
) -> Result<Verified, VerifyBlobError> {
    let VerifyBlobAttestation { subject, evidence, requirement, trusted } = request;
    let is_detached = matches!(evidence, Evidence::Detached { .. });
    let log = if let Evidence::Detached { log, .. } = &evidence { log.clone() } else { None };
    let mut signed = signed(evidence, &requirement)?;
    if let Some(log) = log {
        look_up(&log, &mut signed, &requirement, context).await?;
    }
    let now = UnixTime::from(context.clock.now());
    let check = |artifact: Artifact<'_>| Ok(verify::verify(&signed, artifact, &requirement, &trusted, now)?);
    match &subject {
        Subject::InsecureAny => check(Artifact::InsecureAny),
        Subject::Digest(digest) => check(Artifact::Digest(digest)),
        Subject::File { path, algorithm } => {
            let mut hashes = verify::hashes_needed(&signed, &requirement);
            if !hashes.contains(algorithm) {
                hashes.push(*algorithm);
            }
            let wanted = Wanted { hashes, bytes: verify::needs_bytes(&signed, &requirement) };
            let read = BlobInput::parse(path)?.read(&wanted, urls, context).await?;
            let blob = read.as_blob();
            match blob.digest(*algorithm) {
                Some(digest) if is_detached => check(Artifact::Digest(digest)),
                _ => check(Artifact::Blob(&blob)),
            }
        }
    }
}

/// Envelope and verification material, whatever form they came in. What was read is dropped here: it may be large.
fn signed(evidence: Evidence, requirement: &Requirement) -> Result<Signed, VerifyBlobError> {
    let (signature, bundle, timestamp) = match evidence {
        Evidence::Bundle { json, allow_chain } => {
            let bundle = Bundle::parse(&json, allow_chain)?;
            drop(json);
            return Ok(bundle.into_signed()?);
        }
        Evidence::Detached { signature, bundle, timestamp, .. } => (signature, bundle, timestamp),
    };
    let has_bundle = bundle.is_some();
    let mut signed = match (bundle, signature) {
        (Some(bundle), _) => bundle.into_signed_envelope()?,
        (None, Some(envelope)) => legacy::signed_of_att_layer(envelope, &BTreeMap::new())?,
        (None, None) => return Err(VerifyBlobError::NoSignature),
    };
    let nobody = matches!((&requirement.trust, &signed.material.signer), (Trust::Identity { .. }, SignerMaterial::Nothing));
    if has_bundle && nobody {
        return Err(VerifyBlobError::NoSigner);
    }
    if let Some(timestamp) = timestamp {
        signed.material.timestamps.push(legacy::timestamp_from_json(&String::from_utf8_lossy(&timestamp))?);
    }
    Ok(signed)
}

/// Where a log entry is asked for and none came along, the log is asked.
async fn look_up(log: &str, signed: &mut Signed, requirement: &Requirement, context: &Context) -> Result<(), VerifyBlobError> {
    let failed = |error: &dyn std::fmt::Display| VerifyBlobError::Lookup(error.to_string());
    let log = LogLookup::new(log, context).map_err(|error| failed(&error))?;
    log.complete(signed, SignatureOf::Payload, requirement).await.map_err(|error| failed(&error))?;
    Ok(())
}
