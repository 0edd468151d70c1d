//! The rules of form that a bundle's version sets, checked before any cryptography, in sigstore-go's order.

use super::{Bundle, BundleError, BundleLogEntry, BundleSigner, BundleVersion, MAX_LOG_ENTRIES, MAX_TIMESTAMPS};
use crate::format::tlog::EntryBody;

impl Bundle {
    /// The version that the media type says.
    ///
    /// # Errors
    /// [`BundleError::MediaType`].
    pub fn version(&self) -> Result<BundleVersion, BundleError> {
        BundleVersion::of_media_type(&self.media_type)
    }

    /// Checks the bundle's form.
    ///
    /// # Errors
    /// [`BundleError`]: the first rule that is broken.
    pub fn validate(&self, allow_chain: bool) -> Result<(), BundleError> {
        let version = self.version()?;
        let entries = self.material.as_ref().map_or(&[][..], |material| &material.log_entries);
        if entries.len() > MAX_LOG_ENTRIES {
            return Err(BundleError::TooManyLogEntries(entries.len()));
        }
        entries.iter().try_for_each(validate_entry)?;
        let any = |has: fn(&BundleLogEntry) -> bool| entries.is_empty() || entries.iter().any(has);
        if version == BundleVersion::V0_1 {
            if !any(|entry| entry.entry.inclusion_promise.is_some()) {
                return Err(BundleError::NoPromise);
            }
        } else if !any(|entry| entry.entry.inclusion_proof.is_some()) {
            return Err(BundleError::NoProof);
        }
        let signer = self.material.as_ref().and_then(|material| material.signer.as_ref());
        if version >= BundleVersion::V0_3 {
            if matches!(signer, Some(BundleSigner::Chain(_))) && !allow_chain {
                return Err(BundleError::ChainInV03);
            }
        } else if allow_chain {
            return Err(BundleError::ChainBeforeV03);
        }
        if self.content.is_none() {
            return Err(BundleError::MissingContent);
        }
        match signer {
            None => return Err(BundleError::MissingMaterial),
            Some(BundleSigner::Chain(chain)) if chain.is_empty() => return Err(BundleError::MissingMaterial),
            Some(_) => {}
        }
        match self.material.as_ref().map_or(0, |material| material.timestamps.len()) {
            count if count > MAX_TIMESTAMPS => Err(BundleError::TooManyTimestamps(count)),
            _ => Ok(()),
        }
    }
}

/// Everything is there, and the entry says what its body is (Go never compares the two; we refuse a difference, as the other verifiers do).
fn validate_entry(entry: &BundleLogEntry) -> Result<(), BundleError> {
    if !entry.complete || entry.entry.log_index < 0 {
        return Err(BundleError::IncompleteLogEntry);
    }
    if let Some(proof) = &entry.entry.inclusion_proof {
        if !entry.has_checkpoint {
            return Err(BundleError::NoCheckpoint);
        }
        if proof.checkpoint.is_empty() {
            return Err(BundleError::EmptyCheckpoint);
        }
    }
    let body = EntryBody::parse(&entry.entry.canonicalized_body).map_err(BundleError::EntryBody)?;
    if body.kind() != entry.entry.kind || body.version() != entry.entry.version {
        return Err(BundleError::KindVersion {
            kind: entry.entry.kind.clone(),
            version: entry.entry.version.clone(),
            body_kind: body.kind(),
            body_version: body.version(),
        });
    }
    // What Rekor v1 itself checked before it took such an entry. (Version 2 is compared with the bundle in the engine.)
    if body.is_rekor_v2() { Ok(()) } else { body.check_own_signature().map_err(BundleError::EntryBody) }
}
