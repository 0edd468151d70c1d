//! The authorization code flow (RFC 6749 section 4.1, RFC 7636, RFC 8252) in a browser on this machine; where none can be opened, by a code that
//! the person copies.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::listener::Listener;
use super::provider::{Challenge, Provider, describe, random, secret_text};
use super::{OidcError, TokenRequest};
use crate::ambient::Context;
use crate::encoding::UnixTime;
use crate::http::Url;
use crate::secret::IdToken;

/// How long a person has in the browser before the other way is offered.
const PATIENCE: Duration = Duration::from_secs(120);
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// What binds the answer to this request.
struct Attempt {
    challenge: Challenge,
    state: String,
    nonce: String,
}

pub(super) async fn token(request: &TokenRequest, provider: &Provider, context: &Context) -> Result<IdToken, OidcError> {
    provider.needs_pkce()?;
    let authorize = provider.endpoint("authorization", &provider.says.authorization_endpoint)?;
    let attempt =
        Attempt { challenge: Challenge::new(&*context.rng)?, state: random(16, &*context.rng)?, nonce: random(16, &*context.rng)? };
    let (code, redirect) = match by_browser(request, &authorize, &attempt, context).await {
        Ok(found) => found,
        Err(reason) => {
            context.ui.status(&reason);
            (out_of_band(request, &authorize, &attempt, context)?, OUT_OF_BAND.to_owned())
        }
    };
    let token = exchange(request, provider, &attempt, (&code, &redirect)).await?;
    provider.check(&token, request, Some(&attempt.nonce), UnixTime::from(context.clock.now())).await?;
    Ok(token)
}

/// The code and the redirect URL that it came by; else why the browser did not bring one.
async fn by_browser(request: &TokenRequest, authorize: &Url, attempt: &Attempt, context: &Context) -> Result<(IdToken, String), String> {
    let listener = Listener::open(request.redirect_url.as_deref()).await?;
    let redirect = listener.redirect().to_owned();
    let url = authorization(request, authorize, attempt, &redirect);
    open(&url).map_err(|reason| format!("error opening browser: {reason}"))?;
    context.ui.status(&format!("Your browser will now be opened to:\n{url}"));
    let left = context.deadline.remaining().map_or(PATIENCE, |left| left.min(PATIENCE));
    let code = match tokio::time::timeout(left, listener.code(&attempt.state)).await {
        Ok(code) => code,
        Err(_) => Err("nobody answered in the browser".to_owned()),
    };
    Ok((code.map_err(|reason| format!("error getting code from local server: {reason}"))?, redirect))
}

fn out_of_band(request: &TokenRequest, authorize: &Url, attempt: &Attempt, context: &Context) -> Result<IdToken, OidcError> {
    let url = authorization(request, authorize, attempt, OUT_OF_BAND);
    context.ui.status(&format!("Go to the following link in a browser:\n\n\t {url}"));
    let code = context.ui.ask("Enter verification code: ").map_err(OidcError::NoCode)?;
    Ok(IdToken::new(code))
}

fn authorization(request: &TokenRequest, authorize: &Url, attempt: &Attempt, redirect: &str) -> Url {
    let mut url = authorize.clone();
    url.query_pairs_mut()
        .append_pair("access_type", "online")
        .append_pair("client_id", &request.client_id)
        .append_pair("code_challenge", &attempt.challenge.challenge)
        .append_pair("code_challenge_method", "S256")
        .append_pair("nonce", &attempt.nonce)
        .append_pair("redirect_uri", redirect)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid email")
        .append_pair("state", &attempt.state);
    url
}

/// As a client with a name and perhaps a secret; a provider that does not take that is asked once more without.
async fn exchange(
    request: &TokenRequest,
    provider: &Provider,
    attempt: &Attempt,
    (code, redirect): (&IdToken, &str),
) -> Result<IdToken, OidcError> {
    provider.service.hide(code.expose());
    let url = provider.endpoint("token", &provider.says.token_endpoint)?;
    let secret = secret_text(request.client_secret.as_ref());
    let mut fields = vec![
        ("code", code.expose()),
        ("code_verifier", attempt.challenge.verifier.expose()),
        ("grant_type", "authorization_code"),
        ("nonce", attempt.nonce.as_str()),
        ("redirect_uri", redirect),
    ];
    let response = provider.post(url.clone(), &fields, Some((&request.client_id, secret.as_bytes()))).await?;
    if !response.status.is_client_error() {
        return provider.id_token(&response);
    }
    let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    // A code that is refused stays refused.
    if answer.get("error").and_then(Value::as_str) == Some("invalid_grant") {
        return Err(OidcError::Refused(describe(&answer).unwrap_or_default()));
    }
    fields.push(("client_id", &request.client_id));
    if !secret.is_empty() {
        fields.push(("client_secret", &secret));
    }
    let response = provider.post(url, &fields, None).await?;
    provider.id_token(&response)
}

/// Hands the URL to whatever opens URLs here.
fn open(url: &Url) -> Result<(), String> {
    let openers: &[(&str, &[&str])] = if cfg!(target_os = "macos") {
        &[("open", &[])]
    } else if cfg!(windows) {
        &[("rundll32", &["url.dll,FileProtocolHandler"])]
    } else {
        &[("xdg-open", &[]), ("x-www-browser", &[]), ("www-browser", &[])]
    };
    for (program, arguments) in openers {
        let started = Command::new(program)
            .args(*arguments)
            .arg(url.as_str())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(mut child) => {
                // Somebody must take its exit code; nobody waits for it.
                std::thread::spawn(move || child.wait());
                return Ok(());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{program}: {error}")),
        }
    }
    let names: Vec<&str> = openers.iter().map(|(program, _)| *program).collect();
    Err(format!("exec: {:?}: executable file not found in $PATH", names.join(",")))
}
