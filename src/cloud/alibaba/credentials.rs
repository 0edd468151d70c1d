//! The chain: a credentials file, the environment, an OIDC token, the machine's role.

use serde::Deserialize;

use crate::ambient::Env;
use crate::cloud::caller::{ANSWER_LIMIT, post_form};
use crate::cloud::error::read;
use crate::cloud::{Caller, CloudError, ini};
use crate::encoding::UnixTime;
use crate::encoding::text;
use crate::http::{Method, Request, Url};
use crate::secret::{IdToken, Password};

/// What requests are signed with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub access_key_secret: Password,
    /// Goes with temporary credentials.
    pub security_token: Option<IdToken>,
}

/// Temporary credentials, as two services write them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Temporary {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Assumed {
    credentials: Temporary,
}

impl From<Temporary> for Credentials {
    fn from(found: Temporary) -> Self {
        Self::new(found.access_key_id, &found.access_key_secret, Some(&found.security_token))
    }
}

impl Credentials {
    /// Credentials of these parts; an empty token is none.
    pub fn new(access_key_id: impl Into<String>, access_key_secret: &str, security_token: Option<&str>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            access_key_secret: Password::new(access_key_secret.as_bytes()),
            security_token: security_token.filter(|token| !token.is_empty()).map(IdToken::new),
        }
    }
}

/// Finds credentials in the order of Alibaba Cloud's own tools.
///
/// # Errors
/// No source is configured, or the first that is fails.
pub async fn find(caller: &Caller) -> Result<Credentials, CloudError> {
    let env = &*caller.context().env;
    let var = |names: &[&str]| names.iter().find_map(|name| env.var(name).filter(|value| !value.is_empty()));
    let found = if let Some(found) = of_file(env)? {
        found
    } else if let (Some(id), Some(secret)) = (
        var(&["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"]),
        var(&["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"]),
    ) {
        Credentials::new(id, &secret, var(&["ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN", "SECURITY_TOKEN"]).as_deref())
    } else if let Some(file) = env.path("ALIBABA_CLOUD_OIDC_TOKEN_FILE") {
        with_oidc(caller, &file).await?
    } else {
        of_machine(caller).await?
    };
    if let Ok(secret) = std::str::from_utf8(found.access_key_secret.expose()) {
        caller.hide(secret);
    }
    Ok(found)
}

/// `ALIBABA_CLOUD_CREDENTIALS_FILE`, else `~/.alibabacloud/credentials`; its profile `ALIBABA_CLOUD_PROFILE`, else `default`.
fn of_file(env: &dyn Env) -> Result<Option<Credentials>, CloudError> {
    let at_home = || Some(env.path("HOME")?.join(".alibabacloud/credentials"));
    let Some(path) = env.path("ALIBABA_CLOUD_CREDENTIALS_FILE").or_else(at_home).filter(|path| path.is_file()) else { return Ok(None) };
    let profiles = ini::parse(&read(&path)?);
    let name = env.var("ALIBABA_CLOUD_PROFILE").filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    let malformed = |reason: String| CloudError::malformed(text::quote(&path.to_string_lossy()), reason);
    let profile = profiles.get(&name).ok_or_else(|| malformed(format!("it has no profile {}", text::quote(&name))))?;
    let setting = |key: &str| profile.get(key).map(String::as_str);
    match (setting("type").unwrap_or("access_key"), setting("access_key_id"), setting("access_key_secret")) {
        ("access_key" | "sts", Some(id), Some(secret)) => Ok(Some(Credentials::new(id, secret, setting("security_token")))),
        ("access_key" | "sts", ..) => Err(malformed("it has no access_key_id and access_key_secret".to_owned())),
        (other, ..) => Err(CloudError::NotSupported(format!("an Alibaba Cloud profile of type {}", text::quote(other)))),
    }
}

/// The role of a service account in a cluster (RRSA). This call is not signed.
async fn with_oidc(caller: &Caller, file: &std::path::Path) -> Result<Credentials, CloudError> {
    let context = caller.context();
    let var = |name: &str| context.env.var(name).filter(|value| !value.is_empty());
    let needed = |name: &'static str| var(name).ok_or_else(|| CloudError::malformed(name, "it goes with ALIBABA_CLOUD_OIDC_TOKEN_FILE"));
    let token = read(file)?;
    caller.hide(token.trim());
    let base = var("ALIBABA_CLOUD_STS_ENDPOINT").unwrap_or_else(|| "sts.aliyuncs.com".to_owned());
    let base = if base.contains("://") { base } else { format!("https://{base}/") };
    let url = Url::parse(&base).map_err(|_| CloudError::malformed("ALIBABA_CLOUD_STS_ENDPOINT", "it is no URL"))?;
    let (role, provider) = (needed("ALIBABA_CLOUD_ROLE_ARN")?, needed("ALIBABA_CLOUD_OIDC_PROVIDER_ARN")?);
    let session = var("ALIBABA_CLOUD_ROLE_SESSION_NAME").unwrap_or_else(|| "cosign".to_owned());
    let now = UnixTime::from(context.clock.now()).to_string();
    let fields = [
        ("Action", "AssumeRoleWithOIDC"),
        ("Version", "2015-04-01"),
        ("Format", "JSON"),
        ("Timestamp", &now),
        ("RoleArn", &role),
        ("OIDCProviderArn", &provider),
        ("OIDCToken", token.trim()),
        ("RoleSessionName", &session),
    ];
    Ok(caller.json::<Assumed>("Alibaba Cloud STS", post_form(url, &fields)).await?.credentials.into())
}

async fn of_machine(caller: &Caller) -> Result<Credentials, CloudError> {
    const WHAT: &str = "Alibaba Cloud ECS metadata";
    let get = |path: &str| {
        let url = format!("http://100.100.100.200/latest/meta-data/ram/security-credentials/{path}");
        let url = Url::parse(&url).map_err(|_| CloudError::malformed(WHAT, "the role's name is none"))?;
        Ok::<_, CloudError>(Request::new(Method::GET, url, ANSWER_LIMIT))
    };
    let absent = |error: CloudError| match error {
        CloudError::NoAnswer(_) | CloudError::Http { .. } => CloudError::NotConfigured {
            provider: "Alibaba Cloud",
            looked: "the credentials file, ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_OIDC_TOKEN_FILE, the machine",
        },
        other => other,
    };
    let named = caller.context().env.var("ALIBABA_CLOUD_ECS_METADATA").filter(|role| !role.is_empty());
    let role = match named {
        Some(role) => role,
        None => String::from_utf8_lossy(&caller.metadata(WHAT, get("")?).await.map_err(absent)?).trim().to_owned(),
    };
    if role.is_empty() || !role.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(CloudError::malformed(WHAT, "the machine has no role"));
    }
    Ok(caller.metadata_json::<Temporary>(WHAT, get(&role)?).await.map_err(absent)?.into())
}
