#![allow(clippy::unwrap_used)]
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::net::UnixListener;

use crate::ambient::fake::Fake;
use crate::sigstore::oidc::{self, TokenRequest};
use crate::sigstore::testing::run;

/// What a workload API answers: a message, and the trailers.
struct Says {
    message: Option<&'static [u8]>,
    status: &'static str,
    reason: &'static str,
}

/// Answers one call, and gives what was sent.
async fn serve(listener: UnixListener, says: Says) -> Vec<u8> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut sent = Vec::new();
    while let Some(call) = connection.accept().await {
        let (request, mut respond) = call.unwrap();
        assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchJWTSVID");
        assert_eq!(request.headers()["workload.spiffe.io"], "true");
        assert_eq!(request.headers()["content-type"], "application/grpc");
        let answered = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        let mut stream = respond.send_response(answered, false).unwrap();
        if let Some(message) = says.message {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            stream.send_data(Bytes::from([&[0], &length[..], message].concat()), false).unwrap();
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", says.status.parse().unwrap());
        trailers.insert("grpc-message", says.reason.parse().unwrap());
        stream.send_trailers(trailers).unwrap();
        sent.push(request);
    }
    // Bodies are read once the connection has ended: they are small.
    let mut bytes = Vec::new();
    for mut request in sent {
        while let Some(Ok(chunk)) = request.body_mut().data().await {
            bytes.extend_from_slice(&chunk);
        }
    }
    bytes
}

fn ask(says: Says) -> (Result<String, String>, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("api.sock");
    run(async {
        let listener = UnixListener::bind(&socket).unwrap();
        let (token, sent) = tokio::join!(token(&socket), serve(listener, says));
        (token, sent)
    })
}

async fn token(socket: &Path) -> Result<String, String> {
    let world = Fake::default().with_var("SPIFFE_ENDPOINT_SOCKET", &format!("unix://{}", socket.display()));
    let request = TokenRequest {
        given: None,
        disable_ambient: false,
        provider: Some("spiffe".to_owned()),
        flow: String::new(),
        issuer: None,
        client_id: "sigstore".into(),
        client_secret: None,
        redirect_url: None,
        consented: false,
    };
    oidc::token(&request, &world.context()).await.map(|token| token.expose().to_owned()).map_err(|error| error.to_string())
}

#[test]
fn a_token_is_fetched_for_sigstore() {
    let (token, sent) = ask(Says { message: Some(b"\x0a\x0b\x0a\x02id\x12\x05a.b.c"), status: "0", reason: "" });
    assert_eq!(token.unwrap(), "a.b.c");
    assert_eq!(sent, b"\x00\x00\x00\x00\x0a\x0a\x08sigstore");
}

#[test]
fn a_refusal_keeps_its_reason() {
    let (token, _) = ask(Says { message: None, status: "7", reason: "no identity issued" });
    let error = token.unwrap_err();
    assert!(error.contains("spiffe: ") && error.contains("(gRPC status 7): no identity issued (no identity is registered"), "{error}");
    let (token, _) = ask(Says { message: Some(b""), status: "0", reason: "" });
    assert!(token.unwrap_err().contains("the answer holds no token"));
    let (token, _) = ask(Says { message: None, status: "0", reason: "" });
    assert!(token.unwrap_err().contains("it is empty"));
}

#[test]
fn nobody_on_the_socket_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let error = run(token(&directory.path().join("none"))).unwrap_err();
    assert!(error.contains("there is no socket "), "{error}");
}
