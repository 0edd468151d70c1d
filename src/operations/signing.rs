//! Who signs in a run: a key, or whoever Fulcio certifies.

use super::signing_key::{SigningKey, SigningKeyError};
use crate::ambient::{Consent, Context, PromptError};
use crate::format::bundle::Bundle;
use crate::format::material::Form;
use crate::keys::load::FetchUrl;
use crate::sign::certifier::{CertifyError, Session};
use crate::sign::finish::Finish;
use crate::sign::identity::SigningIdentity;
use crate::sign::services::SigningServices;
use crate::sigstore::oidc::{PRIVACY_CONFIRMATION, PRIVACY_STATEMENT};

/// Who signs, and the services that take part.
pub struct Signing {
    /// The services.
    pub services: SigningServices,
    who: Who,
}

enum Who {
    Key(SigningIdentity),
    Certified(Box<Session>),
}

/// Why nobody signs.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The key.
    #[error("getting signer: {0}")]
    Key(#[from] SigningKeyError),
    /// There is no certificate.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// Neither key nor Fulcio.
    #[error("there is neither a key nor a certificate authority to sign with")]
    Nobody,
}

/// As cosign, where services were named by hand and a log is told: what becomes public is said, and asked for unless `consented`.
///
/// # Errors
/// Nobody agrees.
pub fn state_privacy(services: &SigningServices, consented: bool, context: &Context) -> Result<(), PromptError> {
    if !services.by_hand || services.witnesses.logs.is_empty() {
        return Ok(());
    }
    context.ui.status(PRIVACY_STATEMENT);
    context.ui.status(PRIVACY_CONFIRMATION);
    if consented { Ok(()) } else { context.ui.confirm(&Consent { warning: None, flag: Some("--yes") }) }
}

/// Where logs have what a bundle holds.
pub fn logged(bundle: &Bundle) -> Vec<i64> {
    bundle.material.iter().flat_map(|material| &material.log_entries).map(|entry| entry.entry.log_index).collect()
}

/// Says where logs have a signature that could not be stored: nobody takes it out of them.
pub fn tell_logged(indices: &[i64], context: &Context) {
    for index in indices {
        context.ui.status(&format!("The transparency log has the signature already, at index {index}"));
    }
}

impl Signing {
    /// Opens the key, or gets the first certificate: before anything is written.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        key: Option<&SigningKey>,
        mut services: SigningServices,
        fetch: &dyn FetchUrl,
        context: &Context,
    ) -> Result<Self, OpenError> {
        let own = match key {
            Some(key) => Some(key.open(fetch, context).await?),
            None => None,
        };
        let who = match (services.certifier.take(), own) {
            (Some(mut certifier), own) => {
                certifier.key = own.map(|own| own.signer);
                Who::Certified(Box::new(Session::new(certifier)))
            }
            (None, Some(own)) => Who::Key(own),
            (None, None) => return Err(OpenError::Nobody),
        };
        let mut signing = Self { services, who };
        signing.identity(context).await?;
        Ok(signing)
    }

    /// Who signs now: the same as before, unless the certificate is about to end.
    ///
    /// # Errors
    /// [`CertifyError`].
    pub async fn identity(&mut self, context: &Context) -> Result<SigningIdentity, CertifyError> {
        let identity = match &mut self.who {
            Who::Key(identity) => identity.clone(),
            Who::Certified(session) => session.identity(self.services.trusted.as_deref(), context).await?,
        };
        Ok(identity.meeting(self.services.demand))
    }

    /// What a signature of `identity` is finished with.
    pub fn finish<'a>(&'a self, identity: &'a SigningIdentity, with_logs: bool) -> Finish<'a> {
        Finish { identity, services: &self.services, with_logs, form: Form::Bundle }
    }
}
