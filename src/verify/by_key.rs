//! Verification with a key that the user named.

use super::chain::{self, CertificateTrustError};
use super::requirement::{ClaimsRequirement, KeyTrust, TimeRequirement, TlogRequirement};
use super::signature::Candidate;
use super::tlog::{self, LogEvidence};
use super::verified::{Checks, TimeSource, Verified, VerifiedSigner, VerifiedTime};
use super::{Check, SignerKey, VerificationError, claims, timestamp};
use crate::crypto::{Certificate, HashAlgorithm, PublicKey};
use crate::format::material::{Form, SignerMaterial};

impl Check<'_> {
    /// One of the keys must have signed; each is tried with all checks. The error is that of the first one.
    pub(super) fn by_one_of(&self, trust: &KeyTrust) -> Result<Verified, VerificationError> {
        let mut first = None;
        for key in &trust.keys {
            match self.by_key(key, trust.hash) {
                Ok(verified) => return Ok(verified),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(VerificationError::NoKey))
    }

    fn by_key(&self, key: &PublicKey, hash: Option<HashAlgorithm>) -> Result<Verified, VerificationError> {
        let certificate = match &self.signed.material.signer {
            SignerMaterial::Certificate { leaf, .. } => Some(leaf),
            _ => None,
        };
        match (self.signed.material.form, certificate) {
            (Form::Bundle, Some(_)) => Err(VerificationError::ExpectedKey),
            (Form::Bundle, None) => {
                let log = self.log_evidence(SignerKey::Key { key, certificate: None })?;
                let times = match self.requirement.time {
                    TimeRequirement::Automatic => Vec::new(),
                    TimeRequirement::SignedTimestamps { threshold } => {
                        timestamp::verified_times(self.signed, self.trusted, threshold).map_err(VerificationError::Time)?
                    }
                };
                self.signed_by_key(key, hash, log, times)
            }
            (Form::Legacy, certificate) => self.by_key_legacy(key, hash, certificate),
        }
    }

    fn by_key_legacy(
        &self,
        key: &PublicKey,
        hash: Option<HashAlgorithm>,
        certificate: Option<&Certificate>,
    ) -> Result<Verified, VerificationError> {
        if matches!(&self.signed.material.signer, SignerMaterial::PublicKey(other) if **other != *key) {
            return Err(VerificationError::OtherKey);
        }
        let times = self.legacy_timestamps()?;
        let looks_at_log = self.requirement.tlog != TlogRequirement::InsecureIgnore;
        if looks_at_log && certificate.is_some_and(|certificate| certificate.spki_der() != key.spki_der()) {
            return Err(VerificationError::KeyAndCertificateDiffer);
        }
        let log = self.log_evidence(SignerKey::Key { key, certificate })?;
        let verified = self.signed_by_key(key, hash, log, times)?;
        if let Some(leaf) = certificate {
            self.check_legacy_expiry(leaf, &[], &verified.times)?;
        }
        Ok(verified)
    }

    fn signed_by_key(
        &self,
        key: &PublicKey,
        hash: Option<HashAlgorithm>,
        log: LogEvidence,
        mut times: Vec<VerifiedTime>,
    ) -> Result<Verified, VerificationError> {
        Candidate::new(key, hash).verify(self.signed, self.artifact)?;
        let statement = claims::check(self.signed, self.artifact, self.requirement)?;
        let checks = Checks { timestamp: !times.is_empty(), ..self.checks() };
        times.extend(log.times);
        Ok(Verified { signer: VerifiedSigner::Key(Box::new(key.clone())), checks, times, log_entries: log.entries, statement })
    }

    /// What the requirement alone says about the list of checks, once all of them have held.
    pub(super) fn checks(&self) -> Checks {
        let (claims, annotations) = match &self.requirement.claims {
            ClaimsRequirement::Check { annotations } => (true, !annotations.is_empty()),
            ClaimsRequirement::InsecureIgnore => (false, false),
        };
        Checks { claims, annotations, tlog: self.requirement.tlog != TlogRequirement::InsecureIgnore, ..Checks::default() }
    }

    /// The log entries, where they are asked for.
    pub(super) fn log_evidence(&self, signer: SignerKey<'_>) -> Result<LogEvidence, VerificationError> {
        let TlogRequirement::Required { threshold } = self.requirement.tlog else { return Ok(LogEvidence::default()) };
        let form = self.signed.material.form;
        if form == Form::Legacy && self.signed.material.log_entries.is_empty() {
            return Err(VerificationError::NoLogEntry);
        }
        let wrap = if form == Form::Bundle { VerificationError::Tlog } else { VerificationError::LegacyTlog };
        tlog::check(self.signed, self.artifact, signer, self.trusted, threshold).map_err(wrap)
    }

    /// In the older form tokens count where they are asked for; that there is one is demanded only by an expired certificate.
    pub(super) fn legacy_timestamps(&self) -> Result<Vec<VerifiedTime>, VerificationError> {
        match self.requirement.time {
            TimeRequirement::SignedTimestamps { threshold } if !self.signed.material.timestamps.is_empty() => {
                timestamp::verified_times(self.signed, self.trusted, threshold).map_err(VerificationError::LegacyTime)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Every certificate of the path at every verified time, or now where there is none.
    pub(super) fn check_legacy_expiry(
        &self,
        leaf: &Certificate,
        authorities: &[Certificate],
        times: &[VerifiedTime],
    ) -> Result<(), CertificateTrustError> {
        for time in times {
            let evidence = match time.source {
                TimeSource::TimestampAuthority(_) => "checking expiry on certificate with timestamp: ",
                TimeSource::TransparencyLog(_) | TimeSource::CurrentTime => "checking expiry on certificate with bundle: ",
            };
            chain::check_expiry(leaf, authorities, time.time).map_err(|error| CertificateTrustError::Expiry { evidence, error })?;
        }
        if times.is_empty() {
            chain::check_expiry(leaf, authorities, self.now).map_err(CertificateTrustError::ExpiredWithoutTime)?;
        }
        Ok(())
    }
}
