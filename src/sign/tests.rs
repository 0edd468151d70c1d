#![allow(clippy::unwrap_used)]
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::certifier::{Certifier, Session};
use super::finish::Finish;
use super::identity::{LogDemand, SigningIdentity};
use super::services::{ConfigSource, ServicesRequest, SigningServices};
use super::witness::{Log, Witnesses};
use crate::ambient::fake::{Fake, testdata};
use crate::crypto::certificate::testing::{NOW, Template, keys};
use crate::crypto::{Digest, KeyAlgorithm, Message, PrivateKey, PublicKey};
use crate::encoding::{UnixTime, base64, hex};
use crate::format::bundle::{Bundle, BundleContent};
use crate::format::material::Form;
use crate::format::material::MessageSignature;
use crate::http::TlsOptions;
use crate::secret::IdToken;
use crate::sigstore::fulcio::Fulcio;
use crate::sigstore::oidc::TokenRequest;
use crate::sigstore::rekor::v1;
use crate::sigstore::testing::{Server, answer, client, run};
use crate::sigstore::tsa::TimestampService;
use crate::verify::{Artifact, Blob};

fn at(moment: i64) -> Fake {
    Fake::default().at(UNIX_EPOCH + Duration::from_secs(u64::try_from(moment).unwrap()))
}

fn token() -> TokenRequest {
    let claims = base64::encode_url(r#"{"sub":"me"}"#);
    TokenRequest {
        given: Some(IdToken::new(format!("e30.{claims}.c2ln"))),
        disable_ambient: true,
        provider: None,
        flow: String::new(),
        issuer: None,
        client_id: "sigstore".into(),
        client_secret: None,
        redirect_url: None,
        consented: false,
    }
}

fn config(directory: &Path, rekor_versions: &[u32], with_timestamp: bool) -> ConfigSource {
    let service = |url: &str, version: u32| json!({ "url": url, "majorApiVersion": version, "operator": "x", "validFor": { "start": "2020-01-01T00:00:00Z" } });
    let mut config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("http://ca", 1)], "oidcUrls": [service("http://oidc", 1)],
        "rekorTlogUrls": rekor_versions.iter().map(|version| service(&format!("http://rekor{version}"), *version)).collect::<Vec<_>>(),
        "rekorTlogConfig": { "selector": "ANY" },
    });
    if with_timestamp {
        config["tsaUrls"] = json!([service("http://tsa", 1)]);
        config["tsaConfig"] = json!({ "selector": "ALL" });
    }
    let path = directory.join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    ConfigSource::File(path)
}

fn request(config: ConfigSource, directory: &Path) -> ServicesRequest {
    let root = directory.join("trusted_root.json");
    std::fs::write(&root, testdata("keyless/trust/trusted_root.json")).unwrap();
    ServicesRequest {
        config,
        fulcio_url: None,
        rekor_url: None,
        timestamp_url: None,
        oidc_issuer: None,
        timestamp_tls: TlsOptions::default(),
        log: true,
        certificate: true,
        needs_promise: false,
        hashed: true,
        algorithm: KeyAlgorithm::Ecdsa(crate::crypto::Curve::P256),
        insecure_skip_sct: false,
        trusted_root: Some(root),
        token: token(),
    }
}

/// Versions of the logs, how many authorities, whether there is a Fulcio.
fn resolve(request: &ServicesRequest) -> Result<(Vec<u32>, usize, bool), String> {
    // A mirror that nobody answers at, and a home without a cache: a trip fails.
    let home = tempfile::tempdir().unwrap();
    let world = at(NOW.0).with_var("HOME", home.path().to_str().unwrap()).with_var("TUF_MIRROR", "http://127.0.0.1:1");
    let services = run(SigningServices::resolve(request, &world.context())).map_err(|error| error.to_string())?;
    let version = |log: &Log| if matches!(log, Log::V1(_)) { 1 } else { 2 };
    let logs = services.witnesses.logs.iter().map(version).collect();
    Ok((logs, services.witnesses.authorities.len(), services.certifier.is_some()))
}

#[test]
fn a_signing_config_is_heeded() {
    let directory = tempfile::tempdir().unwrap();
    let asked = |versions: &[u32], with_timestamp: bool| request(config(directory.path(), versions, with_timestamp), directory.path());
    assert_eq!(resolve(&asked(&[1, 2], true)), Ok((vec![2], 1, true)));
    assert_eq!(resolve(&ServicesRequest { needs_promise: true, ..asked(&[1, 2], true) }), Ok((vec![1], 1, true)));
    assert!(resolve(&ServicesRequest { needs_promise: true, ..asked(&[2], true) }).unwrap_err().contains("--bundle"));
    // A certificate of minutes needs a time, which Rekor v2 does not give.
    assert_eq!(resolve(&asked(&[1, 2], false)), Ok((vec![1], 0, true)));
    assert!(resolve(&asked(&[2], false)).unwrap_err().contains("a timestamp authority must be provided"));
    assert_eq!(resolve(&ServicesRequest { certificate: false, ..asked(&[2], false) }), Ok((vec![2], 0, false)));
    assert_eq!(resolve(&asked(&[], true)), Ok((vec![], 1, true)));
    assert_eq!(resolve(&ServicesRequest { log: false, ..asked(&[1], true) }), Ok((vec![], 1, true)));
}

#[test]
fn services_by_hand_ask_nobody_for_a_config() {
    let directory = tempfile::tempdir().unwrap();
    let by_hand = |config: ConfigSource| ServicesRequest {
        fulcio_url: Some("http://f".into()),
        rekor_url: Some("http://r".into()),
        ..request(config, directory.path())
    };
    assert_eq!(resolve(&by_hand(ConfigSource::None)), Ok((vec![1], 0, true)));
    assert_eq!(resolve(&by_hand(ConfigSource::Distributed)), Ok((vec![1], 0, true)));
    // A key whose log is named by hand asks TUF for nothing, not even whom to trust.
    let key = ServicesRequest { certificate: false, trusted_root: None, ..by_hand(ConfigSource::None) };
    assert_eq!(resolve(&key), Ok((vec![1], 0, false)));
    let alone = ServicesRequest { log: false, rekor_url: None, fulcio_url: None, ..key };
    assert_eq!(resolve(&ServicesRequest { config: ConfigSource::Distributed, ..alone.clone() }), Ok((vec![], 0, false)));
    // What is missing is asked for, and nobody answers.
    let missing = ServicesRequest { log: true, config: ConfigSource::Distributed, ..alone };
    assert!(resolve(&missing).unwrap_err().starts_with("error getting signing config from TUF: "));
}

/// A Fulcio whose certificates last so long.
fn fulcio(lasting: i64) -> Server {
    let [authority] = keys();
    Server::new(move |asked| {
        let sent: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
        let pem = sent["publicKeyRequest"]["publicKey"]["content"].as_str().unwrap();
        let mut leaf = Template::leaf("leaf", "ca", &authority);
        leaf.key = PublicKey::from_pem(pem.as_bytes()).unwrap();
        (leaf.not_before, leaf.not_after) = (NOW, UnixTime(NOW.0 + lasting));
        let chain = [leaf.sign(&authority).to_pem()];
        Some(answer(200, json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } }).to_string()))
    })
}

fn session(server: &Server) -> Session {
    let fulcio = Fulcio::new(&server.url, &client(&Fake::default())).unwrap();
    Session::new(Certifier {
        fulcio,
        token: token(),
        key: None,
        algorithm: KeyAlgorithm::Ecdsa(crate::crypto::Curve::P256),
        insecure_skip_sct: false,
    })
}

#[test]
fn one_certificate_serves_until_its_last_minute() {
    let server = fulcio(600);
    let mut session = session(&server);
    let mut leaf = |moment: i64| run(session.identity(None, &at(moment).context())).unwrap().certificate.unwrap().leaf;
    let first = leaf(NOW.0);
    assert_eq!(leaf(NOW.0 + 540), first);
    assert_eq!(server.asked().len(), 1);
    assert_ne!(leaf(NOW.0 + 541), first);
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_certificate_without_a_trusted_authority_is_refused_on_receipt() {
    let server = fulcio(600);
    let trusted = crate::format::trusted_root::TrustedRoot::parse(&testdata("keyless/trust/trusted_root.json")).unwrap();
    let error = run(session(&server).identity(Some(&trusted), &at(NOW.0).context())).err().unwrap().to_string();
    assert!(error.starts_with("the certificate that Fulcio issued is refused"), "{error}");
}

/// A log that answers with an entry about `signature` by `key`.
fn log_of(signature: &[u8], key: &PrivateKey) -> Server {
    let body = json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": { "hash": { "algorithm": "sha256", "value": Digest::sha256("file").hex() } },
        "signature": { "content": base64::encode(signature), "publicKey": { "content": base64::encode(key.public().to_pem()) } },
    }});
    let entry = json!({ "uuid": { "body": base64::encode(body.to_string()), "integratedTime": NOW.0, "logID": hex::encode([7; 32]), "logIndex": 42,
        "verification": { "signedEntryTimestamp": base64::encode("promise") } } });
    Server::answering([answer(201, entry.to_string())])
}

fn finish(log: &Server, authority: Option<&Server>, key: PrivateKey, signature: Vec<u8>) -> Result<Bundle, String> {
    let clients = client(&Fake::default());
    let mut witnesses = Witnesses { logs: vec![Log::V1(v1::Rekor::new(&log.url, &clients).unwrap())], authorities: vec![] };
    witnesses.authorities.extend(authority.map(|server| TimestampService::new(&server.url, &clients).unwrap()));
    let services = SigningServices {
        trusted: None,
        is_partial: true,
        cached: None,
        certifier: None,
        witnesses,
        by_hand: true,
        demand: LogDemand::Digest,
    };
    let identity = SigningIdentity { signer: Arc::new(key), certificate: None };
    let message = MessageSignature { signature, digest: Some((&Digest::sha256("file")).into()) };
    let bundle = Bundle::new(BundleContent::Message(message), identity.bundle_signer());
    let finish = Finish { identity: &identity, services: &services, with_logs: true, form: Form::Bundle };
    let blob = Blob::from_bytes(b"file");
    run(finish.bundle(bundle, Artifact::Blob(&blob), &at(NOW.0).context())).map_err(|error| error.to_string())
}

#[test]
fn an_entry_must_be_about_this_signature_and_this_key() {
    let [key, other] = keys();
    let signature = key.sign_now(key.public().default_scheme(), Message::Bytes(b"file")).unwrap();
    let [again] = keys();
    let bundle = finish(&log_of(&signature, &key), None, again, signature.clone()).unwrap();
    assert_eq!(bundle.material.unwrap().log_entries[0].entry.log_index, 42);
    let [again] = keys();
    assert!(finish(&log_of(b"another", &key), None, again, signature.clone()).unwrap_err().contains("is about another signature"));
    let [again] = keys();
    assert!(finish(&log_of(&signature, &other), None, again, signature).unwrap_err().contains("is about another key"));
}

#[test]
fn a_witness_that_fails_leaves_word_of_the_other() {
    let [key] = keys();
    let signature = key.sign_now(key.public().default_scheme(), Message::Bytes(b"file")).unwrap();
    let authority = Server::answering([answer(500, "out of time")]);
    let error = finish(&log_of(&signature, &key), Some(&authority), key, signature).unwrap_err();
    assert!(
        error.contains("timestamp authority returned 500: out of time") && error.contains("has the signature already, at index 42"),
        "{error}"
    );
}
