//! Who asks: basic credentials, or bearer tokens from a token endpoint of the registry's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::State;
use super::behaviour::{Authentication, PASSWORD, TOKEN_MARK};
use super::routes::error;
use crate::support::http_server::{Request, Response, percent_decode};

/// A challenge for a request that may not be served; `None` where it may.
pub fn challenge(state: &State, request: &Request, repository: &str) -> Option<Response> {
    let authorization = request.header("authorization").unwrap_or("");
    let needed = if matches!(request.method.as_str(), "GET" | "HEAD") { "pull" } else { "push" };
    let header = match state.behaviour.authentication {
        Authentication::Open => return None,
        Authentication::Basic if is_user(state, authorization) => return None,
        Authentication::Basic => "Basic realm=\"test\"".to_owned(),
        Authentication::Bearer | Authentication::BearerAnonymousPull => {
            let token = authorization.strip_prefix("Bearer ").unwrap_or("");
            // Who mounts a blob has to be allowed to read it where it is.
            let from = request.query("from").unwrap_or_default();
            if grants(token, repository, needed) && (from.is_empty() || grants(token, &from, "pull")) {
                return None;
            }
            let actions = if needed == "pull" { "pull" } else { "pull,push" };
            let and_from = if from.is_empty() { String::new() } else { format!(" repository:{from}:pull") };
            let scope =
                if repository.is_empty() { String::new() } else { format!(",scope=\"repository:{repository}:{actions}{and_from}\"") };
            let scheme = if state.behaviour.tls || state.behaviour.public_name.is_some() { "https" } else { "http" };
            let host = state.behaviour.public_name.unwrap_or(state.host());
            format!("Bearer realm=\"{scheme}://{host}/token\",service=\"test\"{scope}")
        }
    };
    Some(error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", header))
}

/// `/token`: GET with basic credentials, or POST with a refresh token that is [`PASSWORD`].
pub fn token(state: &State, request: &Request) -> Response {
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let field =
        |name: &str| form.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| percent_decode(v));
    let known =
        is_user(state, request.header("authorization").unwrap_or("")) || field("refresh_token").is_some_and(|token| token == PASSWORD);
    let anonymous = state.behaviour.authentication == Authentication::BearerAnonymousPull;
    if !known && (!anonymous || request.header("authorization").is_some()) {
        return error(401, "UNAUTHORIZED", "incorrect username or password");
    }
    let mut scopes = request.queries("scope");
    scopes.extend(field("scope"));
    let granted: Vec<String> =
        scopes.iter().flat_map(|scope| scope.split(' ')).map(|scope| if known { scope.into() } else { pull_only(scope) }).collect();
    // The token carries its own scopes: "TESTTOKEN." and the base64 of them.
    let token = format!("{TOKEN_MARK}.{}", STANDARD.encode(granted.join(" ")));
    Response::new(200, serde_json::json!({"token": token, "access_token": token, "expires_in": 300}).to_string())
        .with("Content-Type", "application/json")
}

fn pull_only(scope: &str) -> String {
    scope.rsplit_once(':').map_or(String::new(), |(name, _)| format!("{name}:pull"))
}

fn is_user(state: &State, authorization: &str) -> bool {
    let expected = STANDARD.encode(format!("{}:{PASSWORD}", state.behaviour.user));
    authorization.strip_prefix("Basic ") == Some(expected.as_str())
}

fn grants(token: &str, repository: &str, action: &str) -> bool {
    let Some(scopes) = token.strip_prefix(TOKEN_MARK).and_then(|rest| rest.strip_prefix('.')) else { return false };
    let scopes = String::from_utf8(STANDARD.decode(scopes).unwrap_or_default()).unwrap_or_default();
    repository.is_empty()
        || scopes.split(' ').any(|scope| {
            let actions = scope.strip_prefix(&format!("repository:{repository}:")).unwrap_or("");
            actions.split(',').any(|granted| granted == action)
        })
}
