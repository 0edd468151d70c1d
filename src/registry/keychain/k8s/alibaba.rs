//! Alibaba Cloud's container registry, personal and enterprise.

use serde::Deserialize;

use crate::ambient::Env;
use crate::cloud::alibaba::{self, Call, Credentials};
use crate::cloud::{Caller, CloudError};
use crate::http::Method;
use crate::registry::keychain::Credential;
use crate::secret::Password;

const WHAT: &str = "Alibaba Cloud Container Registry";
/// The versions of the API for enterprise instances and for personal registries.
const ENTERPRISE_VERSION: &str = "2018-12-01";
const PERSONAL_VERSION: &str = "2016-06-07";

/// A registry of Alibaba Cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    region: String,
    instance: Instance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Instance {
    Personal,
    Named(String),
    Id(String),
}

/// What a host is: `[INSTANCE-]registry[-intl][-vpc][-internal].REGION.[cr.]aliyuncs.com`; `None` for one that is not of Alibaba Cloud, unless
/// `DOCKER_CREDENTIAL_ACR_HELPER_INSTANCE_ID` and `DOCKER_CREDENTIAL_ACR_HELPER_REGION` name the instance.
pub fn registry(host: &str, env: &dyn Env) -> Option<Registry> {
    let var = |name: &str| env.var(name).filter(|value| !value.is_empty());
    let id = var("DOCKER_CREDENTIAL_ACR_HELPER_INSTANCE_ID");
    let before = host.strip_suffix(".aliyuncs.com")?;
    let named = parse(before.strip_suffix(".cr").unwrap_or(before));
    match (id, var("DOCKER_CREDENTIAL_ACR_HELPER_REGION")) {
        (Some(id), Some(region)) if is_label(&region) => Some(Registry { region, instance: Instance::Id(id) }),
        (Some(id), _) => named.map(|registry| Registry { instance: Instance::Id(id), ..registry }),
        (None, _) => named,
    }
}

fn parse(name: &str) -> Option<Registry> {
    let (first, rest) = name.split_once('.')?;
    let region = rest.strip_prefix("distributed.").unwrap_or(rest);
    let mut kind = first;
    for suffix in ["-internal", "-vpc", "-intl"] {
        kind = kind.strip_suffix(suffix).unwrap_or(kind);
    }
    let instance = match kind.strip_suffix("registry")? {
        "" => Instance::Personal,
        named => Instance::Named(named.strip_suffix('-').filter(|named| !named.is_empty())?.to_owned()),
    };
    is_label(region).then(|| Registry { region: region.to_owned(), instance })
}

fn is_label(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[derive(Deserialize)]
struct Personal {
    data: PersonalData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersonalData {
    authorization_token: String,
    temp_user_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enterprise {
    authorization_token: String,
    temp_username: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    instances: Vec<ListedInstance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedInstance {
    instance_id: String,
    instance_name: String,
}

/// A temporary user and password.
pub async fn credential(caller: &Caller, registry: &Registry) -> Result<Credential, CloudError> {
    let credentials = alibaba::find(caller).await?;
    let host = format!("cr.{}.aliyuncs.com", registry.region);
    let id = match &registry.instance {
        Instance::Personal => {
            let call = Call {
                host: &host,
                method: &Method::GET,
                path: "/tokens",
                action: "GetAuthorizationToken",
                version: PERSONAL_VERSION,
                query: &[],
            };
            let answer: Personal = alibaba::call(caller, &credentials, call).await?;
            return Ok(Credential::basic(answer.data.temp_user_name, Password::new(answer.data.authorization_token.into_bytes())));
        }
        Instance::Named(name) => id_of(caller, &credentials, (&host, name)).await?,
        Instance::Id(id) => id.clone(),
    };
    let query = [("InstanceId", id.as_str())];
    let answer: Enterprise = alibaba::call(caller, &credentials, enterprise(&host, "GetAuthorizationToken", &query)).await?;
    Ok(Credential::basic(answer.temp_username, Password::new(answer.authorization_token.into_bytes())))
}

fn enterprise<'a>(host: &'a str, action: &'a str, query: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call { host, method: &Method::POST, path: "/", action, version: ENTERPRISE_VERSION, query }
}

async fn id_of(caller: &Caller, credentials: &Credentials, (host, name): (&str, &str)) -> Result<String, CloudError> {
    let query = [("InstanceName", name)];
    let listed: Listed = alibaba::call(caller, credentials, enterprise(host, "ListInstance", &query)).await?;
    let found = listed.instances.into_iter().find(|instance| instance.instance_name == name);
    found.map(|instance| instance.instance_id).ok_or_else(|| CloudError::malformed(WHAT, "there is no instance of that name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::fake::Fake;
    use proptest::prelude::*;

    #[test]
    fn names_say_region_and_instance() {
        let env = Fake::default().context().env;
        let of = |host: &str| registry(host, &*env).map(|found| (found.region, found.instance));
        let beijing = "cn-beijing".to_owned();
        assert_eq!(of("registry.cn-beijing.aliyuncs.com"), Some((beijing.clone(), Instance::Personal)));
        assert_eq!(of("registry-intl-vpc.cn-beijing.aliyuncs.com"), Some((beijing.clone(), Instance::Personal)));
        assert_eq!(of("my-registry.cn-beijing.cr.aliyuncs.com"), Some((beijing.clone(), Instance::Named("my".into()))));
        assert_eq!(of("my-registry-vpc.distributed.cn-beijing.cr.aliyuncs.com"), Some((beijing, Instance::Named("my".into()))));
        for stranger in ["oss.cn-beijing.aliyuncs.com", "registry.aliyuncs.com", "registry.a/b.aliyuncs.com", "xregistry.cn.aliyuncs.com"] {
            assert_eq!(of(stranger), None, "{stranger}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(host in "\\PC{0,30}|([a-z]{0,3}-)?registry[a-z.-]{0,20}\\.aliyuncs\\.com") {
            let _ = registry(&host, &*Fake::default().context().env);
        }
    }
}
