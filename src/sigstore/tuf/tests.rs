#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::ambient::fake::Fake;
use crate::crypto::certificate::testing::{NOW, keys};
use crate::crypto::{Digest, Message, PrivateKey};
use crate::encoding::{UnixTime, hex};
use crate::sigstore::testing::{Server, answer, run};

const DAY: i64 = 24 * 3600;

/// A repository whose files a test changes.
struct Repository {
    key: PrivateKey,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    server: Server,
}

impl Repository {
    fn new() -> Self {
        let [key] = keys();
        let files: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let served = Arc::clone(&files);
        let server = Server::new(move |asked| {
            let name = asked.line.strip_prefix("GET /").unwrap_or_default();
            match served.lock().unwrap().get(name).cloned() {
                Some(bytes) if bytes.starts_with(b"STATUS ") => Some(answer(503, bytes)),
                Some(bytes) => Some(answer(200, bytes)),
                None => Some(answer(404, "")),
            }
        });
        let repository = Self { key, files, server };
        repository.publish(1, NOW.0 + 30 * DAY, &[(TRUSTED_ROOT, b"trusted"), (SIGNING_CONFIG, b"config")]);
        repository
    }

    fn signed(&self, signed: &Value) -> Vec<u8> {
        let bytes = sigstore_tuf::canonical_json::to_canonical_bytes(signed).unwrap();
        let signature = self.key.sign_now(self.key.public().default_scheme(), Message::Bytes(&bytes)).unwrap();
        json!({ "signatures": [{ "keyid": "k", "sig": hex::encode(signature) }], "signed": signed }).to_string().into_bytes()
    }

    fn root(&self, expires: i64) -> Vec<u8> {
        self.root_of(expires, true)
    }

    fn root_of(&self, expires: i64, consistent: bool) -> Vec<u8> {
        let role = json!({ "keyids": ["k"], "threshold": 1 });
        let key = json!({ "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": { "public": self.key.public().to_pem() } });
        self.signed(&json!({
            "_type": "root", "spec_version": "1.0.31", "version": 1, "expires": UnixTime(expires).to_string(), "consistent_snapshot": consistent,
            "keys": { "k": key }, "roles": { "root": role, "timestamp": role, "snapshot": role, "targets": role },
        }))
    }

    fn publish(&self, version: u64, expires: i64, targets: &[(&str, &[u8])]) {
        let role = |kind: &str, rest: Value| {
            let mut signed =
                json!({ "_type": kind, "spec_version": "1.0.31", "version": version, "expires": UnixTime(expires).to_string() });
            rest.as_object().unwrap().iter().for_each(|(name, value)| signed[name] = value.clone());
            self.signed(&signed)
        };
        let mut files = self.files.lock().unwrap();
        let mut listed = json!({});
        for (name, bytes) in targets {
            let hash = Digest::sha256(bytes).hex();
            listed[*name] = json!({ "length": bytes.len(), "hashes": { "sha256": hash } });
            let (directory, file) = name.rsplit_once('/').map_or((String::new(), *name), |(d, f)| (format!("{d}/"), f));
            files.insert(format!("targets/{directory}{hash}.{file}"), bytes.to_vec());
        }
        files.insert(format!("{version}.targets.json"), role("targets", json!({ "targets": listed })));
        files.insert(format!("{version}.snapshot.json"), role("snapshot", json!({ "meta": { "targets.json": { "version": version } } })));
        files.insert("timestamp.json".into(), role("timestamp", json!({ "meta": { "snapshot.json": { "version": version } } })));
    }

    fn set(&self, name: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
    }

    fn options(&self, directory: &Path) -> TufOptions {
        TufOptions { mirror: self.server.url.clone(), root: self.root(NOW.0 + 300 * DAY), directory: directory.to_owned() }
    }
}

fn at(moment: i64) -> Fake {
    Fake::default().at(UNIX_EPOCH + Duration::from_secs(u64::try_from(moment).unwrap()))
}

fn fetch(options: &TufOptions, network: Network, world: &Fake) -> Result<Vec<Vec<u8>>, String> {
    run(refresh::targets(options, &[TRUSTED_ROOT, SIGNING_CONFIG], network, &world.context())).map_err(|error| error.to_string())
}

fn both() -> Vec<Vec<u8>> {
    vec![b"trusted".to_vec(), b"config".to_vec()]
}

#[test]
fn a_day_passes_without_a_trip() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    assert_eq!(fetch(&options, Network::Allowed, &at(NOW.0)).unwrap(), both());
    let lines: Vec<String> = repository.server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[..4], ["GET /2.root.json", "GET /timestamp.json", "GET /1.snapshot.json", "GET /1.targets.json"]);
    assert_eq!(lines.len(), 6);
    assert_eq!(fetch(&options, Network::Allowed, &at(NOW.0 + DAY - 1)).unwrap(), both());
    assert_eq!(fetch(&options, Network::Forbidden, &at(NOW.0 + 2 * DAY)).unwrap(), both());
    assert_eq!(repository.server.asked().len(), 6);
    // Later it is tried: root and timestamp, nothing else as nothing changed.
    assert_eq!(fetch(&options, Network::Allowed, &at(NOW.0 + DAY)).unwrap(), both());
    assert_eq!(repository.server.asked().len(), 8);
}

#[test]
fn a_mirror_that_is_down_is_a_warning_until_the_cache_expires() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    fetch(&options, Network::Allowed, &at(NOW.0)).unwrap();
    repository.set("2.root.json", b"STATUS 403");
    let world = at(NOW.0 + 2 * DAY);
    assert_eq!(fetch(&options, Network::Allowed, &world).unwrap(), both());
    assert!(world.said()[0].contains("http status code: 503") && world.said()[0].starts_with("WARNING: "), "{:?}", world.said());
    let error = fetch(&options, Network::Allowed, &at(NOW.0 + 31 * DAY)).unwrap_err();
    assert!(error.contains("tuf refresh failed") && error.contains("http status code: 503"), "{error}");
    let error = fetch(&options, Network::Forbidden, &at(NOW.0 + 31 * DAY)).unwrap_err();
    assert!(error.contains("--offline") && error.contains("--trusted-root") && error.contains("timestamp.json is expired"), "{error}");
}

#[test]
fn metadata_that_is_not_to_be_trusted_is_no_warning() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    repository.publish(5, NOW.0 + 30 * DAY, &[(TRUSTED_ROOT, b"trusted"), (SIGNING_CONFIG, b"config")]);
    fetch(&options, Network::Allowed, &at(NOW.0)).unwrap();
    let later = NOW.0 + 2 * DAY;
    repository.publish(4, NOW.0 + 90 * DAY, &[(TRUSTED_ROOT, b"older"), (SIGNING_CONFIG, b"config")]);
    assert!(
        fetch(&options, Network::Allowed, &at(later))
            .unwrap_err()
            .contains("bad version number error: new timestamp version 4 must be >= 5")
    );
    repository.publish(6, NOW.0 + DAY, &[(TRUSTED_ROOT, b"trusted"), (SIGNING_CONFIG, b"config")]);
    assert!(fetch(&options, Network::Allowed, &at(later)).unwrap_err().contains("timestamp.json is expired"));
    let mut forged: Value = serde_json::from_slice(&repository.files.lock().unwrap()["timestamp.json"].clone()).unwrap();
    forged["signed"]["version"] = 7.into();
    repository.set("timestamp.json", forged.to_string().as_bytes());
    assert!(fetch(&options, Network::Allowed, &at(later)).unwrap_err().contains("not enough signatures, got 0, want 1"));
}

#[test]
fn an_altered_target_is_refused_and_not_kept() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    repository.set(&format!("targets/{}.{TRUSTED_ROOT}", Digest::sha256(b"trusted").hex()), b"TRUSTED");
    let error = fetch(&options, Network::Allowed, &at(NOW.0)).unwrap_err();
    assert!(error.starts_with("failed to download target file trusted_root.json - length/hash verification error"), "{error}");
    assert!(!directory.path().join(options.metadata()).join("targets").exists());
}

#[test]
fn a_cache_that_was_tampered_with_is_not_believed() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    fetch(&options, Network::Allowed, &at(NOW.0)).unwrap();
    std::fs::write(options.metadata().join("targets").join(TRUSTED_ROOT), b"TRUSTED").unwrap();
    assert_eq!(fetch(&options, Network::Allowed, &at(NOW.0)).unwrap(), both());
    assert_eq!(repository.server.asked().len(), 7);
}

#[test]
fn a_directory_that_cannot_be_written_to_leaves_all_in_memory() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    // A file where the directory should be.
    let file = directory.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert_eq!(fetch(&repository.options(&file), Network::Allowed, &at(NOW.0)).unwrap(), both());
}

#[test]
fn ghsa_fcv2_xgw5_pqxf_names_that_leave_the_directory_fail() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    for name in ["../evil", "/etc/evil", "a/../../evil", "..\\evil", ""] {
        let error = run(refresh::targets(&options, &[name], Network::Allowed, &at(NOW.0).context())).unwrap_err();
        assert!(matches!(error, TufError::TargetName(_)), "{name}: {error}");
    }
    let missing = run(refresh::targets(&options, &["nosuch"], Network::Allowed, &at(NOW.0).context())).unwrap_err();
    assert_eq!(missing.to_string(), "getting info for target \"nosuch\": target nosuch not found");
}

#[test]
fn initialize_replaces_the_cache_when_all_is_there() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    std::fs::write(directory.path().join("mine.txt"), b"mine").unwrap();
    run(initialize::initialize(&options, &at(NOW.0).context())).unwrap();
    let remote = std::fs::read_to_string(directory.path().join("remote.json")).unwrap();
    assert_eq!(remote, format!("{{\"mirror\":\"{}\"}}", repository.server.url));
    assert!(options.metadata().join("targets").join(SIGNING_CONFIG).is_file());
    assert!(directory.path().join("mine.txt").is_file());
    // One that fails leaves what was there.
    repository.set("timestamp.json", b"STATUS 500");
    assert!(run(initialize::initialize(&options, &at(NOW.0).context())).is_err());
    assert!(options.metadata().join("targets").join(SIGNING_CONFIG).is_file());
    assert_eq!(fetch(&options, Network::Forbidden, &at(NOW.0)).unwrap(), both());
}

#[test]
fn a_mirror_without_signing_config_is_a_warning() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    repository.publish(2, NOW.0 + 30 * DAY, &[(TRUSTED_ROOT, b"trusted")]);
    let world = at(NOW.0);
    run(initialize::initialize(&repository.options(directory.path()), &world.context())).unwrap();
    assert!(world.said()[0].starts_with("WARNING: Could not fetch signing_config.json from the TUF mirror"), "{:?}", world.said());
}

#[test]
fn many_cold_starts_make_one_trip() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = repository.options(directory.path());
    let starts: Vec<_> = (0..20)
        .map(|_| {
            let options = options.clone();
            std::thread::spawn(move || fetch(&options, Network::Allowed, &at(NOW.0)).unwrap())
        })
        .collect();
    for start in starts {
        assert_eq!(start.join().unwrap(), both());
    }
    assert_eq!(repository.server.asked().len(), 6);
}

#[test]
fn individual_targets_stand_for_a_trusted_root() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let key = repository.key.public().to_pem();
    repository.publish(2, NOW.0 + 30 * DAY, &[("rekor.pub", key.as_bytes()), ("ctfe.pub", key.as_bytes()), ("artifact.pub", b"more")]);
    let options = repository.options(directory.path());
    let world = at(NOW.0);
    let status = run(initialize::initialize(&options, &world.context())).unwrap().unwrap();
    assert_eq!(status.targets, ["artifact.pub", "ctfe.pub", "rekor.pub"]);
    assert_eq!((status.metadata["targets.json"].version, status.metadata["root.json"].expiration.ends_with(" UTC")), (2, true));
    assert!(world.said().iter().any(|line| line.contains("falling back to individual targets")), "{:?}", world.said());
    // From the cache: the mirror is not asked again.
    let asked = repository.server.asked().len();
    let made = run(refresh::targets(&options, &[TRUSTED_ROOT], Network::Allowed, &world.context())).unwrap().remove(0);
    let root = crate::format::trusted_root::TrustedRoot::parse(&made).unwrap();
    assert_eq!((root.transparency_logs.len(), root.ct_logs.len(), root.certificate_authorities.len()), (1, 1, 0));
    assert_eq!(repository.server.asked().len(), asked);
}

#[test]
fn snapshots_may_be_without_versions() {
    let (repository, directory) = (Repository::new(), tempfile::tempdir().unwrap());
    let options = TufOptions { root: repository.root_of(NOW.0 + 300 * DAY, false), ..repository.options(directory.path()) };
    let files = std::mem::take(&mut *repository.files.lock().unwrap());
    for (name, bytes) in files {
        let file = name.rsplit_once('/').map_or(name.as_str(), |(_, file)| file);
        let plain = file.split_once('.').filter(|(first, _)| first.len() == 64 || *first == "1").map_or(file, |(_, rest)| rest);
        repository.set(&name.replace(file, plain), &bytes);
    }
    assert_eq!(fetch(&options, Network::Allowed, &at(NOW.0)).unwrap(), both());
    let lines: Vec<String> = repository.server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[1..4], ["GET /timestamp.json", "GET /snapshot.json", "GET /targets.json"]);
    assert!(lines.contains(&"GET /targets/trusted_root.json".to_owned()), "{lines:?}");
}
