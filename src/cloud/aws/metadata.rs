//! Credentials of the container (ECS, EKS Pod Identity) and of the machine (EC2, IMDSv2).

use super::Credentials;
use super::sts::Temporary;
use crate::cloud::caller::ANSWER_LIMIT;
use crate::cloud::error::read;
use crate::cloud::{Caller, CloudError};
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Method, Request, Url};

const CONTAINER: &str = "AWS container credentials";
const MACHINE: &str = "EC2 instance metadata";
/// Where containers find theirs, and what is beside this machine in EKS: the hosts that plain http may be spoken to.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// The container's; `None` outside of one.
///
/// # Errors
/// The variables are malformed, or the service fails.
pub async fn of_container(caller: &Caller) -> Result<Option<Credentials>, CloudError> {
    let env = &*caller.context().env;
    let var = |name: &str| env.var(name).filter(|value| !value.is_empty());
    let url = match (var("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), var("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
        (Some(path), _) => format!("http://169.254.170.2{path}"),
        (None, Some(url)) => url,
        (None, None) => return Ok(None),
    };
    let url = Url::parse(&url).map_err(|_| CloudError::malformed(CONTAINER, "the URI is none"))?;
    let host = url.host_str().unwrap_or_default();
    let loopback = host == "localhost" || host == "[::1]" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if url.scheme() != "https" && !loopback && !CONTAINER_HOSTS.contains(&host) {
        return Err(CloudError::malformed(CONTAINER, "plain http is only spoken to this machine and to the addresses of ECS and EKS"));
    }
    let mut request = Request::new(Method::GET, url, ANSWER_LIMIT);
    let token = match env.path("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(file) => Some(read(&file)?.trim().to_owned()),
        None => var("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        caller.hide(&token);
        request.set_header(AUTHORIZATION, &token);
    }
    let found: Temporary = caller.metadata_json(CONTAINER, request).await?;
    Ok(Some(found.into()))
}

/// The machine's role.
///
/// # Errors
/// No metadata service, or a machine without a role.
pub async fn of_machine(caller: &Caller) -> Result<Credentials, CloudError> {
    let env = &*caller.context().env;
    if env.var("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(CloudError::NotConfigured {
            provider: "AWS",
            looked: "the environment, the profile, the container; AWS_EC2_METADATA_DISABLED is set",
        });
    }
    let named = env.var("AWS_EC2_METADATA_SERVICE_ENDPOINT").filter(|value| !value.is_empty());
    let base = named.unwrap_or_else(|| "http://169.254.169.254".to_owned());
    let url = |path: &str| {
        let joined = Url::parse(&base).and_then(|base| base.join(&format!("/latest/{path}")));
        joined.map_err(|_| CloudError::malformed("AWS_EC2_METADATA_SERVICE_ENDPOINT", "it is no URL"))
    };
    let absent = |error: CloudError| match error {
        CloudError::NoAnswer(_) | CloudError::Http { .. } => {
            CloudError::NotConfigured { provider: "AWS", looked: "the environment, the profile, the container, the machine" }
        }
        other => other,
    };
    let token = Request::new(Method::PUT, url("api/token")?, ANSWER_LIMIT)
        .header(HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    let token = String::from_utf8_lossy(&caller.metadata(MACHINE, token).await.map_err(absent)?).trim().to_owned();
    caller.hide(&token);
    let with_token =
        |url: Url| Request::new(Method::GET, url, ANSWER_LIMIT).header(HeaderName::from_static("x-aws-ec2-metadata-token"), &token);
    let roles = caller.metadata(MACHINE, with_token(url("meta-data/iam/security-credentials/")?)).await?;
    let role = String::from_utf8_lossy(&roles).lines().next().unwrap_or_default().trim().to_owned();
    let plain = |role: &str| !role.is_empty() && role.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@-_".contains(&b));
    if !plain(&role) {
        return Err(CloudError::malformed(MACHINE, "the machine has no role"));
    }
    let found: Temporary = caller.metadata_json(MACHINE, with_token(url(&format!("meta-data/iam/security-credentials/{role}"))?)).await?;
    Ok(found.into())
}
