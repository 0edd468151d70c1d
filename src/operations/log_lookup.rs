//! Looks up, in a log, a signature of the older form that came without its entry. What the log answers only adds material: the engine checks it.

use crate::ambient::Context;
use crate::crypto::Digest;
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial};
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

    /// Adds the log's entry to a signature that needs one and has none. Whether one was added. `artifact` is the SHA-256 of a file.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub async fn complete(&self, signed: &mut Signed, artifact: Option<&Digest>, requirement: &Requirement) -> Result<bool, String> {
        let material = &signed.material;
        let wanted =
            requirement.tlog != TlogRequirement::InsecureIgnore && material.form == Form::Legacy && material.log_entries.is_empty();
        if !wanted {
            return Ok(false);
        }
        let digest;
        let (content, signature) = match (&signed.content, artifact) {
            (SignedContent::SimpleSigning { payload, signature }, _) => {
                digest = Digest::sha256(payload);
                (LoggedContent::Digest(&digest), signature.as_slice())
            }
            (SignedContent::Message(message), Some(artifact)) => (LoggedContent::Digest(artifact), message.signature.as_slice()),
            (SignedContent::Envelope(envelope), _) => {
                // Logs have the envelope as it was stored; the signature is in it.
                (LoggedContent::Envelope { envelope, json: material.envelope_bytes.as_deref() }, &[][..])
            }
            (SignedContent::Message(_), None) => return Ok(false),
        };
        let key = match (&material.signer, &requirement.trust) {
            (SignerMaterial::Certificate { leaf, .. }, _) => LoggedKey::Certificate(leaf),
            (_, Trust::Certificate { leaf, .. }) => LoggedKey::Certificate(leaf),
            (_, Trust::Key(trust)) => match trust.keys.first() {
                Some(key) => LoggedKey::PublicKey(key),
                None => return Ok(false),
            },
            (_, Trust::Identity { .. }) => return Ok(false),
        };
        let logged = Logged { content, signature, key };
        let found =
            self.rekor.search(&logged).await.map_err(|error| format!("looking the signature up in the transparency log: {error}"))?;
        let entry = found.into_iter().next().ok_or("signature not found in transparency log")?;
        signed.material.log_entries.push(entry);
        Ok(true)
    }
}
