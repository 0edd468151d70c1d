//! The security token service: roles, taken with a web identity or with other credentials.

use std::path::Path;

use super::{Credentials, dns_suffix, endpoint, sigv4};
use crate::cloud::caller::post_form;
use crate::cloud::error::read;
use crate::cloud::{Caller, CloudError};
use crate::http::Request;

/// The session's name where nobody names one.
const SESSION: &str = "cosign";

/// A role to take.
#[derive(Debug, Clone, Copy)]
pub struct Role<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The session's name.
    pub session: Option<&'a str>,
    /// What the role's owner asks for.
    pub external_id: Option<&'a str>,
}

/// Temporary credentials, as several services write them.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Temporary {
    access_key_id: String,
    secret_access_key: String,
    #[serde(default, alias = "SessionToken")]
    token: Option<String>,
}

impl From<Temporary> for Credentials {
    fn from(found: Temporary) -> Self {
        let secret = zeroize::Zeroizing::new(found.secret_access_key);
        Self::new(found.access_key_id, &secret, found.token.as_deref())
    }
}

/// Takes a role with the token in a file (`AssumeRoleWithWebIdentity`, which is not signed).
///
/// # Errors
/// The file, or the service.
pub async fn with_web_identity(caller: &Caller, region: &str, role: Role<'_>, file: &Path) -> Result<Credentials, CloudError> {
    let token = zeroize::Zeroizing::new(read(file)?);
    caller.hide(token.trim());
    let request = form(caller, region, role, &[("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token.trim())])?;
    assumed(&caller.body("AWS STS AssumeRoleWithWebIdentity", request).await?)
}

/// Takes a role with other credentials (`AssumeRole`).
///
/// # Errors
/// The service.
pub async fn with_credentials(caller: &Caller, region: &str, role: Role<'_>, source: &Credentials) -> Result<Credentials, CloudError> {
    let request = form(caller, region, role, &[("Action", "AssumeRole")])?;
    let scope = sigv4::Scope { service: "sts", region, now: caller.context().clock.now().into() };
    assumed(&caller.body("AWS STS AssumeRole", sigv4::sign(request, source, scope)).await?)
}

fn form(caller: &Caller, region: &str, role: Role<'_>, fields: &[(&str, &str)]) -> Result<Request, CloudError> {
    let url = endpoint(&*caller.context().env, "STS", &format!("sts.{region}.{}", dns_suffix(region)))?;
    let mut all = vec![("Version", "2011-06-15"), ("RoleArn", role.arn), ("RoleSessionName", role.session.unwrap_or(SESSION))];
    all.extend(role.external_id.map(|id| ("ExternalId", id)));
    all.extend(fields);
    Ok(post_form(url, &all))
}

/// The credentials in the service's XML, whose values are plain text without escapes.
fn assumed(body: &[u8]) -> Result<Credentials, CloudError> {
    let xml = zeroize::Zeroizing::new(String::from_utf8_lossy(body).into_owned());
    let value = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(value, _)| value.trim())
    };
    match (value("AccessKeyId"), value("SecretAccessKey")) {
        (Some(id), Some(secret)) => Ok(Credentials::new(id, secret, value("SessionToken"))),
        _ => Err(CloudError::malformed("AWS STS", "its answer holds no credentials")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn credentials_are_found_in_the_answer() {
        let xml = "<R><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey>\
            <SessionToken>t==</SessionToken></Credentials></R>";
        let found = assumed(xml.as_bytes()).unwrap();
        assert_eq!((found.access_key_id.as_str(), found.secret_access_key.expose()), ("A", b"s/+=".as_slice()));
        assert_eq!(found.session_token.unwrap().expose(), "t==");
        assert!(assumed(b"<Error><Code>AccessDenied</Code></Error>").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(text in "(<AccessKeyId>|<SecretAccessKey>|</|x){0,8}") {
            let _ = assumed(text.as_bytes());
        }
    }
}
