//! Tokens of SPIFFE: a JWT-SVID of the workload API.

use std::path::PathBuf;

use crate::ambient::Context;
use crate::secret::IdToken;
use crate::sigstore::oidc::OidcError;

const DEFAULT_SOCKET: &str = "/tmp/spire-agent/public/api.sock";

/// Where the workload API listens.
pub(super) fn socket(context: &Context) -> PathBuf {
    let named = context.env.var("SPIFFE_ENDPOINT_SOCKET").filter(|value| !value.is_empty());
    let named = named.unwrap_or_else(|| DEFAULT_SOCKET.to_owned());
    PathBuf::from(named.strip_prefix("unix://").unwrap_or(&named))
}

pub(super) fn is_there(context: &Context) -> bool {
    socket(context).exists()
}

/// A token of the workload API.
pub(super) async fn token(context: &Context) -> Result<IdToken, OidcError> {
    let reason =
        format!("{}: tokens of the SPIFFE workload API: not supported yet; give a token with --identity-token", socket(context).display());
    Err(OidcError::Ambient { provider: "spiffe", reason })
}
