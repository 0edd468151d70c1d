//! A world for unit tests: fixed variables, a fixed clock, counted randomness, prepared answers, recorded output.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::{Clock, Consent, Context, Deadline, Env, NewPassword, PasswordError, Progress, PromptError, Rng, Ui};
use crate::secret::Password;

/// A file of `testdata/`.
pub fn testdata(path: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is prepared for the code under test, and what it did. Cloning shares it.
#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    vars: BTreeMap<String, OsString>,
    now: Option<SystemTime>,
    random: u64,
    passwords: VecDeque<Vec<u8>>,
    answers: VecDeque<bool>,
    traces: bool,
    stdout: Vec<u8>,
    said: Vec<String>,
}

impl Fake {
    /// Sets a variable.
    pub fn with_var(self, name: &str, value: &str) -> Self {
        self.0.lock().unwrap().vars.insert(name.to_owned(), value.into());
        self
    }

    /// Fixes the clock (otherwise it stands at the epoch).
    pub fn at(self, now: SystemTime) -> Self {
        self.0.lock().unwrap().now = Some(now);
        self
    }

    /// Prepares the answer to the next question for a password; without one nobody is there.
    pub fn with_password(self, password: &str) -> Self {
        self.0.lock().unwrap().passwords.push_back(password.as_bytes().to_vec());
        self
    }

    /// Prepares the answer to the next question for consent; without one it is declined.
    pub fn with_answer(self, yes: bool) -> Self {
        self.0.lock().unwrap().answers.push_back(yes);
        self
    }

    /// Switches `--verbose` on.
    pub fn tracing(self) -> Self {
        self.0.lock().unwrap().traces = true;
        self
    }

    /// The context that has all this in it.
    pub fn context(&self) -> Context {
        let fake = Arc::new(self.clone());
        Context { env: fake.clone(), clock: fake.clone(), rng: fake.clone(), ui: fake, deadline: Deadline::NEVER }
    }

    /// All that went to stdout.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap().stdout).into_owned()
    }

    /// The lines for people, in order: status lines as they are, `WARNING: …`, `CONFIRM`, `PASSWORD`, `NEW PASSWORD`, `TRACE …`.
    pub fn said(&self) -> Vec<String> {
        self.0.lock().unwrap().said.clone()
    }

    fn say(&self, line: impl Into<String>) {
        self.0.lock().unwrap().said.push(line.into());
    }

    fn next_password(&self) -> Result<Password, PasswordError> {
        self.0.lock().unwrap().passwords.pop_front().map(Password::new).ok_or(PasswordError::Nobody)
    }
}

impl Env for Fake {
    fn var_os(&self, name: &str) -> Option<OsString> {
        self.0.lock().unwrap().vars.get(name).cloned()
    }

    fn vars(&self) -> Vec<(String, String)> {
        let state = self.0.lock().unwrap();
        state.vars.iter().map(|(name, value)| (name.clone(), value.to_string_lossy().into_owned())).collect()
    }
}

impl Clock for Fake {
    fn now(&self) -> SystemTime {
        self.0.lock().unwrap().now.unwrap_or(SystemTime::UNIX_EPOCH + Duration::ZERO)
    }
}

impl Rng for Fake {
    /// Different bytes at each call, the same in each run. For tests only, as all here.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        for byte in bytes {
            let mut state = self.0.lock().unwrap();
            state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.random.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl Ui for Fake {
    fn result(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().stdout.extend_from_slice(bytes);
        Ok(())
    }

    fn status(&self, line: &str) {
        self.say(line);
    }

    fn warn(&self, line: &str) {
        self.say(format!("WARNING: {line}"));
    }

    fn trace(&self, block: &str) {
        if self.traces() {
            self.say(format!("TRACE {block}"));
        }
    }

    fn traces(&self) -> bool {
        self.0.lock().unwrap().traces
    }

    fn confirm(&self, consent: &Consent<'_>) -> Result<(), PromptError> {
        if let Some(warning) = consent.warning {
            self.warn(warning);
        }
        self.say("CONFIRM");
        let answer = self.0.lock().unwrap().answers.pop_front();
        if answer == Some(true) { Ok(()) } else { Err(PromptError::Declined) }
    }

    fn password(&self) -> Result<Password, PasswordError> {
        self.say("PASSWORD");
        self.next_password()
    }

    fn new_password(&self, _what: NewPassword) -> Result<Password, PasswordError> {
        self.say("NEW PASSWORD");
        self.next_password()
    }

    fn progress(&self, _what: &str, _total: Option<u64>) -> Box<dyn Progress> {
        struct Silent;
        impl Progress for Silent {
            fn advance(&self, _amount: u64) {}
        }
        Box::new(Silent)
    }
}
