//! The device flow (RFC 8628): a person enters a code in a browser elsewhere.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::provider::{Challenge, Provider, describe};
use super::{OidcError, TokenRequest};
use crate::ambient::Context;
use crate::encoding::UnixTime;
use crate::encoding::text::quote;
use crate::http::StatusCode;
use crate::secret::IdToken;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What the RFC says where the provider says nothing.
const DEFAULT_INTERVAL: u64 = 5;
/// What *slow down* adds.
const SLOWER: u64 = 5;
/// No provider may make this program sleep longer between two questions.
const LONGEST_INTERVAL: u64 = 60;

#[derive(Deserialize)]
struct DeviceCode {
    device_code: String,
    #[serde(default)]
    user_code: String,
    #[serde(default)]
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: String,
    #[serde(default)]
    interval: Option<u64>,
    #[serde(default)]
    expires_in: u64,
}

pub(super) async fn token(request: &TokenRequest, provider: &Provider, context: &Context) -> Result<IdToken, OidcError> {
    provider.needs_pkce()?;
    let challenge = Challenge::new(&*context.rng)?;
    let url = provider.endpoint("device authorization", &provider.says.device_authorization_endpoint)?;
    let fields = [
        ("client_id", request.client_id.as_str()),
        ("code_challenge", challenge.challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("scope", "openid email"),
    ];
    let response = provider.post(url, &fields, None).await?;
    if response.status != StatusCode::OK {
        return Err(provider.service.refused(&response, " (asked for a device code)").into());
    }
    let code: DeviceCode = serde_json::from_slice(&response.body)
        .map_err(|error| OidcError::Provider(format!("the provider's device code cannot be read: {error}")))?;
    provider.service.hide(&code.device_code);
    let address = if code.verification_uri_complete.is_empty() { &code.verification_uri } else { &code.verification_uri_complete };
    context.ui.status(&format!("Enter the verification code {} in your browser at: {}", quote(&code.user_code), quote(address)));
    context.ui.status(&format!("Code will be valid for {} seconds", code.expires_in));
    let token = poll(request, provider, (&code, &challenge), context).await?;
    provider.check(&token, request, None, UnixTime::from(context.clock.now())).await?;
    context.ui.status("Token received!");
    Ok(token)
}

async fn poll(
    request: &TokenRequest,
    provider: &Provider,
    (code, challenge): (&DeviceCode, &Challenge),
    context: &Context,
) -> Result<IdToken, OidcError> {
    let url = provider.endpoint("token", &provider.says.token_endpoint)?;
    let fields = [
        ("client_id", request.client_id.as_str()),
        ("code_verifier", challenge.verifier.expose()),
        ("device_code", code.device_code.as_str()),
        ("grant_type", GRANT),
        ("scope", "openid email"),
    ];
    let mut interval = code.interval.unwrap_or(DEFAULT_INTERVAL).clamp(1, LONGEST_INTERVAL);
    let mut waited = 0;
    loop {
        let response = provider.post(url.clone(), &fields, None).await?;
        if response.status.is_success() {
            return provider.id_token(&response);
        }
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        match answer.get("error").and_then(Value::as_str) {
            Some("authorization_pending") => {}
            Some("slow_down") => interval = (interval + SLOWER).min(LONGEST_INTERVAL),
            Some(error @ ("access_denied" | "expired_token")) => return Err(OidcError::Refused(error.to_owned())),
            _ => {
                let said = describe(&answer).unwrap_or_else(|| provider.service.refused(&response, "").to_string());
                return Err(OidcError::Token(format!("unexpected error in device flow: {said}")));
            }
        }
        if code.expires_in > 0 && waited > code.expires_in {
            return Err(OidcError::Refused("expired_token".to_owned()));
        }
        context.deadline.check().map_err(|error| OidcError::Token(format!("waiting for the verification code to be entered: {error}")))?;
        tokio::time::sleep(Duration::from_secs(interval)).await;
        waited += interval;
    }
}
