//! Finds out whether a host speaks TLS, for hosts that may speak plain http: by a TLS greeting, without a request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::{Client, Method, Request, Url, tls};

/// How long TLS is waited for alone; then plain http is tried beside it, as in go-containerregistry.
const HEAD_START: Duration = Duration::from_millis(300);
/// How long a host may take to answer the greeting.
const LONGEST: Duration = Duration::from_secs(10);
/// The first bytes of TLS records: alert, handshake.
const TLS_RECORDS: [u8; 2] = [21, 22];

/// Which scheme `host` (with port) speaks: `https` where it answers a TLS greeting with TLS, else `http`.
pub async fn scheme(client: &Client, secure: &Url, plain: &Url) -> &'static str {
    let mut tls = Box::pin(timeout(LONGEST, speaks_tls(secure)));
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

async fn speaks_tls(url: &Url) -> io::Result<bool> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let mut stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(443))).await?;
    stream.write_all(&greeting(host)?).await?;
    let mut first = [0];
    Ok(stream.read(&mut first).await? == 1 && TLS_RECORDS.contains(&first[0]))
}

/// A TLS `ClientHello`. Nothing is verified with it: the connection is dropped after one byte.
fn greeting(host: &str) -> io::Result<Vec<u8>> {
    let configuration = tls::trusting_nobody().map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(configuration), name).map_err(io::Error::other)?;
    let mut hello = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut hello)?;
    }
    Ok(hello)
}
