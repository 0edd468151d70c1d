//! Sigstore services for flow tests: those that `COSIGN_TEST_*` variables name ([`named`]), else `mock-sigstore.mjs` in the directory that
//! `COSIGN_TEST_MOCK_SIGSTORE` names ([`mock`]), else the virtual Sigstore of this process ([`world`]), which can also be made to fail.

pub mod ambient;
pub mod ct;
pub mod der;
pub mod fulcio;
pub mod keys;
pub mod log;
pub mod merkle;
mod mock;
mod named;
pub mod oidc;
pub mod rekor_kinds;
pub mod rekor_v1;
pub mod rekor_v2;
pub mod service;
pub mod tsa;
pub mod tuf;
pub mod world;
pub mod x509;

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::http_client;
use super::sandbox::Sandbox;
use super::skipped;
use mock::Mock;
use world::{Options, World};

/// Addresses of services, and the one person whom they know. An address that is empty is of a service that is not there.
pub struct Sigstore {
    pub fulcio: String,
    pub rekor: String,
    pub rekor_v2: String,
    pub tsa: String,
    pub issuer: String,
    pub tuf_mirror: String,
    pub identity: String,
    source: Source,
}

enum Source {
    Named { root: std::path::PathBuf, token: Option<String> },
    Mock(Mock),
    Virtual { world: Box<World>, root: TempDir },
}

/// A service that a test may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Fulcio,
    RekorV1,
    RekorV2,
    Tsa,
}

impl Sigstore {
    /// Services that certify whoever has a token, and what their TUF repository names besides.
    pub fn start() -> Option<Self> {
        Self::having(&[Needs::Fulcio])
    }

    /// The services; `None`, said aloud, where one that the test needs is not there.
    pub fn having(needs: &[Needs]) -> Option<Self> {
        let services = Self::named().or_else(Self::mock).unwrap_or_else(Self::virtual_services);
        let missing: Vec<_> = needs.iter().filter(|needed| services.address(**needed).is_empty()).collect();
        if !missing.is_empty() {
            skipped(&format!("COSIGN_TEST_* variables name no {missing:?}"));
            return None;
        }
        Some(services)
    }

    /// The virtual Sigstore, whatever the environment names.
    pub fn virtual_services() -> Self {
        Self::of_world(World::start(&Options::default()))
    }

    pub fn of_world(world: World) -> Self {
        let root = TempDir::new().unwrap();
        std::fs::write(root.path().join("root.json"), world.tuf.first_root()).unwrap();
        Self {
            fulcio: world.fulcio.service.url.clone(),
            rekor: world.rekor_v1.service.url.clone(),
            rekor_v2: world.rekor_v2.service.url.clone(),
            tsa: world.tsa.service.url.clone(),
            issuer: world.issuer.service.url.clone(),
            tuf_mirror: world.tuf.service.url.clone(),
            identity: oidc::PERSON.to_owned(),
            source: Source::Virtual { world: Box::new(world), root },
        }
    }

    /// The parts of the virtual Sigstore.
    pub fn world(&self) -> &World {
        let Source::Virtual { world, .. } = &self.source else { panic!("these services are not the virtual ones") };
        world
    }

    /// Whether the services are those of `mock-sigstore.mjs`, which do not all that real ones do.
    pub fn is_mock(&self) -> bool {
        matches!(self.source, Source::Mock(_))
    }

    /// The versions of Rekor that are there.
    pub fn log_versions(&self) -> impl Iterator<Item = u32> + use<> {
        let there = [(1, self.rekor.is_empty()), (2, self.rekor_v2.is_empty())];
        there.into_iter().filter(|(_, missing)| !missing).map(|(version, _)| version)
    }

    fn address(&self, of: Needs) -> &str {
        match of {
            Needs::Fulcio => &self.fulcio,
            Needs::RekorV1 => &self.rekor,
            Needs::RekorV2 => &self.rekor_v2,
            Needs::Tsa => &self.tsa,
        }
    }

    /// The root of trust of the TUF repository, a file.
    pub fn root(&self) -> std::path::PathBuf {
        match &self.source {
            Source::Named { root, .. } => root.clone(),
            Source::Mock(mock) => mock.root(),
            Source::Virtual { root, .. } => root.path().join("root.json"),
        }
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
        sandbox.cosign(["initialize", "--mirror", &self.tuf_mirror, "--root", path_text(&self.root())]).run().exits(0);
    }

    /// A token of the issuer's with other claims, as `query` says; `None`, said aloud, where the issuer knows no such short cut.
    pub fn token_with(&self, query: &str) -> Option<Vec<u8>> {
        if let Source::Named { .. } = self.source {
            let found = named::short_cut(&self.issuer, query).map(String::into_bytes);
            if found.is_none() {
                skipped("this issuer gives no tokens with claims of one's choice");
            }
            return found;
        }
        Some(self.token(query))
    }

    /// A token of the issuer's; `query` changes its claims.
    pub fn token(&self, query: &str) -> Vec<u8> {
        match &self.source {
            Source::Named { token: Some(token), .. } if query.is_empty() => token.clone().into_bytes(),
            Source::Named { .. } => named::token(&self.issuer).expect("the issuer gives no token; set COSIGN_TEST_ID_TOKEN").into_bytes(),
            _ => http_client::get(&format!("{}/id-token{query}", self.issuer)),
        }
    }

    /// A signing config with these services and that version of Rekor.
    pub fn signing_config(&self, rekor_version: u32) -> String {
        let list = |url: &str, version: u32| if url.is_empty() { json!([]) } else { json!([world::service(url, version)]) };
        let rekor = if rekor_version == 2 { &self.rekor_v2 } else { &self.rekor };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": list(&self.fulcio, 1), "oidcUrls": list(&self.issuer, 1),
            "rekorTlogUrls": list(rekor, rekor_version), "rekorTlogConfig": { "selector": "ANY" },
            "tsaUrls": list(&self.tsa, 1), "tsaConfig": { "selector": "ANY" },
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

    /// What the services were asked since the last call; `None` for services of others.
    pub fn requests(&self) -> Option<Vec<String>> {
        match &self.source {
            Source::Named { .. } => None,
            Source::Mock(mock) => Some(mock.requests()),
            Source::Virtual { world, .. } => Some(world.requests()),
        }
    }
}

/// A path of a test's own as text.
pub fn path_text(path: &Path) -> &str {
    path.to_str().unwrap()
}
