//! The chain: environment, web identity, the profile, the container, the machine.

use super::{metadata, profile, sts};
use crate::cloud::{Caller, CloudError};
use crate::secret::{IdToken, Password};

/// What requests are signed with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: Password,
    /// Goes with temporary credentials.
    pub session_token: Option<IdToken>,
}

impl Credentials {
    /// Credentials of these parts; an empty token is none.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: &str, session_token: Option<&str>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: Password::new(secret_access_key.as_bytes()),
            session_token: session_token.filter(|token| !token.is_empty()).map(IdToken::new),
        }
    }
}

/// Finds credentials, in the order of AWS's SDKs. `region` is where roles are assumed.
///
/// # Errors
/// No source is configured, or the first that is fails.
pub async fn find(caller: &Caller, region: &str) -> Result<Credentials, CloudError> {
    let found = look(caller, region).await?;
    if let Ok(secret) = std::str::from_utf8(found.secret_access_key.expose()) {
        caller.hide(secret);
    }
    if let Some(token) = &found.session_token {
        caller.hide(token.expose());
    }
    Ok(found)
}

async fn look(caller: &Caller, region: &str) -> Result<Credentials, CloudError> {
    let env = &*caller.context().env;
    let var = |names: [&str; 2]| names.into_iter().find_map(|name| env.var(name).filter(|value| !value.is_empty()));
    if let (Some(id), Some(secret)) = (var(["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]), var(["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])) {
        return Ok(Credentials::new(id, &secret, env.var("AWS_SESSION_TOKEN").as_deref()));
    }
    if let Some(file) = env.path("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let role = env
            .var("AWS_ROLE_ARN")
            .filter(|role| !role.is_empty())
            .ok_or_else(|| CloudError::malformed("AWS_WEB_IDENTITY_TOKEN_FILE", "it is set, but AWS_ROLE_ARN is not"))?;
        let session = env.var("AWS_ROLE_SESSION_NAME");
        return sts::with_web_identity(caller, region, sts::Role { arn: &role, session: session.as_deref(), external_id: None }, &file)
            .await;
    }
    if let Some(found) = profile::find(caller, region).await? {
        return Ok(found);
    }
    if let Some(found) = metadata::of_container(caller).await? {
        return Ok(found);
    }
    metadata::of_machine(caller).await
}
