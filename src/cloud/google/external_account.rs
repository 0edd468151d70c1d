//! Workload identity federation: a token of another provider, in a file or behind a URL, is exchanged for one of Google's.

use serde_json::Value;

use super::{CLOUD_PLATFORM, TokenAnswer};
use crate::cloud::caller::ANSWER_LIMIT;
use crate::cloud::error::read;
use crate::cloud::{Caller, CloudError};
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Method, Request, Url};
use crate::secret::IdToken;

const WHAT: &str = "Google workload identity";

/// An access token for what an `external_account` file describes.
///
/// # Errors
/// The file says too little, its source gives no token, or a service refuses.
pub async fn access_token(caller: &Caller, file: &Value) -> Result<IdToken, CloudError> {
    let field = |name: &str| file[name].as_str().ok_or_else(|| CloudError::malformed(WHAT, format!("the file has no {name}")));
    let subject = subject_token(caller, &file["credential_source"]).await?;
    caller.hide(subject.trim());
    let impersonated = file["service_account_impersonation_url"].as_str();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", field("audience")?),
        ("scope", CLOUD_PLATFORM),
        ("subject_token_type", field("subject_token_type")?),
        ("subject_token", subject.trim()),
    ];
    let token = super::ask(caller, field("token_url")?, &fields).await?;
    match impersonated {
        Some(url) => impersonate(caller, url, &token).await,
        None => Ok(token),
    }
}

async fn subject_token(caller: &Caller, source: &Value) -> Result<String, CloudError> {
    let text = if let Some(path) = source["file"].as_str() {
        read(path.as_ref())?
    } else if let Some(url) = source["url"].as_str() {
        let url = Url::parse(url).map_err(|_| CloudError::malformed(WHAT, "the source's URL is none"))?;
        let mut request = Request::new(Method::GET, url, ANSWER_LIMIT);
        for (name, value) in source["headers"].as_object().into_iter().flatten() {
            if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value.as_str()) {
                caller.hide(value);
                request.set_header(name, value);
            }
        }
        String::from_utf8_lossy(&caller.body("source of a Google workload identity", request).await?).into_owned()
    } else {
        return Err(CloudError::NotSupported("a Google workload identity whose source is neither a file nor a URL".to_owned()));
    };
    let format = &source["format"];
    if format["type"].as_str() != Some("json") {
        return Ok(text);
    }
    let name = format["subject_token_field_name"].as_str().unwrap_or_default();
    let parsed: Option<Value> = serde_json::from_str(&text).ok();
    parsed
        .and_then(|parsed| parsed[name].as_str().map(str::to_owned))
        .ok_or_else(|| CloudError::malformed(WHAT, "the source's JSON has no such token"))
}

/// Takes the place of a service account.
async fn impersonate(caller: &Caller, url: &str, token: &IdToken) -> Result<IdToken, CloudError> {
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(rename = "accessToken")]
        access_token: String,
    }
    let url = Url::parse(url).map_err(|_| CloudError::malformed(WHAT, "the URL of the service account is none"))?;
    let body = serde_json::json!({"scope": [CLOUD_PLATFORM]}).to_string();
    let request = Request::new(Method::POST, url, ANSWER_LIMIT)
        .header(AUTHORIZATION, &format!("Bearer {}", token.expose()))
        .body("application/json", body.into_bytes());
    let answer: Answer = caller.json("impersonating a Google service account", request).await?;
    Ok(TokenAnswer { access_token: answer.access_token }.token(caller))
}
