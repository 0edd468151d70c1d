//! A smoke test on a real registry; it says so where `docker-registry` is not installed.

use std::process::{Child, Command, Stdio};

use super::*;
use crate::format::oci::Selector;

/// A process that ends with the test.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(directory: &std::path::Path) -> Option<(Running, String)> {
    start_with(directory, "")
}

/// Starts a registry on a free loopback port; `http` is added to its configuration.
pub fn start_with(directory: &std::path::Path, http: &str) -> Option<(Running, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = directory.join("config.yml");
    let text = format!(
        "version: 0.1\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\nhttp:\n  addr: 127.0.0.1:{port}\n{http}",
        directory.join("data").display()
    );
    std::fs::write(&config, text).unwrap();
    let child = Command::new("docker-registry").arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let running = Running(child);
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((running, format!("127.0.0.1:{port}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

#[tokio::test]
async fn images_and_twenty_concurrent_referrers_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let Some((_running, address)) = start(directory.path()) else {
        // Nothing to test against.
        return;
    };
    let repository = repository(&format!("{address}/a/b"));
    let image = push_image(&*repository, "v1").await;
    assert_eq!(repository.resolve(&Selector::Tag("v1".into())).await.unwrap().digest, image.digest);
    let missing = repository.resolve(&Selector::Tag("nope".into())).await.unwrap_err();
    let expected = format!("GET http://{address}/v2/a/b/manifests/nope: MANIFEST_UNKNOWN: manifest unknown; map[Tag:nope]");
    assert!(missing.is_not_found());
    assert_eq!(missing.to_string(), expected);
    let large = vec![7; 1 << 20];
    let descriptor = Descriptor::of("x", &large);
    for _ in 0..2 {
        repository.put_blob(&Digest::sha256(&large), &large).await.unwrap();
    }
    assert_eq!(repository.blob(&descriptor, 1 << 20).await.unwrap(), large);
    let subject = image.parsed_digest().unwrap();
    assert_eq!(repository.referrers(&subject).await.unwrap().len(), 0);
    let writers = (0..20).map(|number| {
        // A client of its own each, as separate processes have.
        let repository = super::repository(&format!("{address}/a/b"));
        let (subject, image) = (subject.clone(), image.clone());
        tokio::spawn(async move {
            let (entry, manifest) = referrer(&image, &format!("writer {number}"));
            repository.put_referrer(&subject, &entry, &manifest).await.unwrap();
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(repository.referrers(&subject).await.unwrap().len(), 20);
}
