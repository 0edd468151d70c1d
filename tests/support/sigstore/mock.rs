//! `mock-sigstore.mjs`: services made of npm packages that others wrote.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Sigstore, Source};

/// A running mock, its directory with the log of requests.
pub struct Mock {
    directory: TempDir,
    child: Child,
}

impl Sigstore {
    pub(super) fn mock() -> Option<Self> {
        let tools = PathBuf::from(std::env::var_os("COSIGN_TEST_MOCK_SIGSTORE").filter(|value| !value.is_empty())?);
        let directory = TempDir::new().unwrap();
        let mut child = Command::new("node")
            .arg(tools.join("mock-sigstore.mjs"))
            .args(["--email", "dev@example.com", "--dir"])
            .arg(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("ready ").expect("mock-sigstore does not start").to_owned();
        Some(Self {
            fulcio: base.clone(),
            rekor: base.clone(),
            rekor_v2: base.clone(),
            tsa: format!("{base}/api/v1/timestamp"),
            issuer: format!("{base}/oidc"),
            tuf_mirror: format!("{base}/tuf"),
            identity: "dev@example.com".to_owned(),
            source: Source::Mock(Mock { directory, child }),
        })
    }
}

impl Mock {
    pub(super) fn root(&self) -> PathBuf {
        self.directory.path().join("root.json")
    }

    pub(super) fn requests(&self) -> Vec<String> {
        let log = self.directory.path().join("requests.log");
        let lines = std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
        std::fs::write(log, "").unwrap();
        lines
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
