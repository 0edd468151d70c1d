//! What Rekor v1 makes of a proposed entry: checks the signature in it, and keeps hashes instead of contents.

use cosign::crypto::{HashAlgorithm, Message, PublicKey, Verifier as _};
use cosign::encoding::{base64, hex};
use serde_json::{Value, json};

use super::keys::sha256;
use super::log::{pae, signs_digest};
use super::rekor_v1::verifier_key;

/// Why an entry is not taken.
pub struct Refused(pub &'static str);

/// The entry as it is stored, and what it can be found by.
pub fn canonical_entry(proposed: &Value) -> Result<(Value, Vec<String>), Refused> {
    match (proposed["kind"].as_str(), proposed["apiVersion"].as_str()) {
        (Some("hashedrekord"), Some("0.0.1")) => hashedrekord(proposed),
        (Some("dsse"), Some("0.0.1")) => dsse(proposed),
        (Some("intoto"), Some("0.0.2")) => intoto(proposed),
        _ => Err(Refused("unknown kind or version of entry")),
    }
}

fn decoded(value: &Value) -> Result<Vec<u8>, Refused> {
    value.as_str().and_then(|text| base64::decode(text).ok()).ok_or(Refused("invalid base64"))
}

fn hash(bytes: &[u8]) -> Value {
    json!({ "algorithm": "sha256", "value": hex::encode(sha256(bytes)) })
}

fn hashedrekord(proposed: &Value) -> Result<(Value, Vec<String>), Refused> {
    let spec = &proposed["spec"];
    let digest = &spec["data"]["hash"];
    let algorithm = digest["algorithm"].as_str().and_then(HashAlgorithm::from_name).ok_or(Refused("unknown hash algorithm"))?;
    let value = digest["value"].as_str().and_then(hex::decode).ok_or(Refused("invalid digest"))?;
    let signature = decoded(&spec["signature"]["content"])?;
    let key = verifier_key(&spec["signature"]["publicKey"]["content"]).ok_or(Refused("invalid public key"))?;
    if !signs_digest(&key, algorithm, &value, &signature) {
        return Err(Refused("verifying signature: invalid signature when validating ASN.1 encoded signature"));
    }
    let keys = vec![format!("{}:{}", algorithm.name(), hex::encode(&value))];
    let kept = json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": { "hash": { "algorithm": algorithm.name(), "value": digest["value"] } },
        "signature": { "content": spec["signature"]["content"], "publicKey": { "content": spec["signature"]["publicKey"]["content"] } },
    }});
    Ok((kept, keys))
}

fn dsse(proposed: &Value) -> Result<(Value, Vec<String>), Refused> {
    let content = &proposed["spec"]["proposedContent"];
    let text = content["envelope"].as_str().ok_or(Refused("missing envelope"))?;
    let envelope: Value = serde_json::from_str(text).map_err(|_| Refused("the envelope is no JSON"))?;
    let payload = decoded(&envelope["payload"])?;
    let signed = pae(envelope["payloadType"].as_str().unwrap_or_default(), &payload);
    let (Some(signatures), Some(verifiers)) = (envelope["signatures"].as_array(), content["verifiers"].as_array()) else {
        return Err(Refused("missing signatures or verifiers"));
    };
    let mut kept = Vec::new();
    for signature in signatures {
        let bytes = decoded(&signature["sig"])?;
        let is_of = |verifier: &&Value| verifier_key(verifier).is_some_and(|key| signs_envelope(&key, &signed, &bytes));
        let verifier = verifiers.iter().find(is_of).ok_or(Refused("could not verify envelope"))?;
        kept.push(json!({ "signature": signature["sig"], "verifier": verifier }));
    }
    let entry = json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "envelopeHash": hash(text.as_bytes()), "payloadHash": hash(&payload), "signatures": kept,
    }});
    Ok((entry, subjects(&payload)))
}

fn intoto(proposed: &Value) -> Result<(Value, Vec<String>), Refused> {
    let content = &proposed["spec"]["content"];
    let envelope = &content["envelope"];
    // Both texts of the envelope are base64 of base64 here.
    let payload = base64::decode(decoded(&envelope["payload"])?).map_err(|_| Refused("invalid base64"))?;
    let signed = pae(envelope["payloadType"].as_str().unwrap_or_default(), &payload);
    let mut kept = Vec::new();
    for signature in envelope["signatures"].as_array().ok_or(Refused("missing signatures"))? {
        let bytes = base64::decode(decoded(&signature["sig"])?).map_err(|_| Refused("invalid base64"))?;
        let key = verifier_key(&signature["publicKey"]).ok_or(Refused("invalid public key"))?;
        if !signs_envelope(&key, &signed, &bytes) {
            return Err(Refused("could not verify envelope"));
        }
        kept.push(json!({ "publicKey": signature["publicKey"], "sig": signature["sig"] }));
    }
    if content["payloadHash"]["value"] != hash(&payload)["value"] {
        return Err(Refused("payload hash does not match"));
    }
    let entry = json!({ "apiVersion": "0.0.2", "kind": "intoto", "spec": { "content": {
        "envelope": { "payloadType": envelope["payloadType"], "signatures": kept },
        "hash": content["hash"], "payloadHash": content["payloadHash"],
    }}});
    Ok((entry, subjects(&payload)))
}

/// Envelopes are checked with SHA-256, whatever the key; Ed25519 has no choice.
fn signs_envelope(key: &PublicKey, signed: &[u8], signature: &[u8]) -> bool {
    key.verify(key.scheme_with(HashAlgorithm::Sha256), Message::Bytes(signed), signature).is_ok()
}

/// What an attestation is about, and its payload.
fn subjects(payload: &[u8]) -> Vec<String> {
    let statement: Value = serde_json::from_slice(payload).unwrap_or_default();
    let digests = statement["subject"].as_array().into_iter().flatten().filter_map(|subject| subject["digest"].as_object());
    let mut keys: Vec<String> =
        digests.flatten().filter_map(|(name, value)| value.as_str().map(|value| format!("{name}:{value}"))).collect();
    keys.push(format!("sha256:{}", hex::encode(sha256(payload))));
    keys
}
