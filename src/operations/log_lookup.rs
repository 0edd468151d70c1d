//! Looks up, in a log, a signature of the older form that came without its entry. What the log answers only adds material: the engine checks it.

use crate::ambient::Context;
use crate::crypto::{Digest, HashAlgorithm};
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial, VerificationMaterial};
use crate::format::tlog::LogEntry;
use crate::http::{Client, ClientOptions, HttpError, TlsOptions};
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

/// What the signature that is looked for is over.
#[derive(Debug, Clone, Copy)]
pub enum SignatureOf<'a> {
    /// The payload or the envelope that comes with it.
    Payload,
    /// A file with these digests.
    File(&'a [Digest]),
}

/// The functions by which signatures are made.
const HASHES: [HashAlgorithm; 3] = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];

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
        let options = ClientOptions::of(TlsOptions::default(), 4);
        Ok(Self { rekor: v1::Rekor::new(url, &Client::new(&options, context)?)? })
    }

    /// The log's entry about this very signature by this key. Of several (one signature may be in several shards) the first.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn find(&self, logged: &Logged<'_>) -> Result<LogEntry, FindError> {
        let found = self.rekor.search(&[*logged]).await?;
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

    /// Adds the log's entry to a signature that needs one and has none. Whether one was added.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub async fn complete(&self, signed: &mut Signed, of: SignatureOf<'_>, requirement: &Requirement) -> Result<bool, String> {
        let material = &signed.material;
        let wanted =
            requirement.tlog != TlogRequirement::InsecureIgnore && material.form == Form::Legacy && material.log_entries.is_empty();
        let keys = keys(material, requirement);
        let digests = match (&signed.content, of) {
            (SignedContent::SimpleSigning { payload, .. }, _) => HASHES.map(|hash| hash.digest(payload)).into(),
            (_, SignatureOf::File(digests)) => digests.to_vec(),
            _ => Vec::new(),
        };
        let contents: Vec<LoggedContent<'_>> = match (&signed.content, of) {
            // Logs have the envelope as it was stored.
            (SignedContent::Envelope(envelope), _) => {
                vec![LoggedContent::Envelope { envelope, json: material.envelope_bytes.as_deref() }]
            }
            _ => digests.iter().map(LoggedContent::Digest).collect(),
        };
        if !wanted || keys.is_empty() || contents.is_empty() {
            return Ok(false);
        }
        let signature = signed.content.signature().unwrap_or_default();
        let logged = keys.iter().flat_map(|key| contents.iter().map(|content| Logged { content: *content, signature, key: *key }));
        let (mut signing, mut refused) = (Vec::new(), String::new());
        for logged in logged {
            match logged.check_signature() {
                Ok(()) => signing.push(logged),
                Err(why) if refused.is_empty() => refused = why,
                Err(_) => {}
            }
        }
        if signing.is_empty() {
            return Err(format!(
                "signature not found in transparency log (it was not asked, since the signature does not hold: {refused})"
            ));
        }
        let found =
            self.rekor.search(&signing).await.map_err(|error| format!("looking the signature up in the transparency log: {error}"))?;
        // An entry that names the signature says more than one that does not.
        let entry = found.into_iter().min_by_key(|entry| entry.kind == "intoto").ok_or("signature not found in transparency log")?;
        signed.material.log_entries.push(entry);
        Ok(true)
    }
}

/// The keys that may have signed.
fn keys<'a>(material: &'a VerificationMaterial, requirement: &'a Requirement) -> Vec<LoggedKey<'a>> {
    match (&material.signer, &requirement.trust) {
        (SignerMaterial::Certificate { leaf, .. }, _) => vec![LoggedKey::Certificate(leaf)],
        (_, Trust::Certificate { leaf, .. }) => vec![LoggedKey::Certificate(leaf)],
        (_, Trust::Key(trust)) => trust.keys.iter().map(LoggedKey::PublicKey).collect(),
        (_, Trust::Identity { .. }) => Vec::new(),
    }
}
