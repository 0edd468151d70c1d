//! A transparency log with Rekor's API v1: hashedrekord, dsse and intoto; promises, proofs, conflicts, look-ups.

use std::sync::Mutex;

use cosign::crypto::HashAlgorithm;
use cosign::encoding::{base64, hex};
use serde_json::{Value, json};

use super::keys::KeyKind;
use super::log::{Tree, key_of_pem};
use super::merkle;
use super::rekor_kinds::{Refused, canonical_entry};
use super::service::{Clock, canonical, json as json_response};
use crate::support::http_server::{Request, Response};

/// Where this shard begins: an entry's index in the log is not its index in the tree.
const OFFSET: usize = 1000;
const TREE: u64 = 0x1234_5678_9abc_def0;

/// What the log answers; the first is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Right,
    /// An entry that is about another digest, with everything else right.
    OtherDigest,
    /// A checkpoint, proof and promise of another log.
    OtherLog,
    /// A promise that is not over this entry.
    WrongPromise,
    /// A proof that leads elsewhere.
    WrongProof,
}

struct Entry {
    body: Vec<u8>,
    time: i64,
    index: usize,
    keys: Vec<String>,
}

struct State {
    tree: Tree,
    entries: Vec<Entry>,
    answer: Answer,
    largest: usize,
}

/// The log.
pub struct RekorV1 {
    state: Mutex<State>,
    clock: Clock,
}

impl RekorV1 {
    pub fn new(kind: KeyKind, clock: &Clock) -> Self {
        let tree = Tree::new(kind, &format!("rekor.sigstore.test - {TREE}"), "rekor.sigstore.test");
        let state = State { tree, entries: Vec::new(), answer: Answer::Right, largest: usize::MAX };
        Self { state: Mutex::new(state), clock: clock.clone() }
    }

    /// What is answered from now on.
    pub fn answers(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// The largest request that it takes.
    pub fn takes_at_most(&self, bytes: usize) {
        self.state.lock().unwrap().largest = bytes;
    }

    /// How many entries were made.
    pub fn entries(&self) -> usize {
        self.state.lock().unwrap().entries.len()
    }

    /// The stored bodies.
    pub fn bodies(&self) -> Vec<Value> {
        self.state.lock().unwrap().entries.iter().map(|entry| serde_json::from_slice(&entry.body).unwrap()).collect()
    }

    /// Key and details for a trusted root.
    pub fn key(&self) -> super::keys::Key {
        self.state.lock().unwrap().tree.key.clone()
    }

    pub fn answer(&self, request: &Request) -> Response {
        let mut state = self.state.lock().unwrap();
        match (request.method.as_str(), request.path()) {
            ("POST", "/api/v1/log/entries") => state.create(request, self.clock.now()),
            ("POST", "/api/v1/log/entries/retrieve") => state.retrieve(request),
            ("POST", "/api/v1/index/retrieve") => state.by_hash(request),
            ("GET", "/api/v1/log/entries") => {
                let index = request.query("logIndex").and_then(|text| text.parse::<usize>().ok());
                let found = state.entries.iter().position(|entry| Some(entry.index + OFFSET) == index);
                state.found(found)
            }
            ("GET", "/api/v1/log/publicKey") => Response::new(200, state.tree.key.pem()).with("Content-Type", "application/x-pem-file"),
            ("GET", "/api/v1/log") => json_response(
                200,
                &json!({ "rootHash": "", "treeSize": state.tree.size(), "signedTreeHead": state.tree.checkpoint(), "treeID": TREE.to_string() }),
            ),
            ("GET", path) if path.starts_with("/api/v1/log/entries/") => {
                let uuid = path.rsplit('/').next().unwrap();
                let found =
                    state.entries.iter().position(|entry| entry.uuid() == uuid || (uuid.len() == 64 && entry.uuid().ends_with(uuid)));
                state.found(found)
            }
            _ => error(404, "path not found"),
        }
    }
}

fn error(status: u16, message: &str) -> Response {
    json_response(status, &json!({ "code": status, "message": message }))
}

impl State {
    fn create(&mut self, request: &Request, now: i64) -> Response {
        if request.body.len() > self.largest {
            return error(413, &format!("entry too large: {} bytes", request.body.len()));
        }
        let Ok(proposed) = serde_json::from_slice::<Value>(&request.body) else { return error(400, "invalid JSON") };
        let (body, keys) = match canonical_entry(&proposed) {
            Ok((entry, keys)) => (canonical(&entry).into_bytes(), keys),
            Err(Refused(why)) => return error(400, &format!("error processing entry: {why}")),
        };
        if let Some(known) = self.entries.iter().find(|entry| entry.body == body) {
            let message = format!("an equivalent entry already exists in the transparency log with UUID {}", known.uuid());
            return error(409, &message).with("Location", format!("/api/v1/log/entries/{}", known.uuid()));
        }
        let body = if self.answer == Answer::OtherDigest { other_digest(&body) } else { body };
        let index = self.tree.append(&body);
        self.entries.push(Entry { body, time: now, index, keys });
        let position = self.entries.len() - 1;
        let uuid = self.entries[position].uuid();
        json_response(201, &self.shown(position)).with("Etag", uuid.clone()).with("Location", format!("/api/v1/log/entries/{uuid}"))
    }

    /// An entry with its promise and its proof.
    fn shown(&self, position: usize) -> Value {
        let entry = &self.entries[position];
        let other;
        let (tree, index) = match self.answer {
            Answer::OtherLog => {
                let mut tree = Tree::new(KeyKind::P256, &self.tree.origin, &self.tree.signer);
                let index = tree.append(&entry.body);
                other = tree;
                (&other, index)
            }
            _ => (&self.tree, entry.index),
        };
        let mut proof = tree.proof(index);
        if self.answer == Answer::WrongProof {
            proof.hashes[0][0] ^= 1;
        }
        let log_id = hex::encode(self.tree.key.id());
        let body = base64::encode(&entry.body);
        let log_index = index + OFFSET;
        let time = if self.answer == Answer::WrongPromise { entry.time + 1 } else { entry.time };
        let promise = json!({ "body": body, "integratedTime": time, "logID": log_id, "logIndex": log_index });
        let promise = tree.key.sign(canonical(&promise).as_bytes());
        json!({ entry.uuid(): {
            "body": body, "integratedTime": entry.time, "logID": log_id, "logIndex": log_index,
            "verification": {
                "inclusionProof": {
                    "checkpoint": proof.checkpoint, "hashes": proof.hashes.iter().map(hex::encode).collect::<Vec<_>>(),
                    "logIndex": proof.index, "rootHash": hex::encode(proof.root), "treeSize": proof.size,
                },
                "signedEntryTimestamp": base64::encode(promise),
            },
        }})
    }

    fn found(&self, position: Option<usize>) -> Response {
        position.map_or_else(|| error(404, "entry not found"), |position| json_response(200, &self.shown(position)))
    }

    /// Entries by UUID, index or proposed entry.
    fn retrieve(&self, request: &Request) -> Response {
        let Ok(query) = serde_json::from_slice::<Value>(&request.body) else { return error(400, "invalid JSON") };
        let list = |name: &str| query[name].as_array().cloned().unwrap_or_default();
        // As the real one: an entry that it would not take fails the whole search.
        let known = |entry: &Value| entry["kind"] != "intoto" || entry["apiVersion"] != "0.0.1";
        let canonical_entries: Result<Vec<_>, Refused> = list("entries").iter().filter(|entry| known(entry)).map(canonical_entry).collect();
        let bodies: Vec<Vec<u8>> = match canonical_entries {
            Ok(entries) => entries.into_iter().map(|(entry, _)| canonical(&entry).into_bytes()).collect(),
            Err(Refused(why)) => return error(400, why),
        };
        let wanted = |entry: &Entry| {
            bodies.contains(&entry.body)
                || list("entryUUIDs").iter().any(|uuid| uuid.as_str().is_some_and(|uuid| entry.uuid().ends_with(uuid)))
                || list("logIndexes").iter().any(|index| index.as_u64() == Some((entry.index + OFFSET) as u64))
        };
        let found: Vec<Value> = (0..self.entries.len()).filter(|at| wanted(&self.entries[*at])).map(|at| self.shown(at)).collect();
        json_response(200, &Value::Array(found))
    }

    /// UUIDs by the digest of an artifact, an e-mail or a key.
    fn by_hash(&self, request: &Request) -> Response {
        let Ok(query) = serde_json::from_slice::<Value>(&request.body) else { return error(400, "invalid JSON") };
        let wanted: Vec<String> = ["hash", "email"].iter().filter_map(|name| query[name].as_str()).map(str::to_owned).collect();
        let found: Vec<String> =
            self.entries.iter().filter(|entry| entry.keys.iter().any(|key| wanted.contains(key))).map(Entry::uuid).collect();
        json_response(200, &json!(found))
    }
}

impl Entry {
    fn uuid(&self) -> String {
        format!("{TREE:016x}{}", hex::encode(merkle::leaf(&self.body)))
    }
}

/// The same entry about another digest.
fn other_digest(body: &[u8]) -> Vec<u8> {
    let mut entry: Value = serde_json::from_slice(body).unwrap();
    let other = HashAlgorithm::Sha256.digest(b"another artifact").hex();
    let spec = &mut entry["spec"];
    match spec.get("data").is_some() {
        true => spec["data"]["hash"]["value"] = other.into(),
        false if spec.get("payloadHash").is_some() => spec["payloadHash"]["value"] = other.into(),
        false => spec["content"]["payloadHash"]["value"] = other.into(),
    }
    canonical(&entry).into_bytes()
}

/// The verifier of an entry, where it is one.
pub fn verifier_key(value: &Value) -> Option<cosign::crypto::PublicKey> {
    key_of_pem(&base64::decode(value.as_str()?).ok()?)
}
