//! Verifies the signature of a file: from a bundle, or in the older form from a detached signature and what is given beside it.

use super::blob::{BlobError, BlobInput, Wanted, parse_digest};
use super::log_lookup::{LogLookup, SignatureOf};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{PathError, UnixTime, base64};
use crate::format::bundle::legacy::{self, LegacyError, LocalBundle};
use crate::format::bundle::{Bundle, BundleError};
use crate::format::material::{MessageSignature, Signed, SignedContent, SignerMaterial};
use crate::format::trusted_root::TrustedRoot;
use crate::keys::load::FetchUrl;
use crate::verify::{self, Artifact, Requirement, Trust, VerificationError, Verified};

/// What is to be verified, and what must hold.
pub struct VerifyBlob {
    /// The file, or its digest, as it was typed.
    pub blob: String,
    /// The signature, and what came with it.
    pub evidence: Evidence,
    /// What must hold of it.
    pub requirement: Requirement,
    /// The authorities and logs that count.
    pub trusted: TrustedRoot,
}

/// The signature of a file, and what came with it.
pub enum Evidence {
    /// A bundle, and whether it may carry a chain of certificates.
    Bundle {
        /// Its JSON.
        json: Vec<u8>,
        /// `--allow-certificate-chain`.
        allow_chain: bool,
    },
    /// The older form.
    Detached {
        /// `--signature`: base64, or raw. It counts before that of the bundle.
        signature: Option<Vec<u8>>,
        /// The `--bundle` JSON of version 2.
        bundle: Option<Box<LocalBundle>>,
        /// The JSON around an RFC 3161 response.
        timestamp: Option<Vec<u8>>,
        /// The log in which an entry that did not come along may be looked up; `None` for none.
        log: Option<String>,
    },
}

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyBlobError {
    /// The bundle is none.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// What is given in the older form is not readable.
    #[error(transparent)]
    Legacy(#[from] LegacyError),
    /// No signature at all.
    #[error("missing flag '--signature'")]
    NoSignature,
    /// A bundle of the older form that does not say who signed, and nobody else does.
    #[error("bundle does not contain cert for verification, please provide public key")]
    NoSigner,
    /// The file cannot be had.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A check fails.
    #[error(transparent)]
    Verification(#[from] VerificationError),
    /// The log does not give the entry that did not come along.
    #[error("{0}")]
    Lookup(String),
}

/// Verifies the file. Its digest, or else the file itself, is read once.
///
/// # Errors
/// [`VerifyBlobError`]: the first thing that fails.
pub async fn verify_blob(request: &VerifyBlob, urls: &dyn FetchUrl, context: &Context) -> Result<Verified, VerifyBlobError> {
    let mut signed = request.signed()?;
    let now = UnixTime::from(context.clock.now());
    let requirement = &request.requirement;
    let check = |signed: &Signed, artifact: Artifact<'_>| verify::verify(signed, artifact, requirement, &request.trusted, now);
    let wanted = Wanted { hashes: verify::hashes_needed(&signed, requirement), bytes: verify::needs_bytes(&signed, requirement) };
    let input = BlobInput::parse(&request.blob)?;
    match input.read(&wanted, urls, context).await {
        Ok(read) => {
            let blob = read.as_blob();
            request.look_up(&mut signed, &blob.digests, context).await?;
            Ok(check(&signed, Artifact::Blob(&blob))?)
        }
        // A file of that name comes first, as in cosign.
        Err(error @ BlobError::Open(PathError { .. })) => match parse_digest(&request.blob) {
            Some(digest) => {
                request.look_up(&mut signed, std::slice::from_ref(&digest), context).await?;
                Ok(check(&signed, Artifact::Digest(&digest))?)
            }
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

impl VerifyBlob {
    /// Signed content and verification material, whatever form they came in.
    fn signed(&self) -> Result<Signed, VerifyBlobError> {
        match &self.evidence {
            Evidence::Bundle { json, allow_chain } => Ok(Bundle::parse(json, *allow_chain)?.to_signed()?),
            Evidence::Detached { signature, bundle, timestamp, .. } => {
                let mut signed = match (bundle, signature) {
                    (Some(bundle), _) => bundle.to_signed_message()?,
                    (None, Some(_)) => Signed::detached(Vec::new()),
                    (None, None) => return Err(VerifyBlobError::NoSignature),
                };
                let nobody =
                    matches!((&self.requirement.trust, &signed.material.signer), (Trust::Identity { .. }, SignerMaterial::Nothing));
                if bundle.is_some() && nobody {
                    return Err(VerifyBlobError::NoSigner);
                }
                if let Some(given) = signature {
                    let signature = base64::decode_lenient(given.trim_ascii()).unwrap_or_else(|_| given.clone());
                    signed.content = SignedContent::Message(MessageSignature { signature, digest: None });
                }
                if let Some(timestamp) = timestamp {
                    signed.material.timestamps.push(legacy::timestamp_from_json(&String::from_utf8_lossy(timestamp))?);
                }
                Ok(signed)
            }
        }
    }

    /// Where a log entry is asked for and none came along, the log is asked.
    async fn look_up(&self, signed: &mut Signed, artifact: &[Digest], context: &Context) -> Result<(), VerifyBlobError> {
        let Evidence::Detached { log: Some(log), .. } = &self.evidence else { return Ok(()) };
        let failed = |error: &dyn std::fmt::Display| VerifyBlobError::Lookup(error.to_string());
        let log = LogLookup::new(log, context).map_err(|error| failed(&error))?;
        log.complete(signed, SignatureOf::File(artifact), &self.requirement).await.map_err(|error| failed(&error))?;
        Ok(())
    }
}
