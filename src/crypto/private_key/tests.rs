#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::ambient::fake::{Fake, testdata};
use crate::crypto::{HashAlgorithm, Verifier};

const HELLO: Message<'static> = Message::Bytes(b"hello\n");

fn read(name: &str) -> Result<PrivateKey, PrivateKeyError> {
    PrivateKey::from_pem(&PrivateKeyPem::new(testdata(&format!("keys/{name}"))))
}

#[test]
fn every_form_of_a_key_is_the_same_key() {
    for (name, public) in [
        ("raw-p256-sec1.pem", "raw-p256.pub"),
        ("raw-p256-pkcs8.pem", "raw-p256.pub"),
        ("raw-p384-sec1.pem", "openssl-p384.pub"),
        ("raw-p384-pkcs8.pem", "openssl-p384.pub"),
        ("raw-p521-sec1.pem", "openssl-p521.pub"),
        ("raw-p521-pkcs8.pem", "openssl-p521.pub"),
        ("raw-rsa2048-pkcs1.pem", "rsa2048.pub"),
        ("raw-rsa2048-pkcs8.pem", "rsa2048.pub"),
        ("raw-rsa3072-pkcs1.pem", "openssl-rsa3072.pub"),
        ("raw-ed25519-pkcs8.pem", "openssl-ed25519.pub"),
    ] {
        let key = read(name).unwrap();
        assert_eq!(key.public().to_pem().as_bytes(), testdata(&format!("keys/{public}")), "{name}");
        key.check_strength().unwrap();
        let der = key.to_pkcs8_der();
        assert_eq!(PrivateKey::from_pkcs8_der(&der).unwrap().to_pkcs8_der(), der, "{name}");
    }
}

#[test]
fn pkcs8_is_written_as_openssl_and_go_write_it() {
    for name in ["raw-p256-pkcs8.pem", "raw-p384-pkcs8.pem", "raw-p521-pkcs8.pem", "raw-rsa2048-pkcs8.pem", "raw-ed25519-pkcs8.pem"] {
        let (block, _) = pem::first(&testdata(&format!("keys/{name}"))).map(|(block, rest)| (block, rest.len())).unwrap();
        assert_eq!(*read(name).unwrap().to_pkcs8_der(), block.bytes, "{name}");
    }
}

#[test]
fn what_it_signs_holds() {
    for name in ["raw-p256-sec1.pem", "raw-p384-sec1.pem", "raw-p521-sec1.pem", "raw-rsa2048-pkcs1.pem", "raw-ed25519-pkcs8.pem"] {
        let key = read(name).unwrap();
        let mut schemes = key.public().candidate_schemes().to_vec();
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            schemes.push(key.public().scheme_with(hash));
            if matches!(key.public().algorithm(), crate::crypto::KeyAlgorithm::Rsa { .. }) {
                schemes.push(SignatureScheme::RsaPss(hash));
            }
        }
        for scheme in schemes {
            let signature = key.sign_now(scheme, HELLO).unwrap();
            key.public().verify(scheme, HELLO, &signature).unwrap();
            assert!(key.public().verify(scheme, Message::Bytes(b"other"), &signature).is_err(), "{name} {scheme:?}");
            if let Some(hash) = scheme.hash() {
                let digest = hash.digest("hello\n");
                key.public().verify(scheme, HELLO, &key.sign_now(scheme, Message::Digest(&digest)).unwrap()).unwrap();
            }
        }
    }
}

#[test]
fn a_scheme_must_fit_the_key() {
    let key = read("raw-p256-sec1.pem").unwrap();
    assert!(matches!(key.sign_now(SignatureScheme::Ed25519, HELLO), Err(SignError::Scheme { .. })));
    assert!(matches!(key.sign_now(SignatureScheme::Ecdsa(Curve::P384, HashAlgorithm::Sha256), HELLO), Err(SignError::Scheme { .. })));
    let ed25519 = read("raw-ed25519-pkcs8.pem").unwrap();
    let digest = HashAlgorithm::Sha256.digest("hello\n");
    assert!(matches!(ed25519.sign_now(SignatureScheme::Ed25519, Message::Digest(&digest)), Err(SignError::NeedsMessage(_))));
    assert!(matches!(ed25519.sign_now(SignatureScheme::Ed25519ph, Message::Digest(&digest)), Err(SignError::NeedsMessage(_))));
}

#[test]
fn generated_keys_differ_and_sign() {
    let fake = Fake::default();
    let (one, two) = (PrivateKey::generate(&fake).unwrap(), PrivateKey::generate(&fake).unwrap());
    assert_ne!(one.public(), two.public());
    assert_eq!(one.to_pkcs8_der().len(), 138);
    let signature = one.sign_now(one.scheme(), HELLO).unwrap();
    one.public().verify(one.scheme(), HELLO, &signature).unwrap();
    assert!(two.public().verify(two.scheme(), HELLO, &signature).is_err());
}

#[test]
fn scalars_out_of_range_are_refused() {
    for scalar in [&[0_u8; 32][..], &[0xff; 32], &[1; 33], &[]] {
        assert!(PrivateKey::from_scalar(Curve::P256, scalar).is_err(), "{scalar:?}");
    }
    // Zeros in front, as some programs write them, and left out, as others do.
    let short = PrivateKey::from_scalar(Curve::P256, &[5]).unwrap();
    assert_eq!(PrivateKey::from_scalar(Curve::P256, &[&[0; 39][..], &[5]].concat()).unwrap().public(), short.public());
}

#[test]
fn what_cannot_be_imported_says_so_as_the_go_program_does() {
    let says = |name: &str| {
        let error = read(name).and_then(|key| key.check_strength()).unwrap_err();
        error.to_string()
    };
    assert_eq!(says("raw-k256-sec1.pem"), "error parsing ecdsa private key");
    assert_eq!(says("raw-p224-sec1.pem"), "error validating ecdsa key: ECDSA curve P-224 not allowed");
    assert!(says("raw-p256-params.pem").starts_with("unsupported private key"));
    assert!(says("raw-p256-encrypted-pkcs8.pem").starts_with("unsupported private key"));
    assert_eq!(read("raw-rsa2048-encrypted-pkcs1.pem").unwrap_err(), PrivateKeyError::Pkcs1(MalformedKey::Encrypted));
    assert_eq!(says("cosign.pub"), "unsupported private key: PUBLIC KEY");
    assert!(says("cosign.key").starts_with("unsupported private key: ENCRYPTED SIGSTORE PRIVATE KEY (there is nothing to import"));
    assert_eq!(says("raw-rsa1024-pkcs1.pem"), "error validating rsa key: key size not supported: 1024");
    assert_eq!(PrivateKey::from_pem(&PrivateKeyPem::new(*b"not a key\n")).unwrap_err(), PrivateKeyError::NoPem);
    assert_eq!(format!("{:?}", read("raw-p256-sec1.pem").unwrap()).matches("redacted").count(), 1);
}

#[test]
fn numbers_that_do_not_belong_together_are_refused() {
    let key = read("raw-rsa2048-pkcs1.pem").unwrap();
    let Key::Rsa(rsa) = &key.key else { panic!("not RSA") };
    let mut numbers = PrivateNumbers::from_der(&rsa.pkcs1).unwrap();
    numbers.0[2] = &[3];
    assert_eq!(PrivateKey::from_pkcs1_der(&numbers.to_der()).unwrap_err(), MalformedKey::Numbers("RSA"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..138_usize, with: u8) {
        let _ = PrivateKey::from_pkcs8_der(&bytes);
        let _ = PrivateKey::from_sec1_der(&bytes);
        let _ = PrivateKey::from_pkcs1_der(&bytes);
        let mut der = read("raw-p256-pkcs8.pem").unwrap().to_pkcs8_der();
        der[at] = with;
        if let Ok(key) = PrivateKey::from_pkcs8_der(&der) {
            let written = key.to_pkcs8_der();
            let again = PrivateKey::from_pkcs8_der(&written).unwrap();
            prop_assert_eq!(again.public(), key.public());
        }
    }
}
