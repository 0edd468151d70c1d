//! Whether a log is told of the signatures, and what people are told before.

use super::target::Target;
use super::{SignImageError, SignImages};
use crate::ambient::{Consent, Context};
use crate::registry::Registries;
use crate::sign::services::SigningServices;
use crate::sigstore::oidc::{PRIVACY_CONFIRMATION, PRIVACY_STATEMENT};

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
