//! The loopback server that the browser is sent back to.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::encoding::text::quote;
use crate::http::Url;
use crate::secret::IdToken;

/// No request of a browser is longer.
const LONGEST_REQUEST: usize = 16 * 1024;
/// How long one connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

const PAGE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Sigstore Authentication</title>\
    <body style=\"font-family:sans-serif;text-align:center;margin-top:15vh\"><h1>Signed in</h1>\
    <p>cosign goes on in your terminal. You may close this page.</p></body></html>";

/// A server for one answer.
pub(super) struct Listener {
    listener: TcpListener,
    redirect: String,
    path: String,
}

impl Listener {
    /// Listens where `redirect` says (`http://localhost:PORT/PATH`), else on a free port.
    pub(super) async fn open(redirect: Option<&str>) -> Result<Self, String> {
        let url =
            Url::parse(redirect.unwrap_or("http://localhost:0/auth/callback")).map_err(|error| format!("--oidc-redirect-url: {error}"))?;
        let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        if url.scheme() != "http" || !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Err(format!("--oidc-redirect-url {} is not http on this machine", quote(url.as_str())));
        }
        let port = url.port().unwrap_or(if redirect.is_some() { 80 } else { 0 });
        let listener = TcpListener::bind((host.as_str(), port)).await.map_err(|error| format!("listening on {host}:{port}: {error}"))?;
        let mut shown = url.clone();
        if port == 0 {
            let port = listener.local_addr().map_err(|error| error.to_string())?.port();
            shown.set_port(Some(port)).map_err(|()| "the redirect URL takes no port".to_owned())?;
        }
        Ok(Self { listener, redirect: shown.to_string(), path: url.path().to_owned() })
    }

    /// Where the provider sends the browser back to.
    pub(super) fn redirect(&self) -> &str {
        &self.redirect
    }

    /// Waits for the code. Other requests (a browser asks for icons) are answered and do not count.
    pub(super) async fn code(&self, state: &str) -> Result<IdToken, String> {
        loop {
            let (mut stream, _) = self.listener.accept().await.map_err(|error| error.to_string())?;
            let answered = tokio::time::timeout(PATIENCE, self.answer(&mut stream, state)).await;
            if let Ok(Some(outcome)) = answered {
                return outcome;
            }
        }
    }

    async fn answer(&self, stream: &mut TcpStream, state: &str) -> Option<Result<IdToken, String>> {
        let target = request_target(stream).await?;
        let url = Url::parse("http://localhost").ok()?.join(&target).ok()?;
        if url.path() != self.path {
            respond(stream, "404 Not Found", "").await;
            return None;
        }
        let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let outcome = if parameter("state").as_deref() != Some(state) {
            Err("invalid state token".to_owned())
        } else {
            match (parameter("code"), parameter("error")) {
                (Some(code), _) => Ok(IdToken::new(code)),
                (None, Some(error)) => Err(format!("the provider refused: {}", quote(&error))),
                (None, None) => Err("the browser brought no code".to_owned()),
            }
        };
        match outcome {
            Ok(_) => respond(stream, "200 OK", PAGE).await,
            Err(_) => respond(stream, "400 Bad Request", "The sign-in failed; see your terminal.").await,
        }
        Some(outcome)
    }
}

/// The target of a GET request.
async fn request_target(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 1024];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 || bytes.len() > LONGEST_REQUEST {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.lines().next()?.split(' ');
    (words.next()? == "GET").then_some(())?;
    words.next().filter(|target| target.starts_with('/')).map(str::to_owned)
}

async fn respond(stream: &mut TcpStream, status: &str, page: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that went away has sent what matters.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}
