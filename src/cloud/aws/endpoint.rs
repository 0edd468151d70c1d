//! Where AWS's services are.

use crate::ambient::Env;
use crate::cloud::CloudError;
use crate::http::Url;

/// The domain of a region's partition.
pub fn dns_suffix(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("eusc-", "amazonaws.eu"),
    ];
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("amazonaws.com", |(_, suffix)| suffix)
}

/// `AWS_ENDPOINT_URL_SERVICE`, else `AWS_ENDPOINT_URL`, else `https://` and `host`. `service` is written as in the variable: `ECR`.
///
/// # Errors
/// A URL that is none.
pub fn endpoint(env: &dyn Env, service: &str, host: &str) -> Result<Url, CloudError> {
    let ignored = env.var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let own = format!("AWS_ENDPOINT_URL_{service}");
    let named = [own.as_str(), "AWS_ENDPOINT_URL"].into_iter().find_map(|name| {
        let value = env.var(name).filter(|value| !value.is_empty() && !ignored)?;
        Some((name.to_owned(), value))
    });
    let (what, url) = named.unwrap_or_else(|| (host.to_owned(), format!("https://{host}/")));
    Url::parse(&url).map_err(|_| CloudError::malformed(what, "it is no URL"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ambient::fake::Fake;

    #[test]
    fn variables_come_before_the_region() {
        let context = Fake::default().context();
        let of = |context: &crate::ambient::Context| endpoint(&*context.env, "ECR", "api.ecr.eu-west-1.amazonaws.com").unwrap().to_string();
        assert_eq!(of(&context), "https://api.ecr.eu-west-1.amazonaws.com/");
        let fake = Fake::default().with_var("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        assert_eq!(of(&fake.context()), "http://127.0.0.1:1/");
        assert_eq!(of(&fake.clone().with_var("AWS_ENDPOINT_URL_ECR", "http://127.0.0.1:2").context()), "http://127.0.0.1:2/");
        assert!(of(&fake.with_var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true").context()).starts_with("https://api.ecr"));
        assert_eq!((dns_suffix("cn-north-1"), dns_suffix("us-gov-west-1")), ("amazonaws.com.cn", "amazonaws.com"));
    }
}
