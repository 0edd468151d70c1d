//! TUF repositories that somebody else's program makes: `COSIGN_TEST_TUF_TOOL` names a script with the commands `init`, `publish`, `rotate-root`,
//! `expire`, `rollback`, `break-signature` and `tamper`, and `COSIGN_TEST_TUF_PYTHON` the Python with PyPI's `tuf` that runs it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::http_server::{Request, Response, Server};
use crate::support::sandbox::{Call, Outcome, Sandbox};
use crate::support::{skipped, testdata};
use crate::tuf_faults::grow_old;

/// Served from the moment it is made; with a sandbox that holds a file, its bundle, and the cache of the repository.
struct Repository {
    python: PathBuf,
    tool: PathBuf,
    options: Vec<&'static str>,
    directory: TempDir,
    server: Server,
    sandbox: Sandbox,
}

impl Repository {
    fn new(options: &[&'static str]) -> Option<Self> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (Some(python), Some(tool)) = (named("COSIGN_TEST_TUF_PYTHON"), named("COSIGN_TEST_TUF_TOOL")) else {
            skipped("COSIGN_TEST_TUF_PYTHON and COSIGN_TEST_TUF_TOOL name no maker of TUF repositories");
            return None;
        };
        let directory = TempDir::new().unwrap();
        let served = directory.path().join("repository");
        let answer = move |request: &Request| match std::fs::read(served.join(request.path().trim_start_matches('/'))) {
            Ok(bytes) => Response::new(200, bytes),
            Err(_) => Response::new(404, ""),
        };
        let server = Server::start(None, Arc::new(answer));
        let sandbox = Sandbox::new();
        sandbox.copy("keyless/blob.txt", "blob.txt");
        sandbox.copy("keyless/bundles/kl-r1.json", "bundle.json");
        let repository = Self { python, tool, options: options.to_vec(), directory, server, sandbox };
        let root = testdata("keyless/trust/trusted_root.json");
        repository.make(&["init", root.to_str().unwrap()]);
        Some(repository)
    }

    /// Changes it.
    fn make(&self, words: &[&str]) {
        let mut command = Command::new(&self.python);
        command.arg(&self.tool).args(&self.options).arg(self.directory.path().join("repository")).args(words);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn publish(&self) {
        self.make(&["publish", testdata("keyless/trust/trusted_root.json").to_str().unwrap()]);
    }

    fn initialize(&self, cache: &str) -> Call {
        let root = self.directory.path().join("repository/1.root.json");
        let mirror = format!("http://{}", self.server.host());
        let call = self.sandbox.cosign(["initialize", "--mirror", &mirror, "--root", root.to_str().unwrap()]);
        call.env("TUF_ROOT", self.sandbox.path(cache))
    }

    /// Verifies when the last refresh is long ago.
    fn verify(&self) -> Outcome {
        grow_old(&self.sandbox.path("cache"));
        let who = ["--certificate-identity", "alice@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:18001"];
        let call = self.sandbox.cosign([&["verify-blob", "--bundle", "bundle.json"], &who[..], &["blob.txt"]].concat());
        call.env("TUF_ROOT", self.sandbox.path("cache")).run()
    }
}

#[test]
fn repositories_of_each_kind_are_followed() {
    for options in [&[][..], &["--plain"], &["--key-type=ed25519"], &["--key-type=rsa", "--plain"], &["--threshold=3"]] {
        let Some(repository) = Repository::new(options) else { return };
        repository.initialize("cache").run().exits(0);
        repository.verify().exits(0);
        repository.make(&["rotate-root"]);
        repository.publish();
        repository.verify().exits(0).does_not_say("WARNING");
        repository.initialize("anew").run().exits(0);
    }
}

#[test]
fn what_it_should_not_serve_is_refused() {
    for (change, said) in [
        (&["expire", "timestamp"][..], "expired"),
        (&["expire", "snapshot"], "expired"),
        (&["expire", "targets"], "expired"),
        (&["break-signature", "timestamp"], "timestamp"),
        (&["break-signature", "snapshot"], "snapshot"),
        (&["break-signature", "targets"], "targets"),
        (&["tamper", "trusted_root.json"], "trusted_root.json"),
    ] {
        let Some(repository) = Repository::new(&[]) else { return };
        repository.make(change);
        repository.initialize("cache").run().fails(1).says(said);
    }
    let Some(repository) = Repository::new(&[]) else { return };
    repository.publish();
    repository.initialize("cache").run().exits(0);
    repository.make(&["rollback"]);
    repository.verify().fails(1).says("version");
}
