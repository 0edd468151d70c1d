//! Amazon's Elastic Container Registry, private and public.

use serde::Deserialize;

use crate::cloud::aws::{self, JsonCall};
use crate::cloud::{Caller, CloudError};
use crate::encoding::base64;
use crate::registry::keychain::Credential;
use crate::secret::Password;

const WHAT: &str = "AWS ECR GetAuthorizationToken";
/// Where the public registry's API is.
const PUBLIC_REGION: &str = "us-east-1";
/// The domains of the partitions.
const DOMAINS: [&str; 9] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "on.aws",
    "on.amazonwebservices.com.cn",
    "sc2s.sgov.gov",
    "c2s.ic.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];

/// A registry of ECR, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registry {
    /// `public.ecr.aws`.
    Public,
    /// `ACCOUNT.dkr.ecr.REGION.DOMAIN`.
    Private {
        /// Twelve digits.
        account: String,
        /// The region.
        region: String,
        /// With cryptography validated under FIPS.
        fips: bool,
    },
}

/// What a host is; `None` for one that is not of ECR.
pub fn registry(host: &str) -> Option<Registry> {
    if matches!(host, "public.ecr.aws" | "ecr-public.aws.com") {
        return Some(Registry::Public);
    }
    let (account, rest) = host.split_once(".dkr")?;
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rest = rest.strip_prefix(['.', '-'])?.strip_prefix("ecr")?;
    let (fips, rest) = rest.strip_prefix("-fips").map_or((false, rest), |rest| (true, rest));
    let (region, domain) = rest.strip_prefix('.')?.split_once('.')?;
    let plain =
        !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) && !region.starts_with('-');
    (plain && DOMAINS.contains(&domain)).then(|| Registry::Private { account: account.to_owned(), region: region.to_owned(), fips })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    authorization_data: OneOrMany,
}

/// The private service lists them, the public one has just one.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Data),
    Many(Vec<Data>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    authorization_token: String,
}

/// A password for twelve hours.
pub async fn credential(caller: &Caller, registry: &Registry) -> Result<Credential, CloudError> {
    let env = &*caller.context().env;
    let (region, service, target, url, body) = match registry {
        Registry::Public => (
            PUBLIC_REGION,
            "ecr-public",
            "SpencerFrontendService.GetAuthorizationToken",
            aws::endpoint(env, "ECR_PUBLIC", &format!("api.ecr-public.{PUBLIC_REGION}.amazonaws.com"))?,
            "{}".to_owned(),
        ),
        Registry::Private { account, region, fips } => {
            let name = if *fips { "ecr-fips" } else { "api.ecr" };
            (
                region.as_str(),
                "ecr",
                "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
                aws::endpoint(env, "ECR", &format!("{name}.{region}.{}", aws::dns_suffix(region)))?,
                serde_json::json!({"registryIds": [account]}).to_string(),
            )
        }
    };
    let credentials = aws::find(caller, region).await?;
    let call = JsonCall { what: WHAT, service, region, url, target, body: body.into_bytes() };
    let answer: Answer = aws::call(caller, &credentials, call).await?;
    let data = match answer.authorization_data {
        OneOrMany::One(data) => Some(data),
        OneOrMany::Many(list) => list.into_iter().next(),
    };
    let malformed = || CloudError::malformed(WHAT, "its answer holds no user and password");
    let token = data.ok_or_else(malformed)?.authorization_token;
    let pair = zeroize::Zeroizing::new(base64::decode(&token).map_err(|_| malformed())?);
    let colon = pair.iter().position(|byte| *byte == b':').ok_or_else(malformed)?;
    let username = String::from_utf8(pair[..colon].to_vec()).map_err(|_| malformed())?;
    Ok(Credential::basic(username, Password::new(&pair[colon + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_say_account_and_region() {
        let private = |region: &str, fips| Some(Registry::Private { account: "123456789012".to_owned(), region: region.to_owned(), fips });
        assert_eq!(registry("123456789012.dkr.ecr.eu-west-1.amazonaws.com"), private("eu-west-1", false));
        assert_eq!(registry("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com"), private("us-gov-west-1", true));
        assert_eq!(registry("123456789012.dkr-ecr.eu-west-1.on.aws"), private("eu-west-1", false));
        assert_eq!(registry("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"), private("cn-north-1", false));
        for stranger in [
            "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil",
            "123456789012.dkr.ecr.eu/west.amazonaws.com",
            "123456789012.dkr.ecr.evil.example.amazonaws.com",
            "x.123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        ] {
            assert_eq!(registry(stranger), None, "{stranger}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(host in "\\PC{0,30}|[0-9]{12}\\.dkr[.-]ecr(-fips)?\\.[a-z.-]{0,20}") {
            let _ = registry(&host);
        }
    }
}
