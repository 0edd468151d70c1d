//! The real `docker-registry` (Debian's package, or the program that `DOCKER_REGISTRY` names) on a free loopback port.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::registry::behaviour::{PASSWORD, USER};
use super::{http_client, skipped};

/// [`USER`] and [`PASSWORD`], by `htpasswd -Bbn`.
const HTPASSWD: &str = "alice:$2b$04$5N4BFZDFZUOom/UAEkXQgu0n0Hysm7jKyhf7cTi0kf2rOM98ejWRe\n";

/// A running registry with a directory of its own. It ends when this is dropped.
pub struct DockerRegistry {
    child: Child,
    host: String,
    _directory: TempDir,
}

impl DockerRegistry {
    /// Starts one; the repository `app` holds the images. Where the program is missing: `None`, said aloud, and a failure when `CI=true`.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same for [`USER`] and [`PASSWORD`] only.
    pub fn with_password() -> Option<Self> {
        Self::start_with(HTPASSWD)
    }

    fn start_with(passwords: &str) -> Option<Self> {
        let Some(program) = program() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "docker-registry is missing (apt-get install docker-registry)");
            skipped("docker-registry is missing (apt-get install docker-registry)");
            return None;
        };
        // Another process may take the port between the look and the start: then try another.
        let registry = (0..5).find_map(|_| Self::try_start(&program, passwords)).expect("docker-registry does not start");
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        http_client::seed(&registry.host, "app", &[("Authorization", &basic)]);
        Some(registry)
    }

    fn try_start(program: &PathBuf, passwords: &str) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut config = serde_json::json!({
            "version": "0.1", "log": {"level": "error"}, "http": {"addr": host},
            "storage": {"filesystem": {"rootdirectory": directory.path().join("data")}, "delete": {"enabled": true}},
        });
        if !passwords.is_empty() {
            let file = directory.path().join("htpasswd");
            std::fs::write(&file, passwords).unwrap();
            config["auth"] = serde_json::json!({"htpasswd": {"realm": "test", "path": file}});
        }
        let file = directory.path().join("config.yml"); // JSON is YAML
        std::fs::write(&file, config.to_string()).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("serve").arg(&file).stdout(log.try_clone().unwrap()).stderr(log);
        let mut registry = Self { child: command.spawn().unwrap(), host, _directory: directory };
        for _ in 0..400 {
            if registry.child.try_wait().unwrap().is_some() {
                return None;
            }
            if http_client::request(&registry.host, "GET", "/v2/", &[], b"").is_ok() {
                return Some(registry);
            }
            thread::sleep(Duration::from_millis(25));
        }
        None
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The reference of an image in `app`.
    pub fn image(&self, tag: &str) -> String {
        format!("{}/app:{tag}", self.host)
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DOCKER_REGISTRY") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).chain(["/usr/bin".into()]).map(|folder| folder.join("docker-registry")).find(|file| file.is_file())
}
