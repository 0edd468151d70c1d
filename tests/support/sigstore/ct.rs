//! A certificate transparency log (RFC 6962): signs what it is shown.

use serde_json::json;

use cosign::encoding::base64;

use super::der::octets;
use super::keys::{Key, KeyKind, sha256};
use super::x509::extension;

const LIST: &str = "1.3.6.1.4.1.11129.2.4.2";

pub struct CtLog {
    pub key: Key,
}

/// Version, log id, time in milliseconds, no extensions, SHA-256 and ECDSA, signature.
struct Sct {
    log_id: [u8; 32],
    timestamp: u64,
    signature: Vec<u8>,
}

fn length16(bytes: &[u8]) -> [u8; 2] {
    (bytes.len() as u16).to_be_bytes()
}

fn length24(bytes: &[u8]) -> [u8; 3] {
    let [_, length @ ..] = (bytes.len() as u32).to_be_bytes();
    length
}

impl CtLog {
    pub fn new() -> Self {
        Self { key: Key::new(KeyKind::P256) }
    }

    fn sign(&self, entry: &[u8], now: i64) -> Sct {
        let timestamp = now as u64 * 1000 + 7;
        let signed = [&[0, 0][..], &timestamp.to_be_bytes(), entry, &[0, 0]].concat();
        Sct { log_id: self.key.id(), timestamp, signature: self.key.sign(&signed) }
    }

    /// The extension with the SCT of a precertificate: over its to-be-signed part and the issuer's key.
    pub fn embedded(&self, tbs: &[u8], issuer_spki: &[u8], now: i64) -> Vec<u8> {
        let sct = self.sign(&[&[0, 1][..], &sha256(issuer_spki), &length24(tbs), tbs].concat(), now);
        let digitally_signed = [&[4, 3][..], &length16(&sct.signature), &sct.signature].concat();
        let one = [&[0][..], &sct.log_id, &sct.timestamp.to_be_bytes(), &[0, 0], &digitally_signed].concat();
        let item = [&length16(&one)[..], &one].concat();
        extension(LIST, false, &octets(&[&length16(&item)[..], &item].concat()))
    }

    /// The SCT of a certificate as Fulcio hands it out beside it: JSON.
    pub fn detached(&self, certificate: &[u8], now: i64) -> String {
        let sct = self.sign(&[&[0, 0][..], &length24(certificate), certificate].concat(), now);
        let digitally_signed = [&[4, 3][..], &length16(&sct.signature), &sct.signature].concat();
        json!({
            "sct_version": 0, "id": base64::encode(sct.log_id), "timestamp": sct.timestamp, "extensions": "",
            "signature": base64::encode(digitally_signed),
        })
        .to_string()
    }
}
