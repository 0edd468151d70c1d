//! The virtual Sigstore: every service, each on a port of its own, with keys of its own, and the TUF repository that vouches for them.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use cosign::encoding::base64;
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::ambient::Ambient;
use super::fulcio::Fulcio;
use super::keys::{Key, KeyKind};
use super::oidc::Issuer;
use super::rekor_v1::RekorV1;
use super::rekor_v2::RekorV2;
use super::service::{Clock, Journal, Service};
use super::tsa::Tsa;
use super::tuf::TufRepository;

/// What the services are made of.
#[derive(Clone)]
pub struct Options {
    pub ca: KeyKind,
    pub rekor_v1: KeyKind,
    pub rekor_v2: KeyKind,
    pub tsa: KeyKind,
    pub issuer: KeyKind,
    pub tuf: KeyKind,
    /// How many witnesses sign the checkpoints of Rekor v2.
    pub witnesses: usize,
    /// TLS of the timestamp authority.
    pub tsa_tls: Option<Arc<ServerConfig>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ca: KeyKind::P256,
            rekor_v1: KeyKind::P256,
            rekor_v2: KeyKind::Ed25519,
            tsa: KeyKind::P256,
            issuer: KeyKind::Rsa,
            tuf: KeyKind::P256,
            witnesses: 0,
            tsa_tls: None,
        }
    }
}

/// A service and what it serves.
pub struct Part<T> {
    part: Arc<T>,
    pub service: Service,
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.part
    }
}

/// All of it.
pub struct World {
    pub clock: Clock,
    pub issuer: Part<Issuer>,
    pub fulcio: Part<Fulcio>,
    pub rekor_v1: Part<RekorV1>,
    pub rekor_v2: Part<RekorV2>,
    pub tsa: Part<Tsa>,
    pub tuf: Part<TufRepository>,
    pub ambient: Part<Ambient>,
    journal: Journal,
}

macro_rules! serve {
    ($part:expr, $base:expr, $tls:expr, $journal:expr) => {{
        let part = $part;
        let handler = part.clone();
        Part { service: Service::start($base, $tls, $journal, move |request| handler.answer(request)), part }
    }};
}

impl World {
    pub fn start(options: &Options) -> Self {
        let (clock, journal) = (Clock::default(), Journal::default());
        let issuer = serve!(Arc::new(Issuer::new(options.issuer, &clock)), "/oidc", None, &journal);
        issuer.is_at(&issuer.service.url);
        let fulcio = serve!(Arc::new(Fulcio::new(options.ca, &clock, issuer.part.clone())), "", None, &journal);
        let rekor_v1 = serve!(Arc::new(RekorV1::new(options.rekor_v1, &clock)), "", None, &journal);
        let rekor_v2 = serve!(Arc::new(RekorV2::new(options.rekor_v2, "127.0.0.1", options.witnesses)), "", None, &journal);
        let tsa = serve!(Arc::new(Tsa::new(options.tsa, &clock)), "/api/v1/timestamp", options.tsa_tls.clone(), &journal);
        let tuf = serve!(Arc::new(TufRepository::new(options.tuf, &clock)), "/tuf", None, &journal);
        let ambient = Ambient { issuer: issuer.part.clone(), instead: Mutex::default() };
        let ambient = serve!(Arc::new(ambient), "", None, &journal);
        let world = Self { clock, issuer, fulcio, rekor_v1, rekor_v2, tsa, tuf, ambient, journal };
        world.tuf.publish(&[
            ("trusted_root.json", world.trusted_root()),
            ("signing_config.v0.2.json", world.signing_config(&[2, 1]).to_string()),
        ]);
        world
    }

    /// What was asked of all services since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.journal.lock().unwrap())
    }

    /// The keys of the services.
    pub fn trusted_root(&self) -> String {
        let valid = json!({ "start": "2020-01-01T00:00:00Z" });
        let log = |url: &str, key: &Key, id: &[u8]| {
            json!({
                "baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": { "keyId": base64::encode(id) },
                "publicKey": { "rawBytes": base64::encode(key.spki()), "keyDetails": key.details(), "validFor": valid },
            })
        };
        let chain = |certificates: &[&[u8]]| -> Value {
            let certificates: Vec<Value> = certificates.iter().map(|der| json!({ "rawBytes": base64::encode(der) })).collect();
            json!({ "certificates": certificates })
        };
        let subject = |name: &str| json!({ "organization": "sigstore.test", "commonName": name });
        let (v1, (v2, v2_id), ct) = (self.rekor_v1.key(), self.rekor_v2.key(), &self.fulcio.ct.key);
        let certificates = [&self.fulcio.intermediate.certificate[..], &self.fulcio.root.certificate];
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.rekor_v1.service.url, &v1, &v1.id()), log(&self.rekor_v2.service.url, &v2, &v2_id)],
            "certificateAuthorities": [{
                "subject": subject("virtual"), "uri": self.fulcio.service.url, "certChain": chain(&certificates), "validFor": valid,
            }],
            "ctlogs": [log("http://ct.sigstore.test", ct, &ct.id())],
            "timestampAuthorities": [{
                "subject": subject("virtual-tsa-root"), "uri": self.tsa.service.url, "certChain": chain(&self.tsa.chain()), "validFor": valid,
            }],
        })
        .to_string()
    }

    /// A signing config with these versions of Rekor.
    pub fn signing_config(&self, rekor_versions: &[u32]) -> Value {
        let rekor = |version: &u32| service(if *version == 1 { &self.rekor_v1.service.url } else { &self.rekor_v2.service.url }, *version);
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(&self.fulcio.service.url, 1)], "oidcUrls": [service(&self.issuer.service.url, 1)],
            "rekorTlogUrls": rekor_versions.iter().map(rekor).collect::<Vec<_>>(), "rekorTlogConfig": { "selector": "ANY" },
            "tsaUrls": [service(&self.tsa.service.url, 1)], "tsaConfig": { "selector": "ANY" },
        })
    }
}

/// One service of a signing config.
pub fn service(url: &str, version: u32) -> Value {
    json!({ "url": url, "majorApiVersion": version, "operator": "sigstore.test", "validFor": { "start": "2020-01-01T00:00:00Z" } })
}
