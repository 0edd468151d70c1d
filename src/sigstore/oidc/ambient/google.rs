//! Tokens of Google Cloud: of the machine's own service account, or of another one that it may act as.

use std::time::Duration;

use serde_json::json;

use super::ci::value_of;
use crate::ambient::Context;
use crate::encoding::go_json;
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{BodyKind, Client, Method, Request, StatusCode};
use crate::secret::IdToken;
use crate::sigstore::oidc::{AUDIENCE, OidcError};
use crate::sigstore::service::{ANSWER_LIMIT, Service};

const METADATA: &str = "metadata.google.internal";
const CREDENTIALS: &str = "https://iamcredentials.googleapis.com";
/// The metadata server is beside the machine, or nowhere.
const PROBE: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(30);
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");

/// Whether this is a machine of Google's. Where nothing hints at it, nobody is asked.
pub(super) async fn is_there(client: &Client, context: &Context) -> bool {
    let named = context.env.var("GCE_METADATA_HOST").is_some_and(|host| !host.is_empty());
    let board = || std::fs::read_to_string("/sys/class/dmi/id/product_name").unwrap_or_default();
    if !named && !matches!(board().trim(), "Google" | "Google Compute Engine") {
        return false;
    }
    let Ok(service) = metadata(client, context, PROBE) else { return false };
    identity(&service).await.is_ok()
}

/// The token of the machine's service account.
pub(super) async fn workload_identity(client: &Client, context: &Context) -> Result<IdToken, OidcError> {
    let provider = "google-workload-identity";
    let failed = |reason: String| OidcError::Ambient { provider, reason };
    let service = metadata(client, context, LIMIT).map_err(|error| failed(error.to_string()))?;
    identity(&service).await.map_err(failed)
}

/// The token of the service account that GOOGLE_SERVICE_ACCOUNT_NAME names, which the machine's one may act as.
pub(super) async fn impersonated(client: &Client, context: &Context) -> Result<IdToken, OidcError> {
    let failed = |reason: String| OidcError::Ambient { provider: "google-impersonate", reason };
    let account = context.env.var("GOOGLE_SERVICE_ACCOUNT_NAME").unwrap_or_default();
    if !account.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b)) {
        return Err(failed("GOOGLE_SERVICE_ACCOUNT_NAME is no service account".to_owned()));
    }
    let access = access_token(client, context).await.map_err(|reason| failed(format!("an access token of one's own: {reason}")))?;
    client.hide(access.expose());
    let base = context.env.var("GOOGLE_IAM_CREDENTIALS_ENDPOINT").filter(|url| !url.is_empty()).unwrap_or_else(|| CREDENTIALS.to_owned());
    let service = Service::new("Google IAM", &base, client, LIMIT).map_err(|error| failed(error.to_string()))?;
    let body = go_json::to_vec(&json!({ "audience": AUDIENCE, "includeEmail": true })).unwrap_or_default();
    let request =
        Request::new(Method::POST, service.endpoint(&format!("/v1/projects/-/serviceAccounts/{account}:generateIdToken")), ANSWER_LIMIT)
            .header(AUTHORIZATION, &format!("Bearer {}", access.expose()))
            .body("application/json", body)
            .kind(BodyKind::Credentials);
    value_of(&service, request, "token").await.map_err(|error| failed(error.to_string()))
}

/// An access token of whoever runs this program: Google's application default credentials.
#[cfg(feature = "k8s-keychain")]
async fn access_token(_: &Client, context: &Context) -> Result<IdToken, String> {
    use crate::cloud::{Caller, google};

    let caller = Caller::new(context).map_err(|error| error.to_string())?;
    google::access_token(&caller).await.map_err(|error| error.to_string())
}

/// An access token of the machine's service account.
#[cfg(not(feature = "k8s-keychain"))]
async fn access_token(client: &Client, context: &Context) -> Result<IdToken, String> {
    let own = metadata(client, context, LIMIT).map_err(|error| error.to_string())?;
    let url = own.endpoint("/computeMetadata/v1/instance/service-accounts/default/token");
    let request = Request::new(Method::GET, url, ANSWER_LIMIT).header(FLAVOR, "Google").kind(BodyKind::Credentials);
    value_of(&own, request, "access_token").await.map_err(|error| error.to_string())
}

fn metadata(client: &Client, context: &Context, limit: Duration) -> Result<Service, crate::sigstore::ServiceError> {
    let host = context.env.var("GCE_METADATA_HOST").filter(|host| !host.is_empty()).unwrap_or_else(|| METADATA.to_owned());
    Service::new("Google's metadata server", &format!("http://{host}"), client, limit)
}

async fn identity(service: &Service) -> Result<IdToken, String> {
    let mut url = service.endpoint("/computeMetadata/v1/instance/service-accounts/default/identity");
    url.query_pairs_mut().append_pair("audience", AUDIENCE).append_pair("format", "full");
    let request = Request::new(Method::GET, url, ANSWER_LIMIT).header(FLAVOR, "Google").kind(BodyKind::Credentials);
    let response = service.send(request).await.map_err(|error| error.to_string())?;
    if response.status != StatusCode::OK {
        return Err(service.refused(&response, "").to_string());
    }
    Ok(IdToken::new(String::from_utf8_lossy(&response.body).trim()))
}
