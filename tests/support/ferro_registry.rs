//! A published registry with the referrers API: `ferro-oci-server` (`cargo install ferro-oci-server --version =1.0.0`), where FERRO_OCI_SERVER names
//! it or the PATH holds it. It takes minutes to build, so the gate goes without.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{http_client, skipped};

/// A running server on a free loopback port, its content in memory. It ends when this is dropped.
pub struct FerroRegistry {
    child: Child,
    host: String,
}

impl FerroRegistry {
    /// Starts one; the repository `app` holds the images. `None`, said aloud, where the program is missing.
    pub fn start() -> Option<Self> {
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let program = std::env::var_os("FERRO_OCI_SERVER").unwrap_or_else(|| "ferro-oci-server".into());
        let mut command = Command::new(program);
        command.env("FERRO_OCI_LISTEN", &host).env_remove("FERRO_OCI_STORAGE_DIR");
        let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
            skipped("ferro-oci-server is missing");
            return None;
        };
        let registry = Self { child, host };
        for _ in 0..400 {
            if TcpStream::connect(&registry.host).is_ok() {
                http_client::seed(&registry.host, "app", &[]);
                return Some(registry);
            }
            thread::sleep(Duration::from_millis(25));
        }
        skipped("ferro-oci-server does not start");
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

impl Drop for FerroRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
