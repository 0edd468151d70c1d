//! Signature Version 4: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use time::OffsetDateTime;

use super::Credentials;
use crate::crypto::Digest;
use crate::crypto::mac::hmac_sha256;
use crate::encoding::hex;
use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Request, trace};

/// What a signature is good for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The service's name in signatures.
    pub service: &'a str,
    /// The region.
    pub region: &'a str,
    /// The moment of the request, which must be right to some minutes.
    pub now: OffsetDateTime,
}

/// Adds `X-Amz-Date`, the session token where there is one, and `Authorization`. Everything that the request has by now is signed.
#[must_use]
pub fn sign(mut request: Request, credentials: &Credentials, scope: Scope<'_>) -> Request {
    let moment = stamp(scope.now);
    request.set_header(HeaderName::from_static("x-amz-date"), &moment);
    if let Some(token) = &credentials.session_token {
        request.set_header(HeaderName::from_static("x-amz-security-token"), token.expose());
    }
    let (names, canonical) = canonical_request(&request);
    let within = format!("{}/{}/{}/aws4_request", &moment[..8], scope.region, scope.service);
    let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{within}\n{}", Digest::sha256(canonical).hex());
    let secret = zeroize::Zeroizing::new([b"AWS4", credentials.secret_access_key.expose()].concat());
    let key = [&moment[..8], scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(secret.to_vec(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    let signature = hex::encode(hmac_sha256(&key, to_sign.as_bytes()));
    let value = format!("AWS4-HMAC-SHA256 Credential={}/{within}, SignedHeaders={names}, Signature={signature}", credentials.access_key_id);
    request.set_header(AUTHORIZATION, &value);
    request
}

/// `20150830T123600Z`.
fn stamp(now: OffsetDateTime) -> String {
    let (date, clock) = (now.date(), now.time());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", clock.hour(), clock.minute(), clock.second())
}

/// The names of the signed headers, and the canonical request.
fn canonical_request(request: &Request) -> (String, String) {
    let text = |value: &[u8]| String::from_utf8_lossy(value).split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
    headers.push(("host".to_owned(), trace::host(request)));
    headers.sort();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let mut query: Vec<(String, String)> = request.url.query_pairs().map(|(name, value)| (encode(&name), encode(&value))).collect();
    query.sort();
    let query = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let payload = Digest::sha256(request.body.as_deref().unwrap_or_default()).hex();
    let canonical = format!("{}\n{}\n{query}\n{lines}\n{names}\n{payload}", request.method, request.url.path());
    (names, canonical)
}

/// Percent encoding of all but RFC 3986's unreserved characters.
pub fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::{Method, Url};
    use proptest::prelude::*;

    fn signature(method: Method, url: &str, service: &str, content_type: Option<&str>) -> String {
        let mut request = Request::new(method, Url::parse(url).unwrap(), 0);
        if let Some(content_type) = content_type {
            request.set_header(HeaderName::from_static("content-type"), content_type);
        }
        let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
        let signed = sign(
            request,
            &credentials,
            Scope { service, region: "us-east-1", now: OffsetDateTime::from_unix_timestamp(1_440_938_160).unwrap() },
        );
        signed.headers[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    /// The published vectors: get-vanilla, post-vanilla, get-vanilla-query-order-key, and ListUsers of the documentation.
    #[test]
    fn published_vectors() {
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, \
            Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        assert_eq!(signature(Method::GET, "https://example.amazonaws.com/", "service", None), expected);
        let ends = |header: String, signature: &str| assert!(header.ends_with(signature), "{header}");
        ends(
            signature(Method::POST, "https://example.amazonaws.com/", "service", None),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        );
        ends(
            signature(Method::GET, "https://example.amazonaws.com/?Param2=value2&Param1=value1", "service", None),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        );
        ends(
            signature(
                Method::GET,
                "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                "iam",
                Some("application/x-www-form-urlencoded; charset=utf-8"),
            ),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        );
    }

    proptest! {
        #[test]
        fn encoding_leaves_no_special_character(text in "\\PC{0,40}") {
            prop_assert!(encode(&text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        }
    }
}
