//! The client: connections are shared, set-up happens when it is first needed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HOST, HeaderValue};
use tokio::sync::OnceCell;

use super::exchange::{ERROR_BODY_LIMIT, Request, Response};
use super::proxy::ProxyRules;
use super::redact::{self, KnownSecrets};
use super::retry::{self, RetryPolicy};
use super::stream::Pulse;
use super::tls::{self, ClientConfig, ServerName, TlsOptions, TlsSettings};
use super::{HttpError, trace, transfer, user_agent};
use crate::ambient::{Context, Deadline};

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may stay silent in the middle of an exchange.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// What a client is built from.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    /// TLS.
    pub tls: TlsOptions,
    /// `User-Agent`.
    pub user_agent: String,
    /// When to try again.
    pub retry: RetryPolicy,
    /// Never through a proxy: for services of the machine itself.
    pub direct: bool,
}

/// An HTTP client. Clones share connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    context: Context,
    user_agent: String,
    retry: RetryPolicy,
    tls: TlsSettings,
    proxies: ProxyRules,
    secrets: KnownSecrets,
    plain: OnceLock<Result<reqwest::Client, HttpError>>,
    secure: OnceLock<Result<reqwest::Client, HttpError>>,
    /// By https and by http: for uploads, which may take longer than a server may be silent.
    patient: [OnceLock<Result<reqwest::Client, HttpError>>; 2],
    /// Under a server name override: by real host.
    renamed: Mutex<HashMap<String, reqwest::Client>>,
    /// By server: whether one has answered.
    greeted: Mutex<HashMap<String, Arc<OnceCell<()>>>>,
}

impl ClientOptions {
    /// This program's name, the default waits, and at most so many attempts.
    pub fn of(tls: TlsOptions, attempts: u32) -> Self {
        Self { tls, user_agent: user_agent(), retry: RetryPolicy { attempts, ..RetryPolicy::default() }, direct: false }
    }
}

impl Client {
    /// Loads the files that the options and the environment name. No connection is made, and TLS is set up only for the first https request.
    ///
    /// # Errors
    /// A file that cannot be used, contradicting options, a bad proxy variable.
    pub fn new(options: &ClientOptions, context: &Context) -> Result<Self, HttpError> {
        let inner = Inner {
            user_agent: options.user_agent.clone(),
            retry: options.retry,
            tls: TlsSettings::load(&options.tls, &*context.env)?,
            proxies: if options.direct { ProxyRules::default() } else { ProxyRules::from_env(&*context.env)? },
            secrets: KnownSecrets::default(),
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            patient: Default::default(),
            renamed: Mutex::default(),
            greeted: Mutex::default(),
            context: context.clone(),
        };
        for password in inner.proxies.passwords() {
            inner.secrets.add(&password);
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Remembers a secret, so that it is never shown, even when a server repeats it.
    pub fn hide(&self, secret: &str) {
        self.inner.secrets.add(secret);
    }

    /// `text` without any secret that [`Client::hide`] was told of.
    pub fn without_secrets(&self, text: String) -> String {
        self.inner.secrets.remove_from(text)
    }

    /// When the whole command has to be over.
    pub fn deadline(&self) -> Deadline {
        self.inner.context.deadline
    }

    /// Whether requests to `url` go through a proxy.
    pub fn is_proxied(&self, url: &Url) -> bool {
        self.inner.proxies.proxy_for(url).is_some()
    }

    /// Sends a request, again where the answer or the failure is temporary, and reads the answer to its end. Redirects are not followed.
    ///
    /// # Errors
    /// [`HttpError`] where there is no answer; an answer with an error status is none.
    pub async fn send(&self, request: &Request) -> Result<Response, HttpError> {
        self.send_within(request, None).await
    }

    /// As [`Client::send`], where each attempt may take so long; an attempt that took longer is the last.
    ///
    /// # Errors
    /// As [`Client::send`]. What a server said before the attempt that had no answer is in the error.
    pub async fn send_within(&self, request: &Request, limit: Option<Duration>) -> Result<Response, HttpError> {
        let mut attempt = 1;
        let mut earlier: Option<Response> = None;
        loop {
            let outcome = self.once_within(request, limit).await;
            if request.source.is_some() {
                return outcome;
            }
            let asked = match &outcome {
                Ok(response) if retry::is_temporary(response.status) => {
                    retry::retry_after(&response.headers, self.inner.context.clock.now())
                }
                Err(HttpError::Transport { connecting: false, .. }) if request.sink.as_ref().is_none_or(|sink| sink.restarts()) => None,
                _ => return outcome.map_err(|error| error.after(earlier)),
            };
            let Some(wait) = self.inner.retry.wait(attempt, asked, self.jitter(), self.inner.context.deadline) else {
                return outcome.map_err(|error| error.after(earlier));
            };
            earlier = outcome.ok().or(earlier);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// How long to wait before something is tried again as a whole, of which `attempt` (from 1) ended with `answer`; `None` where it was the last.
    pub fn wait_after(&self, attempt: u32, answer: Option<&Response>) -> Option<Duration> {
        let asked = answer.and_then(|answer| retry::retry_after(&answer.headers, self.inner.context.clock.now()));
        self.inner.retry.wait(attempt, asked, self.jitter(), self.inner.context.deadline)
    }

    async fn once_within(&self, request: &Request, limit: Option<Duration>) -> Result<Response, HttpError> {
        let Some(limit) = limit else { return self.once(request).await };
        match tokio::time::timeout(limit, self.once(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(HttpError::Slow { method: request.method.to_string(), url: redact::url(&request.url), limit }),
        }
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn once(&self, request: &Request) -> Result<Response, HttpError> {
        let started = Instant::now();
        if self.inner.context.ui.traces() {
            self.trace(trace::request(request, &self.inner.user_agent));
        }
        let outcome = self.exchange(request).await;
        if self.inner.context.ui.traces() {
            self.trace(match &outcome {
                Ok(response) => trace::response(request, response, started.elapsed()),
                Err(error) => trace::failure(request, &error.to_string(), started.elapsed()),
            });
        }
        outcome
    }

    fn trace(&self, block: String) {
        self.inner.context.ui.trace(&self.without_secrets(block));
    }

    fn jitter(&self) -> u8 {
        let mut byte = [127];
        // Without randomness the waits are merely not spread.
        let _ = self.inner.context.rng.fill(&mut byte);
        byte[0]
    }

    async fn exchange(&self, request: &Request) -> Result<Response, HttpError> {
        let exchange = self.shared(request);
        let outcome = match self.inner.context.deadline.instant() {
            Some(moment) => match tokio::time::timeout_at(moment.into(), exchange).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(HttpError::Deadline { method: request.method.to_string(), url: redact::url(&request.url) }),
            },
            None => exchange.await,
        };
        match outcome {
            Ok(response) => Ok(response),
            Err(Broken::Http(error)) => Err(error),
            Err(Broken::Transport(error)) => Err(self.transport(request, &error)),
        }
    }

    /// Sends a request and reads the answer. The first request to a server by https goes alone: only its answer tells whether the others can share
    /// its connection (HTTP/2).
    async fn shared(&self, request: &Request) -> Result<Response, Broken> {
        if request.url.scheme() != "https" {
            return self.read(request).await;
        }
        let mut first = None;
        let greeted = self.greeted(&request.url);
        greeted.get_or_init(|| async { first = Some(self.read(request).await) }).await;
        match first {
            Some(outcome) => outcome,
            None => self.read(request).await,
        }
    }

    fn greeted(&self, url: &Url) -> Arc<OnceCell<()>> {
        let server = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        self.inner.greeted.lock().unwrap_or_else(PoisonError::into_inner).entry(server).or_default().clone()
    }

    async fn read(&self, request: &Request) -> Result<Response, Broken> {
        let mut answer = self.execute(request).await?;
        let status = answer.status();
        let limit = if status.is_success() { request.limit } else { ERROR_BODY_LIMIT };
        let expected = answer.content_length().filter(|_| request.method != reqwest::Method::HEAD);
        if status.is_success() && expected.is_some_and(|length| length > limit) {
            return Err(too_large(request, limit).into());
        }
        let mut body = match &request.sink {
            Some(sink) if status.is_success() => {
                sink.start().await.map_err(|error| not_kept(request, &error))?;
                self.pass_on(request, &mut answer, expected).await?;
                Vec::new()
            }
            _ => self.collect(request, &mut answer, expected, limit).await?,
        };
        if !status.is_success() && body.iter().any(|byte| !byte.is_ascii_whitespace()) {
            // Errors are shown, and a server may repeat what it was sent.
            body = self.without_secrets(String::from_utf8_lossy(&body).into_owned()).into_bytes();
        }
        let (method, url) = (request.method.clone(), request.url.clone());
        Ok(Response { status, headers: std::mem::take(answer.headers_mut()), body, method, url })
    }

    async fn execute(&self, request: &Request) -> Result<reqwest::Response, Broken> {
        let connections = self.connections(&request.url, request.source.is_some())?;
        let pulse = Pulse::default();
        let wire = self.wire_request(request, &pulse);
        if request.source.is_none() {
            return Ok(connections.execute(wire).await?);
        }
        tokio::select! {
            answer = connections.execute(wire) => Ok(answer?),
            limit = pulse.stops() => {
                Err(HttpError::Stalled { method: request.method.to_string(), url: redact::url(&request.url), limit }.into())
            }
        }
    }

    /// Reads a body into memory, as far as `limit` where it is an error's.
    async fn collect(
        &self,
        request: &Request,
        answer: &mut reqwest::Response,
        expected: Option<u64>,
        limit: u64,
    ) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::with_capacity(usize::try_from(expected.unwrap_or(0).min(1 << 20)).unwrap_or(0));
        let progress = transfer::shown(&self.inner.context, request, "receiving", expected.unwrap_or(0));
        while let Some(chunk) = answer.chunk().await? {
            if let Some(progress) = &progress {
                progress.advance(chunk.len() as u64);
            }
            let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(body.len());
            if chunk.len() > room {
                if answer.status().is_success() {
                    return Err(too_large(request, limit).into());
                }
                body.extend_from_slice(&chunk[..room]);
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Hands a body to the request's sink as it comes.
    async fn pass_on(&self, request: &Request, answer: &mut reqwest::Response, expected: Option<u64>) -> Result<(), Broken> {
        let Some(sink) = &request.sink else { return Ok(()) };
        let progress = transfer::shown(&self.inner.context, request, "receiving", expected.unwrap_or(0));
        let mut received: u64 = 0;
        while let Some(chunk) = answer.chunk().await? {
            received += chunk.len() as u64;
            if received > request.limit {
                return Err(too_large(request, request.limit).into());
            }
            if let Some(progress) = &progress {
                progress.advance(chunk.len() as u64);
            }
            sink.take(chunk).await.map_err(|error| not_kept(request, &error))?;
        }
        Ok(())
    }

    /// The request as reqwest takes it; under a server name override the URL names that server, and `Host` the real one.
    fn wire_request(&self, request: &Request, pulse: &Pulse) -> reqwest::Request {
        let mut url = request.url.clone();
        let mut headers = request.headers.clone();
        if let Some(name) = self.other_name(&url) {
            let host = trace::host(request);
            if let (Ok(()), Ok(host)) = (url.set_host(Some(name)), HeaderValue::from_str(&host)) {
                headers.insert(HOST, host);
            }
        }
        let mut wire = reqwest::Request::new(request.method.clone(), url);
        *wire.headers_mut() = headers;
        *wire.body_mut() = match (&request.source, &request.body) {
            (Some(source), _) => Some(transfer::streamed(&self.inner.context, request, &**source, pulse, wire.headers_mut())),
            (None, Some(body)) => Some(transfer::body(&self.inner.context, request, body, wire.headers_mut())),
            (None, None) => None,
        };
        wire
    }

    fn connections(&self, url: &Url, patient: bool) -> Result<reqwest::Client, HttpError> {
        let inner = &self.inner;
        if patient && self.other_name(url).is_none() {
            let is_plain = url.scheme() != "https";
            let configuration = || if is_plain && inner.proxies.is_empty() { tls::trusting_nobody() } else { inner.tls.configuration() };
            return inner.patient[usize::from(is_plain)].get_or_init(|| self.build(configuration()?, None, None)).clone();
        }
        if url.scheme() != "https" {
            let set_up = || self.build(tls::trusting_nobody()?, None, Some(READ_TIMEOUT));
            // A proxy may itself be reached by https, which needs the roots.
            if inner.proxies.is_empty() {
                return inner.plain.get_or_init(set_up).clone();
            }
            return inner.plain.get_or_init(|| self.build(inner.tls.configuration()?, None, Some(READ_TIMEOUT))).clone();
        }
        if let Some(name) = self.other_name(url) {
            return self.renamed(name, url.host_str().unwrap_or_default());
        }
        inner.secure.get_or_init(|| self.build(inner.tls.configuration()?, None, Some(READ_TIMEOUT))).clone()
    }

    /// The name to send in place of the host's. A proxy has to be told the real host: through one the name is verified, but not sent.
    fn other_name(&self, url: &Url) -> Option<&str> {
        match self.inner.tls.server_name() {
            Some(ServerName::DnsName(name)) if url.scheme() == "https" && !self.is_proxied(url) => Some(name.as_ref()),
            _ => None,
        }
    }

    fn renamed(&self, name: &str, host: &str) -> Result<reqwest::Client, HttpError> {
        let mut clients = self.inner.renamed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let renamed = Renamed { name: name.to_owned(), host: host.to_owned() };
        let client = self.build(self.inner.tls.configuration()?, Some(renamed), Some(READ_TIMEOUT))?;
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    fn build(
        &self,
        configuration: ClientConfig,
        renamed: Option<Renamed>,
        silence: Option<Duration>,
    ) -> Result<reqwest::Client, HttpError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(configuration)
            .user_agent(&self.inner.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        if let Some(silence) = silence {
            builder = builder.read_timeout(silence);
        }
        if !self.inner.proxies.is_empty() && renamed.is_none() {
            let rules = self.inner.proxies.clone();
            builder = builder.proxy(reqwest::Proxy::custom(move |url| rules.proxy_for(url).cloned()));
        }
        if let Some(renamed) = renamed {
            builder = builder.dns_resolver(renamed).http1_only();
        }
        builder.build().map_err(|error| HttpError::Tls(tls::failure::reason(&error, "")))
    }

    fn transport(&self, request: &Request, error: &reqwest::Error) -> HttpError {
        let host = request.url.host_str().unwrap_or_default();
        let server = format!("{host}:{}", request.url.port_or_known_default().unwrap_or_default());
        let reason = match error.is_dns() {
            true => format!("dial tcp: lookup {host}: no such host ({})", tls::failure::reason(error, &server)),
            false => tls::failure::reason(error, &server),
        };
        HttpError::Transport {
            method: request.method.to_string(),
            url: redact::url(&request.url),
            reason: self.without_secrets(reason),
            connecting: error.is_connect(),
        }
    }
}

fn too_large(request: &Request, limit: u64) -> HttpError {
    HttpError::TooLarge { method: request.method.to_string(), url: redact::url(&request.url), limit }
}

fn not_kept(request: &Request, error: &std::io::Error) -> HttpError {
    HttpError::Sink { method: request.method.to_string(), url: redact::url(&request.url), reason: error.to_string() }
}

/// Why an exchange ended early.
enum Broken {
    Http(HttpError),
    Transport(reqwest::Error),
}

impl From<HttpError> for Broken {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(error)
    }
}

/// Resolves the override of the server name to the real host's addresses.
struct Renamed {
    name: String,
    host: String,
}

impl Resolve for Renamed {
    fn resolve(&self, name: Name) -> Resolving {
        let host = if name.as_str() == self.name { self.host.trim_matches(['[', ']']).to_owned() } else { name.as_str().to_owned() };
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
