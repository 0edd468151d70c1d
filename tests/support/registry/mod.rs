//! The test registry: in this process, on a loopback port, with every behaviour that registries have, faults on demand, and a log.

mod auth;
pub mod behaviour;
pub mod faults;
mod routes;
mod store;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread;

pub use behaviour::Behaviour;
pub use faults::{Effect, Fault};
pub use store::{Content, Store};

use super::http_server::{Request, Response, Server};
use super::images;

/// One request that was served.
#[derive(Debug, Clone)]
pub struct Logged {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub status: u16,
    /// `Basic` or `Bearer`.
    pub authentication: Option<String>,
}

/// What the registry knows, shared by its connections.
pub struct State {
    behaviour: Behaviour,
    store: Mutex<Store>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Logged>>,
    /// Requests under way, and the most that ever were.
    busy: AtomicUsize,
    busiest: AtomicUsize,
    host: OnceLock<String>,
}

impl State {
    fn host(&self) -> &str {
        self.host.get().map_or("", String::as_str)
    }

    fn serve(&self, request: &Request) -> Response {
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.busiest.fetch_max(busy, Ordering::SeqCst);
        thread::sleep(self.behaviour.latency);
        let response = faults::serve(self, request, &|request| routes::serve(self, request));
        self.busy.fetch_sub(1, Ordering::SeqCst);
        self.log.lock().unwrap().push(Logged {
            method: request.method.clone(),
            target: request.target.clone(),
            status: response.status,
            authentication: request.header("authorization").and_then(|value| value.split(' ').next()).map(str::to_owned),
        });
        response
    }
}

/// A running registry. It ends when this is dropped.
pub struct TestRegistry {
    state: Arc<State>,
    server: Server,
}

impl TestRegistry {
    /// Starts one; the repository `app` holds the images `v1`, `v2` and `multi`.
    pub fn start(behaviour: Behaviour) -> Self {
        let tls = behaviour.tls.then(super::tls::server_config);
        Self::start_with(behaviour, tls)
    }

    /// The same with a certificate of the test's.
    pub fn start_with(behaviour: Behaviour, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let state = Arc::new(State {
            behaviour,
            store: Mutex::default(),
            faults: Mutex::default(),
            log: Mutex::default(),
            busy: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
            host: OnceLock::new(),
        });
        let served = state.clone();
        let server = Server::start(tls, Arc::new(move |request: &Request| served.serve(request)));
        state.host.set(server.host()).unwrap();
        let registry = Self { state, server };
        registry.seed("app");
        registry
    }

    /// Puts the images into a repository.
    pub fn seed(&self, repository: &str) {
        let mut store = self.store();
        let content = store.repository(repository);
        images::blobs().iter().for_each(|blob| drop(content.put_blob(blob)));
        for image in images::all() {
            content.put_manifest(Some(image.tag), image.media_type, &image.bytes);
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The reference of an image in `app`: a tag, or a digest.
    pub fn image(&self, reference: &str) -> String {
        let separator = if reference.starts_with("sha256:") { '@' } else { ':' };
        format!("{}/app{separator}{reference}", self.host())
    }

    /// What lies in it, to look at or to change.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.state.store.lock().unwrap()
    }

    pub fn inject(&self, fault: Fault) {
        self.state.faults.lock().unwrap().push(fault);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.state.faults.lock().unwrap().clear();
    }

    /// The requests since the start or the last [`Self::forget`], without probes for a scheme (`/v2/`), which only hosts that may speak plain http get.
    pub fn requests(&self) -> Vec<Logged> {
        let log = self.state.log.lock().unwrap();
        log.iter().filter(|request| request.target != "/v2/").cloned().collect()
    }

    /// The same with the probes.
    pub fn all_requests(&self) -> Vec<Logged> {
        self.state.log.lock().unwrap().clone()
    }

    /// The most requests that were under way at one moment since the start or the last [`Self::forget`].
    pub fn busiest(&self) -> usize {
        self.state.busiest.load(Ordering::SeqCst)
    }

    /// Empties the log.
    pub fn forget(&self) {
        self.state.busiest.store(0, Ordering::SeqCst);
        self.state.log.lock().unwrap().clear();
    }

    /// How many requests of that method have `part` in their target.
    pub fn count(&self, method: &str, part: &str) -> usize {
        self.requests().iter().filter(|request| request.method == method && request.target.contains(part)).count()
    }

    /// Requests that came by HTTP/2 so far.
    pub fn http2_requests(&self) -> usize {
        self.server.http2_requests()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}
