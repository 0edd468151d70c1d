//! What the services share: a server each, logs of the requests, a clock, and faults of the exchange itself.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::ServerConfig;

use crate::support::http_server::{Delivery, Request, Response, Server};

/// The time of the services: this machine's, or some seconds off.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 + self.0.load(Ordering::SeqCst)
    }

    /// Sets it so many seconds ahead.
    pub fn skew(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

/// What goes wrong with an exchange, whatever it is about.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer, and nothing is done.
    Answer(u16, String),
    /// The request is done, and the connection closed without an answer.
    CommitAndDrop,
    /// The connection is closed without anything done.
    Drop,
    /// What the service says, with another status.
    Status(u16),
}

struct Planned {
    fault: Fault,
    /// Only for targets that hold this.
    target: String,
    /// How many of those are served first.
    after: usize,
    left: usize,
}

#[derive(Default)]
struct Shared {
    log: Mutex<Vec<Request>>,
    faults: Mutex<Vec<Planned>>,
}

/// A running service.
pub struct Service {
    pub url: String,
    server: Server,
    shared: Arc<Shared>,
}

/// `METHOD target`, in the order of arrival at all services.
pub type Journal = Arc<Mutex<Vec<String>>>;

impl Service {
    /// Serves `handler` below `base` (a path, or nothing).
    pub fn start(
        base: &'static str,
        tls: Option<Arc<ServerConfig>>,
        journal: &Journal,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let (own, journal) = (shared.clone(), journal.clone());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let answer = move |request: &Request| {
            journal.lock().unwrap().push(format!("{} {}", request.method, request.target));
            let mut request = request.clone();
            own.log.lock().unwrap().push(request.clone());
            request.target = request.target.strip_prefix(base).unwrap_or(&request.target).to_owned();
            match own.next_fault(&request) {
                None => handler(&request),
                // Who may try again need not wait.
                Some(Fault::Answer(status, body)) => {
                    Response::new(status, body).with("Content-Type", "application/json").with("Retry-After", "0")
                }
                Some(Fault::Status(status)) => Response { status, ..handler(&request) },
                Some(Fault::CommitAndDrop) => Response { delivery: Delivery::Nothing, ..handler(&request) },
                Some(Fault::Drop) => Response { delivery: Delivery::Nothing, ..Response::new(500, "") },
            }
        };
        let server = Server::start(tls, Arc::new(answer));
        Self { url: format!("{scheme}://{}{base}", server.host()), server, shared }
    }

    /// What the service was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.shared.log.lock().unwrap().clone()
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.shared.log.lock().unwrap().len()
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// From now on each request fails so.
    pub fn fail(&self, fault: Fault) {
        self.fail_times(usize::MAX, "", fault);
    }

    /// The next `times` requests whose target holds `target` fail so.
    pub fn fail_times(&self, times: usize, target: &str, fault: Fault) {
        self.faults().push(Planned { fault, target: target.to_owned(), after: 0, left: times });
    }

    /// After `count` more requests each one fails so.
    pub fn fail_after(&self, count: usize, fault: Fault) {
        self.faults().push(Planned { fault, target: String::new(), after: count, left: usize::MAX });
    }

    /// No more faults of the exchange.
    pub fn heal(&self) {
        self.faults().clear();
    }

    fn faults(&self) -> MutexGuard<'_, Vec<Planned>> {
        self.shared.faults.lock().unwrap()
    }
}

impl Shared {
    fn next_fault(&self, request: &Request) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let planned: &mut Planned = faults.iter_mut().find(|planned| planned.left > 0 && request.target.contains(&planned.target))?;
        if planned.after > 0 {
            planned.after -= 1;
            return None;
        }
        planned.left = planned.left.saturating_sub(usize::from(planned.left != usize::MAX));
        Some(planned.fault.clone())
    }
}

/// An answer in JSON.
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    Response::new(status, body.to_string()).with("Content-Type", "application/json")
}

/// JSON with the members of objects in order and no spaces: what logs hash (RFC 8785, as far as these entries go).
pub fn canonical(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        serde_json::Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let members = names.iter().map(|name| format!("{}:{}", serde_json::json!(name), canonical(&members[*name])));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The value of a form field.
pub fn form(request: &Request, name: &str) -> Option<String> {
    let body = String::from_utf8_lossy(&request.body);
    let form = Request { target: format!("?{body}"), ..request.clone() };
    form.query(name)
}

/// What went wrong, in the words of services that speak gRPC's JSON.
pub fn refusal(status: u16, code: u32, message: &str) -> Response {
    json(status, &serde_json::json!({ "code": code, "message": message, "details": [] }))
}
