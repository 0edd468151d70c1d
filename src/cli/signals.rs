//! Signals that end the process: the work is dropped, so that its temporary files and locks go, and then the signal does what it would have
//! done anyway, so that the shell sees an end by a signal.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::oneshot;

/// How long the work may take to end: it may be in the middle of something that cannot be dropped, as a question to a person.
const GRACE: Duration = Duration::from_millis(300);

/// Waits for a signal.
pub struct Signals {
    next: oneshot::Receiver<i32>,
    /// Dropped with this; until then the waiting thread gives the work its time.
    _alive: mpsc::Sender<()>,
}

/// A signal that came.
#[derive(Debug, Clone, Copy)]
pub struct Signal(i32);

/// The process was told to end, and did not.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by signal {0}")]
pub struct Interrupted(i32);

impl Signals {
    /// Waits for SIGINT, SIGTERM and SIGHUP, as far as they are not ignored (`nohup`, jobs in the background of a script).
    ///
    /// # Errors
    /// The system refuses.
    pub fn watch() -> io::Result<Self> {
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let watched = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = signal_hook::iterator::Signals::new(watched)?;
        let (tell, next) = oneshot::channel();
        let (alive, is_alive) = mpsc::channel();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            if tell.send(signal).is_ok() {
                // Ends early when the other end is dropped: then the work is over.
                let _ = is_alive.recv_timeout(GRACE);
            }
            let _ = emulate_default_handler(signal);
        })?;
        Ok(Self { next, _alive: alive })
    }

    /// The first signal.
    pub async fn next(&mut self) -> Signal {
        match (&mut self.next).await {
            Ok(signal) => Signal(signal),
            // The thread waits for ever unless a signal came.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Signal {
    /// Ends the process as this signal does by default.
    #[must_use]
    pub fn end_process(self) -> Interrupted {
        let _ = emulate_default_handler(self.0);
        Interrupted(self.0)
    }
}

/// Ends the process as Ctrl-C does by default.
///
/// # Errors
/// It is still there.
pub fn interrupt() -> io::Result<()> {
    emulate_default_handler(SIGINT)
}

/// The signals that this process was started to ignore, by Linux's `/proc/self/status`: bit 0 is signal 1. None where that says nothing.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_the_status() {
        assert_eq!(ignored("Name:\tx\nSigIgn:\t0000000000000003\nSigCgt:\tff\n"), 3);
        assert_eq!(ignored(""), 0);
        assert_eq!(ignored("SigIgn:\tx"), 0);
    }
}
