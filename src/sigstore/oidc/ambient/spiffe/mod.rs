//! Tokens of SPIFFE: a JWT-SVID of the workload API, which listens on a Unix socket.

#[cfg(all(unix, feature = "spiffe"))]
mod grpc;
mod message;
#[cfg(all(test, unix, feature = "spiffe"))]
mod tests;

use std::path::PathBuf;

use crate::ambient::Context;
use crate::secret::IdToken;
use crate::sigstore::oidc::OidcError;

const DEFAULT_SOCKET: &str = "/tmp/spire-agent/public/api.sock";

/// Where the workload API listens.
pub(super) fn socket(context: &Context) -> PathBuf {
    let named = context.env.var("SPIFFE_ENDPOINT_SOCKET").filter(|value| !value.is_empty());
    let named = named.unwrap_or_else(|| DEFAULT_SOCKET.to_owned());
    // The specification's form of it, which cosign does not know.
    PathBuf::from(named.strip_prefix("unix://").or_else(|| named.strip_prefix("unix:")).unwrap_or(&named))
}

pub(super) fn is_there(context: &Context) -> bool {
    socket(context).exists()
}

fn failed(context: &Context, reason: &str) -> OidcError {
    OidcError::Ambient { provider: "spiffe", reason: format!("{}: {reason}", socket(context).display()) }
}

/// A token of the workload API: of the first identity that it gives this process.
#[cfg(all(unix, feature = "spiffe"))]
pub(super) async fn token(context: &Context) -> Result<IdToken, OidcError> {
    use std::time::Duration;

    use crate::sigstore::oidc::AUDIENCE;

    const LIMIT: Duration = Duration::from_secs(30);
    let limit = context.deadline.remaining().map_or(LIMIT, |left| left.min(LIMIT));
    let socket = socket(context);
    let asked = grpc::unary(&socket, "/SpiffeWorkloadAPI/FetchJWTSVID", message::request(AUDIENCE));
    let answer = match tokio::time::timeout(limit, asked).await {
        Ok(answer) => answer.map_err(|error| failed(context, &error.to_string()))?,
        Err(_) => return Err(failed(context, "the workload API does not answer")),
    };
    message::first_token(&answer).map(IdToken::new).ok_or_else(|| failed(context, "the answer holds no token"))
}

/// There is no way to ask it in this build.
#[cfg(not(all(unix, feature = "spiffe")))]
pub(super) async fn token(context: &Context) -> Result<IdToken, OidcError> {
    let _ = (message::request(""), message::first_token(&[]));
    Err(failed(context, "this program was built without SPIFFE; give a token with --identity-token"))
}
