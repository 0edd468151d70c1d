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
    request: &VerifyBlobAttestation,
    urls: &dyn FetchUrl,
    context: &Context,
) -> Result<Verified, VerifyBlobError> {
    let mut signed = request.signed()?;
    request.look_up(&mut signed, context).await?;
    let now = UnixTime::from(context.clock.now());
    let requirement = &request.requirement;
    let check = |artifact: Artifact<'_>| Ok(verify::verify(&signed, artifact, requirement, &request.trusted, now)?);
    match &request.subject {
        Subject::InsecureAny => check(Artifact::InsecureAny),
        Subject::Digest(digest) => check(Artifact::Digest(digest)),
        Subject::File { path, algorithm } => {
            let mut hashes = verify::hashes_needed(&signed, requirement);
            if !hashes.contains(algorithm) {
                hashes.push(*algorithm);
            }
            let wanted = Wanted { hashes, bytes: verify::needs_bytes(&signed, requirement) };
            let read = BlobInput::parse(path)?.read(&wanted, urls, context).await?;
            let blob = read.as_blob();
            match (&request.evidence, blob.digest(*algorithm)) {
                (Evidence::Detached { .. }, Some(digest)) => check(Artifact::Digest(digest)),
                _ => check(Artifact::Blob(&blob)),
            }
        }
    }
}

impl VerifyBlobAttestation {
    /// Envelope and verification material, whatever form they came in.
    fn signed(&self) -> Result<Signed, VerifyBlobError> {
        let (signature, bundle, timestamp) = match &self.evidence {
            Evidence::Bundle { json, allow_chain } => return Ok(Bundle::parse(json, *allow_chain)?.to_signed()?),
            Evidence::Detached { signature, bundle, timestamp, .. } => (signature, bundle, timestamp),
        };
        let mut signed = match (bundle, signature) {
            (Some(bundle), _) => bundle.to_signed_envelope()?,
            (None, Some(envelope)) => legacy::signed_of_att_layer(envelope, &BTreeMap::new())?,
            (None, None) => return Err(VerifyBlobError::NoSignature),
        };
        let nobody = matches!((&self.requirement.trust, &signed.material.signer), (Trust::Identity { .. }, SignerMaterial::Nothing));
        if bundle.is_some() && nobody {
            return Err(VerifyBlobError::NoSigner);
        }
        if let Some(timestamp) = timestamp {
            signed.material.timestamps.push(legacy::timestamp_from_json(&String::from_utf8_lossy(timestamp))?);
        }
        Ok(signed)
    }

    /// Where a log entry is asked for and none came along, the log is asked.
    async fn look_up(&self, signed: &mut Signed, context: &Context) -> Result<(), VerifyBlobError> {
        let Evidence::Detached { log: Some(log), signature: Some(envelope), .. } = &self.evidence else { return Ok(()) };
        let failed = |error: &dyn std::fmt::Display| VerifyBlobError::Lookup(error.to_string());
        let log = LogLookup::new(log, context).map_err(|error| failed(&error))?;
        log.complete(signed, SignatureOf::Envelope(envelope), &self.requirement).await.map_err(|error| failed(&error))?;
        Ok(())
    }
}
