//! AWS: the credential chain of its SDKs, endpoints, and requests signed with Signature Version 4.

mod credentials;
mod endpoint;
mod metadata;
mod profile;
pub mod sigv4;
mod sts;

pub use credentials::{Credentials, find};
pub use endpoint::{dns_suffix, endpoint};

use serde::de::DeserializeOwned;

use super::caller::ANSWER_LIMIT;
use super::{Caller, CloudError};
use crate::http::header::HeaderName;
use crate::http::{Method, Request, Url};

/// A call in one of the JSON protocols: `X-Amz-Target` names the operation.
#[derive(Debug, Clone)]
pub struct JsonCall<'a> {
    /// For messages.
    pub what: &'static str,
    /// The service's name in signatures, such as `ecr`.
    pub service: &'a str,
    /// The region in signatures.
    pub region: &'a str,
    /// Where to.
    pub url: Url,
    /// `X-Amz-Target`.
    pub target: &'a str,
    /// The JSON.
    pub body: Vec<u8>,
}

/// Makes a signed call.
///
/// # Errors
/// No answer, a refusal, an answer of another form.
pub async fn call<T: DeserializeOwned>(caller: &Caller, credentials: &Credentials, call: JsonCall<'_>) -> Result<T, CloudError> {
    let request = Request::new(Method::POST, call.url, ANSWER_LIMIT)
        .header(HeaderName::from_static("x-amz-target"), call.target)
        .body("application/x-amz-json-1.1", call.body);
    let scope = sigv4::Scope { service: call.service, region: call.region, now: caller.context().clock.now().into() };
    caller.json(call.what, sigv4::sign(request, credentials, scope)).await
}
