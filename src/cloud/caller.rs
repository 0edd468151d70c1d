//! Requests to the services of cloud providers: two clients, one through the proxy, one for the machine's own metadata service.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::CloudError;
use crate::ambient::Context;
use crate::http::{BodyKind, Client, ClientOptions, HttpError, Method, Request, Response, TlsOptions, Url};

/// The most bytes of an answer with a credential.
pub const ANSWER_LIMIT: u64 = 256 << 10;
/// How long a metadata service may take: it runs on this machine or next to it, or not at all.
const METADATA_PATIENCE: Duration = Duration::from_secs(2);

/// Sends requests that give credentials; no body is ever traced.
pub struct Caller {
    remote: Client,
    local: Client,
    context: Context,
}

impl Caller {
    /// Sets up both clients; no connection is made.
    ///
    /// # Errors
    /// A file named by `AWS_CA_BUNDLE` or `SSL_CERT_FILE`, or a proxy variable, that cannot be used.
    pub fn new(context: &Context) -> Result<Self, HttpError> {
        let tls = TlsOptions { ca_certificates: context.env.path("AWS_CA_BUNDLE"), ..TlsOptions::default() };
        let options = ClientOptions::of(tls, 4);
        let remote = Client::new(&options, context)?;
        let local = Client::new(&ClientOptions { direct: true, ..options }, context)?;
        Ok(Self { remote, local, context: context.clone() })
    }

    /// What came from outside.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Remembers a secret, so that no answer shows it.
    pub fn hide(&self, secret: &str) {
        self.remote.hide(secret);
        self.local.hide(secret);
    }

    /// Asks a service for JSON.
    ///
    /// # Errors
    /// No answer, a refusal, no JSON of that form.
    pub async fn json<T: DeserializeOwned>(&self, what: &'static str, request: Request) -> Result<T, CloudError> {
        parse(what, &self.body(what, request).await?)
    }

    /// Asks a service.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn body(&self, what: &'static str, request: Request) -> Result<Vec<u8>, CloudError> {
        let response = self.remote.send(&request.kind(BodyKind::Credentials)).await.map_err(|source| CloudError::Http { what, source })?;
        accepted(what, response)
    }

    /// Asks the metadata service of this machine, never through a proxy, and only for a short while.
    ///
    /// # Errors
    /// No answer in time, or a refusal.
    pub async fn metadata(&self, what: &'static str, request: Request) -> Result<Vec<u8>, CloudError> {
        let asked = async { self.local.send(&request.kind(BodyKind::Credentials)).await };
        let response = tokio::time::timeout(METADATA_PATIENCE, asked).await.map_err(|_| CloudError::NoAnswer(what))?;
        accepted(what, response.map_err(|source| CloudError::Http { what, source })?)
    }

    /// As [`Caller::metadata`], for JSON.
    ///
    /// # Errors
    /// As [`Caller::metadata`], and an answer of another form.
    pub async fn metadata_json<T: DeserializeOwned>(&self, what: &'static str, request: Request) -> Result<T, CloudError> {
        parse(what, &self.metadata(what, request).await?)
    }
}

/// A POST of a form.
pub fn post_form(url: Url, fields: &[(&str, &str)]) -> Request {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Request::new(Method::POST, url, ANSWER_LIMIT).body("application/x-www-form-urlencoded", body.into_bytes())
}

fn accepted(what: &'static str, response: Response) -> Result<Vec<u8>, CloudError> {
    if response.status.is_success() {
        return Ok(response.body);
    }
    let said = String::from_utf8_lossy(&response.body).trim().to_owned();
    Err(CloudError::Refused { what, status: response.status.as_u16(), said })
}

fn parse<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, CloudError> {
    // serde_json quotes values, which may be secrets.
    serde_json::from_slice(body).map_err(|_| CloudError::malformed(what, "its answer is no JSON of a credential"))
}
