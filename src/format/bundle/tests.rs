//! Bundles and the older forms: what is read, what is refused, that nothing is lost, that nothing panics.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::legacy::{self, LayerMaterial, LocalBundle, RekorBundle};
use super::*;

fn data(path: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(path)).unwrap()
}

/// Every bundle of the test data that is one.
fn bundles() -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let folders = ["verify-key/bundles", "verify-key/attestations", "keyless/bundles"].map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let cases = std::fs::read_dir(root.join("conformance/cases")).unwrap();
    let cases = cases.map(|case| case.unwrap().path().join("bundle.sigstore.json"));
    let named = files.chain(cases).filter_map(|path| Some((path.display().to_string(), std::fs::read(&path).ok()?)));
    named.filter(|(_, bytes)| Bundle::read(bytes).is_ok()).collect()
}

fn refused(json: &str) -> String {
    Bundle::parse(json.as_bytes(), false).unwrap_err().to_string()
}

const GOOD: &str = r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}"#;

#[test]
fn reading_and_writing_lose_nothing() {
    let bundles = bundles();
    assert!(bundles.len() > 100);
    for (name, bytes) in bundles {
        let bundle = Bundle::read(&bytes).unwrap();
        let written = bundle.to_json();
        assert_eq!(Bundle::read(&written).unwrap(), bundle, "{name}");
    }
    let genuine = data("verify-key/bundles/cosign.json");
    let written: Value = serde_json::from_slice(&Bundle::read(&genuine).unwrap().to_json()).unwrap();
    assert_eq!(written, serde_json::from_slice::<Value>(&genuine).unwrap());
}

#[test]
fn names_numbers_and_bytes_as_protojson_takes_them() {
    let good = Bundle::parse(GOOD.as_bytes(), false).unwrap();
    let snake = GOOD.replace("mediaType", "media_type").replace("verificationMaterial", "verification_material");
    let snake = snake.replace("messageSignature", "message_signature").replace("SHA2_256\"", "SHA2_256\" ");
    assert_eq!(Bundle::parse(snake.as_bytes(), false).unwrap(), good);
    let number = GOOD.replace("\"SHA2_256\"", "1");
    assert_eq!(Bundle::parse(number.as_bytes(), false).unwrap(), good);
    let null = GOOD.replace("\"messageSignature\"", "\"dsseEnvelope\":null,\"messageSignature\"");
    assert_eq!(Bundle::parse(null.as_bytes(), false).unwrap(), good);
}

#[test]
fn json_that_is_not_exactly_a_bundle_is_refused() {
    for (from, to, text) in [
        ("\"hint\"", "\"hind\"", "unknown field \"hind\""),
        ("{\"mediaType\"", "{\"a\":1,\"mediaType\"", "unknown field \"a\""),
        ("{\"mediaType\"", "{\"media_type\":\"x\",\"mediaType\"", "duplicate field \"mediaType\""),
        ("\"messageSignature\"", "\"dsseEnvelope\":{},\"messageSignature\"", "oneof content is already set"),
        ("\"publicKey\"", "\"certificate\":{},\"publicKey\"", "oneof content is already set"),
        ("\"SHA2_256\"", "\"MD5\"", "invalid value for enum field algorithm"),
        ("\"AAAA\"}}", "\"A\"}}", "invalid value for bytes field signature"),
        ("\"x\"", "7", "invalid value for string field hint"),
        ("}}", "}", "syntax error"),
    ] {
        let said = refused(&GOOD.replacen(from, to, 1));
        assert!(said.contains(text), "{said}");
    }
    for broken in ["", "{", "[]", "null", "\u{feff}{}", &format!("{GOOD}x"), &format!("{GOOD}{{}}"), &"[".repeat(10_000)] {
        assert!(Bundle::parse(broken.as_bytes(), false).is_err());
    }
}

#[test]
fn the_envelope_has_one_spelling_of_its_type() {
    let json = String::from_utf8(data("verify-key/attestations/cosign.json")).unwrap();
    assert!(Bundle::parse(json.as_bytes(), false).is_ok());
    assert!(refused(&json.replace("payloadType", "payload_type")).contains("unknown field \"payload_type\""));
}

#[test]
fn the_rules_of_form() {
    let with = |from: &str, to: &str| refused(&GOOD.replacen(from, to, 1));
    let media = "application/vnd.dev.sigstore.bundle.v0.3+json";
    for wrong in ["", "application/json", "application/vnd.dev.sigstore.bundle.v0.4+json", "application/vnd.dev.sigstore.bundle.v1+json"] {
        assert!(with(media, wrong).starts_with("error getting bundle version: validation error: unsupported media type"));
    }
    for fine in ["application/vnd.dev.sigstore.bundle+json;version=0.2", "application/vnd.dev.sigstore.bundle.v0.3.1+json"] {
        assert!(Bundle::parse(GOOD.replace(media, fine).as_bytes(), false).is_ok());
    }
    assert!(with("\"messageSignature\"", "\"messageSignature\":null,\"x\"").contains("unknown field"));
    let empty = format!(r#"{{"mediaType":"{media}"}}"#);
    assert_eq!(refused(&empty), "invalid bundle: validation error: missing bundle content");
    let key = r#""publicKey":{"hint":"x"}"#;
    assert_eq!(with(key, ""), "invalid bundle: validation error: missing verification material");
    let chain = r#""x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]}"#;
    assert!(with(key, chain).starts_with("verification material cannot be X.509 certificate chain"));
    let older = GOOD.replace(media, "application/vnd.dev.sigstore.bundle+json;version=0.2");
    assert!(refused(&older.replace(key, r#""x509CertificateChain":{"certificates":[]}"#)).ends_with("missing verification material"));
    let entries = format!("{key},\"tlogEntries\":[{}]", ["{}"; 33].join(","));
    assert_eq!(with(key, &entries), "validation error: too many tlog entries: 33 > 32");
    assert_eq!(with(key, &format!("{key},\"tlogEntries\":[{{}}]")), "validation error: nil value in transaction log entry");
    let tokens = format!("{key},\"timestampVerificationData\":{{\"rfc3161Timestamps\":[{}]}}", ["{}"; 33].join(","));
    assert_eq!(with(key, &tokens), "too many signed timestamps: 33 > 32");
}

#[test]
fn promises_and_proofs_by_version() {
    let genuine = data("keyless/bundles/kl-r1.json");
    let without = |part: fn(&mut BundleLogEntry), version: BundleVersion| {
        let mut bundle = Bundle::read(&genuine).unwrap();
        bundle.media_type = version.media_type().to_owned();
        part(&mut bundle.material.as_mut().unwrap().log_entries[0]);
        bundle.validate(false).map_err(|error| error.to_string())
    };
    let nothing: fn(&mut BundleLogEntry) = |_| {};
    let promise: fn(&mut BundleLogEntry) = |entry| entry.entry.inclusion_promise = None;
    let proof: fn(&mut BundleLogEntry) = |entry| entry.entry.inclusion_proof = None;
    for version in [BundleVersion::V0_1, BundleVersion::V0_2, BundleVersion::V0_3] {
        assert_eq!(without(nothing, version), Ok(()));
        assert_eq!(without(promise, version).is_err(), version == BundleVersion::V0_1);
        assert_eq!(without(proof, version).is_err(), version != BundleVersion::V0_1);
        let checkpoint = without(|entry| entry.has_checkpoint = false, version);
        assert_eq!(checkpoint.unwrap_err(), "validation error: inclusion proof missing required checkpoint");
        let index = without(|entry| entry.entry.log_index = -1, version);
        assert_eq!(index.unwrap_err(), "validation error: nil value in transaction log entry");
        let kind = without(|entry| entry.entry.kind = "dsse".to_owned(), version);
        assert!(kind.unwrap_err().starts_with("validation error: kind and version mismatch: dsse/0.0.1 != hashedrekord/0.0.1"));
    }
}

#[test]
fn layers_round_trip() {
    let entry = Bundle::read(&data("keyless/bundles/kl-r1.json")).unwrap().material.unwrap().log_entries.remove(0).entry;
    let pem = String::from_utf8(data("keyless/trust/fulcio-root.pem")).unwrap();
    let material = LayerMaterial {
        certificate: Some(pem),
        chain: Some(String::new()),
        rekor_bundle: RekorBundle::of(&entry),
        timestamp: Some(vec![1, 2]),
    };
    let annotations = material.to_annotations(b"sig");
    let signed = legacy::signed_of_sig_layer(b"{}".to_vec(), &annotations, "sha256:x").unwrap();
    let mut promised = entry;
    promised.inclusion_proof = None;
    assert_eq!(signed.material.log_entries, [promised]);
    assert_eq!(signed.material.timestamps, [vec![1, 2]]);
    assert!(matches!(signed.material.signer, SignerMaterial::Certificate { intermediates, .. } if intermediates.is_empty()));
    let missing = legacy::signed_of_sig_layer(Vec::new(), &BTreeMap::new(), "sha256:x");
    let text = "signature layer sha256:x is missing \"dev.cosignproject.cosign/signature\" annotation";
    assert_eq!(missing.err().unwrap().to_string(), text);
    let key_as_certificate = BTreeMap::from([
        (legacy::SIGNATURE.to_owned(), String::new()),
        (legacy::CERTIFICATE.to_owned(), String::from_utf8(data("keyless/keys/p256.pub")).unwrap()),
    ]);
    assert!(legacy::signed_of_sig_layer(Vec::new(), &key_as_certificate, "x").is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_a_bundle_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Bundle::parse(&bytes, true);
        let _ = LocalBundle::parse(&bytes).and_then(|bundle| bundle.to_signed_message());
        let _ = legacy::signed_of_att_layer(bytes.clone(), &BTreeMap::new());
    }

    #[test]
    fn any_change_of_a_bundle_is_a_bundle_or_an_error(at in 0usize..6000, byte in any::<u8>(), cut in 0usize..6000) {
        let mut bytes = data("keyless/bundles/kl-r1-tsa.json");
        bytes.truncate(cut.max(1).max(at % 3000));
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(bundle) = Bundle::read(&bytes) {
            let _ = bundle.validate(false);
            let _ = bundle.to_signed();
            prop_assert_eq!(Bundle::read(&bundle.to_json()).ok(), Some(bundle));
        }
    }

    #[test]
    fn any_older_bundle_is_one_or_an_error(at in 0usize..6000, byte in any::<u8>()) {
        let mut bytes = data("keyless/bundles/leg-kl.json");
        let at = at % bytes.len();
        bytes[at] = byte;
        assert_eq!(LocalBundle::read(bytes.to_vec()).ok(), LocalBundle::parse(&bytes).ok());
        if let Ok(bundle) = LocalBundle::parse(&bytes) {
            let _ = bundle.to_signed_message();
            let _ = bundle.clone().into_signed_envelope();
        }
    }
}

#[test]
fn the_older_json_is_read_as_go_reads_it() {
    let local = LocalBundle::parse(br#"{"BASE64Signature":"AAAB","cert":null,"rekorBundle":null,"more":1}"#).unwrap();
    assert_eq!((local.base64_signature.as_str(), local.cert.as_str(), local.rekor_bundle.is_none()), ("AAAB", "", true));
    assert!(LocalBundle::looks_like_one(br#"{"Base64signature":"AAAB"}"#));
    let twice = LocalBundle::parse(br#"{"base64Signature":"AAAA","base64Signature":"AAAB"}"#).unwrap();
    assert_eq!(twice.base64_signature, "AAAB");
    assert!(LocalBundle::parse(br#"{"base64Signature":7}"#).is_err());
}

/// The promise is over the text of the body: another text of the same bytes is another entry.
#[test]
fn the_body_of_an_older_entry_is_canonical_base64() {
    let entry =
        |body: &str| RekorBundle::parse(&format!(r#"{{"SignedEntryTimestamp":"AAAA","Payload":{{"body":"{body}","logID":"00"}}}}"#));
    assert!(entry("AAA=").unwrap().to_entry().is_ok());
    for other in ["AAB=", "AAA=\\n", "A\\nAA=", "AAA"] {
        assert!(entry(other).unwrap().to_entry().is_err(), "{other}");
    }
}

/// A large signature is taken out of the text of the bundle, and written into it, without a copy.
#[test]
fn large_signatures_of_the_older_form() {
    let large: Vec<u8> = (0..100_000_u32).map(|n| (n % 253) as u8).collect();
    let text = crate::encoding::base64::encode(&large);
    let bundle = LocalBundle { base64_signature: text.clone(), cert: "Yw==".to_owned(), rekor_bundle: None };
    let mut out = Vec::new();
    LocalBundle { base64_signature: String::new(), ..bundle.clone() }.write_json(&large, &mut out).unwrap();
    assert_eq!(out, bundle.to_json());
    assert_eq!(LocalBundle::read(out).unwrap(), bundle);
    for json in [
        format!(r#"{{"cert":"Yw==", "base64signature" : "{text}" ,"more":[1]}}"#),
        format!(r#"{{"base64Signature":"{text}","base64Signature":"{text}","cert":"Yw=="}}"#),
        format!(r#"{{"base64Signature":"AAAA","Base64Signature":"{text}","cert":"Yw=="}}"#),
        format!(r#"{{"base64Signature":"{text}\u0041","cert":"Yw=="}}"#),
        format!(r#"{{"base64Signature":["{text}"],"cert":"Yw=="}}"#),
        format!(r#"{{"base64Signature":"{text}","cert":7}}"#),
        format!(r#"{{"base64Signature":"{text}","cert":"Yw=="}} more"#),
        format!(r#"["{text}"]"#),
    ] {
        let (read, parsed) = (LocalBundle::read(json.clone().into_bytes()), LocalBundle::parse(json.as_bytes()));
        assert_eq!(read.map_err(|error| error.to_string().is_empty()), parsed.map_err(|error| error.to_string().is_empty()));
    }
}
