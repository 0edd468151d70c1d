//! What goes wrong, where, and how often.

use std::time::Duration;

use super::State;
use super::store::Store;
use crate::support::http_server::{Delivery, Request, Response};

/// Something that happens to requests whose method and path fit.
pub struct Fault {
    method: &'static str,
    path: String,
    skip: usize,
    times: usize,
    effect: Effect,
}

/// What happens.
pub enum Effect {
    /// This answer instead of the registry's.
    Answer(Response),
    /// The registry's answer, delivered in another way.
    Deliver(Delivery),
    /// Only so many bytes of the registry's body, with a length that fits them.
    Truncate(usize),
    /// Another body, under the headers of the registry's.
    Replace(Vec<u8>),
    /// The registry's answer without this header.
    Drop(&'static str),
    /// The registry's answer with another value of this header, where it has it.
    Header(&'static str, &'static str),
    /// Somebody else changes the content just before the request is served.
    Before(Box<dyn Fn(&mut Store) + Send>),
    /// Somebody else changes the content just after the request was served.
    After(Box<dyn Fn(&mut Store) + Send>),
}

impl Fault {
    /// Happens to every request of `method` whose target contains `path`.
    pub fn on(method: &'static str, path: impl Into<String>, effect: Effect) -> Self {
        Self { method, path: path.into(), skip: 0, times: usize::MAX, effect }
    }

    /// Happens so many times only.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Lets so many requests pass first.
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Whether it happens to this request; counts.
    fn strikes(&mut self, request: &Request) -> bool {
        if self.times == 0 || request.method != self.method || !request.target.contains(&self.path) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = self.times.saturating_sub(1);
        true
    }
}

impl Effect {
    /// An error of the distribution specification.
    pub fn status(status: u16, code: &str) -> Self {
        Self::Answer(super::routes::error(status, code, "injected"))
    }

    /// 429, and when to come back.
    pub fn too_many_requests(retry_after: &str) -> Self {
        let answer = super::routes::error(429, "TOOMANYREQUESTS", "rate limit exceeded");
        Self::Answer(answer.with("Retry-After", retry_after))
    }

    pub fn drip(bytes: usize, pause: Duration) -> Self {
        Self::Deliver(Delivery::Dripped { bytes, pause })
    }
}

/// Serves a request through the first fault that strikes.
pub fn serve(state: &State, request: &Request, registry: &dyn Fn(&Request) -> Response) -> Response {
    let mut faults = state.faults.lock().unwrap();
    let Some(struck) = faults.iter_mut().position(|fault| fault.strikes(request)) else {
        drop(faults);
        return registry(request);
    };
    let fault = &faults[struck];
    let (mut length, mut replacement, mut delivery, mut header) = (None, None, Delivery::Whole, None);
    match &fault.effect {
        Effect::Answer(response) => return response.clone(),
        Effect::Before(change) => change(&mut state.store.lock().unwrap()),
        Effect::After(change) => {
            let response = registry(request);
            change(&mut state.store.lock().unwrap());
            return response;
        }
        Effect::Deliver(how) => delivery = *how,
        Effect::Truncate(bytes) => length = Some(*bytes),
        Effect::Replace(body) => replacement = Some(body.clone()),
        Effect::Drop(name) => header = Some((*name, None)),
        Effect::Header(name, value) => header = Some((*name, Some(*value))),
    }
    drop(faults);
    let mut response = registry(request);
    response.delivery = delivery;
    if let Some(body) = replacement {
        response.body = body;
        response = response.without("Content-Length");
    }
    if let Some(length) = length {
        response.body.truncate(length);
        response = response.without("Content-Length");
    }
    let had = |name: &str| response.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    match header {
        Some((name, value)) if had(name) => {
            let response = response.without(name);
            value.map_or(response.clone(), |value| response.with(name, value))
        }
        _ => response,
    }
}
