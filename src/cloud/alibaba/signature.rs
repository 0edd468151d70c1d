//! ACS3-HMAC-SHA256: <https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>.

use time::OffsetDateTime;

use super::Credentials;
use crate::cloud::aws::sigv4::encode;
use crate::crypto::Digest;
use crate::crypto::mac::hmac_sha256;
use crate::encoding::{UnixTime, hex};
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Request, trace};

/// Adds the `x-acs-*` headers and `Authorization`; `action` is the operation and its version, `at` the moment and a number used once.
pub(super) fn sign(
    mut request: Request,
    credentials: &Credentials,
    (action, version): (&str, &str),
    (now, nonce): (OffsetDateTime, &[u8]),
) -> Request {
    let payload = Digest::sha256(request.body.as_deref().unwrap_or_default()).hex();
    let date = UnixTime(now.unix_timestamp()).to_string();
    let nonce = hex::encode(nonce);
    let headers = [
        ("x-acs-action", action),
        ("x-acs-content-sha256", &payload),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", &nonce),
        ("x-acs-version", version),
    ];
    for (name, value) in headers {
        request.set_header(HeaderName::from_static(name), value);
    }
    if let Some(token) = &credentials.security_token {
        request.set_header(HeaderName::from_static("x-acs-security-token"), token.expose());
    }
    let mut signed: Vec<(String, String)> = request
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-acs-"))
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).trim().to_owned()))
        .collect();
    signed.push(("host".to_owned(), trace::host(&request)));
    signed.sort();
    let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let mut query: Vec<String> = request.url.query_pairs().map(|(name, value)| format!("{}={}", encode(&name), encode(&value))).collect();
    query.sort();
    let canonical = format!("{}\n{}\n{}\n{lines}\n{names}\n{payload}", request.method, request.url.path(), query.join("&"));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", Digest::sha256(canonical).hex());
    let signature = hex::encode(hmac_sha256(credentials.access_key_secret.expose(), to_sign.as_bytes()));
    let value = format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", credentials.access_key_id);
    request.set_header(AUTHORIZATION, &value);
    request
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Method, Url};

    /// The example of the documentation.
    #[test]
    fn the_published_example() {
        let url = "https://ecs.cn-shanghai.aliyuncs.com/?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";
        let request = Request::new(Method::POST, Url::parse(url).unwrap(), 0);
        let credentials = Credentials::new("YourAccessKeyId", "YourAccessKeySecret", None);
        let moment = OffsetDateTime::from_unix_timestamp(UnixTime::parse_rfc3339("2023-10-26T10:22:32Z").unwrap().0).unwrap();
        let nonce = hex::decode("3156853299f313e23d1673dc12e1703d").unwrap();
        let signed = sign(request, &credentials, ("RunInstances", "2014-05-26"), (moment, &nonce));
        let expected = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,\
            SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
            Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
        assert_eq!(signed.headers[AUTHORIZATION].to_str().unwrap(), expected);
    }
}
