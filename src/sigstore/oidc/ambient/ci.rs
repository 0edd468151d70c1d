//! Tokens of CI jobs: GitHub Actions and Buildkite.

use std::time::Duration;

use serde_json::{Value, json};

use crate::ambient::Context;
use crate::encoding::go_json;
use crate::http::header::AUTHORIZATION;
use crate::http::{BodyKind, Client, Method, Request, Url};
use crate::secret::IdToken;
use crate::sigstore::ServiceError;
use crate::sigstore::oidc::{AUDIENCE, OidcError};
use crate::sigstore::service::{ANSWER_LIMIT, Service};

pub(super) const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
pub(super) const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const BUILDKITE: &str = "https://agent.buildkite.com/v3";
const LIMIT: Duration = Duration::from_secs(30);

/// A job on GitHub that may not ask for a token would else wait for a code that nobody enters.
pub(super) fn explain_missing_permission(context: &Context) -> Result<(), OidcError> {
    let is_job = context.env.var("GITHUB_ACTIONS").as_deref() == Some("true");
    let may_ask = context.env.var(REQUEST_TOKEN).is_some_and(|token| !token.is_empty());
    if is_job && !may_ask { Err(OidcError::GithubPermission) } else { Ok(()) }
}

/// Asks GitHub for the token of this job.
pub(super) async fn github(client: &Client, context: &Context) -> Result<IdToken, OidcError> {
    let failed = |reason: String| OidcError::Ambient { provider: "github-actions", reason };
    let token = context.env.var(REQUEST_TOKEN).unwrap_or_default();
    client.hide(&token);
    let given = context.env.var(REQUEST_URL).unwrap_or_default();
    let mut url = Url::parse(&given).map_err(|error| failed(format!("{REQUEST_URL}: {error}")))?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    let service = Service::new("GitHub", url.as_str(), client, LIMIT).map_err(|error| failed(error.to_string()))?;
    let request =
        Request::new(Method::GET, url, ANSWER_LIMIT).header(AUTHORIZATION, &format!("bearer {token}")).kind(BodyKind::Credentials);
    value_of(&service, request, "value").await.map_err(|error| failed(error.to_string()))
}

/// Asks Buildkite for the token of this job.
pub(super) async fn buildkite(client: &Client, context: &Context) -> Result<IdToken, OidcError> {
    let failed = |reason: String| OidcError::Ambient { provider: "buildkite-agent", reason };
    let variable = |name: &str| context.env.var(name).filter(|value| !value.is_empty());
    let token = variable("BUILDKITE_AGENT_ACCESS_TOKEN").unwrap_or_default();
    client.hide(&token);
    let job = variable("BUILDKITE_JOB_ID").ok_or_else(|| failed("BUILDKITE_JOB_ID is not set".to_owned()))?;
    if !job.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Err(failed("BUILDKITE_JOB_ID is no job's identifier".to_owned()));
    }
    let endpoint = variable("BUILDKITE_AGENT_ENDPOINT").unwrap_or_else(|| BUILDKITE.to_owned());
    let service = Service::new("Buildkite", &endpoint, client, LIMIT).map_err(|error| failed(error.to_string()))?;
    let body = go_json::to_vec(&json!({ "audience": AUDIENCE })).unwrap_or_default();
    let request = Request::new(Method::POST, service.endpoint(&format!("/jobs/{job}/oidc/tokens")), ANSWER_LIMIT)
        .header(AUTHORIZATION, &format!("Token {token}"))
        .body("application/json", body)
        .kind(BodyKind::Credentials);
    value_of(&service, request, "token").await.map_err(|error| failed(error.to_string()))
}

/// The text that an answer holds as `member`. The status counts: an error is no empty token.
pub(super) async fn value_of(service: &Service, request: Request, member: &str) -> Result<IdToken, ServiceError> {
    let response = service.send(request).await?;
    if !response.status.is_success() {
        return Err(service.refused(&response, " (asked for an identity token)"));
    }
    let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let value = answer.get(member).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.map(IdToken::new).ok_or_else(|| service.answer(format!("the answer holds no {member:?}")))
}
