//! Profiles of `~/.aws/credentials` and `~/.aws/config`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Credentials, metadata, sts};
use crate::ambient::Env;
use crate::cloud::caller::ANSWER_LIMIT;
use crate::cloud::error::read;
use crate::cloud::ini::{self, Ini};
use crate::cloud::{Caller, CloudError};
use crate::encoding::text;

/// A profile's settings, of both files.
type Profile = BTreeMap<String, String>;

struct Profiles {
    credentials: Ini,
    config: Ini,
}

impl Profiles {
    fn read(env: &dyn Env) -> Result<Self, CloudError> {
        let home = env.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let file = |variable: &str, name: &str| env.path(variable).or_else(|| Some(home.as_ref()?.join(".aws").join(name)));
        let parsed = |path: Option<PathBuf>| match path.filter(|path| path.is_file()) {
            Some(path) => read(&path).map(|text| ini::parse(&text)),
            None => Ok(Ini::new()),
        };
        let credentials = parsed(file("AWS_SHARED_CREDENTIALS_FILE", "credentials"))?;
        Ok(Self { credentials, config: parsed(file("AWS_CONFIG_FILE", "config"))? })
    }

    /// Both files' settings; `credentials` wins.
    fn profile(&self, name: &str) -> Option<Profile> {
        let of_config = self.config.get(&format!("profile {name}")).or_else(|| self.config.get(name).filter(|_| name == "default"));
        let of_credentials = self.credentials.get(name);
        if of_config.is_none() && of_credentials.is_none() {
            return None;
        }
        Some(of_config.into_iter().chain(of_credentials).flatten().map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

/// What the profile gives; `None` where it gives nothing, so that the next source is asked.
///
/// # Errors
/// A profile that `AWS_PROFILE` names and that is not there; one that says where credentials are, and they are not.
pub async fn find(caller: &Caller, region: &str) -> Result<Option<Credentials>, CloudError> {
    let env = &*caller.context().env;
    let profiles = Profiles::read(env)?;
    let named = env.var("AWS_PROFILE").or_else(|| env.var("AWS_DEFAULT_PROFILE")).filter(|name| !name.is_empty());
    let mut name = named.clone().unwrap_or_else(|| "default".to_owned());
    // Roles are taken from the innermost profile outwards.
    let mut roles: Vec<Profile> = Vec::new();
    let mut seen = BTreeSet::new();
    let base = loop {
        let Some(profile) = profiles.profile(&name) else {
            if named.is_none() && roles.is_empty() {
                return Ok(None);
            }
            return Err(CloudError::malformed("AWS profile", format!("there is no profile {}", text::quote(&name))));
        };
        let again = !seen.insert(name.clone());
        let source = profile.get("source_profile").filter(|_| profile.contains_key("role_arn")).cloned();
        match source {
            // A profile may have keys of its own and be its own source.
            Some(source) if !again && source != name => {
                roles.push(profile);
                name = source;
            }
            Some(source) if source != name => return Err(CloudError::malformed("AWS profile", "source_profile leads in a circle")),
            Some(_) => {
                let own = profile.iter().filter(|(key, _)| key.starts_with("aws_")).map(|(k, v)| (k.clone(), v.clone())).collect();
                roles.push(profile);
                break own;
            }
            None => break profile,
        }
    };
    let Some(mut credentials) = own_credentials(caller, region, &base).await? else { return Ok(None) };
    for profile in roles.iter().rev() {
        credentials = sts::with_credentials(caller, region, role(profile), &credentials).await?;
    }
    Ok(Some(credentials))
}

fn role(profile: &Profile) -> sts::Role<'_> {
    let setting = |key: &str| profile.get(key).map(String::as_str);
    sts::Role { arn: setting("role_arn").unwrap_or_default(), session: setting("role_session_name"), external_id: setting("external_id") }
}

/// What the profile gives without a `source_profile`.
async fn own_credentials(caller: &Caller, region: &str, profile: &Profile) -> Result<Option<Credentials>, CloudError> {
    let setting = |key: &str| profile.get(key).map(String::as_str).filter(|value| !value.is_empty());
    if let Some(source) = setting("credential_source").filter(|_| profile.contains_key("role_arn")) {
        let base = match source {
            "Environment" => environment(&*caller.context().env)?,
            "Ec2InstanceMetadata" => metadata::of_machine(caller).await?,
            "EcsContainer" => metadata::of_container(caller)
                .await?
                .ok_or_else(|| CloudError::malformed("AWS profile", "credential_source is EcsContainer, and there is none"))?,
            other => return Err(CloudError::malformed("AWS profile", format!("unknown credential_source {}", text::quote(other)))),
        };
        return sts::with_credentials(caller, region, role(profile), &base).await.map(Some);
    }
    if let (Some(file), Some(_)) = (setting("web_identity_token_file"), setting("role_arn")) {
        return sts::with_web_identity(caller, region, role(profile), file.as_ref()).await.map(Some);
    }
    if let (Some(id), Some(secret)) = (setting("aws_access_key_id"), setting("aws_secret_access_key")) {
        return Ok(Some(Credentials::new(id, secret, setting("aws_session_token"))));
    }
    if setting("sso_session").or(setting("sso_start_url")).is_some() {
        return Err(CloudError::NotSupported("an AWS profile with SSO".to_owned()));
    }
    match setting("credential_process") {
        Some(command) => process(caller, command).map(Some),
        None => Ok(None),
    }
}

fn environment(env: &dyn Env) -> Result<Credentials, CloudError> {
    match (env.var("AWS_ACCESS_KEY_ID"), env.var("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Ok(Credentials::new(id, &secret, env.var("AWS_SESSION_TOKEN").as_deref())),
        _ => Err(CloudError::malformed("AWS profile", "credential_source is Environment, and there are no keys in it")),
    }
}

/// Runs `credential_process` with the shell, as AWS's SDKs do.
fn process(caller: &Caller, command: &str) -> Result<Credentials, CloudError> {
    let (shell, option) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("sh", "-c") };
    let failed = |reason: String| CloudError::Program { program: "credential_process".to_owned(), reason };
    let mut child = std::process::Command::new(shell);
    child.args([option, command]).env_clear().envs(caller.context().env.vars()).stderr(std::process::Stdio::inherit());
    let output = child.output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() || output.stdout.len() as u64 > ANSWER_LIMIT {
        return Err(failed(format!("it failed ({})", output.status)));
    }
    serde_json::from_slice::<sts::Temporary>(&output.stdout)
        .map(Credentials::from)
        .map_err(|_| failed("its answer is no JSON of a credential".to_owned()))
}
