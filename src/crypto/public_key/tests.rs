#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::ambient::fake::testdata;

const HELLO: Message<'static> = Message::Bytes(b"hello\n");

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&testdata(&format!("keys/{name}"))).unwrap()
}

fn signature(name: &str) -> Vec<u8> {
    let text = testdata(&format!("keys/{name}"));
    base64::decode(text.trim_ascii()).unwrap()
}

#[test]
fn every_kind_is_read_and_written_back() {
    let kinds = [
        ("cosign.pub", KeyAlgorithm::Ecdsa(Curve::P256)),
        ("p384.pub", KeyAlgorithm::Ecdsa(Curve::P384)),
        ("p521.pub", KeyAlgorithm::Ecdsa(Curve::P521)),
        ("rsa2048.pub", KeyAlgorithm::Rsa { bits: 2048 }),
        ("rsa3072.pub", KeyAlgorithm::Rsa { bits: 3072 }),
        ("rsa4096.pub", KeyAlgorithm::Rsa { bits: 4096 }),
        ("ed25519.pub", KeyAlgorithm::Ed25519),
    ];
    for (name, algorithm) in kinds {
        let read = key(name);
        assert_eq!(read.algorithm(), algorithm, "{name}");
        assert_eq!(read.to_pem().as_bytes(), testdata(&format!("keys/{name}")), "{name}");
        assert_eq!(PublicKey::from_spki_der(read.spki_der()).unwrap(), read, "{name}");
    }
    assert_eq!(key("openssl-rsa3072-pkcs1.pub"), key("openssl-rsa3072.pub"));
    assert_ne!(key("cosign.pub"), key("other.pub"));
}

#[test]
fn signatures_of_the_go_program_hold_under_one_candidate() {
    for kind in ["cosign", "p384", "p521", "rsa2048", "rsa3072", "rsa4096", "ed25519"] {
        let key = key(&format!("{kind}.pub"));
        let signature = signature(&format!("{kind}.sig"));
        let holds = |message: Message<'_>| key.candidate_schemes().iter().any(|scheme| key.verify(*scheme, message, &signature).is_ok());
        assert!(holds(HELLO), "{kind}");
        assert!(!holds(Message::Bytes(b"hello")), "{kind}");
    }
}

#[test]
fn signatures_of_openssl_hold_under_any_hash_function() {
    for (kind, public) in
        [("p256", "raw-p256.pub"), ("p384", "openssl-p384.pub"), ("p521", "openssl-p521.pub"), ("rsa3072", "openssl-rsa3072.pub")]
    {
        let key = key(public);
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let signature = testdata(&format!("keys/openssl-{kind}-{}.sig", hash.name()));
            let scheme = key.scheme_with(hash);
            key.verify(scheme, HELLO, &signature).unwrap();
            key.verify(scheme, Message::Digest(&hash.digest("hello\n")), &signature).unwrap();
            assert!(key.verify(scheme, Message::Bytes(b"hello"), &signature).is_err());
            for other in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
                assert_eq!(key.verify(key.scheme_with(other), HELLO, &signature).is_ok(), other == hash, "{kind} {other:?}");
            }
        }
    }
    let rsa = key("openssl-rsa3072.pub");
    let pss = testdata("keys/openssl-rsa3072-pss-sha256.sig");
    rsa.verify(SignatureScheme::RsaPss(HashAlgorithm::Sha256), HELLO, &pss).unwrap();
    assert_eq!(rsa.verify(SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256), HELLO, &pss), Err(VerifyError::Rsa));
    let ed25519 = key("openssl-ed25519.pub");
    let pure = testdata("keys/openssl-ed25519.sig");
    ed25519.verify(SignatureScheme::Ed25519, HELLO, &pure).unwrap();
    assert_eq!(ed25519.verify(SignatureScheme::Ed25519ph, HELLO, &pure), Err(VerifyError::Ed25519));
}

/// RFC 8032, 7.3.
#[test]
fn ed25519ph_as_the_rfc_has_it() {
    let hex = |text: &str| crate::encoding::hex::decode(text).unwrap();
    let key = PublicKey::from_ed25519(&hex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf")).unwrap();
    let signature = hex(concat!(
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41",
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    ));
    key.verify(SignatureScheme::Ed25519ph, Message::Bytes(b"abc"), &signature).unwrap();
    key.verify(SignatureScheme::Ed25519ph, Message::Digest(&HashAlgorithm::Sha512.digest("abc")), &signature).unwrap();
    assert_eq!(key.verify(SignatureScheme::Ed25519, Message::Bytes(b"abc"), &signature), Err(VerifyError::Ed25519));
}

#[test]
fn a_signature_must_be_whole_and_exact() {
    let key = key("raw-p256.pub");
    let scheme = key.default_scheme();
    let message = HELLO;
    let good = testdata("keys/raw-p256-hello.sig");
    key.verify(scheme, message, &good).unwrap();
    assert_eq!(key.verify(scheme, message, &[&good[..], &[0]].concat()), Err(VerifyError::Ecdsa));
    assert_eq!(key.verify(scheme, message, &good[..good.len() - 1]), Err(VerifyError::Ecdsa));
    assert_eq!(key.verify(scheme, message, &[]), Err(VerifyError::Ecdsa));
    let p1363 = signature("raw-p256-hello.p1363.b64");
    assert_eq!(key.verify(scheme, message, &p1363), Err(VerifyError::Ecdsa));
    key.verify(scheme, message, &ecdsa_p1363_to_der(&p1363).unwrap()).unwrap();
    key.verify_allowing_p1363(scheme, message, &p1363).unwrap();
    key.verify_allowing_p1363(scheme, message, &good).unwrap();
    let other = Message::Bytes(b"other");
    assert_eq!(key.verify_allowing_p1363(scheme, other, &p1363), Err(VerifyError::EcdsaP1363));
    assert_eq!(key.verify_allowing_p1363(scheme, other, &good), Err(VerifyError::Ecdsa));
    assert_eq!(key.verify_allowing_p1363(scheme, message, &[&good[..], &[0]].concat()), Err(VerifyError::Ecdsa));
    assert_eq!(key.verify_allowing_p1363(scheme, message, &p1363[1..]), Err(VerifyError::EcdsaP1363));
}

#[test]
fn a_scheme_must_fit_the_key() {
    let key = key("cosign.pub");
    for scheme in [
        SignatureScheme::Ed25519,
        SignatureScheme::Ed25519ph,
        SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256),
        SignatureScheme::Ecdsa(Curve::P384, HashAlgorithm::Sha256),
    ] {
        assert!(matches!(key.verify(scheme, HELLO, &signature("cosign.sig")), Err(VerifyError::Scheme { .. })), "{scheme:?}");
    }
    let other_digest = HashAlgorithm::Sha512.digest("hello\n");
    assert!(matches!(key.verify(key.default_scheme(), Message::Digest(&other_digest), &[]), Err(VerifyError::NeedsMessage(_))));
}

#[test]
fn broken_keys_are_refused_for_their_own_reason() {
    use PublicKeyError as E;
    let cases = [
        ("cosign-off-curve", E::NotOnCurve("P256")),
        ("p384-off-curve", E::NotOnCurve("P384")),
        ("p521-off-curve", E::NotOnCurve("P521")),
        ("trailing", E::TrailingData),
        ("compressed", E::PointForm),
        ("infinity", E::PointForm),
        ("unused-bits", E::Malformed),
        ("ed25519-parameters", E::Ed25519Parameters),
        ("ed25519-small-order", E::Ed25519),
        ("rsa-no-null", E::RsaParameters),
        ("rsa-even-exponent", E::Rsa),
        ("label", E::Label("CERTIFICATE".into())),
        ("x25519", E::Algorithm("1.3.101.110".into())),
    ];
    for (name, expected) in cases {
        assert_eq!(PublicKey::from_pem(&testdata(&format!("keys/broken-{name}.pub"))).err(), Some(expected), "{name}");
    }
    assert_eq!(PublicKey::from_pem(&testdata("keys/openssl-rsa1024.pub")).err(), Some(E::RsaSize(1024)));
    assert_eq!(PublicKey::from_pem(b"not a key\n").err(), Some(E::NoPem));
    let private = PublicKey::from_pem(&testdata("keys/cosign.key")).unwrap_err();
    assert_eq!(
        private.to_string(),
        "unknown Public key PEM file type: ENCRYPTED SIGSTORE PRIVATE KEY. Are you passing the correct public key?"
    );
    assert_eq!(E::NotOnCurve("P256").to_string(), "P256 point not on curve");
}

#[test]
fn the_hint_is_that_of_the_go_program() {
    // From a bundle that the Go program made with this key.
    assert_eq!(key("cosign.pub").hint(), "J42/0Q1QGbfnQDhGUT06u0ZTL3tpCgIQrTitRAFkB0E=");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..91_usize, with: u8) {
        let _ = PublicKey::from_pem(&bytes);
        let _ = PublicKey::from_spki_der(&bytes);
        let mut der = key("cosign.pub").spki_der().to_vec();
        der[at] = with;
        if let Ok(read) = PublicKey::from_spki_der(&der) {
            prop_assert_eq!(read.spki_der(), der.as_slice());
        }
    }

    #[test]
    fn no_signature_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..150)) {
        for name in ["cosign.pub", "p521.pub", "ed25519.pub", "rsa2048.pub"] {
            let key = key(name);
            for scheme in key.candidate_schemes() {
                prop_assert!(key.verify(*scheme, HELLO, &bytes).is_err());
            }
        }
        let _ = ecdsa_p1363_to_der(&bytes);
    }
}
