//! HTTP/2 where a registry offers it by ALPN; the registry is this process's own, under a name that only a proxy knows.

use tempfile::TempDir;

use crate::support::images;
use crate::support::pki;
use crate::support::proxy::Proxy;
use crate::support::registry::{Behaviour, TestRegistry};
use crate::support::sandbox::{Call, OLD_FORM, Sandbox};

const IMAGES: usize = 40;

struct Scene {
    registry: TestRegistry,
    proxy: Proxy,
    sandbox: Sandbox,
    root: String,
    _directory: TempDir,
}

/// A registry whose server offers these protocols.
fn offering(protocols: &[&str]) -> Option<Scene> {
    let directory = TempDir::new().unwrap();
    let issued = pki::self_signed(directory.path(), "server", "DNS:registry.example")?;
    let config = pki::server_config_offering(&issued, protocols);
    let registry = TestRegistry::start_with(Behaviour::default(), Some(config));
    let proxy = Proxy::start(&[("registry.example", &registry.host())], None);
    let root = issued.certificate.to_string_lossy().into_owned();
    Some(Scene { registry, proxy, sandbox: Sandbox::new(), root, _directory: directory })
}

impl Scene {
    fn reaching(&self, call: Call) -> Call {
        call.env("HTTPS_PROXY", self.proxy.url()).env("SSL_CERT_FILE", &self.root)
    }

    /// Forty signed images of one repository, by digest.
    fn signed_images(&self) -> Vec<String> {
        let names: Vec<String> = {
            let mut store = self.registry.store();
            let content = store.repository("app");
            let (_, image) = content.manifest(images::digest("v1")).unwrap();
            let different = (1..=IMAGES).map(|n| [&image.bytes[..], &b" ".repeat(n)].concat());
            different.map(|bytes| format!("registry.example/app@{}", content.put_manifest(None, &image.media_type, &bytes))).collect()
        };
        self.reaching(self.sandbox.sign(&names.iter().map(String::as_str).collect::<Vec<_>>())).run().exits(0);
        names
    }
}

#[test]
fn forty_images_share_one_connection() {
    let Some(scene) = offering(&["h2", "http/1.1"]) else { return };
    let names = scene.signed_images();
    let (connections, requests) = (scene.registry.connections(), scene.registry.http2_requests());
    scene.reaching(scene.sandbox.verify(&names.iter().map(String::as_str).collect::<Vec<_>>())).run().exits(0);
    assert_eq!(scene.registry.connections() - connections, 1);
    // Of each image the list of referrers, a manifest, a bundle.
    assert_eq!(scene.registry.http2_requests() - requests, 3 * IMAGES);
}

#[test]
fn both_forms_by_http2() {
    let Some(scene) = offering(&["h2"]) else { return };
    for form in ["--new-bundle-format=true", OLD_FORM] {
        scene.reaching(scene.sandbox.sign(&[form, "registry.example/app:v1"])).run().exits(0);
        scene.reaching(scene.sandbox.verify(&[form, "registry.example/app:v1"])).run().exits(0);
    }
    assert_eq!(scene.registry.http2_requests(), scene.registry.all_requests().len());
}

#[test]
fn a_registry_without_it_gets_http_1() {
    let Some(scene) = offering(&["http/1.1"]) else { return };
    let names = scene.signed_images();
    let before = scene.registry.connections();
    scene.reaching(scene.sandbox.verify(&names.iter().map(String::as_str).collect::<Vec<_>>())).run().exits(0);
    assert_eq!(scene.registry.http2_requests(), 0);
    let used = scene.registry.connections() - before;
    // A connection that another worker has just given back may be missed; without reuse there would be one for each of 120 requests.
    assert!((2..=40).contains(&used), "{used} connections for ten workers");
}
