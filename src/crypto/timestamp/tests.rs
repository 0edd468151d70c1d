#![allow(clippy::unwrap_used)]
use super::*;
use crate::crypto::certificate::testing::{self, NOW, Template, generalized_time, keys, oid, sequence, tagged, usages};
use crate::crypto::{Digest, HashAlgorithm, Message, PrivateKey};
use proptest::prelude::*;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/timestamp/{name}")).unwrap()
}

/// The authority of a chain file, whose leaf is pinned as a trusted root does it.
fn authority(name: &str) -> TimestampAuthority {
    let mut chain = Certificate::all_from_pem(&read(name)).unwrap();
    let roots = vec![chain.pop().unwrap()];
    let leaf = Some(chain.remove(0));
    TimestampAuthority { leaf, intermediates: chain, roots, valid: ValidityPeriod::default() }
}

fn real(token: &str, message: &str, chain: &str) -> Result<String, String> {
    let verified = verify(&read(&format!("{token}.tsr")), &read(&format!("{message}.msg")), &authority(&format!("{chain}.pem")));
    verified.map(|good| good.time.to_string()).map_err(|error| error.to_string())
}

#[test]
fn tokens_of_real_authorities() {
    assert_eq!(real("staging", "staging", "staging"), Ok("2025-06-12T12:02:20Z".to_owned()));
    assert!(real("embedded", "embedded", "staging").is_ok());
    assert!(real("bare", "bare", "staging").is_ok());
    assert!(real("private", "private", "private").is_ok());
    assert!(real("expired-chain", "expired-chain", "local").is_ok());
    assert!(real("openssl-rsa", "openssl", "openssl-rsa").is_ok());
    assert!(real("openssl-p384", "openssl", "openssl-p384").is_ok());
}

#[test]
fn the_errors_of_the_conformance_suite() {
    let error = |token: &str, chain: &str| real(token, token, chain).unwrap_err();
    assert_eq!(error("untrusted-embedded", "staging"), "certificate embedded in the TSR does not match the provided TSA certificate");
    assert_eq!(error("untrusted-bare", "staging"), "error while verifying signature: pkcs7: No certificate for signer");
    assert_eq!(error("payload-mismatch", "staging"), "hashed messages don't match");
    let outside = error("outside-certificate", "local");
    assert!(outside.contains("pkcs7: signing time \"") && outside.contains("\" is outside of certificate validity \""), "{outside}");
}

#[test]
fn the_nonce_comes_back() {
    let nonce = [3, 0x24, 0x35, 0x33, 0xc9, 0x56, 0x35, 0x68];
    let check = |nonce: &[u8]| {
        verify_expected(&read("openssl-rsa.tsr"), b"hello", &authority("openssl-rsa.pem"), Expected { nonce: Some(nonce) })
            .map(|good| good.policy)
    };
    assert_eq!(check(&nonce), Ok("1.2.3.4".to_owned()));
    assert_eq!(check(&[&[0], &nonce[..]].concat()), Ok("1.2.3.4".to_owned()));
    assert_eq!(check(&nonce[1..]), Err(TimestampError::Nonce));
}

/// A token over "message" that verifies; a test changes one thing.
struct Token {
    authority_key: PrivateKey,
    key: PrivateKey,
    root: Certificate,
    template: Template,
    status: Vec<u8>,
    content_type: &'static str,
    time: Vec<u8>,
    info_extra: Vec<u8>,
    imprint_hash: &'static str,
    imprint: Vec<u8>,
    attributes: Vec<(&'static str, Vec<u8>)>,
    digest_override: Option<Vec<u8>>,
    embedded: bool,
    signers: usize,
    /// Signed once: another signature would make another certificate.
    signed: std::cell::OnceCell<Certificate>,
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const TST: &str = "1.2.840.113549.1.9.16.1.4";

impl Token {
    fn new() -> Self {
        let [authority_key, key] = keys();
        let root = Template::authority("tsa root", "tsa root", &authority_key).sign(&authority_key);
        let template = Template::leaf("tsa", "tsa root", &key).with("2.5.29.37", true, usages(&["1.3.6.1.5.5.7.3.8"]));
        Self {
            authority_key,
            key,
            root,
            template,
            status: tagged(2, &[0]),
            content_type: TST,
            time: generalized_time(NOW),
            info_extra: Vec::new(),
            imprint_hash: SHA256,
            imprint: Digest::sha256(b"message").bytes().to_vec(),
            attributes: Vec::new(),
            digest_override: None,
            embedded: true,
            signers: 1,
            signed: std::cell::OnceCell::new(),
        }
    }

    fn leaf(&self) -> Certificate {
        self.signed.get_or_init(|| self.template.sign(&self.authority_key)).clone()
    }

    fn signer_info(&self, info: &[u8]) -> Vec<u8> {
        let attribute = |id: &str, value: &[u8]| sequence(&[&oid(id), &tagged(0x31, value)]);
        let digest = self.digest_override.clone().unwrap_or_else(|| Digest::sha256(info).bytes().to_vec());
        let mut attributes =
            vec![attribute("1.2.840.113549.1.9.3", &oid(self.content_type)), attribute("1.2.840.113549.1.9.4", &tagged(4, &digest))];
        attributes.extend(self.attributes.iter().map(|(id, value)| attribute(id, value)));
        attributes.sort();
        let attributes = attributes.concat();
        let (algorithm, scheme) = testing::algorithm_of(&self.key);
        let signature = self.key.sign_now(scheme, Message::Bytes(&tagged(0x31, &attributes))).unwrap();
        let name = sequence(&[&self.template.issuer, &tagged(2, &self.template.serial)]);
        sequence(&[&tagged(2, &[1]), &name, &sequence(&[&oid(SHA256)]), &tagged(0xa0, &attributes), &algorithm, &tagged(4, &signature)])
    }

    fn der(&self) -> Vec<u8> {
        let imprint = sequence(&[&sequence(&[&oid(self.imprint_hash)]), &tagged(4, &self.imprint)]);
        let info = sequence(&[&tagged(2, &[1]), &oid("1.2.3"), &imprint, &tagged(2, &[9]), &self.time, &self.info_extra]);
        let content = sequence(&[&oid(TST), &tagged(0xa0, &tagged(4, &info))]);
        let certificates = if self.embedded { tagged(0xa0, self.leaf().der()) } else { Vec::new() };
        let digests = tagged(0x31, &sequence(&[&oid(SHA256)]));
        let signers = tagged(0x31, &self.signer_info(&info).repeat(self.signers));
        let data = sequence(&[&tagged(2, &[3]), &digests, &content, &certificates, &signers]);
        let token = sequence(&[&oid("1.2.840.113549.1.7.2"), &tagged(0xa0, &data)]);
        sequence(&[&tagged(0x30, &self.status), &token])
    }

    fn authority(&self) -> TimestampAuthority {
        TimestampAuthority { leaf: Some(self.leaf()), roots: vec![self.root.clone()], ..TimestampAuthority::default() }
    }

    fn change(change: impl FnOnce(&mut Self)) -> Result<UnixTime, TimestampError> {
        let mut token = Self::new();
        change(&mut token);
        verify(&token.der(), b"message", &token.authority()).map(|good| good.time)
    }

    fn error(changed: impl FnOnce(&mut Self)) -> TimestampError {
        Self::change(changed).unwrap_err()
    }
}

#[test]
fn a_token_with_and_without_its_certificate() {
    assert_eq!(Token::change(|_| ()), Ok(NOW));
    assert_eq!(Token::change(|token| token.embedded = false), Ok(NOW));
    let token = Token::new();
    let unpinned = TimestampAuthority { leaf: None, ..token.authority() };
    assert!(verify(&token.der(), b"message", &unpinned).is_ok());
    let bare = Token { embedded: false, ..Token::new() };
    assert_eq!(verify(&bare.der(), b"message", &unpinned), Err(TimestampError::NoLeaf));
    let rootless = TimestampAuthority { roots: Vec::new(), ..token.authority() };
    assert_eq!(verify(&token.der(), b"message", &rootless), Err(TimestampError::NoRoots));
}

#[test]
fn only_granted_responses() {
    let refused = [tagged(2, &[2]), sequence(&[&tagged(0x0c, b"no\x1b")]), vec![3, 2, 5, 0x20]].concat();
    assert_eq!(
        Token::error(|token| token.status = refused).to_string(),
        "error parsing response into Timestamp: the request is rejected: no\\u{1b} (transaction not permitted or supported)"
    );
    assert!(matches!(Token::error(|token| token.status = tagged(2, &[1])), TimestampError::NotGranted { status: 1, .. }));
    let response = sequence(&[&tagged(0x30, &tagged(2, &[0]))]);
    assert_eq!(verify(&response, b"", &Token::new().authority()), Err(TimestampError::NoToken));
    let trailing = [Token::new().der(), vec![0]].concat();
    assert_eq!(verify(&trailing, b"message", &Token::new().authority()), Err(TimestampError::TrailingData));
}

#[test]
fn the_signature_covers_all() {
    assert!(matches!(Token::error(|token| token.digest_override = Some(vec![0; 32])), TimestampError::DigestMismatch));
    assert_eq!(Token::error(|token| token.content_type = "1.2.840.113549.1.7.1"), TimestampError::Malformed("content type attribute"));
    let [.., stranger] = keys::<3>();
    assert!(matches!(Token::error(|token| token.key = stranger), TimestampError::Signature(_)));
    assert_eq!(Token::error(|token| token.signers = 2), TimestampError::Signers(2));
    assert_eq!(Token::error(|token| token.signers = 0), TimestampError::Signers(0));
    assert!(matches!(
        Token::error(|token| token.attributes.push(("1.2.840.113549.1.9.4", tagged(4, &[0; 32])))),
        TimestampError::Malformed("signer info")
    ));
}

/// CVE-2026-39984: a certificate that is trusted, beside the one that signed, helps nobody.
#[test]
fn cve_2026_39984_the_signer_is_the_one_that_is_checked() {
    let trusted = Token::new();
    let [.., stranger] = keys::<3>();
    let mut forged = Token::new();
    forged.template = Template { key: stranger.public().clone(), issuer: testing::name("nobody"), ..forged.template };
    forged.key = stranger;
    let (own, good) = (forged.leaf(), trusted.leaf());
    let der = forged.der();
    let token = response::token(&der).unwrap();
    let mut parsed = SignedData::parse(token).unwrap();
    parsed.certificates.push(good.clone());
    assert_eq!(parsed.verify(&parsed.certificates), Ok(&own));
    assert_eq!(parsed.verify(&[good]), Err(TimestampError::NoCertificateForSigner));
    let unpinned = TimestampAuthority { leaf: None, ..trusted.authority() };
    assert!(matches!(verify(&der, b"message", &unpinned), Err(TimestampError::Chain(_))));
    assert_eq!(verify(&der, b"message", &trusted.authority()), Err(TimestampError::OtherLeaf));
}

#[test]
fn signing_time_and_certificate_attributes() {
    let signing_time =
        |seconds| move |token: &mut Token| token.attributes.push(("1.2.840.113549.1.9.5", generalized_time(UnixTime(seconds))));
    assert!(Token::change(signing_time(NOW.0)).is_ok());
    assert!(matches!(Token::error(signing_time(0)), TimestampError::SigningTime { .. }));
    let certificate = |digest: &[u8]| sequence(&[&sequence(&[&sequence(&[&tagged(4, digest)])])]);
    let name_itself = |token: &mut Token| {
        let digest = Digest::sha256(token.leaf().der());
        token.attributes.push(("1.2.840.113549.1.9.16.2.47", certificate(digest.bytes())));
    };
    assert!(Token::change(name_itself).is_ok());
    let bad = certificate(&[0; 32]);
    assert_eq!(Token::error(|token| token.attributes.push(("1.2.840.113549.1.9.16.2.47", bad))), TimestampError::SigningCertificate);
    let old = certificate(&[0; 20]);
    assert_eq!(Token::error(|token| token.attributes.push(("1.2.840.113549.1.9.16.2.12", old))), TimestampError::SigningCertificate);
}

#[test]
fn the_certificate_is_for_time_stamps_alone_and_valid_then() {
    let usage = |critical, list: &'static [&'static str]| {
        move |token: &mut Token| token.template = token.template.clone().with("2.5.29.37", critical, usages(list))
    };
    const STAMP: &str = "1.3.6.1.5.5.7.3.8";
    assert_eq!(Token::error(usage(false, &[STAMP])), TimestampError::UsageNotCritical);
    assert_eq!(Token::error(usage(true, &[STAMP, "1.3.6.1.5.5.7.3.3"])), TimestampError::UsageCount(2));
    assert!(matches!(Token::error(usage(true, &["1.3.6.1.5.5.7.3.3"])), TimestampError::Chain(chain::ChainError::IncompatibleUsage)));
    let late = UnixTime(NOW.0 + 400 * 24 * 3600);
    assert!(matches!(Token::error(|token| token.time = generalized_time(late)), TimestampError::Chain(chain::ChainError::Expired { .. })));
    let [.., stranger] = keys::<3>();
    let other = Template::authority("other", "other", &stranger).sign(&stranger);
    assert!(matches!(Token::error(|token| token.root = other), TimestampError::Chain(chain::ChainError::UnknownAuthority { .. })));
}

#[test]
fn the_imprint_is_of_the_message() {
    assert_eq!(Token::error(|token| token.imprint[0] ^= 1), TimestampError::ImprintMismatch);
    assert_eq!(Token::error(|token| token.imprint_hash = "1.3.14.3.2.26"), TimestampError::WeakHash);
    assert_eq!(Token::error(|token| token.imprint_hash = "1.2.3"), TimestampError::UnsupportedHash);
    for (hash, id) in [(HashAlgorithm::Sha384, "2.16.840.1.101.3.4.2.2"), (HashAlgorithm::Sha512, "2.16.840.1.101.3.4.2.3")] {
        let imprint = hash.digest(b"message").bytes().to_vec();
        assert!(Token::change(|token| (token.imprint_hash, token.imprint) = (id, imprint)).is_ok());
    }
    let critical = tagged(0xa1, &sequence(&[&oid("1.2.3"), &tagged(1, &[0xff]), &tagged(4, b"")]));
    assert_eq!(Token::error(|token| token.info_extra = critical), TimestampError::CriticalExtension("1.2.3".to_owned()));
}

#[test]
fn both_ends_of_the_authoritys_period_belong_to_it() {
    let token = Token::new();
    let check = |time: Vec<u8>, start: Option<i64>, end: Option<i64>| {
        let valid = ValidityPeriod { start: start.map(UnixTime), end: end.map(UnixTime) };
        verify(
            &Token { time, signed: token.leaf().into(), ..Token::new() }.der(),
            b"message",
            &TimestampAuthority { valid, ..token.authority() },
        )
        .map(|_| ())
    };
    let at = || generalized_time(NOW);
    assert_eq!(check(at(), Some(NOW.0), Some(NOW.0)), Ok(()));
    assert_eq!(check(at(), Some(NOW.0 + 1), None), Err(TimestampError::BeforePeriod));
    assert_eq!(check(at(), None, Some(NOW.0 - 1)), Err(TimestampError::AfterPeriod));
    // Half a second after the end is after the end.
    let half = || tagged(0x18, b"20260101000000.5Z");
    assert_eq!(check(half(), None, Some(NOW.0)), Err(TimestampError::AfterPeriod));
    assert_eq!(check(half(), None, Some(NOW.0 + 1)), Ok(()));
}

#[test]
fn requests_are_those_of_openssl() {
    // openssl ts -query -data openssl.msg -sha256 -cert, with its nonce.
    let digest = Digest::sha256(b"hello");
    let der = request(&digest, &[0x80, 1]);
    let expected = "303e0201013031300d060960864801650304020105000420";
    let hex = crate::encoding::hex::encode(&der);
    assert!(hex.starts_with(expected) && hex.ends_with(&format!("{}0203008001{}", digest.hex(), "0101ff")), "{hex}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics_and_no_changed_byte_moves_the_time(at: proptest::sample::Index, byte: u8, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let authority = authority("staging.pem");
        let message = read("embedded.msg");
        let _ = verify(&bytes, &message, &authority);
        let mut token = read("embedded.tsr");
        let good = verify(&token, &message, &authority).unwrap();
        let place = at.index(token.len());
        token[place] = byte;
        if let Ok(changed) = verify(&token, &message, &authority) {
            prop_assert_eq!(changed.time, good.time);
        }
    }
}
