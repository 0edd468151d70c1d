//! Calls with a terminal for stdin and stderr, by `script` of util-linux (on other systems a test that wants one is skipped).

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::sandbox::{Call, Outcome, wait};
use super::skipped;

/// Whether there is a way to give a program a terminal.
fn available() -> bool {
    cfg!(target_os = "linux") && Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success())
}

impl Call {
    /// Runs it on a terminal, answering each prompt (text to wait for, reply). `None`, said aloud, where there is no terminal to give.
    pub fn on_terminal(self, answers: &[(&str, &str)]) -> Option<Outcome> {
        if !available() {
            skipped("no `script` to make a terminal with");
            return None;
        }
        let out = self.directory.join("tmp/terminal-stdout");
        let words: Vec<String> =
            std::iter::once(self.program.to_string_lossy().into_owned()).chain(self.arguments.iter().cloned()).collect();
        let shell = format!("{} >{}", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "), quoted(&out.to_string_lossy()));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--flush", "--command", &shell, "/dev/null"]);
        command.env_clear().envs(self.variables.clone()).env("SHELL", "/bin/sh").env("TERM", "xterm").current_dir(&self.directory);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let screen = Screen::watch(child.stdout.take().unwrap());
        let mut keyboard = child.stdin.take().unwrap();
        for (prompt, reply) in answers {
            screen.wait_for(prompt, &self.line());
            keyboard.write_all(reply.as_bytes()).unwrap();
            keyboard.flush().unwrap();
        }
        let code = wait(&mut child, &self.line());
        drop(keyboard);
        let err = screen.text().replace('\r', "");
        Some(Outcome { line: self.line(), code, out: fs::read_to_string(out).unwrap_or_default(), err })
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What a terminal shows, as it grows.
#[derive(Clone, Default)]
struct Screen(Arc<(Mutex<Shown>, Condvar)>);

#[derive(Default)]
struct Shown {
    text: String,
    /// How much of it was waited for already.
    seen: usize,
    closed: bool,
}

impl Screen {
    fn watch(mut stream: impl std::io::Read + Send + 'static) -> Self {
        let screen = Self::default();
        let filled = screen.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let count = stream.read(&mut bytes).unwrap_or(0);
                let mut shown = filled.0.0.lock().unwrap();
                shown.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
                shown.closed = count == 0;
                filled.0.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        screen
    }

    /// Waits until the text after what was waited for last holds `prompt`.
    fn wait_for(&self, prompt: &str, line: &str) {
        let shown = self.0.0.lock().unwrap();
        let absent = |shown: &mut Shown| !shown.text[shown.seen..].contains(prompt) && !shown.closed;
        let (mut shown, _) = self.0.1.wait_timeout_while(shown, Duration::from_secs(60), absent).unwrap();
        let Some(at) = shown.text[shown.seen..].find(prompt) else { panic!("{line}: no prompt {prompt:?} in {:?}", shown.text) };
        shown.seen += at + prompt.len();
    }

    /// Everything, once the program has ended.
    fn text(&self) -> String {
        let shown = self.0.0.lock().unwrap();
        let (shown, _) = self.0.1.wait_timeout_while(shown, Duration::from_secs(10), |shown| !shown.closed).unwrap();
        shown.text.clone()
    }
}
