//! The real `docker-registry` (Debian's package, or the program that `DOCKER_REGISTRY` names) on a free loopback port.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::pki::Issued;
use super::token_server::{ISSUER, SERVICE, TokenServer};
use super::{http_client, skipped};

/// The user and password of the test registry, by `htpasswd -Bbn`.
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
        Self::start_with(&json!({}))
    }

    /// The same for the user and password of the test registry only.
    pub fn with_password() -> Option<Self> {
        Self::start_with(&json!({"auth": {"htpasswd": {"realm": "test", "path": "htpasswd"}}}))
    }

    /// The same with tokens of a service.
    pub fn with_tokens(server: &TokenServer, issued: &Issued) -> Option<Self> {
        let token = json!({"realm": server.realm(), "service": SERVICE, "issuer": ISSUER, "rootcertbundle": issued.certificate});
        Self::start_with(&json!({"auth": {"token": token}}))
    }

    /// The same over TLS; with `clients`, for who shows a certificate of that authority.
    pub fn with_tls(issued: &Issued, clients: Option<&Issued>) -> Option<Self> {
        let mut tls = json!({"certificate": issued.certificate, "key": issued.key});
        if let Some(clients) = clients {
            tls["clientcas"] = json!([clients.certificate]);
        }
        Self::start_with(&json!({"http": {"tls": tls}}))
    }

    /// Fills an open registry, and starts it again as it is wanted.
    fn start_with(settings: &Value) -> Option<Self> {
        let Some(program) = program() else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "docker-registry is missing (apt-get install docker-registry)");
            skipped("docker-registry is missing (apt-get install docker-registry)");
            return None;
        };
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("htpasswd"), HTPASSWD).unwrap();
        // Another process may take the port between the look and the start: then try another.
        let run =
            |settings: &Value| (0..5).find_map(|_| run(&program, directory.path(), settings)).expect("docker-registry does not start");
        let (mut child, mut host) = run(&json!({}));
        http_client::seed(&host, "app", &[]);
        if settings.as_object().is_some_and(|settings| !settings.is_empty()) {
            end(&mut child);
            (child, host) = run(settings);
        }
        Some(Self { child, host, _directory: directory })
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
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Starts the program and waits until it listens.
fn run(program: &PathBuf, directory: &Path, settings: &Value) -> Option<(Child, String)> {
    let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut config = json!({
        "version": "0.1", "log": {"level": "error"}, "http": {"addr": host},
        "storage": {"filesystem": {"rootdirectory": directory.join("data")}, "delete": {"enabled": true}},
    });
    for (section, content) in settings.as_object().unwrap() {
        for (name, value) in content.as_object().unwrap() {
            config[section][name] = value.clone();
        }
    }
    let file = directory.join("config.yml"); // JSON is YAML
    std::fs::write(&file, config.to_string()).unwrap();
    let log = File::create(directory.join("log")).unwrap();
    let mut command = Command::new(program);
    command.arg("serve").arg(&file).current_dir(directory).stdout(log.try_clone().unwrap()).stderr(log);
    let mut child = command.spawn().unwrap();
    for _ in 0..400 {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        if TcpStream::connect(&host).is_ok() {
            return Some((child, host));
        }
        thread::sleep(Duration::from_millis(25));
    }
    end(&mut child);
    None
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DOCKER_REGISTRY") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).chain(["/usr/bin".into()]).map(|folder| folder.join("docker-registry")).find(|file| file.is_file())
}
