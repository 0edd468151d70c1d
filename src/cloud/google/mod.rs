//! Google's application default credentials: <https://google.aip.dev/auth/4110>, and after them `gcloud`.

mod external_account;
mod gcloud;
mod service_account;

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::caller::{ANSWER_LIMIT, post_form};
use super::error::read;
use super::{Caller, CloudError};
use crate::ambient::Env;
use crate::encoding::text;
use crate::http::header::HeaderName;
use crate::http::{Method, Request, Url};
use crate::secret::IdToken;

/// What access tokens are asked for.
pub const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where tokens come from, unless a file says otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const METADATA: &str = "Google metadata server";

/// An answer with an access token.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

impl TokenAnswer {
    fn token(self, caller: &Caller) -> IdToken {
        caller.hide(&self.access_token);
        IdToken::new(self.access_token)
    }
}

/// An access token for the cloud platform: of the file that is named or well known, of the machine, of `gcloud`.
///
/// # Errors
/// A file that is there and of no use; or no source gives any.
pub async fn access_token(caller: &Caller) -> Result<IdToken, CloudError> {
    let env = &*caller.context().env;
    if let Some(path) = credentials_file(env) {
        return of_file(caller, &path).await;
    }
    match of_machine(caller).await {
        Ok(token) => Ok(token),
        Err(error) => match gcloud::access_token(caller).await? {
            Some(token) => Ok(token),
            None if env.var("GCE_METADATA_HOST").is_some() => Err(error),
            None => Err(CloudError::NotConfigured {
                provider: "Google",
                looked: "GOOGLE_APPLICATION_CREDENTIALS, gcloud's application default credentials, the metadata server, gcloud",
            }),
        },
    }
}

fn credentials_file(env: &dyn Env) -> Option<PathBuf> {
    if let Some(named) = env.path("GOOGLE_APPLICATION_CREDENTIALS") {
        return Some(named);
    }
    let folder = match cfg!(windows) {
        true => env.path("APPDATA")?.join("gcloud"),
        false => env.path("HOME")?.join(".config/gcloud"),
    };
    Some(folder.join("application_default_credentials.json")).filter(|path| path.is_file())
}

async fn of_file(caller: &Caller, path: &std::path::Path) -> Result<IdToken, CloudError> {
    let shown = || text::quote(&path.to_string_lossy());
    let content = zeroize::Zeroizing::new(read(path)?);
    let parsed: Value = serde_json::from_str(&content).map_err(|_| CloudError::malformed(shown(), "it is no JSON"))?;
    let field = |name: &str| match parsed[name].as_str() {
        Some(value) => Ok(value),
        None => Err(CloudError::malformed(shown(), format!("it has no {name}"))),
    };
    match field("type")? {
        "service_account" => {
            let uri = parsed["token_uri"].as_str().unwrap_or(TOKEN_URI);
            let key =
                service_account::Key { email: field("client_email")?, id: parsed["private_key_id"].as_str(), pem: field("private_key")? };
            service_account::access_token(caller, &key, uri).await
        }
        "authorized_user" => {
            caller.hide(field("refresh_token")?);
            let fields = [
                ("grant_type", "refresh_token"),
                ("refresh_token", field("refresh_token")?),
                ("client_id", field("client_id")?),
                ("client_secret", field("client_secret")?),
            ];
            ask(caller, parsed["token_uri"].as_str().unwrap_or(TOKEN_URI), &fields).await
        }
        "external_account" => external_account::access_token(caller, &parsed).await,
        other => Err(CloudError::NotSupported(format!("Google credentials of type {}", text::quote(other)))),
    }
}

/// Sends a form to a token service.
async fn ask(caller: &Caller, uri: &str, fields: &[(&str, &str)]) -> Result<IdToken, CloudError> {
    let url = Url::parse(uri).map_err(|_| CloudError::malformed("Google credentials", "a URL in them is none"))?;
    Ok(caller.json::<TokenAnswer>("Google token service", post_form(url, fields)).await?.token(caller))
}

async fn of_machine(caller: &Caller) -> Result<IdToken, CloudError> {
    let host = caller.context().env.var("GCE_METADATA_HOST").filter(|host| !host.is_empty());
    let host = host.unwrap_or_else(|| "169.254.169.254".to_owned());
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token?scopes={CLOUD_PLATFORM}");
    let url = Url::parse(&url).map_err(|_| CloudError::malformed("GCE_METADATA_HOST", "it is no host"))?;
    let request = Request::new(Method::GET, url, ANSWER_LIMIT).header(HeaderName::from_static("metadata-flavor"), "Google");
    Ok(caller.metadata_json::<TokenAnswer>(METADATA, request).await?.token(caller))
}
