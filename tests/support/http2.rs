//! HTTP/2 for the small server: for clients that choose it by ALPN.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::http_server::{Handler, Request};

/// Serves one connection to its end; `served` counts its requests.
pub fn converse(stream: TcpStream, tls: Arc<ServerConfig>, handler: Arc<Handler>, served: Arc<AtomicUsize>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(connection(stream, tls, handler, served));
    runtime.shutdown_background();
}

async fn connection(stream: TcpStream, tls: Arc<ServerConfig>, handler: Arc<Handler>, served: Arc<AtomicUsize>) -> Option<()> {
    stream.set_nonblocking(true).unwrap();
    let stream = TlsAcceptor::from(tls).accept(tokio::net::TcpStream::from_std(stream).unwrap()).await.ok()?;
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return None;
    }
    let mut connection = h2::server::handshake(stream).await.ok()?;
    while let Some(Ok((request, respond))) = connection.accept().await {
        served.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(answer(request, respond, handler.clone()));
    }
    None
}

async fn answer(request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>, handler: Arc<Handler>) -> Option<()> {
    let request = read(request).await?;
    let is_head = request.method == "HEAD";
    let response = tokio::task::spawn_blocking(move || handler(&request)).await.ok()?;
    let mut head = http::Response::builder().status(response.status).header("content-length", response.body.len());
    for (name, value) in &response.headers {
        head = head.header(name.to_ascii_lowercase(), value);
    }
    let ends = is_head || response.body.is_empty();
    let mut stream = respond.send_response(head.body(()).unwrap(), ends).ok()?;
    if !ends {
        stream.send_data(response.body.into(), true).ok()?;
    }
    None
}

async fn read(request: http::Request<RecvStream>) -> Option<Request> {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece.ok()?;
        let _ = stream.flow_control().release_capacity(piece.len());
        body.extend_from_slice(&piece);
    }
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Some(Request { method: head.method.to_string(), target, headers: headers.collect(), body })
}
