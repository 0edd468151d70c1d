//! The engine: decides whether a signature is to be believed. Pure and synchronous: what it needs is given, the time too.

mod claims;
mod error;
mod identity;
mod pattern;
mod requirement;
mod signature;
mod verified;

pub use claims::ClaimError;
pub use error::VerificationError;
pub use identity::{EmptyPolicy, Identity, IdentityError, IdentityPolicy, Matcher, Mismatch, Workflow};
pub use pattern::{Pattern, PatternError};
pub use requirement::{Artifact, Blob, ClaimsRequirement, KeyTrust, Requirement, SctRequirement, TimeRequirement, TlogRequirement, Trust};
pub use signature::SignatureError;
pub use verified::{Checks, TimeSource, Verified, VerifiedCertificate, VerifiedContent, VerifiedSigner, VerifiedTime};

use crate::crypto::{HashAlgorithm, KeyAlgorithm, PublicKey};
use crate::encoding::UnixTime;
use crate::format::intoto::Statement;
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial};
use crate::format::trusted_root::TrustedRoot;
use signature::Candidate;

#[cfg(test)]
mod tests;

/// Checks `signed` about `artifact` against `requirement`, believing nobody but `trusted`; `now` is the time of the check.
///
/// # Errors
/// [`VerificationError`]: the first check that fails.
pub fn verify(
    signed: &Signed,
    artifact: Artifact<'_>,
    requirement: &Requirement,
    _trusted: &TrustedRoot,
    _now: UnixTime,
) -> Result<Verified, VerificationError> {
    let Trust::Key(trust) = &requirement.trust else { return Err(VerificationError::NotSupportedYet("an identity")) };
    if requirement.tlog != TlogRequirement::InsecureIgnore {
        return Err(VerificationError::NotSupportedYet("a transparency log"));
    }
    if matches!(signed.material.signer, SignerMaterial::Certificate { .. }) && signed.material.form == Form::Bundle {
        return Err(VerificationError::ExpectedKey);
    }
    let key = by_one_of(&trust.keys, trust.hash, signed, artifact)?;
    let statement = claims::check(signed, artifact, requirement)?;
    let (claims, annotations) = match &requirement.claims {
        ClaimsRequirement::Check { annotations } => (true, !annotations.is_empty()),
        ClaimsRequirement::InsecureIgnore => (false, false),
    };
    Ok(Verified {
        signer: VerifiedSigner::Key(key.clone()),
        checks: Checks { annotations, claims, ..Checks::default() },
        times: Vec::new(),
        log_entries: Vec::new(),
        statement,
    })
}

/// The first of `keys` that signed.
fn by_one_of<'k>(
    keys: &'k [PublicKey],
    hash: Option<HashAlgorithm>,
    signed: &Signed,
    artifact: Artifact<'_>,
) -> Result<&'k PublicKey, VerificationError> {
    let mut first = None;
    for key in keys {
        match Candidate::new(key, hash).verify(signed, artifact) {
            Ok(()) => return Ok(key),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.map_or(VerificationError::ExpectedKey, VerificationError::Signature))
}

/// By which functions a file must be hashed for [`verify`]: it is read once.
pub fn hashes_needed(signed: &Signed, requirement: &Requirement) -> Vec<HashAlgorithm> {
    let mut needed = vec![HashAlgorithm::Sha256];
    match &signed.content {
        SignedContent::Envelope(envelope) => {
            needed.extend(Statement::parse(&envelope.payload).map(|s| s.hash_algorithms()).unwrap_or_default());
        }
        SignedContent::Message(message) => {
            needed.extend(message.digest.as_ref().and_then(|digest| digest.hash()));
            for key in keys(signed, requirement) {
                needed.extend(signature::hashes(&key, hash(requirement)));
            }
        }
        SignedContent::SimpleSigning { .. } => {}
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// Whether [`verify`] needs the bytes of the file: pure Ed25519 signs no digest.
pub fn needs_bytes(signed: &Signed, requirement: &Requirement) -> bool {
    let over_file = matches!(signed.content, SignedContent::Message(_));
    over_file && keys(signed, requirement).iter().any(|key| key.algorithm() == KeyAlgorithm::Ed25519)
}

fn hash(requirement: &Requirement) -> Option<HashAlgorithm> {
    if let Trust::Key(trust) = &requirement.trust { trust.hash } else { None }
}

/// The keys that may have signed.
fn keys(signed: &Signed, requirement: &Requirement) -> Vec<PublicKey> {
    match (&requirement.trust, &signed.material.signer) {
        (Trust::Key(trust), _) => trust.keys.clone(),
        (Trust::Certificate { leaf, .. }, _) => leaf.public_key().into_iter().collect(),
        (Trust::Identity { .. }, SignerMaterial::Certificate { leaf, .. }) => leaf.public_key().into_iter().collect(),
        (Trust::Identity { .. }, _) => Vec::new(),
    }
}
