//! Looks up, in a log, a signature of the older form that came without its entry. What the log answers only adds material: the engine checks it.

use crate::crypto::Digest;
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial};
use crate::http::Client;
use crate::sigstore::rekor::{Logged, LoggedContent, LoggedKey, RekorError, v1};
use crate::verify::{Requirement, TlogRequirement, Trust};

/// A log that may be asked.
pub struct LogLookup {
    rekor: v1::Rekor,
}

impl LogLookup {
    /// The log at `url` (Rekor v1).
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(url: &str, client: &Client) -> Result<Self, RekorError> {
        Ok(Self { rekor: v1::Rekor::new(url, client)? })
    }

    /// Adds the log's entry to a signature that needs one and has none. Whether one was added.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(super) async fn complete(&self, signed: &mut Signed, requirement: &Requirement) -> Result<bool, String> {
        let material = &signed.material;
        let wanted =
            requirement.tlog != TlogRequirement::InsecureIgnore && material.form == Form::Legacy && material.log_entries.is_empty();
        let SignedContent::SimpleSigning { payload, signature } = &signed.content else { return Ok(false) };
        if !wanted {
            return Ok(false);
        }
        let key = match (&material.signer, &requirement.trust) {
            (SignerMaterial::Certificate { leaf, .. }, _) => LoggedKey::Certificate(leaf),
            (_, Trust::Certificate { leaf, .. }) => LoggedKey::Certificate(leaf),
            (_, Trust::Key(trust)) => match trust.keys.first() {
                Some(key) => LoggedKey::PublicKey(key),
                None => return Ok(false),
            },
            (_, Trust::Identity { .. }) => return Ok(false),
        };
        let digest = Digest::sha256(payload);
        let logged = Logged { content: LoggedContent::Digest(&digest), signature, key };
        let found =
            self.rekor.search(&logged).await.map_err(|error| format!("looking the signature up in the transparency log: {error}"))?;
        let entry = found.into_iter().next().ok_or("signature not found in transparency log")?;
        signed.material.log_entries.push(entry);
        Ok(true)
    }
}
