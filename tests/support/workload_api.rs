//! SPIFFE's workload API on a Unix socket: gives one JWT-SVID, or refuses.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Response};

/// What it answers: a token, or gRPC's number of an error and its reason.
pub type Answer = Result<Vec<u8>, (&'static str, &'static str)>;

/// Answers the calls of one connection, in a thread that ends with it.
pub fn answer_one(socket: &Path, answer: Answer) -> thread::JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(converse(stream, answer))
    })
}

/// The calls that were made: their paths.
async fn converse(stream: std::os::unix::net::UnixStream, answer: Answer) -> Vec<String> {
    let mut connection = h2::server::handshake(tokio::net::UnixStream::from_std(stream).unwrap()).await.unwrap();
    let mut calls = Vec::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        // The specification wants workload.spiffe.io of every call.
        let is_guarded = request.headers().get("workload.spiffe.io").is_some_and(|value| value == "true");
        calls.push(format!("{}{}", request.uri().path(), if is_guarded { "" } else { " (unguarded)" }));
        respond_with(respond, &answer);
    }
    calls
}

fn respond_with(mut respond: SendResponse<Bytes>, answer: &Answer) {
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let mut stream = respond.send_response(head, false).unwrap();
    let (status, reason) = match answer {
        Ok(token) => {
            let svid = [field(1, b"spiffe://sigstore.test/robot"), field(2, token)].concat();
            let message = field(1, &svid);
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            stream.send_data([&[0], &length[..], &message].concat().into(), false).unwrap();
            ("0", "")
        }
        Err(refusal) => *refusal,
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    trailers.insert("grpc-message", reason.parse().unwrap());
    stream.send_trailers(trailers).unwrap();
}

/// A field of a protobuf message that holds bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut left = content.len();
    while left >= 0x80 {
        field.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    field.push(u8::try_from(left).unwrap());
    [field, content.to_vec()].concat()
}
