//! Azure's container registry: a token of Entra ID is exchanged, at the registry itself, for a refresh token.

use serde::Deserialize;

use crate::cloud::caller::post_form;
use crate::cloud::{Caller, CloudError, azure};
use crate::http::{BodyKind, Client, Url};
use crate::registry::keychain::Credential;
use crate::secret::IdToken;

const WHAT: &str = "exchanging a token at the Azure container registry";

#[derive(Deserialize)]
struct Answer {
    refresh_token: String,
}

/// The credential: an identity token. `client` reaches the registry, always by https.
pub async fn credential(caller: &Caller, registry: &str, client: &Client) -> Result<Credential, CloudError> {
    let entra = azure::entra_token(caller).await?;
    client.hide(entra.token.expose());
    let url =
        Url::parse(&format!("https://{registry}/oauth2/exchange")).map_err(|_| CloudError::malformed(WHAT, "the registry is no host"))?;
    let mut fields = vec![("grant_type", "access_token"), ("service", registry), ("access_token", entra.token.expose())];
    fields.extend(entra.tenant.as_deref().map(|tenant| ("tenant", tenant)));
    let response = client
        .send(&post_form(url, &fields).kind(BodyKind::Credentials))
        .await
        .map_err(|source| CloudError::Http { what: WHAT, source })?;
    if !response.status.is_success() {
        let said = String::from_utf8_lossy(&response.body).trim().to_owned();
        return Err(CloudError::Refused { what: WHAT, status: response.status.as_u16(), said });
    }
    let answer: Answer =
        serde_json::from_slice(&response.body).map_err(|_| CloudError::malformed(WHAT, "its answer is no JSON of a refresh token"))?;
    Ok(Credential { identity_token: Some(IdToken::new(answer.refresh_token)), ..Credential::default() })
}
