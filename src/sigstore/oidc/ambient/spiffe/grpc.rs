//! One unary gRPC call over HTTP/2 on a Unix socket, without TLS.

use std::path::Path;

use bytes::{Buf, Bytes};
use h2::RecvStream;
use http::{HeaderMap, Request, StatusCode};
use tokio::net::UnixStream;

use crate::encoding::text::quote;
use crate::http::user_agent;

/// The most bytes of an answer.
const MOST: usize = 1 << 20;
/// A flag and a length stand before each message.
const PREFIX: usize = 5;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrpcError {
    /// Nobody listens.
    #[error("{0}")]
    Connect(#[from] std::io::Error),
    /// The exchange broke.
    #[error("{0}")]
    Exchange(#[from] h2::Error),
    /// There is no such request.
    #[error("{0}")]
    Request(#[from] http::Error),
    /// The server refuses.
    #[error("the workload API refuses (gRPC status {status}): {message}{}", advice(.status))]
    Refused {
        /// gRPC's number.
        status: String,
        /// Its reason, quoted.
        message: String,
    },
    /// It does not speak gRPC.
    #[error("the answer is no gRPC message: {0}")]
    Answer(&'static str),
}

fn advice(status: &str) -> &'static str {
    // PERMISSION_DENIED.
    if status == "7" { " (no identity is registered for this workload, or not yet)" } else { "" }
}

/// Sends `message` to `method` and gives the message that comes back.
pub(super) async fn unary(socket: &Path, method: &str, message: Vec<u8>) -> Result<Vec<u8>, GrpcError> {
    let stream = UnixStream::connect(socket).await?;
    let (client, connection) = h2::client::handshake(stream).await?;
    let asked = ask(client, method, message);
    // Driven by this very future: nothing runs on once there is an answer.
    tokio::select! {
        answer = asked => answer,
        ended = connection => match ended {
            Ok(()) => Err(GrpcError::Answer("the connection was closed")),
            Err(error) => Err(error.into()),
        },
    }
}

async fn ask(client: h2::client::SendRequest<Bytes>, method: &str, message: Vec<u8>) -> Result<Vec<u8>, GrpcError> {
    let mut client = client.ready().await?;
    let request = Request::post(format!("http://localhost{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", user_agent())
        // The specification's guard against requests that a workload was tricked into.
        .header("workload.spiffe.io", "true")
        .body(())?;
    let (response, mut body) = client.send_request(request, false)?;
    let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    body.send_data([&[0], &length[..], &message].concat().into(), true)?;
    let (head, stream) = response.await?.into_parts();
    if head.status != StatusCode::OK {
        return Err(GrpcError::Answer("its HTTP status is no 200"));
    }
    refusal(&head.headers)?;
    read(stream).await
}

async fn read(mut stream: RecvStream) -> Result<Vec<u8>, GrpcError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.data().await {
        let mut chunk = chunk?;
        if bytes.len() + chunk.len() > MOST {
            return Err(GrpcError::Answer("it is longer than 1 MiB"));
        }
        // What was read may be sent again.
        stream.flow_control().release_capacity(chunk.len())?;
        bytes.extend_from_slice(&chunk.copy_to_bytes(chunk.remaining()));
    }
    refusal(&stream.trailers().await?.unwrap_or_default())?;
    let (prefix, message) = bytes.split_at_checked(PREFIX).ok_or(GrpcError::Answer("it is empty"))?;
    let length = prefix[1..].iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    match (prefix[0], message.len() == length) {
        (0, true) => Ok(message.to_vec()),
        (0, false) => Err(GrpcError::Answer("its length is wrong")),
        _ => Err(GrpcError::Answer("it is compressed")),
    }
}

/// A status other than 0 refuses; it comes in the trailers, or in the headers where there is no message.
fn refusal(headers: &HeaderMap) -> Result<(), GrpcError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text("grpc-status") {
        None | Some("0") => Ok(()),
        Some(status) => Err(GrpcError::Refused { status: quote(status), message: quote(text("grpc-message").unwrap_or_default()) }),
    }
}
