//! A plain HTTP/1.1 client, one request a connection: to fill a registry and to see what lies in it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::images;

/// Status, head in lower case, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// Sends one request and reads the whole answer.
pub fn request(host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(host)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::InvalidData)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    Ok(Answer { status, head, body: bytes.split_off(end + 4) })
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }
}

/// Puts the images into a repository of the registry at `host`; `access` are headers for each request.
pub fn seed(host: &str, repository: &str, access: &[(&str, &str)]) {
    let put = |path: &str, media_type: &str, body: &[u8]| {
        let headers = [access, &[("Content-Type", media_type)]].concat();
        assert_eq!(request(host, "PUT", path, &headers, body).unwrap().status, 201);
    };
    for blob in images::blobs() {
        let answer = request(host, "POST", &format!("/v2/{repository}/blobs/uploads/"), access, b"").unwrap();
        let location = answer.header("location").unwrap().to_owned();
        let path = location.split_once(host).map_or(location.as_str(), |(_, path)| path);
        let separator = if path.contains('?') { '&' } else { '?' };
        let target = format!("{path}{separator}digest={}", super::digest_of(&blob));
        put(&target, "application/octet-stream", &blob);
    }
    for image in images::all() {
        put(&format!("/v2/{repository}/manifests/{}", image.tag), image.media_type, &image.bytes);
    }
}

/// A manifest as JSON; `None` where it is not there.
pub fn manifest(host: &str, repository: &str, reference: &str) -> Option<serde_json::Value> {
    let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    let answer = request(host, "GET", &format!("/v2/{repository}/manifests/{reference}"), &[("Accept", accept)], b"").unwrap();
    (answer.status == 200).then(|| serde_json::from_slice(&answer.body).unwrap())
}

/// The body behind an `http://` URL.
pub fn get(url: &str) -> Vec<u8> {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let answer = request(host, "GET", &format!("/{path}"), &[], b"").unwrap();
    assert_eq!(answer.status, 200, "{url}");
    // A small answer of node comes in one chunk.
    match answer.header("transfer-encoding") {
        Some("chunked") => {
            let text = String::from_utf8(answer.body).unwrap();
            text.split("\r\n").nth(1).unwrap().as_bytes().to_vec()
        }
        _ => answer.body,
    }
}
