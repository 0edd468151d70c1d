//! The engine: decides whether a signature is to be believed. Pure and synchronous: what it needs is given, the time too.
//!
//! Every form of a signature (bundle, layer annotations, older `--bundle` JSON, detached) becomes one [`Signed`] at the edge, and
//! is checked here by the same code against a [`Requirement`], believing nobody but a [`TrustedRoot`]. Which test would miss which check is
//! listed in `tests/checks.rs`. A bundle of a file, say:
//!
//! ```
//! use cosign::encoding::UnixTime;
//! use cosign::format::{bundle::Bundle, trusted_root::TrustedRoot};
//! use cosign::verify::{Artifact, Blob, IdentityPolicy, Matcher, Requirement, SctRequirement, Trust, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keyless"))?;
//! let root = TrustedRoot::parse(&std::fs::read("trust/trusted_root.json")?)?;
//! let signed = Bundle::parse(&std::fs::read("bundles/kl-r1.json")?, false)?.to_signed()?;
//! let identities = IdentityPolicy::one(Matcher::exact("alice@example.com"), Matcher::exact("http://127.0.0.1:18001"));
//! let requirement = Requirement::new(Trust::Identity { identities, sct: SctRequirement::required() });
//! let file = std::fs::read("blob.txt")?;
//! let now = UnixTime::from(std::time::SystemTime::now());
//! let verified = verify(&signed, Artifact::Blob(&Blob::from_bytes(&file)), &requirement, &root, now)?;
//! println!("signed at {}", verified.times[0].time);
//! # Ok(())
//! # }
//! ```

mod binding;
mod by_certificate;
mod by_key;
mod chain;
mod claims;
mod error;
mod identity;
mod requirement;
mod sct;
mod signature;
mod timestamp;
mod tlog;
mod verified;

pub use crate::encoding::pattern::{Pattern, PatternError};
pub use binding::BindingError;
pub use chain::{CertificateTrustError, ExpiryError, PathError};
pub use claims::ClaimError;
pub use error::VerificationError;
pub use identity::{EmptyPolicy, Identity, IdentityError, IdentityPolicy, Matcher, Mismatch, Workflow};
pub use requirement::{
    Artifact, Blob, ClaimsRequirement, KeyTrust, Requirement, SctRequirement, TimeRequirement, TlogRequirement, Trust, WantedPredicate,
};
pub use sct::SctCheckError;
pub use signature::SignatureError;
pub use timestamp::TimeError;
pub use tlog::{SkipReason, TlogError};
pub use verified::{Checks, TimeSource, Verified, VerifiedCertificate, VerifiedContent, VerifiedSigner, VerifiedTime};

use crate::crypto::{Certificate, HashAlgorithm, KeyAlgorithm, PublicKey};
use crate::encoding::UnixTime;
use crate::format::intoto::Statement;
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial};
use crate::format::tlog::EntryBody;
use crate::format::trusted_root::TrustedRoot;
use by_certificate::CertificatePolicy;

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
    trusted: &TrustedRoot,
    now: UnixTime,
) -> Result<Verified, VerificationError> {
    if let (Form::Bundle, SignedContent::Envelope(envelope)) = (signed.material.form, &signed.content) {
        envelope.single_signature().map_err(SignatureError::Dsse)?;
    }
    let check = Check { signed, artifact, requirement, trusted, now };
    match &requirement.trust {
        Trust::Key(trust) => check.by_one_of(trust),
        Trust::Identity { identities, sct } => match &signed.material.signer {
            SignerMaterial::Certificate { leaf, intermediates } => {
                check.by_certificate(&CertificatePolicy { leaf, intermediates, identities, sct })
            }
            SignerMaterial::Nothing => Err(VerificationError::NoCertificate),
            // Whatever key comes along, it never replaces the identity that was asked for (GHSA-fx35-mq7g-6g98).
            SignerMaterial::KeyHint(_) | SignerMaterial::PublicKey(_) => Err(VerificationError::ExpectedCertificate),
        },
        Trust::Certificate { leaf, identities, sct } => {
            let intermediates = match &signed.material.signer {
                SignerMaterial::Certificate { leaf: own, intermediates } if own.der() == leaf.der() => intermediates.as_slice(),
                SignerMaterial::Nothing => &[],
                _ => return Err(VerificationError::OtherCertificate),
            };
            check.by_certificate(&CertificatePolicy { leaf, intermediates, identities, sct })
        }
    }
}

/// Checks a certificate that is about to be used: its path to an authority of `trusted` at `at`, and its SCT. Whose it is, is not looked at.
///
/// # Errors
/// [`VerificationError`]: the first check that fails.
pub fn verify_certificate(
    (leaf, intermediates): (&Certificate, &[Certificate]),
    sct: &SctRequirement,
    trusted: &TrustedRoot,
    at: UnixTime,
) -> Result<(), VerificationError> {
    let paths = chain::paths(leaf, intermediates, trusted, at).map_err(CertificateTrustError::Leaf)?;
    sct::check(sct, &paths, trusted, Form::Bundle)?;
    Ok(())
}

/// Everything that one verification is about.
#[derive(Clone, Copy)]
struct Check<'a> {
    signed: &'a Signed,
    artifact: Artifact<'a>,
    requirement: &'a Requirement,
    trusted: &'a TrustedRoot,
    now: UnixTime,
}

/// Whose signature it must be.
#[derive(Clone, Copy)]
enum SignerKey<'a> {
    /// The owner of a key; with the certificate that came along in the older form.
    Key { key: &'a PublicKey, certificate: Option<&'a Certificate> },
    /// The owner of a certificate.
    Certificate(&'a Certificate),
}

/// By which functions a file must be hashed for [`verify`]: it is read once.
pub fn hashes_needed(signed: &Signed, requirement: &Requirement) -> Vec<HashAlgorithm> {
    let mut needed = vec![HashAlgorithm::Sha256];
    match &signed.content {
        SignedContent::Envelope(envelope) => {
            needed.extend(Statement::parse_without_predicate(&envelope.payload).map(|s| s.hash_algorithms()).unwrap_or_default());
        }
        SignedContent::Message(message) => {
            // A log may have the digest by another function than the signature is over.
            let logged = signed.material.log_entries.iter().filter_map(|entry| EntryBody::parse(&entry.canonicalized_body).ok());
            needed.extend(
                logged.filter_map(|body| if let EntryBody::HashedRekord { digest, .. } = body { Some(digest.algorithm()) } else { None }),
            );
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
