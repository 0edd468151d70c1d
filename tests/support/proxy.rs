//! A forward proxy: tunnels by CONNECT to servers of the test, by the name that is asked for; requests for plain http go there too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy. It ends when this is dropped.
pub struct Proxy {
    address: std::net::SocketAddr,
    stopping: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// What is asked for under a name that contains the first of a pair goes to the second (`127.0.0.1:PORT`). With `authorization` the proxy wants
    /// this `Proxy-Authorization`.
    pub fn start(routes: &[(&str, &str)], authorization: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let log = Arc::new(Mutex::new(Vec::new()));
        let (stop, lines) = (stopping.clone(), log.clone());
        let routes: Arc<Vec<(String, String)>> = Arc::new(routes.iter().map(|(name, to)| ((*name).to_owned(), (*to).to_owned())).collect());
        let authorization = authorization.map(str::to_owned);
        thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), lines, routes, authorization) = (client, lines.clone(), routes.clone(), authorization.clone()) else {
                    continue;
                };
                thread::spawn(move || serve(client, &routes, authorization.as_deref(), &lines));
            }
        });
        Self { address, stopping, log }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The first lines of the requests so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the listener
    }
}

fn serve(client: TcpStream, routes: &[(String, String)], wanted: Option<&str>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut first = String::new();
    let mut head = String::new();
    let mut authorized = wanted.is_none();
    if reader.read_line(&mut first).is_err() || first.is_empty() {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some(value) =
            line.to_ascii_lowercase().starts_with("proxy-authorization:").then(|| line["proxy-authorization:".len()..].trim())
        {
            authorized |= Some(value) == wanted;
        }
        head.push_str(&line);
    }
    log.lock().unwrap().push(first.trim().to_owned());
    let mut client = client;
    if !authorized {
        let _ = client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    let asked = first.split(' ').nth(1).unwrap_or("");
    let Some((_, target)) = routes.iter().find(|(name, _)| asked.contains(name.as_str())) else { return };
    let Ok(mut server) = TcpStream::connect(target) else { return };
    if first.starts_with("CONNECT ") {
        if client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
            return;
        }
    } else {
        // `GET http://host/path HTTP/1.1`: one request a connection.
        let mut words = first.split(' ');
        let (method, url) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let path = url.splitn(4, '/').nth(3).unwrap_or("");
        let _ = write!(server, "{method} /{path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n");
    }
    let (mut from_client, mut to_server) = (reader, server.try_clone().unwrap());
    let up = thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(count @ 1..) = from_client.read(&mut bytes) {
            if to_server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = up.join();
}
