//! Attestations that no honest program makes: envelopes over anything, truly signed by the test key, and where they are put.

use serde_json::{Value, json};

use super::images;
use super::registry::TestRegistry;
use super::sandbox::{OLD_FORM, Sandbox};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub const INTOTO: &str = "application/vnd.in-toto+json";

/// An envelope, signed by `cosign.key`.
pub fn envelope(sandbox: &Sandbox, payload_type: &str, payload: &[u8]) -> Value {
    let mut encoding = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    encoding.extend_from_slice(payload);
    sandbox.write("to-sign", encoding);
    sandbox
        .cosign([&["sign-blob", OLD_FORM, "--output-signature", "signature"], super::sandbox::KEYED, &["to-sign"]].concat())
        .run()
        .exits(0);
    let payload = base64(payload);
    json!({ "payload": payload, "payloadType": payload_type, "signatures": [{ "sig": sandbox.read("signature").trim() }] })
}

/// A bundle around an envelope.
pub fn bundle(envelope: &Value) -> Value {
    json!({ "mediaType": BUNDLE, "verificationMaterial": { "publicKey": {} }, "dsseEnvelope": envelope })
}

/// The standard alphabet, padded.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let digit = char::from(ALPHABET[(group >> (18 - 6 * at) & 63) as usize]);
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

/// Puts envelopes under the `.att` tag of `app:v1`.
pub fn attach_envelopes(registry: &TestRegistry, envelopes: &[Value]) {
    let mut store = registry.store();
    let content = store.repository("app");
    let layers: Vec<Value> = envelopes.iter().map(|envelope| layer(content, envelope, "application/vnd.dsse.envelope.v1+json")).collect();
    let ids: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let config = json!({ "architecture": "", "os": "", "config": {}, "rootfs": { "type": "layers", "diff_ids": ids } });
    let config = layer(content, &config, "application/vnd.oci.image.config.v1+json");
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    let tag = format!("{}.att", images::digest("v1").replace(':', "-"));
    content.put_manifest(Some(&tag), MANIFEST, manifest.to_string().as_bytes());
}

/// Attaches bundles to `app:v1` as referrers, each by a manifest of its own.
pub fn attach_bundles(registry: &TestRegistry, bundles: &[Value]) {
    let mut store = registry.store();
    let content = store.repository("app");
    let config = layer(content, &json!({}), "application/vnd.oci.empty.v1+json");
    let subject = json!({ "mediaType": MANIFEST, "size": 1, "digest": images::digest("v1") });
    for (number, bundle) in bundles.iter().enumerate() {
        let layer = layer(content, bundle, BUNDLE);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer], "artifactType": BUNDLE,
            "subject": subject, "annotations": { "number": number.to_string() },
        });
        content.put_manifest(None, MANIFEST, manifest.to_string().as_bytes());
    }
}

fn layer(content: &mut super::registry::Content, json: &Value, media_type: &str) -> Value {
    let bytes = json.to_string();
    let digest = content.put_blob(bytes.as_bytes());
    json!({ "mediaType": media_type, "size": bytes.len(), "digest": digest, "annotations": { "dev.cosignproject.cosign/signature": "" } })
}
