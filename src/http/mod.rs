//! One HTTP client: TLS, proxies, retries with a deadline, a trace without secrets.
//!
//! Redirects are never followed by themselves: [`destination`] says where a server may send this program, and the caller asks it.

pub mod client;
pub mod destination;
pub mod error;
pub mod exchange;
pub mod proxy;
pub mod redact;
pub mod retry;
pub mod stream;
pub mod tls;
pub mod trace;
mod transfer;
pub mod user_agent;

pub use client::{Client, ClientOptions};
pub use error::HttpError;
pub use exchange::{BodyKind, Request, Response};
pub use reqwest::header;
pub use reqwest::{Method, StatusCode, Url};
pub use retry::RetryPolicy;
pub use stream::{Sink, Source};
pub use tls::TlsOptions;
pub use user_agent::user_agent;
