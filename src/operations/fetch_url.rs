//! Keys, payloads and certificates behind an `http(s)://` URL.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::ambient::Context;
use crate::http::header::LOCATION;
use crate::http::{Client, ClientOptions, HttpError, Method, Request, TlsOptions, Url};
use crate::keys::load::{FetchError, FetchUrl};

/// How many redirects are followed, as in Go.
const MAX_REDIRECTS: usize = 10;
/// How often a server is asked at most.
const ATTEMPTS: u32 = 4;

/// Fetches with the system's roots and proxies, over connections that are kept. Nothing is set up before the first URL.
pub struct HttpFetch<'a> {
    context: &'a Context,
    client: OnceLock<Result<Client, HttpError>>,
}

impl<'a> HttpFetch<'a> {
    /// With the environment of `context`.
    pub fn new(context: &'a Context) -> Self {
        Self { context, client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, FetchError> {
        let client = self.client.get_or_init(|| Client::new(&ClientOptions::of(TlsOptions::default(), ATTEMPTS), self.context));
        client.as_ref().map_err(|error| transport(error.clone()))
    }
}

#[async_trait]
impl FetchUrl for HttpFetch<'_> {
    async fn fetch(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let client = self.client()?;
        let mut url = Url::parse(url).map_err(transport)?;
        for _ in 0..MAX_REDIRECTS {
            let response = client.send(&Request::new(Method::GET, url.clone(), limit)).await.map_err(|error| match error {
                HttpError::TooLarge { limit, .. } => FetchError::TooLarge(limit),
                error => transport(error),
            })?;
            if response.status.is_success() {
                return Ok(response.body);
            }
            let status = response.status.as_u16();
            let target = response.header(LOCATION).filter(|_| response.status.is_redirection()).and_then(|to| url.join(to).ok());
            // Never from https to anything weaker.
            url = target.filter(|to| to.scheme() == "https" || to.scheme() == url.scheme()).ok_or(FetchError::Status(status))?;
        }
        Err(FetchError::Redirects(MAX_REDIRECTS))
    }
}

fn transport(error: impl std::error::Error + Send + Sync + 'static) -> FetchError {
    FetchError::Transport(Box::new(error))
}
