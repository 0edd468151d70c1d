//! Azure: a token of Entra ID for a service principal, a federated identity (workload identity of AKS), or the managed identity of the machine.

use serde::Deserialize;

use super::caller::{ANSWER_LIMIT, post_form};
use super::error::read;
use super::{Caller, CloudError};
use crate::ambient::Env;
use crate::http::header::HeaderName;
use crate::http::{Method, Request, Url};
use crate::secret::IdToken;

/// A cloud of Azure: its authority and its resource manager.
struct Cloud {
    authority: &'static str,
    resource: &'static str,
}

/// An access token, and the tenant that it belongs to where that is known.
pub struct EntraToken {
    /// The token.
    pub token: IdToken,
    /// `AZURE_TENANT_ID`.
    pub tenant: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
}

/// A token for the resource manager: `AZURE_CLIENT_SECRET`, else `AZURE_FEDERATED_TOKEN` or `AZURE_FEDERATED_TOKEN_FILE`, else the managed identity.
///
/// # Errors
/// Variables that do not belong together, or a service that refuses.
pub async fn entra_token(caller: &Caller) -> Result<EntraToken, CloudError> {
    let env = &*caller.context().env;
    let var = |name: &str| env.var(name).filter(|value| !value.is_empty());
    let cloud = cloud(env)?;
    let (tenant, client) = (var("AZURE_TENANT_ID"), var("AZURE_CLIENT_ID"));
    let federated = match (var("AZURE_FEDERATED_TOKEN"), env.path("AZURE_FEDERATED_TOKEN_FILE")) {
        (Some(token), _) => Some(token),
        (None, Some(file)) => Some(read(&file)?.trim().to_owned()),
        (None, None) => None,
    };
    let answer: Answer = match (&tenant, &client, var("AZURE_CLIENT_SECRET"), federated) {
        (Some(tenant), Some(client), Some(secret), _) => {
            caller.hide(&secret);
            let fields = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", &secret)];
            caller.json("Entra ID", form(env, &cloud, tenant, &fields)?).await?
        }
        (Some(tenant), Some(client), None, Some(assertion)) => {
            caller.hide(&assertion);
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", client),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", &assertion),
            ];
            caller.json("Entra ID", form(env, &cloud, tenant, &fields)?).await?
        }
        (_, _, None, Some(_)) => {
            return Err(CloudError::malformed("Azure", "a federated token needs AZURE_TENANT_ID and AZURE_CLIENT_ID too"));
        }
        (_, client, ..) => {
            caller.metadata_json("Azure managed identity", managed_identity(env, &cloud, client.as_deref())?).await.map_err(absent)?
        }
    };
    caller.hide(&answer.access_token);
    Ok(EntraToken { token: IdToken::new(answer.access_token), tenant })
}

fn absent(error: CloudError) -> CloudError {
    match error {
        CloudError::NoAnswer(_) | CloudError::Http { .. } => {
            CloudError::NotConfigured { provider: "Azure", looked: "AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN_FILE, the managed identity" }
        }
        other => other,
    }
}

fn cloud(env: &dyn Env) -> Result<Cloud, CloudError> {
    let named = env.var("AZURE_ENVIRONMENT").unwrap_or_default().to_ascii_uppercase();
    Ok(match named.as_str() {
        "" | "AZURECLOUD" | "AZUREPUBLICCLOUD" => {
            Cloud { authority: "https://login.microsoftonline.com/", resource: "https://management.azure.com/" }
        }
        "AZURECHINACLOUD" => Cloud { authority: "https://login.chinacloudapi.cn/", resource: "https://management.chinacloudapi.cn/" },
        "AZUREUSGOVERNMENT" | "AZUREUSGOVERNMENTCLOUD" => {
            Cloud { authority: "https://login.microsoftonline.us/", resource: "https://management.usgovcloudapi.net/" }
        }
        _ => return Err(CloudError::malformed("AZURE_ENVIRONMENT", "there is no such cloud")),
    })
}

fn form(env: &dyn Env, cloud: &Cloud, tenant: &str, fields: &[(&str, &str)]) -> Result<Request, CloudError> {
    let named = env.var("AZURE_AUTHORITY_HOST").filter(|value| !value.is_empty());
    let authority = named.as_deref().unwrap_or(cloud.authority);
    let url = Url::parse(authority).and_then(|url| url.join(&format!("/{tenant}/oauth2/token?api-version=1.0")));
    let url = url.map_err(|_| CloudError::malformed("AZURE_AUTHORITY_HOST", "it is no URL"))?;
    Ok(post_form(url, &[fields, &[("resource", cloud.resource)]].concat()))
}

fn managed_identity(env: &dyn Env, cloud: &Cloud, client: Option<&str>) -> Result<Request, CloudError> {
    let var = |name: &str| env.var(name).filter(|value| !value.is_empty());
    // App Service and Functions name an endpoint of their own, with a secret that proves who asks.
    let (endpoint, version, secret) = match (var("IDENTITY_ENDPOINT").zip(var("IDENTITY_HEADER")), var("MSI_ENDPOINT")) {
        (Some((endpoint, secret)), _) => (endpoint, "2019-08-01", Some(("x-identity-header", secret))),
        (None, Some(endpoint)) => (endpoint, "2017-09-01", var("MSI_SECRET").map(|secret| ("secret", secret))),
        (None, None) => ("http://169.254.169.254/metadata/identity/oauth2/token".to_owned(), "2018-02-01", None),
    };
    let mut url = Url::parse(&endpoint).map_err(|_| CloudError::malformed("Azure managed identity", "its endpoint is no URL"))?;
    url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", cloud.resource);
    if let Some(client) = client {
        url.query_pairs_mut().append_pair("client_id", client);
    }
    let mut request = Request::new(Method::GET, url, ANSWER_LIMIT).header(HeaderName::from_static("metadata"), "true");
    if let Some((name, value)) = secret {
        request.set_header(HeaderName::from_static(name), &value);
    }
    Ok(request)
}
