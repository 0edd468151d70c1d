//! Looks up, in a log, a signature of the older form that came without its entry. What the log answers only adds material: the engine checks it.

use crate::ambient::Context;
use crate::crypto::Digest;
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial};
use crate::format::tlog::LogEntry;
use crate::http::{Client, ClientOptions, HttpError, RetryPolicy, TlsOptions, user_agent};
use crate::sigstore::rekor::{Logged, LoggedContent, LoggedKey, RekorError, v1};
use crate::verify::{Requirement, TlogRequirement, Trust};

/// Why no log can be asked.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// HTTP.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Its address.
    #[error(transparent)]
    Rekor(#[from] RekorError),
}

/// Why the log gives no entry.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The log cannot be asked.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// It answers with an error, or something that cannot be read.
    #[error("fetching the entry from the transparency log: {0}")]
    Rekor(#[from] RekorError),
    /// It has not seen the signature.
    #[error("unable to find tlog entry: signature not found in transparency log")]
    NotFound,
    /// What it gives at an index is something else than what it promised there.
    #[error("the transparency log's entry at index {0} is another than the bundle's")]
    Other(i64),
}

/// A log that may be asked.
pub struct LogLookup {
    rekor: v1::Rekor,
}

impl LogLookup {
    /// The log at `url` (Rekor v1).
    ///
    /// # Errors
    /// HTTP cannot be set up, or the URL is none.
    pub fn new(url: &str, context: &Context) -> Result<Self, LookupError> {
        let options = ClientOptions {
            tls: TlsOptions::default(),
            user_agent: user_agent(),
            retry: RetryPolicy::default(),
            ..ClientOptions::default()
        };
        Ok(Self { rekor: v1::Rekor::new(url, &Client::new(&options, context)?)? })
    }

    /// The log's entry about this very signature by this key. Of several (one signature may be in several shards) the first.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn find(&self, logged: &Logged<'_>) -> Result<LogEntry, FindError> {
        let found = self.rekor.search(logged).await?;
        found.into_iter().find(|entry| logged.is_in(entry)).ok_or(FindError::NotFound)
    }

    /// The proof of an entry that came with a promise alone.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn prove(&self, entry: &LogEntry) -> Result<LogEntry, FindError> {
        let other = || FindError::Other(entry.log_index);
        let found = self.rekor.by_index(u64::try_from(entry.log_index).map_err(|_| other())?).await?;
        let same = found.canonicalized_body == entry.canonicalized_body
            && found.log_id == entry.log_id
            && found.log_index == entry.log_index
            && found.integrated_time == entry.integrated_time
            && found.inclusion_proof.is_some();
        if same { Ok(LogEntry { inclusion_proof: found.inclusion_proof, ..entry.clone() }) } else { Err(other()) }
    }

    /// Adds the log's entry to a signature that needs one and has none. Whether one was added. `artifact` is the SHA-256 of a file.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub async fn complete(&self, signed: &mut Signed, artifact: Option<&Digest>, requirement: &Requirement) -> Result<bool, String> {
        let material = &signed.material;
        let wanted =
            requirement.tlog != TlogRequirement::InsecureIgnore && material.form == Form::Legacy && material.log_entries.is_empty();
        let (digest, signature) = match (&signed.content, artifact) {
            (SignedContent::SimpleSigning { payload, signature }, _) => (Digest::sha256(payload), signature),
            (SignedContent::Message(message), Some(artifact)) => (artifact.clone(), &message.signature),
            _ => return Ok(false),
        };
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
        let logged = Logged { content: LoggedContent::Digest(&digest), signature, key };
        let found =
            self.rekor.search(&logged).await.map_err(|error| format!("looking the signature up in the transparency log: {error}"))?;
        let entry = found.into_iter().next().ok_or("signature not found in transparency log")?;
        signed.material.log_entries.push(entry);
        Ok(true)
    }
}
