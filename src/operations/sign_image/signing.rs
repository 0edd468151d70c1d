//! Who signs the images of a call, and whether a log is told of it.

use super::target::Target;
use super::{SignImageError, SignImages, SigningKey};
use crate::ambient::{Consent, Context};
use crate::keys::load::{self, FetchUrl};
use crate::operations::files;
use crate::registry::Registries;
use crate::sign::certifier::Session;
use crate::sign::identity::{SigningCertificate, SigningCertificateError, SigningIdentity};
use crate::sign::services::SigningServices;
use crate::sigstore::oidc::{PRIVACY_CONFIRMATION, PRIVACY_STATEMENT};

/// Who signs: a key, or whoever Fulcio certifies.
pub(super) struct Signing {
    pub(super) services: SigningServices,
    who: Who,
}

enum Who {
    Key(SigningIdentity),
    Certified(Box<Session>),
}

impl Signing {
    /// Opens the key, or gets the first certificate: before anything is written.
    pub(super) async fn open(
        request: &SignImages,
        mut services: SigningServices,
        fetch: &dyn FetchUrl,
        context: &Context,
    ) -> Result<Self, SignImageError> {
        let own = match &request.key {
            Some(key) => Some(open(key, fetch, context).await?),
            None => None,
        };
        let who = match (services.certifier.take(), own) {
            (Some(mut certifier), own) => {
                certifier.key = own.map(|own| own.signer);
                Who::Certified(Box::new(Session::new(certifier)))
            }
            (None, Some(own)) => Who::Key(own),
            (None, None) => return Err(SigningCertificateError::ChainWithoutLeaf.into()),
        };
        let mut signing = Self { services, who };
        signing.identity(context).await?;
        Ok(signing)
    }

    /// Who signs now.
    pub(super) async fn identity(&mut self, context: &Context) -> Result<SigningIdentity, SignImageError> {
        match &mut self.who {
            Who::Key(identity) => Ok(identity.clone()),
            Who::Certified(session) => Ok(session.identity(self.services.trusted.as_deref(), context).await?),
        }
    }
}

/// Whether the logs are to be told. Where services were named by hand and the image cannot be read without credentials, only after consent, as in
/// cosign.
pub(super) async fn is_logged(
    request: &SignImages,
    services: &SigningServices,
    (target, registries): (&Target, &Registries),
    context: &Context,
) -> bool {
    if services.witnesses.logs.is_empty() || !services.by_hand || request.consented || target.is_public(registries).await {
        return !services.witnesses.logs.is_empty();
    }
    let url = request.services.rekor_url.as_deref().unwrap_or_default();
    let warning = format!(
        "\"{}\" appears to be a private repository, please confirm uploading to the transparency log at \"{url}\"",
        target.repository_name
    );
    let agreed = context.ui.confirm(&Consent { warning: Some(&warning), flag: Some("--yes") }).is_ok();
    if !agreed {
        context.ui.status("not uploading to transparency log");
    }
    agreed
}

/// The statement, once for all images.
pub(super) fn state_privacy(
    request: &SignImages,
    services: &SigningServices,
    targets: &[Target],
    context: &Context,
) -> Result<(), SignImageError> {
    if !services.by_hand || !targets.iter().any(|target| target.is_logged) {
        return Ok(());
    }
    context.ui.status(PRIVACY_STATEMENT);
    context.ui.status(PRIVACY_CONFIRMATION);
    if !request.consented {
        context.ui.confirm(&Consent { warning: None, flag: Some("--yes") })?;
    }
    Ok(())
}

async fn open(key: &SigningKey, fetch: &dyn FetchUrl, context: &Context) -> Result<SigningIdentity, SignImageError> {
    let certificate = key.certificate.as_deref().map(|path| files::read(path).map(|bytes| (path.display().to_string(), bytes)));
    let chain = key.chain.as_deref().map(files::read);
    let signer = load::signer(&key.key, context, fetch).await?;
    let certificate = certificate.transpose().map_err(SignImageError::CertificateFile)?;
    let chain = chain.transpose().map_err(SignImageError::ChainFile)?;
    let certificate = match (&certificate, &chain) {
        (Some((name, bytes)), chain) => Some(SigningCertificate::load(signer.public_key(), (name, bytes), chain.as_deref())?),
        (None, Some(_)) => return Err(SigningCertificateError::ChainWithoutLeaf.into()),
        (None, None) => None,
    };
    Ok(SigningIdentity { signer, certificate })
}
