//! What hands out tokens to jobs and machines: GitHub Actions, Buildkite's agent API, Google's metadata server and its IAM.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::oidc::Issuer;
use super::service::json as json_response;
use crate::support::http_server::{Request, Response};

/// What callers must show.
pub const REQUEST_TOKEN: &str = "request-token";
pub const BUILDKITE_TOKEN: &str = "agent-token";
pub const BUILDKITE_JOB: &str = "0190-job";
pub const ACCOUNT: &str = "signer@project.iam.gserviceaccount.com";
const ACCESS: &str = "access-token";
/// The workflow of the jobs on GitHub.
pub const WORKFLOW: &str = "octo/demo/.github/workflows/release.yml@refs/heads/main";

/// The claims that GitHub puts into a job's token.
pub fn github_claims() -> Value {
    json!({
        "sub": "repo:octo/demo:ref:refs/heads/main", "email": null, "email_verified": null, "job_workflow_ref": WORKFLOW,
        "job_workflow_sha": "1111111111111111111111111111111111111111", "event_name": "push", "ref": "refs/heads/main",
        "repository": "octo/demo", "repository_id": "17", "repository_owner": "octo", "repository_owner_id": "4",
        "repository_visibility": "public", "run_attempt": "1", "run_id": "99", "runner_environment": "github-hosted",
        "sha": "2222222222222222222222222222222222222222", "workflow": "Release", "workflow_ref": WORKFLOW,
        "workflow_sha": "1111111111111111111111111111111111111111",
    })
}

pub struct Ambient {
    pub issuer: Arc<Issuer>,
    /// Answers that differ, by a part of the path.
    pub instead: Mutex<Option<(u16, String)>>,
}

impl Ambient {
    pub fn answer(&self, request: &Request) -> Response {
        if let Some((status, body)) = self.instead.lock().unwrap().clone() {
            return json_response(status, &serde_json::from_str(&body).unwrap_or_default());
        }
        self.token(request).unwrap_or_else(|(status, why)| json_response(status, &json!({ "message": why })))
    }

    fn token(&self, request: &Request) -> Result<Response, (u16, &'static str)> {
        let shown = |wanted: String| request.header("authorization").is_some_and(|given| given.eq_ignore_ascii_case(&wanted));
        let audience = |given: Option<String>| if given.as_deref() == Some("sigstore") { Ok(()) } else { Err((400, "audience")) };
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let asked = body["audience"].as_str().map(str::to_owned);
        let answer = |body: Value| Ok(json_response(200, &body));
        let flavor = request.header("metadata-flavor") == Some("Google");
        let account = "/computeMetadata/v1/instance/service-accounts/default";
        match (request.method.as_str(), request.path()) {
            ("GET", "/actions") => {
                audience(request.query("audience"))?;
                shown(format!("bearer {REQUEST_TOKEN}")).then_some(()).ok_or((401, "bad credentials"))?;
                answer(json!({ "count": 1, "value": self.issuer.token(&github_claims()) }))
            }
            ("POST", path) if path == format!("/v3/jobs/{BUILDKITE_JOB}/oidc/tokens") => {
                audience(asked)?;
                shown(format!("Token {BUILDKITE_TOKEN}")).then_some(()).ok_or((401, "bad credentials"))?;
                let subject = "organization:octo:pipeline:demo";
                answer(json!({ "token": self.issuer.token(&json!({ "sub": subject, "email": null, "email_verified": null })) }))
            }
            ("GET", path) if path == format!("{account}/identity") && flavor => {
                audience(request.query("audience"))?;
                Ok(Response::new(200, self.issuer.token(&json!({ "sub": "117", "email": ACCOUNT }))))
            }
            ("GET", path) if path == format!("{account}/token") && flavor => {
                answer(json!({ "access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer" }))
            }
            ("POST", path) if path.starts_with("/v1/projects/-/serviceAccounts/") => {
                audience(asked)?;
                shown(format!("Bearer {ACCESS}")).then_some(()).ok_or((403, "denied"))?;
                let name = path.trim_start_matches("/v1/projects/-/serviceAccounts/").trim_end_matches(":generateIdToken");
                answer(
                    json!({ "token": self.issuer.token(&json!({ "sub": "118", "email": super::super::http_server::percent_decode(name) })) }),
                )
            }
            _ => Err((404, "Not Found")),
        }
    }
}
