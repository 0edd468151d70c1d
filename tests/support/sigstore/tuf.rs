//! A TUF repository: consistent snapshots, a key or more a role, new versions, rotation, expiry, rollback, broken signatures.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cosign::encoding::{UnixTime, hex};
use serde_json::{Map, Value, json};

use super::keys::{Key, KeyKind, sha256};
use super::service::Clock;
use crate::support::http_server::{Request, Response};

const DAY: i64 = 24 * 3600;
pub const ROLES: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];

/// One role: its keys, how many must sign, version and expiry of its newest metadata.
struct Role {
    keys: Vec<Key>,
    threshold: usize,
    version: u64,
    expires: i64,
}

struct State {
    roles: BTreeMap<&'static str, Role>,
    targets: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
    /// Signs a role's metadata with fewer keys than its threshold.
    too_few: Option<&'static str>,
    broken: Option<&'static str>,
}

/// The repository.
pub struct TufRepository {
    state: Mutex<State>,
    clock: Clock,
}

impl TufRepository {
    /// Version 1 of everything, valid for a year, without targets.
    pub fn new(kind: KeyKind, clock: &Clock) -> Self {
        let role = |name| (name, Role { keys: vec![Key::new(kind)], threshold: 1, version: 0, expires: clock.now() + 365 * DAY });
        let state = State {
            roles: ROLES.into_iter().map(role).collect(),
            targets: BTreeMap::new(),
            files: BTreeMap::new(),
            too_few: None,
            broken: None,
        };
        let repository = Self { state: Mutex::new(state), clock: clock.clone() };
        repository.change(|state| state.write_root(&[]));
        repository.publish(&[]);
        repository
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    /// Adds or replaces targets, with new versions of everything below the root.
    pub fn publish(&self, targets: &[(&str, String)]) {
        self.change(|state| {
            state.targets.extend(targets.iter().map(|(name, content)| ((*name).to_owned(), content.clone().into_bytes())));
            state.write("targets");
        });
    }

    /// A target that is gone.
    pub fn withdraw(&self, name: &str) {
        self.change(|state| {
            state.targets.remove(name);
            state.write("targets");
        });
    }

    /// The bytes of the first root: what users start from.
    pub fn first_root(&self) -> Vec<u8> {
        self.change(|state| state.files["1.root.json"].clone())
    }

    /// A new root with new keys for a role, signed by the old root keys and the new ones.
    pub fn rotate(&self, role: &'static str, count: usize, threshold: usize) {
        self.change(|state| {
            let old = state.roles["root"].keys.clone();
            let entry = state.roles.get_mut(role).unwrap();
            entry.keys = (0..count).map(|_| Key::new(KeyKind::P256)).collect();
            entry.threshold = threshold;
            state.write_root(&old);
            if role != "root" {
                state.write(role);
            }
        });
    }

    /// A new root that the old keys did not sign: nobody may follow it.
    pub fn usurp(&self) {
        self.change(|state| {
            state.roles.get_mut("root").unwrap().keys = vec![Key::new(KeyKind::P256)];
            state.write_root(&[]);
        });
    }

    /// The newest metadata of a role is anew, and expired since a day.
    pub fn expire(&self, role: &'static str) {
        let expires = self.clock.now() - DAY;
        self.change(|state| {
            state.roles.get_mut(role).unwrap().expires = expires;
            let old = state.roles["root"].keys.clone();
            if role == "root" { state.write_root(&old) } else { state.write(role) }
        });
    }

    /// Signs a role anew with a signature less than its threshold.
    pub fn sign_with_too_few(&self, role: &'static str) {
        self.change(|state| {
            state.too_few = Some(role);
            state.write(role);
        });
    }

    /// Signs a role anew with a signature that is not over it.
    pub fn break_signature(&self, role: &'static str) {
        self.change(|state| {
            state.broken = Some(role);
            state.write(role);
        });
    }

    /// All that is served now.
    pub fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        self.change(|state| state.files.clone())
    }

    /// Serves what was served before: a rollback, or with parts of it a mix.
    pub fn serve(&self, files: BTreeMap<String, Vec<u8>>) {
        self.change(|state| state.files = files);
    }

    /// Changes one file as it is served.
    pub fn tamper(&self, part_of_name: &str, change: impl Fn(&mut Vec<u8>)) {
        self.change(|state| state.files.iter_mut().filter(|(name, _)| name.contains(part_of_name)).for_each(|(_, bytes)| change(bytes)));
    }

    pub fn answer(&self, request: &Request) -> Response {
        let found = self.change(|state| state.files.get(request.path().trim_start_matches('/')).cloned());
        found.map_or_else(|| Response::new(404, "404 page not found\n"), |bytes| Response::new(200, bytes))
    }
}

impl State {
    /// A new version of a role and of what stands above it.
    fn write(&mut self, role: &'static str) {
        match role {
            "targets" => {
                let targets: Map<String, Value> = self.targets.iter().map(|(name, bytes)| (name.clone(), file(bytes))).collect();
                for (name, bytes) in &self.targets {
                    let (folder, base) =
                        name.rsplit_once('/').map_or((String::new(), name.as_str()), |(folder, base)| (format!("{folder}/"), base));
                    self.files.insert(format!("targets/{folder}{}.{base}", hex::encode(sha256(bytes))), bytes.clone());
                }
                self.sign("targets", json!({ "targets": targets }));
                self.write("snapshot");
            }
            "snapshot" => {
                let version = self.roles["targets"].version;
                self.sign("snapshot", json!({ "meta": { "targets.json": { "version": version } } }));
                self.write("timestamp");
            }
            "timestamp" => {
                let version = self.roles["snapshot"].version;
                self.sign("timestamp", json!({ "meta": { "snapshot.json": { "version": version } } }));
            }
            _ => self.write_root(&[]),
        }
    }

    fn write_root(&mut self, old: &[Key]) {
        let (mut keys, mut roles) = (Map::new(), Map::new());
        for (name, role) in &self.roles {
            let ids: Vec<String> = role.keys.iter().map(key_id).collect();
            keys.extend(role.keys.iter().map(|key| (key_id(key), key_object(key))));
            roles.insert((*name).to_owned(), json!({ "keyids": ids, "threshold": role.threshold }));
        }
        let content = json!({ "consistent_snapshot": true, "keys": keys, "roles": roles });
        let mut signers = self.roles["root"].keys.clone();
        let own: Vec<String> = signers.iter().map(key_id).collect();
        signers.extend(old.iter().filter(|key| !own.contains(&key_id(key))).cloned());
        self.sign_by("root", content, &signers);
    }

    fn sign(&mut self, role: &'static str, content: Value) {
        let entry = &self.roles[role];
        let count = if self.too_few == Some(role) { entry.threshold - 1 } else { entry.keys.len() };
        let keys = entry.keys[..count].to_vec();
        self.sign_by(role, content, &keys);
    }

    fn sign_by(&mut self, role: &'static str, content: Value, keys: &[Key]) {
        let entry = self.roles.get_mut(role).unwrap();
        entry.version += 1;
        let mut signed = json!({
            "_type": role, "spec_version": "1.0.31", "version": entry.version, "expires": UnixTime(entry.expires).to_string(),
        });
        signed.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        let bytes = canonical(&signed);
        let over = if self.broken == Some(role) { "another" } else { bytes.as_str() };
        let signatures: Vec<Value> =
            keys.iter().map(|key| json!({ "keyid": key_id(key), "sig": hex::encode(key.sign_for_tuf(over.as_bytes())) })).collect();
        let name = if role == "timestamp" { "timestamp.json".to_owned() } else { format!("{}.{role}.json", entry.version) };
        self.files.insert(name, json!({ "signatures": signatures, "signed": signed }).to_string().into_bytes());
    }
}

/// Canonical JSON as TUF has it: in texts only quotes and backslashes are escaped, line ends are not.
fn canonical(value: &Value) -> String {
    super::service::canonical(value).replace("\\n", "\n")
}

fn file(bytes: &[u8]) -> Value {
    json!({ "length": bytes.len(), "hashes": { "sha256": hex::encode(sha256(bytes)) } })
}

fn key_object(key: &Key) -> Value {
    match key {
        Key::Ed25519(_) => json!({ "keytype": "ed25519", "scheme": "ed25519", "keyval": { "public": hex::encode(&key.spki()[12..]) } }),
        Key::Rsa(_) => json!({ "keytype": "rsa", "scheme": "rsassa-pss-sha256", "keyval": { "public": key.pem() } }),
        _ => json!({ "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": { "public": key.pem() } }),
    }
}

fn key_id(key: &Key) -> String {
    hex::encode(sha256(canonical(&key_object(key))))
}
