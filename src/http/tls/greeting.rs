//! Asks a server whether it speaks TLS, without a request and without a handshake.

use std::io;
use std::net::IpAddr;

use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The first bytes of TLS records: alert, handshake.
const TLS_RECORDS: [u8; 2] = [21, 22];

/// Whether the server behind `url` answers a TLS greeting with TLS. Nothing is verified: the connection is dropped after one byte.
///
/// # Errors
/// There is no connection.
pub async fn speaks_tls(url: &Url) -> io::Result<bool> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let mut stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(443))).await?;
    stream.write_all(&greeting(host)).await?;
    let mut first = [0];
    Ok(stream.read(&mut first).await? == 1 && TLS_RECORDS.contains(&first[0]))
}

/// A `ClientHello` (RFC 8446 4.1.2) for TLS 1.2 and 1.3, as constant as the name allows: nothing will ever be sent on this connection, and seeding
/// the library's random numbers for a real one takes longer than everything else that `verify` does.
fn greeting(host: &str) -> Vec<u8> {
    let mut extensions = Vec::new();
    // Addresses are no server names (RFC 6066).
    if host.parse::<IpAddr>().is_err() {
        let name = [&[0][..], &prefixed::<2>(host.as_bytes())].concat();
        extensions.push((0_u16, prefixed::<2>(&name)));
    }
    extensions.push((10, prefixed::<2>(&GROUPS)));
    extensions.push((11, vec![1, 0]));
    extensions.push((13, prefixed::<2>(&SIGNATURES)));
    extensions.push((43, vec![4, 3, 4, 3, 3]));
    // No key share: a server of TLS 1.3 asks for one, which is answer enough.
    extensions.push((51, vec![0, 0]));
    let extensions: Vec<u8> = extensions.iter().flat_map(|(kind, body)| [&kind.to_be_bytes()[..], &prefixed::<2>(body)].concat()).collect();
    let hello = [&[3, 3][..], &[0x5a; 32], &[0], &prefixed::<2>(&SUITES), &[1, 0], &prefixed::<2>(&extensions)].concat();
    let handshake = [&[1][..], &prefixed::<3>(&hello)].concat();
    [&[22, 3, 1][..], &prefixed::<2>(&handshake)].concat()
}

/// `body` behind its length in `N` bytes.
fn prefixed<const N: usize>(body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    [&length[length.len() - N..], body].concat()
}

/// The three of TLS 1.3, then ECDHE and RSA with AES or ChaCha20.
const SUITES: [u8; 34] = [
    0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0xc0, 0x09, 0xc0, 0x13,
    0xc0, 0x0a, 0xc0, 0x14, 0x00, 0x9c, 0x00, 0x9d, 0x00, 0x2f, 0x00, 0x35,
];
/// X25519, P-256, P-384, P-521.
const GROUPS: [u8; 8] = [0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19];
/// ECDSA, Ed25519, RSA-PSS, RSA.
const SIGNATURES: [u8; 20] =
    [0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rustls::server::Acceptor;

    use super::*;

    #[test]
    fn a_server_understands_it() {
        for (host, name) in [("registry.example", Some("registry.example")), ("127.0.0.1", None), ("::1", None)] {
            let mut acceptor = Acceptor::default();
            acceptor.read_tls(&mut greeting(host).as_slice()).unwrap();
            let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
            assert_eq!(accepted.client_hello().server_name(), name);
            assert_eq!(accepted.client_hello().cipher_suites().len(), SUITES.len() / 2);
        }
    }
}
