//! A transparency log with Rekor's API v2 (rekor-tiles): hashedrekord and dsse 0.0.2, proofs with checkpoints, no promises, no look-ups.

use std::sync::Mutex;

use cosign::crypto::{Certificate, HashAlgorithm, Message, PublicKey};
use cosign::encoding::base64;
use serde_json::{Value, json};

use super::keys::{Key, KeyKind, sha256, verifies};
use super::log::{Tree, pae, signs_digest};
use super::rekor_v1::Answer;
use super::service::{canonical, json as json_response, refusal};
use crate::support::http_server::{Request, Response};

struct State {
    tree: Tree,
    bodies: Vec<(Vec<u8>, usize)>,
    answer: Answer,
    largest: usize,
}

/// The log.
pub struct RekorV2 {
    state: Mutex<State>,
}

impl RekorV2 {
    /// A log at `host`, which its checkpoints name; `witnesses` sign them too.
    pub fn new(kind: KeyKind, host: &str, witnesses: usize) -> Self {
        let mut tree = Tree::new(kind, host, host);
        tree.witnesses = (0..witnesses).map(|number| (format!("witness{number}.test"), Key::new(KeyKind::Ed25519))).collect();
        Self { state: Mutex::new(State { tree, bodies: Vec::new(), answer: Answer::Right, largest: usize::MAX }) }
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
        self.state.lock().unwrap().bodies.len()
    }

    /// The log's key, and its id.
    pub fn key(&self) -> (Key, [u8; 32]) {
        let state = self.state.lock().unwrap();
        (state.tree.key.clone(), state.tree.id())
    }

    pub fn answer(&self, request: &Request) -> Response {
        let mut state = self.state.lock().unwrap();
        match (request.method.as_str(), request.path()) {
            ("POST", "/api/v2/log/entries") => state.create(request),
            ("GET", "/api/v2/checkpoint") => Response::new(200, state.tree.checkpoint()).with("Content-Type", "text/plain; charset=utf-8"),
            _ => refusal(404, 5, "Not Found"),
        }
    }
}

impl State {
    fn create(&mut self, request: &Request) -> Response {
        if request.body.len() > self.largest {
            return refusal(413, 8, "http: request body too large");
        }
        let Ok(asked) = serde_json::from_slice::<Value>(&request.body) else { return refusal(400, 3, "invalid JSON") };
        let entry = match (asked.get("hashedRekordRequestV002"), asked.get("dsseRequestV002")) {
            (Some(asked), None) => hashedrekord(asked),
            (None, Some(asked)) => dsse(asked),
            _ => Err("unsupported request"),
        };
        let (kind, entry) = match entry {
            Ok(entry) => entry,
            Err(why) => return refusal(400, 3, &format!("invalid {why}")),
        };
        let mut body = canonical(&entry).into_bytes();
        if let Some((_, index)) = self.bodies.iter().find(|(known, _)| *known == body) {
            let message = format!("an equivalent entry already exists in the transparency log with index {index}");
            return refusal(409, 6, &message).with("X-Log-Index", index.to_string());
        }
        if self.answer == Answer::OtherDigest {
            let mut other = entry;
            other["spec"]["hashedRekordV002"]["data"]["digest"] = base64::encode(sha256("another artifact")).into();
            body = canonical(&other).into_bytes();
        }
        let index = self.tree.append(&body);
        self.bodies.push((body.clone(), index));
        json_response(201, &self.shown(kind, &body, index))
    }

    fn shown(&self, kind: &str, body: &[u8], index: usize) -> Value {
        let other;
        let (tree, index) = match self.answer {
            Answer::OtherLog => {
                let kind = if matches!(self.tree.key, Key::Ed25519(_)) { KeyKind::Ed25519 } else { KeyKind::P256 };
                let mut tree = Tree::new(kind, &self.tree.origin, &self.tree.signer);
                let index = tree.append(body);
                other = tree;
                (&other, index)
            }
            _ => (&self.tree, index),
        };
        let mut proof = tree.proof(index);
        if self.answer == Answer::WrongProof {
            proof.hashes[0][0] ^= 1;
        }
        json!({
            "logIndex": index.to_string(), "logId": { "keyId": base64::encode(self.tree.id()) },
            "kindVersion": { "kind": kind, "version": "0.0.2" }, "integratedTime": "0", "inclusionPromise": null,
            "inclusionProof": {
                "logIndex": proof.index.to_string(), "rootHash": base64::encode(proof.root), "treeSize": proof.size.to_string(),
                "hashes": proof.hashes.iter().map(base64::encode).collect::<Vec<_>>(), "checkpoint": { "envelope": proof.checkpoint },
            },
            "canonicalizedBody": base64::encode(body),
        })
    }
}

fn decoded(value: &Value) -> Result<Vec<u8>, &'static str> {
    value.as_str().and_then(|text| base64::decode(text).ok()).ok_or("base64")
}

/// The key of a verifier, and the hash function of its details.
fn verifier(verifier: &Value) -> Result<(PublicKey, HashAlgorithm), &'static str> {
    let key = match verifier.get("x509Certificate") {
        Some(certificate) => {
            let der = decoded(&certificate["rawBytes"])?;
            Certificate::from_der(&der).ok().and_then(|certificate| certificate.public_key().ok()).ok_or("certificate")?
        }
        None => PublicKey::from_spki_der(&decoded(&verifier["publicKey"]["rawBytes"])?).map_err(|_| "public key")?,
    };
    let details = verifier["keyDetails"].as_str().unwrap_or_default();
    let hash = match details {
        "PKIX_ECDSA_P256_SHA_256" => HashAlgorithm::Sha256,
        "PKIX_ECDSA_P384_SHA_384" => HashAlgorithm::Sha384,
        "PKIX_ECDSA_P521_SHA_512" | "PKIX_ED25519_PH" => HashAlgorithm::Sha512,
        _ if details.starts_with("PKIX_RSA_PKCS1V15_") && details.ends_with("_SHA256") => HashAlgorithm::Sha256,
        _ => return Err("key details"),
    };
    Ok((key, hash))
}

fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha256 => "SHA2_256",
        HashAlgorithm::Sha384 => "SHA2_384",
        HashAlgorithm::Sha512 => "SHA2_512",
    }
}

fn hashedrekord(asked: &Value) -> Result<(&'static str, Value), &'static str> {
    let (key, hash) = verifier(&asked["signature"]["verifier"])?;
    let digest = decoded(&asked["digest"])?;
    if !signs_digest(&key, hash, &digest, &decoded(&asked["signature"]["content"])?) {
        return Err("signature: it does not verify");
    }
    let entry = json!({ "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": { "hashedRekordV002": {
        "data": { "algorithm": hash_name(hash), "digest": asked["digest"] },
        "signature": { "content": asked["signature"]["content"], "verifier": asked["signature"]["verifier"] },
    }}});
    Ok(("hashedrekord", entry))
}

fn dsse(asked: &Value) -> Result<(&'static str, Value), &'static str> {
    let envelope = &asked["envelope"];
    let payload = decoded(&envelope["payload"])?;
    let signed = pae(envelope["payloadType"].as_str().unwrap_or_default(), &payload);
    let verifiers = asked["verifiers"].as_array().ok_or("verifiers")?;
    let mut kept = Vec::new();
    for signature in envelope["signatures"].as_array().ok_or("signatures")? {
        let bytes = decoded(&signature["sig"])?;
        let is_of = |given: &&Value| verifier(given).is_ok_and(|(key, _)| verifies(&key, Message::Bytes(&signed), &bytes));
        let given = verifiers.iter().find(is_of).ok_or("signature: no verifier verifies it")?;
        kept.push(json!({ "content": signature["sig"], "verifier": given }));
    }
    let entry = json!({ "apiVersion": "0.0.2", "kind": "dsse", "spec": { "dsseV002": {
        "payloadHash": { "algorithm": "SHA2_256", "digest": base64::encode(sha256(&payload)) }, "signatures": kept,
    }}});
    Ok(("dsse", entry))
}
