//! Sigstore services for flow tests: those that `COSIGN_TEST_*` variables name, else `mock-sigstore.mjs` in the directory that
//! `COSIGN_TEST_MOCK_SIGSTORE` names (with its npm packages installed there).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::sandbox::Sandbox;
use super::{http_client, skipped};

/// Addresses of services, and the one person whom they know.
pub struct Sigstore {
    pub fulcio: String,
    pub rekor: String,
    pub rekor_v2: String,
    pub tsa: String,
    pub issuer: String,
    pub tuf_mirror: String,
    pub identity: String,
    root: PathBuf,
    /// The directory of the mock, with its log of requests.
    directory: Option<TempDir>,
    child: Option<Child>,
}

impl Sigstore {
    /// The services, or `None`, said aloud, where there are none.
    pub fn start() -> Option<Self> {
        Self::named().or_else(Self::mock).or_else(|| {
            skipped("no Sigstore to test with: set COSIGN_TEST_FULCIO_URL and its like, or COSIGN_TEST_MOCK_SIGSTORE");
            None
        })
    }

    fn named() -> Option<Self> {
        let variable = |name: &str| std::env::var(format!("COSIGN_TEST_{name}")).ok().filter(|value| !value.is_empty());
        Some(Self {
            fulcio: variable("FULCIO_URL")?,
            rekor: variable("REKOR_URL")?,
            rekor_v2: variable("REKOR_V2_URL")?,
            tsa: variable("TSA_URL")?,
            issuer: variable("OIDC_ISSUER")?,
            tuf_mirror: variable("TUF_MIRROR")?,
            root: variable("TUF_ROOT")?.into(),
            identity: variable("IDENTITY").unwrap_or_else(|| "dev@example.com".to_owned()),
            directory: None,
            child: None,
        })
    }

    fn mock() -> Option<Self> {
        let tools = PathBuf::from(std::env::var_os("COSIGN_TEST_MOCK_SIGSTORE")?);
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
            root: directory.path().join("root.json"),
            identity: "dev@example.com".to_owned(),
            directory: Some(directory),
            child: Some(child),
        })
    }

    /// A sandbox whose TUF cache is of these services, with a fresh token in `token`.
    pub fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        self.initialize(&sandbox);
        sandbox.write("token", self.token(""));
        sandbox
    }

    /// `initialize` for these services.
    pub fn initialize(&self, sandbox: &Sandbox) {
        sandbox.cosign(["initialize", "--mirror", &self.tuf_mirror, "--root", self.root.to_str().unwrap()]).run().exits(0);
    }

    /// A token of the issuer's; `query` changes its claims.
    pub fn token(&self, query: &str) -> Vec<u8> {
        http_client::get(&format!("{}/id-token{query}", self.issuer))
    }

    /// A signing config with these services and that version of Rekor.
    pub fn signing_config(&self, rekor_version: u32) -> String {
        let service = |url: &str, version: u32| serde_json::json!([{ "url": url, "majorApiVersion": version, "operator": "test", "validFor": { "start": "2020-01-01T00:00:00Z" } }]);
        let rekor = if rekor_version == 2 { &self.rekor_v2 } else { &self.rekor };
        serde_json::json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service(&self.fulcio, 1), "oidcUrls": service(&self.issuer, 1),
            "rekorTlogUrls": service(rekor, rekor_version), "rekorTlogConfig": { "selector": "ANY" },
            "tsaUrls": service(&self.tsa, 1), "tsaConfig": { "selector": "ANY" },
        })
        .to_string()
    }

    /// The flags of the older flows: every service by hand.
    pub fn by_hand(&self) -> Vec<&str> {
        vec!["--use-signing-config=false", "--fulcio-url", &self.fulcio, "--rekor-url", &self.rekor, "--oidc-issuer", &self.issuer]
    }

    /// The flags that ask for this identity.
    pub fn who(&self) -> Vec<&str> {
        vec!["--certificate-identity", &self.identity, "--certificate-oidc-issuer", &self.issuer]
    }

    /// What the mock was asked since the last call; `None` for services of others.
    pub fn requests(&self) -> Option<Vec<String>> {
        let log = self.directory.as_ref()?.path().join("requests.log");
        let lines = std::fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
        std::fs::write(log, "").unwrap();
        Some(lines)
    }
}

impl Drop for Sigstore {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
