#![allow(clippy::unwrap_used)]
use super::super::tests::load;
use super::*;
use crate::encoding::{base64, hex};
use proptest::prelude::*;

fn body(name: &str) -> EntryBody {
    EntryBody::parse(&load(name).0.canonicalized_body).unwrap()
}

fn parse(body: &str) -> Result<EntryBody, String> {
    EntryBody::parse(body.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn kind_and_version_of_real_bodies_are_those_of_their_entries() {
    for name in [
        "hashedrekord-001",
        "dsse-001",
        "intoto-002",
        "rekor2",
        "rekor2-dsse",
        "private-kl-r1",
        "private-key-rsa2048-r2",
        "private-att-r1",
        "private-att-r2",
    ] {
        let (entry, ..) = load(name);
        let body = body(name);
        assert_eq!((body.kind(), body.version()), (entry.kind.as_str(), entry.version.as_str()), "{name}");
        assert_eq!(body.is_rekor_v2(), name.contains('2') && name != "intoto-002" || name == "private-att-r2", "{name}");
        assert_eq!(body.signatures().len(), 1);
        assert!(body.signatures()[0].signature.as_ref().unwrap().len() > 32);
        assert_eq!(body.check_own_signature(), Ok(()), "{name}");
    }
}

#[test]
fn what_bodies_say() {
    let EntryBody::HashedRekord { digest, signature, .. } = body("hashedrekord-001") else { panic!("a hashedrekord") };
    assert_eq!(digest.hex(), "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf");
    let EntryVerifier::Certificate(certificate) = &signature.verifier else { panic!("a certificate") };
    assert_eq!(certificate.uris().len(), 1);
    assert_eq!(signature.verifier.der(), certificate.der());
    let EntryBody::Envelope { payload_digest, envelope_digest, .. } = body("intoto-002") else { panic!("an envelope") };
    assert_eq!(payload_digest.unwrap().hex(), "0ebbdbc21d182007b78b5770dea249f110946b7ded857a4ec00ccb692c1e25af");
    assert_eq!(envelope_digest.unwrap().hex(), "c8ef87a3fb811da45a418865596ab916032458cd13592c7ff1a53e8fd157c580");
    let rsa = body("private-key-rsa2048-r2");
    assert!(matches!(rsa.signatures()[0].verifier, EntryVerifier::PublicKey(_)));
    assert_eq!(rsa.signatures()[0].key_details.as_deref(), Some("PKIX_RSA_PKCS1V15_2048_SHA256"));
}

#[test]
fn ed25519ph_in_the_older_bundle_form() {
    let (entry, key, _) = load("private-leg-key-ed25519");
    assert_eq!(super::super::set::verify(&entry, entry.inclusion_promise.as_ref().unwrap(), &key), Ok(()));
    assert_eq!(body("private-leg-key-ed25519").check_own_signature(), Ok(()));
}

#[test]
fn the_signature_in_a_hashedrekord_is_checked() {
    let EntryBody::HashedRekord { version, signature, .. } = body("rekor2") else { panic!("a hashedrekord") };
    let other = EntryBody::HashedRekord { version, digest: Digest::sha256(b"other"), signature };
    assert_eq!(other.check_own_signature(), Err(EntryBodyError::Signature));
}

#[test]
fn both_spellings_of_rekor_2() {
    let text = String::from_utf8(load("rekor2").0.canonicalized_body).unwrap();
    let snake = [
        ("apiVersion", "api_version"),
        ("hashedRekordV002", "hashed_rekord_v002"),
        ("keyDetails", "key_details"),
        ("x509Certificate", "x509_certificate"),
        ("rawBytes", "raw_bytes"),
    ];
    let other = snake.iter().fold(text.clone(), |text, (camel, snake)| text.replace(camel, snake));
    assert_ne!(text, other);
    assert_eq!(parse(&text), parse(&other));
    assert!(parse(&text.replace("\"SHA2_256\"", "1")).is_ok());
    assert!(parse(&text.replace("SHA2_256", "SHA2_512")).is_err());
    assert!(parse(&text.replace("\"data\":", "\"more\":1,\"data\":")).unwrap_err().contains("unknown field"));
}

#[test]
fn intoto_001_and_dsse_002() {
    let key = std::fs::read("testdata/keys/cosign.pub").unwrap();
    let hash = format!("{{\"algorithm\":\"sha256\",\"value\":\"{}\"}}", hex::encode([7; 32]));
    let intoto = format!(
        "{{\"apiVersion\":\"0.0.1\",\"kind\":\"intoto\",\"spec\":{{\"content\":{{\"hash\":{hash},\"payloadHash\":{hash}}},\"publicKey\":\"{}\"}}}}",
        base64::encode(&key)
    );
    let EntryBody::Envelope { signatures, payload_digest, .. } = parse(&intoto).unwrap() else { panic!("an envelope") };
    assert_eq!((signatures[0].signature.as_ref(), payload_digest.unwrap().bytes()), (None, &[7; 32][..]));
    let spki = base64::encode(PublicKey::from_pem(&key).unwrap().spki_der());
    let signature = format!(
        "{{\"content\":\"AQI\",\"verifier\":{{\"publicKey\":{{\"rawBytes\":\"{spki}\"}},\"keyDetails\":\"PKIX_ECDSA_P256_SHA_256\"}}}}"
    );
    let dsse = |name: &str, signatures: &str| {
        let hash = format!("{{\"algorithm\":\"SHA2_256\",\"digest\":\"{}\"}}", base64::encode([7; 32]));
        parse(&format!(
            "{{\"apiVersion\":\"0.0.2\",\"kind\":\"dsse\",\"spec\":{{\"{name}\":{{\"payloadHash\":{hash},\"signatures\":[{signatures}]}}}}}}"
        ))
    };
    assert_eq!(dsse("dsseV002", &signature).unwrap().signatures()[0].signature, Some(vec![1, 2]));
    assert_eq!(dsse("dsse_v002", &signature), dsse("dsseV002", &signature));
    assert!(dsse("dsseV002", "").unwrap_err().contains("missing signature"));
    assert!(dsse("dsseV002", &vec![signature; 65].join(",")).unwrap_err().contains("too many signatures: 65"));
}

#[test]
fn what_is_no_body() {
    assert_eq!(
        parse(r#"{"apiVersion":"0.0.1","kind":"rekord","spec":{}}"#).unwrap_err(),
        "entry body is not a recognizable Rekor v1 or Rekor v2 type: unsupported entry type: rekord 0.0.1"
    );
    assert!(parse(r#"{"apiVersion":"0.0.1","kind":"hashedrekord"}"#).is_err());
    assert!(parse(r#"{"apiVersion":"0.0.1"}"#).unwrap_err().contains("missing field `kind`"));
    assert!(parse("").is_err() && parse("[]").is_err() && parse(&"[".repeat(10_000)).is_err());
    let text = String::from_utf8(load("hashedrekord-001").0.canonicalized_body).unwrap();
    assert!(parse(&format!("{text}x")).unwrap_err().contains("trailing characters"));
    assert!(parse(&text.replace("sha256", "sha384")).unwrap_err().contains("invalid value for hash"));
    // Two certificates where one is wanted.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pem = value["spec"]["signature"]["publicKey"]["content"].as_str().unwrap();
    let twice = base64::encode(base64::decode(pem).unwrap().repeat(2));
    assert!(parse(&text.replace(pem, &twice)).unwrap_err().contains("only one certificate or key"));
    assert!(parse(&text.replace(pem, "")).unwrap_err().contains("failure decoding PEM"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), which in 0usize..4, at: proptest::sample::Index, byte: u8) {
        let _ = EntryBody::parse(&bytes);
        let name = ["hashedrekord-001", "dsse-001", "intoto-002", "rekor2"][which];
        let mut real = load(name).0.canonicalized_body;
        let place = at.index(real.len());
        real[place] = byte;
        if let Ok(body) = EntryBody::parse(&real) {
            let _ = body.check_own_signature();
        }
    }
}
