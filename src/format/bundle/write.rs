//! Writing bundle JSON as protojson does: camelCase, 64-bit integers as text, standard base64, empty fields left out.

use serde_json::{Map, Value, json};

use super::{Bundle, BundleContent, BundleLogEntry, BundleMaterial, BundleSigner, HASH_ALGORITHMS};
use crate::encoding::{base64, go_json};
use crate::format::dsse::Envelope;
use crate::format::material::MessageSignature;

impl Bundle {
    /// Compact JSON, without a newline. A payload, which may have hundreds of megabytes, is encoded where it belongs and nowhere before.
    pub fn to_json(&self) -> Vec<u8> {
        let mut object = Map::new();
        put_text(&mut object, "mediaType", &self.media_type);
        if let Some(value) = &self.material {
            object.insert("verificationMaterial".to_owned(), material(value));
        }
        let payload = match &self.content {
            Some(BundleContent::Message(message)) => {
                object.insert("messageSignature".to_owned(), message_signature(message));
                &[]
            }
            Some(BundleContent::Envelope(value)) => {
                object.insert("dsseEnvelope".to_owned(), envelope(value));
                value.payload.as_slice()
            }
            None => &[],
        };
        // Text, numbers, lists and objects always have a JSON form.
        let json = go_json::to_vec(&Value::Object(object)).unwrap_or_default();
        if payload.is_empty() { json } else { with_payload(&json, payload) }
    }
}

/// Puts the payload first into the envelope, which is the last member of `json`.
fn with_payload(json: &[u8], payload: &[u8]) -> Vec<u8> {
    // Quotes of texts are escaped, so that this stands nowhere else.
    const MARK: &[u8] = br#""dsseEnvelope":{"#;
    let at = json.windows(MARK.len()).rposition(|window| window == MARK).map_or(json.len(), |start| start + MARK.len());
    let (head, rest) = json.split_at(at);
    let mut out = Vec::with_capacity(json.len() + payload.len() / 3 * 4 + 32);
    out.extend_from_slice(head);
    out.extend_from_slice(br#""payload":""#);
    base64::append(payload, &mut out);
    out.push(b'"');
    if rest.first() != Some(&b'}') {
        out.push(b',');
    }
    out.extend_from_slice(rest);
    out
}

fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

fn put_text(object: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        put(object, name, value.into());
    }
}

fn put_bytes(object: &mut Map<String, Value>, name: &str, value: &[u8]) {
    put_text(object, name, &base64::encode(value));
}

fn put_integer(object: &mut Map<String, Value>, name: &str, value: i64) {
    if value != 0 {
        put(object, name, value.to_string().into());
    }
}

fn message_signature(message: &MessageSignature) -> Value {
    let mut object = Map::new();
    if let Some(digest) = &message.digest {
        let mut output = Map::new();
        match HASH_ALGORITHMS.iter().find(|(_, number)| *number == digest.algorithm) {
            Some((_, 0)) => {}
            Some((name, _)) => put(&mut output, "algorithm", (*name).into()),
            None => put(&mut output, "algorithm", digest.algorithm.into()),
        }
        put_bytes(&mut output, "digest", &digest.bytes);
        put(&mut object, "messageDigest", output.into());
    }
    put_bytes(&mut object, "signature", &message.signature);
    object.into()
}

/// All of an envelope but its payload.
fn envelope(envelope: &Envelope) -> Value {
    let mut object = Map::new();
    put_text(&mut object, "payloadType", &envelope.payload_type);
    let signatures: Vec<Value> = envelope
        .signatures
        .iter()
        .map(|signature| {
            let mut object = Map::new();
            put_bytes(&mut object, "sig", &signature.signature);
            put_text(&mut object, "keyid", &signature.key_id);
            object.into()
        })
        .collect();
    if !signatures.is_empty() {
        put(&mut object, "signatures", signatures.into());
    }
    object.into()
}

fn material(material: &BundleMaterial) -> Value {
    let mut object = Map::new();
    match &material.signer {
        Some(BundleSigner::KeyHint(hint)) => {
            let mut key = Map::new();
            put_text(&mut key, "hint", hint);
            put(&mut object, "publicKey", key.into());
        }
        Some(BundleSigner::Certificate(der)) => put(&mut object, "certificate", raw_bytes(der)),
        Some(BundleSigner::Chain(chain)) => {
            let certificates: Vec<Value> = chain.iter().map(|der| raw_bytes(der)).collect();
            put(&mut object, "x509CertificateChain", json!({ "certificates": certificates }));
        }
        None => {}
    }
    if !material.log_entries.is_empty() {
        put(&mut object, "tlogEntries", material.log_entries.iter().map(log_entry).collect());
    }
    if !material.timestamps.is_empty() {
        let responses: Vec<Value> =
            material.timestamps.iter().map(|response| json!({ "signedTimestamp": base64::encode(response) })).collect();
        put(&mut object, "timestampVerificationData", json!({ "rfc3161Timestamps": responses }));
    }
    object.into()
}

fn raw_bytes(der: &[u8]) -> Value {
    json!({ "rawBytes": base64::encode(der) })
}

fn log_entry(value: &BundleLogEntry) -> Value {
    let entry = &value.entry;
    let mut object = Map::new();
    put_integer(&mut object, "logIndex", entry.log_index);
    put(&mut object, "logId", json!({ "keyId": base64::encode(&entry.log_id) }));
    put(&mut object, "kindVersion", json!({ "kind": entry.kind, "version": entry.version }));
    put_integer(&mut object, "integratedTime", entry.integrated_time);
    if let Some(promise) = &entry.inclusion_promise {
        put(&mut object, "inclusionPromise", json!({ "signedEntryTimestamp": base64::encode(promise) }));
    }
    if let Some(proof) = &entry.inclusion_proof {
        let mut fields = Map::new();
        put_integer(&mut fields, "logIndex", proof.log_index);
        put_bytes(&mut fields, "rootHash", &proof.root_hash);
        put_integer(&mut fields, "treeSize", proof.tree_size);
        if !proof.hashes.is_empty() {
            put(&mut fields, "hashes", proof.hashes.iter().map(base64::encode).collect());
        }
        if value.has_checkpoint {
            put(&mut fields, "checkpoint", json!({ "envelope": proof.checkpoint }));
        }
        put(&mut object, "inclusionProof", fields.into());
    }
    put_bytes(&mut object, "canonicalizedBody", &entry.canonicalized_body);
    object.into()
}
