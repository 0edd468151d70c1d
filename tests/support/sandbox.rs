//! A directory and an environment of its own for each test, and calls of the program in it.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{program, testdata};

/// No call takes so long, even on a busy machine; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What turns off everything that needs the network, for `sign`.
pub const KEYED: &[&str] = &["--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--yes"];
/// The older form.
pub const OLD_FORM: &str = "--new-bundle-format=false";

/// A temporary directory that holds the keys `cosign` and `other` (password `pw`).
pub struct Sandbox {
    directory: TempDir,
    program: PathBuf,
}

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self { directory: TempDir::new().unwrap(), program: program() };
        fs::create_dir(sandbox.path("home")).unwrap();
        fs::create_dir(sandbox.path("tmp")).unwrap();
        for name in ["cosign.key", "cosign.pub", "other.key", "other.pub"] {
            sandbox.copy(&format!("keys/{name}"), name);
        }
        sandbox
    }

    /// The same sandbox for another program.
    pub fn with_program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.path(name)).unwrap()).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Copies a file or folder of `testdata/` here.
    pub fn copy(&self, from: &str, to: &str) {
        copy(&testdata(from), &self.path(to));
    }

    /// A call of the program, not yet made.
    pub fn cosign<I: IntoIterator<Item: AsRef<str>>>(&self, arguments: I) -> Call {
        let arguments: Vec<String> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let mut variables: Vec<(OsString, OsString)> = Vec::new();
        let nobody = "http://127.0.0.1:9";
        let settings = [("HTTP_PROXY", nobody), ("HTTPS_PROXY", nobody), ("NO_PROXY", "127.0.0.1,localhost"), ("COSIGN_PASSWORD", "pw")];
        variables.extend(settings.map(|(name, value)| (name.into(), value.into())));
        variables.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
        variables.push(("HOME".into(), self.path("home").into()));
        variables.push(("TMPDIR".into(), self.path("tmp").into()));
        let directory = self.directory.path().to_owned();
        Call { program: self.program.clone(), directory, arguments, variables, input: Vec::new(), stdin: true }
    }

    /// `sign` with the test key and nothing that needs a service.
    pub fn sign(&self, more: &[&str]) -> Call {
        self.cosign([&["sign"], KEYED, more].concat())
    }

    /// `verify` with the test key and without a log.
    pub fn verify(&self, more: &[&str]) -> Call {
        self.cosign([&["verify", "--key", "cosign.pub", "--insecure-ignore-tlog"], more].concat())
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// One command line, its environment and its input.
pub struct Call {
    pub(super) program: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    stdin: bool,
}

impl Call {
    /// Calls another program in the same surroundings.
    pub fn use_program(&mut self, program: PathBuf) {
        self.program = program;
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self = self.without_env(name);
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Gives it this on a pipe; without, it gets an empty pipe.
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// `</dev/null`.
    pub fn without_stdin(mut self) -> Self {
        self.stdin = false;
        self
    }

    /// The call as the standard library runs it, for who wants to wait in another way.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(self.variables.clone()).current_dir(&self.directory);
        command
    }

    /// As a person would type it.
    pub(super) fn line(&self) -> String {
        format!("cosign {}", self.arguments.join(" "))
    }

    /// Starts it, to run beside others.
    pub fn start(self) -> Running {
        let mut command = self.command();
        command.stdin(if self.stdin { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        let input = self.input.clone();
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input closes the pipe: no matter.
            thread::spawn(move || drop(stdin.write_all(&input)));
        }
        Running { line: self.line(), child }
    }

    /// Runs it to its end.
    pub fn run(self) -> Outcome {
        self.start().wait()
    }
}

/// A call under way.
pub struct Running {
    line: String,
    child: Child,
}

impl Running {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn wait(mut self) -> Outcome {
        let out = reader(self.child.stdout.take().unwrap());
        let err = reader(self.child.stderr.take().unwrap());
        let code = wait(&mut self.child, &self.line);
        Outcome { line: self.line, code, out: out.join().unwrap(), err: err.join().unwrap() }
    }
}

fn reader(mut stream: impl std::io::Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a child of this test; ends it when it hangs. -1 stands for an end by a signal.
pub(super) fn wait(child: &mut Child, line: &str) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{line}: hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What came of a call.
#[derive(Debug)]
pub struct Outcome {
    pub line: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    /// Fails, showing everything, unless the program ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Fails, showing everything, unless stderr holds this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is missing in {self}");
        self
    }

    #[track_caller]
    pub fn does_not_say(self, text: &str) -> Self {
        assert!(!self.err.contains(text) && !self.out.contains(text), "{text:?} stands in {self}");
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// A failure with cosign's two lines, and no trace of a panic.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        self.exits(code).says("Error: ").says("error during command execution: ").does_not_say("panicked at")
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "$ {}", self.line)?;
        writeln!(f, "exit code {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out, self.err)
    }
}
