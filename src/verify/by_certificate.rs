//! Verification with a certificate: its path, its log, its owner's identity.

use super::chain::{self, CertificateTrustError};
use super::identity::IdentityPolicy;
use super::requirement::{SctRequirement, TimeRequirement, TlogRequirement};
use super::signature::Candidate;
use super::timestamp::{self, TimeError};
use super::tlog::LogEvidence;
use super::verified::{Checks, TimeSource, Verified, VerifiedCertificate, VerifiedSigner, VerifiedTime};
use super::{Check, SignerKey, VerificationError, claims, sct};
use crate::crypto::{Certificate, PublicKey};
use crate::format::material::Form;

/// A certificate and what it must meet.
#[derive(Clone, Copy)]
pub(super) struct CertificatePolicy<'a> {
    pub(super) leaf: &'a Certificate,
    pub(super) intermediates: &'a [Certificate],
    pub(super) identities: &'a IdentityPolicy,
    pub(super) sct: &'a SctRequirement,
}

impl Check<'_> {
    /// The owner of the certificate must have signed while it counted, as one of the identities.
    pub(super) fn by_certificate(&self, policy: &CertificatePolicy<'_>) -> Result<Verified, VerificationError> {
        match self.signed.material.form {
            Form::Bundle => self.by_certificate_bundle(policy),
            Form::Legacy => self.by_certificate_legacy(policy),
        }
    }

    /// Log, times, path at each time, SCT, signature and subject, identity.
    fn by_certificate_bundle(&self, policy: &CertificatePolicy<'_>) -> Result<Verified, VerificationError> {
        let form = Form::Bundle;
        let log = self.log_evidence(SignerKey::Certificate(policy.leaf))?;
        let times = self.bundle_times(&log).map_err(VerificationError::Time)?;
        let mut paths: Vec<Vec<Certificate>> = Vec::new();
        for time in &times {
            // Each time on its own: a path that counts at one may not at another.
            let found = chain::paths(policy.leaf, policy.intermediates, self.trusted, time.time);
            for path in found.map_err(CertificateTrustError::Leaf)? {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        let has_sct = sct::check(policy.sct, &paths, self.trusted, form)?;
        let key = public_key(policy.leaf)?;
        Candidate::new(&key, None).verify(self.signed, self.artifact)?;
        let statement = claims::check(self.signed, self.artifact, self.requirement)?;
        policy.identities.check(policy.leaf, form)?;
        let path = paths.into_iter().next().unwrap_or_default();
        Ok(Verified {
            signer: signer(policy.leaf, &path),
            checks: Checks { sct: has_sct, timestamp: by_authority(&times), ..self.checks() },
            times,
            log_entries: log.entries,
            statement,
        })
    }

    /// The times at which the certificate must count: at least one.
    fn bundle_times(&self, log: &LogEvidence) -> Result<Vec<VerifiedTime>, TimeError> {
        let tokens = |threshold| timestamp::verified_times(self.signed, self.trusted, threshold);
        match (self.requirement.time, self.requirement.tlog) {
            (TimeRequirement::SignedTimestamps { threshold }, _) => tokens(threshold),
            (TimeRequirement::Automatic, TlogRequirement::InsecureIgnore) => {
                Ok(vec![VerifiedTime { time: self.now, source: TimeSource::CurrentTime }])
            }
            (TimeRequirement::Automatic, TlogRequirement::Required { .. }) => {
                let entries = &self.signed.material.log_entries;
                // Logs that give no time (Rekor v2) leave it to a timestamp authority.
                if !entries.is_empty() && entries.iter().all(|entry| entry.integrated_time == 0) {
                    tokens(1)
                } else if log.times.is_empty() {
                    Err(TimeError::LogTimes { found: 0, wanted: 1 })
                } else {
                    Ok(log.times.clone())
                }
            }
        }
    }

    /// Token, log, path, identity, SCT, signature, claims, expiry.
    fn by_certificate_legacy(&self, policy: &CertificatePolicy<'_>) -> Result<Verified, VerificationError> {
        let form = Form::Legacy;
        let mut times = self.legacy_timestamps()?;
        let log = self.log_evidence(SignerKey::Certificate(policy.leaf))?;
        times.extend(log.times);
        // At the certificate's own first moment: whether it counted when it was used is checked at the end.
        let paths = chain::paths(policy.leaf, policy.intermediates, self.trusted, policy.leaf.not_before()).map_err(|error| {
            let by_hand = chain::is_by_hand(self.trusted);
            if by_hand { CertificateTrustError::ByHand(error) } else { CertificateTrustError::LegacyLeaf(error) }
        })?;
        policy.identities.check(policy.leaf, form)?;
        let has_sct = sct::check(policy.sct, &paths, self.trusted, form)?;
        let key = public_key(policy.leaf)?;
        Candidate::new(&key, None).verify(self.signed, self.artifact)?;
        let statement = claims::check(self.signed, self.artifact, self.requirement)?;
        let path = self.path_that_counts(policy.leaf, &paths, &times)?;
        let checks = Checks { sct: has_sct, timestamp: by_authority(&times), ..self.checks() };
        if times.is_empty() {
            times.push(VerifiedTime { time: self.now, source: TimeSource::CurrentTime });
        }
        Ok(Verified { signer: signer(policy.leaf, path), checks, times, log_entries: log.entries, statement })
    }

    /// The first path of which every certificate counts at every time; the error is that of the first path.
    fn path_that_counts<'p>(
        &self,
        leaf: &Certificate,
        paths: &'p [Vec<Certificate>],
        times: &[VerifiedTime],
    ) -> Result<&'p [Certificate], VerificationError> {
        let mut first = None;
        for path in paths {
            match self.check_legacy_expiry(leaf, path.get(1..).unwrap_or_default(), times) {
                Ok(()) => return Ok(path),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.map_or(VerificationError::NoCertificate, VerificationError::Certificate))
    }
}

fn public_key(leaf: &Certificate) -> Result<PublicKey, CertificateTrustError> {
    leaf.public_key().map_err(|error| CertificateTrustError::Key(error.to_string()))
}

fn signer(leaf: &Certificate, path: &[Certificate]) -> VerifiedSigner {
    let chain = path.get(1..).unwrap_or_default().to_vec();
    VerifiedSigner::Certificate(Box::new(VerifiedCertificate { leaf: leaf.clone(), chain }))
}

fn by_authority(times: &[VerifiedTime]) -> bool {
    times.iter().any(|time| matches!(time.source, TimeSource::TimestampAuthority(_)))
}
