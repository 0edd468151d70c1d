//! Asks a server whether it speaks TLS, without a request and without a handshake.

use std::io;
use std::sync::Arc;

use reqwest::Url;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
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
    stream.write_all(&greeting(host)?).await?;
    let mut first = [0];
    Ok(stream.read(&mut first).await? == 1 && TLS_RECORDS.contains(&first[0]))
}

/// A TLS `ClientHello`.
fn greeting(host: &str) -> io::Result<Vec<u8>> {
    let configuration = super::trusting_nobody().map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(configuration), name).map_err(io::Error::other)?;
    let mut hello = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut hello)?;
    }
    Ok(hello)
}
