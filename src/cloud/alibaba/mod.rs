//! Alibaba Cloud: its credential chain, and requests signed with ACS3-HMAC-SHA256.

mod credentials;
mod signature;

pub use credentials::{Credentials, find};

use serde::de::DeserializeOwned;

use super::caller::ANSWER_LIMIT;
use super::{Caller, CloudError};
use crate::http::{Method, Request, Url};

/// A call of Alibaba Cloud's OpenAPI.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where to, such as `cr.cn-beijing.aliyuncs.com`.
    pub host: &'a str,
    /// `GET` with a path of its own, or `POST` to `/`.
    pub method: &'a Method,
    /// The path.
    pub path: &'a str,
    /// The operation.
    pub action: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its parameters.
    pub query: &'a [(&'a str, &'a str)],
}

/// Makes a signed call.
///
/// # Errors
/// No answer, a refusal, an answer of another form.
pub async fn call<T: DeserializeOwned>(caller: &Caller, credentials: &Credentials, call: Call<'_>) -> Result<T, CloudError> {
    let malformed = || CloudError::malformed("Alibaba Cloud", "its endpoint is no URL");
    let mut url = Url::parse(&format!("https://{}{}", call.host, call.path)).map_err(|_| malformed())?;
    if !call.query.is_empty() {
        url.query_pairs_mut().extend_pairs(call.query);
    }
    let request = Request::new(call.method.clone(), url, ANSWER_LIMIT);
    let mut nonce = [0; 16];
    caller.context().rng.fill(&mut nonce).map_err(|error| CloudError::malformed("randomness", error.to_string()))?;
    let moment = caller.context().clock.now().into();
    let signed = signature::sign(request, credentials, (call.action, call.version), (moment, &nonce));
    caller.json("Alibaba Cloud Container Registry", signed).await
}
