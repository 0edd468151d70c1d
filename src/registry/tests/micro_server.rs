//! A server on a loopback port that answers each request by a closure and keeps a log.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::format::oci::Selector;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Status, headers, body. A status of 0 cuts the connection in the middle of the body.
pub type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

pub struct MicroServer {
    pub address: String,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl MicroServer {
    pub async fn start(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let log: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (kept, answer) = (log.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answer.clone()));
            }
        });
        Self { address, log }
    }

    /// `METHOD path` of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    pub fn log(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Seen>>>, answer: Arc<impl Fn(&Seen) -> Answer>) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if buffer.first() == Some(&22) {
                // A TLS greeting.
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                return None;
            }
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
        let mut seen = Seen { method, path, headers, body: Vec::new() };
        let length: usize = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while buffer.len() < end + length {
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        }
        seen.body = buffer[end..end + length].to_vec();
        buffer.drain(..end + length);
        let (status, headers, body) = answer(&seen);
        let head_only = seen.method == "HEAD";
        log.lock().unwrap().push(seen);
        let cut = status == 0;
        let mut out = format!("HTTP/1.1 {} X\r\n", if cut { 200 } else { status });
        for (name, value) in &headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        if !head_only {
            out.push_str(&format!("Content-Length: {}\r\n", body.len() + usize::from(cut)));
        }
        out.push_str("\r\n");
        let mut bytes = out.into_bytes();
        if !head_only {
            bytes.extend_from_slice(&body);
        }
        stream.write_all(&bytes).await.ok()?;
        if cut {
            return None;
        }
    }
}

/// 200 with a body.
pub fn ok(media_type: &str, body: &[u8]) -> Answer {
    (200, vec![("Content-Type", media_type.to_owned())], body.to_vec())
}

/// A status alone.
pub fn status(code: u16) -> Answer {
    (code, Vec::new(), Vec::new())
}

/// A selector.
pub fn tag(tag: &str) -> Selector {
    Selector::Tag(tag.to_owned())
}
