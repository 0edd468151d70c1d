//! Trusted roots: genuine ones, and each of the checks.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn data(path: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)).unwrap()
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<TrustedRoot, String> {
    let mut value: Value = serde_json::from_slice(&data("keyless/trust/trusted_root.json")).unwrap();
    change(&mut value);
    TrustedRoot::parse(&serde_json::to_vec(&value).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn genuine_roots_load() {
    for name in ["production", "staging-2025", "custom-intoto", "managed-key", "staging-plus-local-tsa", "static-ct-sct-extensions"] {
        let root = TrustedRoot::parse(&data(&format!("conformance/trusted-roots/{name}.json"))).unwrap();
        assert!(!root.transparency_logs.is_empty() || !root.certificate_authorities.is_empty(), "{name}");
    }
    let root = changed(|_| ()).unwrap();
    assert_eq!(root.transparency_logs.len(), 2);
    assert!(root.timestamp_authorities[0].authority.leaf.is_some());
    assert_eq!(root.certificate_authorities[0].intermediates.len(), 1);
}

#[test]
fn every_field_that_protojson_omits_may_be_absent() {
    let root = changed(|root| {
        for list in ["tlogs", "ctlogs"] {
            root[list][0].as_object_mut().unwrap().remove("baseUrl");
        }
        for list in ["certificateAuthorities", "timestampAuthorities"] {
            for field in ["uri", "subject", "validFor"] {
                root[list][0].as_object_mut().unwrap().remove(field);
            }
        }
    });
    assert!(root.is_ok());
    assert!(TrustedRoot::parse(format!(r#"{{"mediaType":"{MEDIA_TYPE}"}}"#).as_bytes()).is_ok());
}

#[test]
fn each_check_by_itself() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 12] = [
        (|root| root["x"] = json!(1), "failed to proto-json unmarshal trusted root: proto: unknown field"),
        (|root| root["mediaType"] = json!("x"), "unsupported TrustedRoot media type: x"),
        (|root| root["tlogs"][0]["hashAlgorithm"] = json!("SHA2_512"), "unsupported tlog hash algorithm: SHA2_512"),
        (|root| root["tlogs"][0]["logId"] = json!(null), "tlog missing log ID"),
        (|root| root["tlogs"][0]["publicKey"] = json!(null), "tlog missing public key"),
        (|root| root["tlogs"][0]["publicKey"]["rawBytes"] = json!("AAAA"), "failed to parse public key for tlog: http://127.0.0.1:18003 "),
        (|root| root["tlogs"][0]["publicKey"]["keyDetails"] = json!("ML_DSA_65"), "unsupported tlog public key type: ML_DSA_65"),
        (|root| root["tlogs"][0]["publicKey"]["keyDetails"] = json!("PKIX_ED25519"), "tlog public key is not Ed25519: PKIX_ED25519"),
        (|root| root["ctlogs"][0]["publicKey"]["validFor"] = json!(null), "tlog missing public key validity period"),
        (|root| root["ctlogs"][0]["publicKey"]["validFor"] = json!({}), "tlog missing public key validity period start time"),
        (|root| root["certificateAuthorities"][0]["certChain"] = json!({}), "CertificateAuthority cert chain is empty"),
        (
            |root| root["timestampAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = json!("AAAA"),
            "failed to parse certificate for ",
        ),
    ];
    for (change, text) in cases {
        let said = changed(change).err().unwrap();
        assert!(said.starts_with(text), "{said}");
    }
    let said = changed(|root| root["tlogs"] = Value::Array(vec![root["tlogs"][0].clone(); 257])).err().unwrap();
    assert_eq!(said, "too many entries in trusted root: 257 > 256");
}

#[test]
fn material_by_hand() {
    let chain = Certificate::all_from_pem(&data("keyless/trust/fulcio-chain.pem")).unwrap();
    let mut root = TrustedRoot::default();
    root.add_certificate_pool(chain.clone());
    root.add_certificate_chain(chain);
    assert_eq!(root.certificate_authorities.len(), 2);
    assert!(root.certificate_authorities.iter().all(|ca| ca.by_hand && ca.intermediates.len() == 1));
    root.add_timestamp_chain(Certificate::all_from_pem(&data("keyless/trust/tsa-chain.pem")).unwrap());
    assert!(root.timestamp_authorities[0].authority.leaf.is_some() && root.timestamp_authorities[0].authority.roots.len() == 1);
    root.add_transparency_log(crate::crypto::PublicKey::from_pem(&data("keyless/trust/rekor.pub")).unwrap());
    let genuine = changed(|_| ()).unwrap();
    assert!(root.transparency_log(&genuine.transparency_logs[0].key.id).is_some());
}

proptest! {
    #[test]
    fn any_change_is_a_root_or_an_error(at in 0usize..9000, byte in any::<u8>()) {
        let mut bytes = data("keyless/trust/trusted_root.json");
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = TrustedRoot::parse(&bytes);
    }
}
