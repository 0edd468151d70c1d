//! Progress of something long, on a terminal that a person watches.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::ambient::Progress;

/// All bars of this process. Lines that are written meanwhile go above them.
#[derive(Default)]
pub struct Bars(OnceLock<MultiProgress>);

impl Bars {
    /// Shows `what`; nothing at all when stderr is no terminal or `CI` is set.
    pub fn start(&self, what: &str, total: Option<u64>) -> Box<dyn Progress> {
        if !io::stderr().is_terminal() || std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            return Box::new(Silent);
        }
        let (bar, template) = match total {
            Some(total) => (ProgressBar::new(total), "{msg} [{bar:30}] {percent}%"),
            None => (ProgressBar::new_spinner(), "{msg} {spinner}"),
        };
        let bar = self.0.get_or_init(MultiProgress::new).add(bar).with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        // At once: what is over before the first beat is shown too.
        bar.tick();
        bar.enable_steady_tick(Duration::from_millis(100));
        Box::new(Bar(bar))
    }

    /// Runs `write` with the bars out of the way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.0.get() {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

struct Silent;

impl Progress for Silent {
    fn advance(&self, _amount: u64) {}
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn advance(&self, amount: u64) {
        self.0.inc(amount);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
