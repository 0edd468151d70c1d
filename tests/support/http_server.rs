//! A small HTTP/1.1 server on a free loopback port: a thread a connection, keep-alive, bodies by length or chunked, answers that may be cut
//! off or dripped. Anything that is no HTTP (a TLS handshake on a plain port) closes the connection. Where its TLS offers h2 it speaks HTTP/2 only.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::http2;

/// One request, its body read.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// The value of a query parameter, its percent signs resolved.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| percent_decode(value))
    }

    /// All values of a query parameter.
    pub fn queries(&self, name: &str) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name).map(|(_, v)| percent_decode(v)).collect()
    }
}

pub fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            b'+' => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
}

/// How the body of an answer travels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delivery {
    Whole,
    /// The length is announced in full; after so many bytes the connection is closed.
    CutAfter(usize),
    /// So many bytes at a time, with a pause between.
    Dripped {
        bytes: usize,
        pause: Duration,
    },
    /// The announced length, and nothing after it until the peer goes away.
    Stalled,
    /// Nothing at all: the connection is closed.
    Nothing,
}

impl Response {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), delivery: Delivery::Whole }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }
}

/// What answers.
pub type Handler = dyn Fn(&Request) -> Response + Send + Sync;

/// A running server. It ends when this is dropped.
pub struct Server {
    address: std::net::SocketAddr,
    stopping: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    http2_requests: Arc<AtomicUsize>,
}

impl Server {
    pub fn start(tls: Option<Arc<ServerConfig>>, handler: Arc<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let http2_requests = Arc::new(AtomicUsize::new(0));
        let (stop, count, served) = (stopping.clone(), connections.clone(), http2_requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                count.fetch_add(1, Ordering::SeqCst);
                let (tls, handler, served) = (tls.clone(), handler.clone(), served.clone());
                thread::spawn(move || match tls {
                    Some(tls) if tls.alpn_protocols.iter().any(|name| name == b"h2") => http2::converse(stream, tls, handler, served),
                    tls => serve(stream, tls, &*handler),
                });
            }
        });
        Self { address, stopping, connections, http2_requests }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many requests came by HTTP/2 so far.
    pub fn http2_requests(&self) -> usize {
        self.http2_requests.load(Ordering::SeqCst)
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, handler: &Handler) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
    let mut first = [0];
    let is_tls = stream.peek(&mut first).is_ok_and(|n| n == 1) && first[0] == 0x16;
    match tls {
        Some(config) if is_tls => {
            let Ok(connection) = ServerConnection::new(config) else { return };
            converse(BufReader::new(StreamOwned::new(connection, stream)), handler);
        }
        None if !is_tls => converse(BufReader::new(stream), handler),
        // What Go's server says to plain text on a TLS port.
        Some(_) => {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
        }
        None => {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn converse<S: Read + Write>(mut stream: BufReader<S>, handler: &Handler) {
    while let Ok(Some(request)) = read_request(&mut stream) {
        let response = handler(&request);
        if response.delivery == Delivery::Nothing {
            return;
        }
        let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if write_response(stream.get_mut(), &request, &response).is_err() || close {
            return;
        }
    }
}

fn read_request<S: Read>(stream: &mut BufReader<S>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        request.body = read_chunks(stream)?;
    } else if let Some(length) = request.header("content-length").and_then(|value| value.parse().ok()) {
        request.body = vec![0; length];
        stream.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

fn read_chunks<S: Read>(stream: &mut BufReader<S>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; length + 2]; // with its line end
        stream.read_exact(&mut chunk)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

fn write_response(stream: &mut impl Write, request: &Request, response: &Response) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_length = response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    if !has_length && response.status != 304 {
        head.push_str(&format!("Content-Length: {}\r\n", response.body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if request.method != "HEAD" {
        write_body(stream, response)?;
    }
    stream.flush()
}

fn write_body(stream: &mut impl Write, response: &Response) -> io::Result<()> {
    let body = &response.body;
    match response.delivery {
        Delivery::Whole | Delivery::Nothing => stream.write_all(body),
        Delivery::CutAfter(bytes) => {
            stream.write_all(&body[..bytes.min(body.len())])?;
            stream.flush()?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Delivery::Dripped { bytes, pause } => body.chunks(bytes.max(1)).try_for_each(|chunk| {
            stream.write_all(chunk)?;
            stream.flush()?;
            thread::sleep(pause);
            Ok(())
        }),
        Delivery::Stalled => {
            stream.flush()?;
            thread::sleep(Duration::from_secs(600));
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
