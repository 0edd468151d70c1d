//! Finds out whether a host speaks TLS, for hosts that may speak plain http: by a TLS greeting, without a request.

use std::time::Duration;

use tokio::time::timeout;

use crate::http::tls::greeting::speaks_tls;
use crate::http::{Client, Method, Request, Url};

/// How long TLS is waited for alone; then plain http is tried beside it, as in go-containerregistry.
const HEAD_START: Duration = Duration::from_millis(300);
/// How long a host may take to answer the greeting.
const LONGEST: Duration = Duration::from_secs(10);

/// Which scheme a host speaks: `https` where it answers a TLS greeting with TLS, else `http`.
pub async fn scheme(client: &Client, secure: &Url, plain: &Url) -> &'static str {
    let longest = client.deadline().remaining().map_or(LONGEST, |left| left.min(LONGEST));
    let mut tls = Box::pin(timeout(longest, speaks_tls(secure)));
    if let Ok(verdict) = timeout(HEAD_START, &mut tls).await {
        return name(matches!(verdict, Ok(Ok(true))));
    }
    // Slow, or silent since it waits for the end of a line of http.
    let Ok(url) = plain.join("/v2/") else { return "https" };
    let request = Request::new(Method::GET, url, 1 << 20);
    tokio::select! {
        verdict = &mut tls => name(matches!(verdict, Ok(Ok(true)))),
        Ok(response) = client.once(&request) => name(response.body.starts_with(b"Client sent an HTTP request to an HTTPS server")),
        else => "https",
    }
}

fn name(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
}
