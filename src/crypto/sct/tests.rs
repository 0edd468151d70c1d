#![allow(clippy::unwrap_used)]
use super::*;
use crate::crypto::certificate::testing::{Template, keys, tagged};
use crate::crypto::{Message, PrivateKey, PublicKey, SignatureScheme, ValidityPeriod};
use crate::encoding::base64;
use proptest::prelude::*;

const LIST: &str = "1.3.6.1.4.1.11129.2.4.2";

fn log(key: &PublicKey) -> LogKey {
    LogKey::new(key.clone(), ValidityPeriod::default())
}

/// TLS bytes of an SCT by `log` over `entry`.
fn make(log: &PrivateKey, entry: &[u8], extensions: &[u8]) -> Vec<u8> {
    let mut sct = Sct {
        log_id: Digest::sha256(log.public().spki_der()).bytes().to_vec(),
        timestamp: 1_767_225_600_500,
        extensions: extensions.to_vec(),
        hash: 4,
        algorithm: 3,
        signature: Vec::new(),
    };
    sct.signature = log.sign_now(log.public().default_scheme(), Message::Bytes(&sct.signed_data(entry))).unwrap();
    let two = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    [&[0][..], &sct.log_id, &sct.timestamp.to_be_bytes(), &two(extensions), &[4, 3], &two(&sct.signature)].concat()
}

/// The extension with these SCTs.
fn list(scts: &[Vec<u8>]) -> Vec<u8> {
    let two = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    tagged(4, &two(&scts.iter().map(|sct| two(sct)).collect::<Vec<_>>().concat()))
}

/// An issuer, a log, and a leaf of that issuer with an SCT of that log.
struct Pki {
    issuer: Certificate,
    issuer_key: PrivateKey,
    log: PrivateKey,
    template: Template,
}

impl Pki {
    fn new() -> Self {
        let [issuer_key, leaf_key, log] = keys();
        let issuer = Template::authority("ca", "ca", &issuer_key).sign(&issuer_key);
        let template = Template::leaf("leaf", "ca", &leaf_key);
        Self { issuer, issuer_key, log, template }
    }

    fn sct(&self, log: &PrivateKey, extensions: &[u8]) -> Vec<u8> {
        let bare = self.template.clone().with(LIST, false, vec![]).sign(&self.issuer_key);
        make(log, &precertificate_entry(&self.issuer, &precertificate_tbs(&bare).unwrap()).unwrap(), extensions)
    }

    fn leaf(&self, scts: &[Vec<u8>]) -> Certificate {
        self.template.clone().with(LIST, false, list(scts)).sign(&self.issuer_key)
    }

    fn verify(&self, scts: &[Vec<u8>], logs: &[LogKey], threshold: usize) -> Result<usize, String> {
        let issuers = std::slice::from_ref(&self.issuer);
        verify_embedded(&self.leaf(scts), issuers, logs, threshold).map(|good| good.len()).map_err(|error| error.to_string())
    }
}

#[test]
fn embedded_with_and_without_log_extensions() {
    let pki = Pki::new();
    let logs = [log(pki.log.public())];
    assert_eq!(pki.verify(&[pki.sct(&pki.log, &[])], &logs, 1), Ok(1));
    assert_eq!(pki.verify(&[pki.sct(&pki.log, b"leaf index")], &logs, 1), Ok(1));
    // The extensions are signed: other ones do not verify.
    let mut changed = pki.sct(&pki.log, b"x");
    changed[43] ^= 1;
    assert!(pki.verify(&[changed], &logs, 1).unwrap_err().contains("the signature does not verify"));
}

#[test]
fn the_certificate_and_its_issuer_are_bound() {
    let (pki, mut other) = (Pki::new(), Pki::new());
    let (sct, logs) = (pki.sct(&pki.log, &[]), [log(pki.log.public())]);
    other.template.serial = vec![8];
    assert!(other.verify(std::slice::from_ref(&sct), &logs, 1).unwrap_err().contains("the signature does not verify"));
    let [.., stranger] = keys::<4>();
    let reissued = Template::authority("ca", "ca", &pki.issuer_key).sign(&stranger);
    assert!(verify_embedded(&pki.leaf(std::slice::from_ref(&sct)), &[reissued], &logs, 1).is_ok(), "only the issuer's key counts");
    let other_issuer = Template::authority("ca", "ca", &stranger).sign(&stranger);
    assert!(verify_embedded(&pki.leaf(std::slice::from_ref(&sct)), std::slice::from_ref(&other_issuer), &logs, 1).is_err());
    assert!(verify_embedded(&pki.leaf(std::slice::from_ref(&sct)), &[other_issuer, pki.issuer.clone()], &logs, 1).is_ok());
    assert!(
        verify_embedded(&pki.leaf(&[sct]), &[], &logs, 1).unwrap_err().to_string().contains("the issuer of the certificate is not known")
    );
}

#[test]
fn thresholds_count_distinct_known_logs() {
    let pki = Pki::new();
    let [.., second] = keys::<4>();
    let (first_sct, second_sct) = (pki.sct(&pki.log, &[]), pki.sct(&second, &[]));
    let logs = [log(pki.log.public()), log(second.public())];
    assert_eq!(pki.verify(&[first_sct.clone(), second_sct.clone()], &logs, 2), Ok(2));
    // The same log twice is one; an unknown log is skipped; none is none.
    let too_few = "only able to verify 1 SCT entries; unable to meet threshold of 2";
    assert_eq!(pki.verify(&[first_sct.clone(), first_sct.clone()], &logs, 2), Err(too_few.to_owned()));
    assert!(pki.verify(&[first_sct.clone(), second_sct], &logs[..1], 2).unwrap_err().contains("unknown log"));
    assert_eq!(pki.verify(&[], &logs, 1), Err("only able to verify 0 SCT entries; unable to meet threshold of 1".to_owned()));
    let plain = pki.template.sign(&pki.issuer_key);
    assert!(verify_embedded(&plain, std::slice::from_ref(&pki.issuer), &logs, 1).is_err());
}

#[test]
fn the_logs_key_must_count_at_that_time() {
    let pki = Pki::new();
    let sct = pki.sct(&pki.log, &[]);
    let at = 1_767_225_600;
    let check = |start: Option<i64>, end: Option<i64>| {
        let valid = ValidityPeriod { start: start.map(UnixTime), end: end.map(UnixTime) };
        pki.verify(std::slice::from_ref(&sct), &[LogKey { valid, ..log(pki.log.public()) }], 1)
    };
    assert_eq!(check(Some(at), Some(at)), Ok(1));
    assert!(check(Some(at + 1), None).unwrap_err().contains("outside of the validity period"));
    assert!(check(None, Some(at - 1)).unwrap_err().contains("outside of the validity period"));
}

#[test]
fn detached_as_json_and_raw() {
    let pki = Pki::new();
    let (leaf, logs) = (pki.template.sign(&pki.issuer_key), [log(pki.log.public())]);
    let entry = [&[0, 0][..], &length24(leaf.der()).unwrap(), leaf.der()].concat();
    let raw = make(&pki.log, &entry, b"e");
    let sct = Sct::parse_detached(&raw).unwrap();
    assert!(verify_detached(&sct, &leaf, &logs).is_ok());
    let signature = [&[4, 3][..], &(sct.signature.len() as u16).to_be_bytes(), &sct.signature].concat();
    let json = format!(
        "{{\"sct_version\":0,\"id\":\"{}\",\"timestamp\":{},\"extensions\":\"ZQ==\",\"signature\":\"{}\"}}",
        base64::encode(&sct.log_id),
        sct.timestamp,
        base64::encode(signature)
    );
    assert_eq!(Sct::parse_detached(json.as_bytes()), Ok(sct.clone()));
    let other = Template { serial: vec![9], ..pki.template.clone() }.sign(&pki.issuer_key);
    assert_eq!(verify_detached(&sct, &other, &logs), Err(SctError::Detached(SctRefusal::Signature)));
    assert_eq!(verify_detached(&sct, &leaf, &[]), Err(SctError::Detached(SctRefusal::UnknownLog)));
    assert_eq!(Sct::parse_detached(&raw[..raw.len() - 1]), Err(SctError::Malformed));
    assert_eq!(Sct::parse_detached(&[raw.as_slice(), &[0]].concat()), Err(SctError::Malformed));
    assert_eq!(Sct::parse_detached(&[&[1], &raw[1..]].concat()), Err(SctError::Version(1)));
}

#[test]
fn the_number_is_bounded() {
    let pki = Pki::new();
    let sct = pki.sct(&pki.log, &[]);
    assert!(pki.verify(&vec![sct; 33], &[log(pki.log.public())], 1).unwrap_err().contains("too many"));
}

/// Real certificates, their issuer and the logs of their trusted root.
fn real(leaf: &str, root: &str) -> Result<Vec<VerifiedSct>, SctError> {
    let leaf = Certificate::from_der(&std::fs::read(format!("testdata/x509/{leaf}")).unwrap()).unwrap();
    let root: serde_json::Value = serde_json::from_slice(&std::fs::read(format!("testdata/x509/{root}")).unwrap()).unwrap();
    let bytes = |value: &serde_json::Value| base64::decode(value.as_str().unwrap()).unwrap();
    let chains = root["certificateAuthorities"].as_array().unwrap().iter();
    let issuers = chains.flat_map(|ca| ca["certChain"]["certificates"].as_array().unwrap());
    let issuers = issuers.map(|certificate| Certificate::from_der(&bytes(&certificate["rawBytes"])).unwrap());
    let issuers: Vec<_> = issuers.filter(|issuer| issuer.subject_der() == leaf.issuer_der()).collect();
    let logs = root["ctlogs"].as_array().unwrap().iter().filter_map(|log| {
        let key = PublicKey::from_spki_der(&bytes(&log["publicKey"]["rawBytes"])).ok()?;
        Some(LogKey { id: bytes(&log["logId"]["keyId"]), key, valid: ValidityPeriod::default() })
    });
    verify_embedded(&leaf, &issuers, &logs.collect::<Vec<_>>(), 1)
}

#[test]
fn real_certificates() {
    assert!(real("fulcio-github.der", "production.json").is_ok());
    assert!(real("fulcio-intoto.der", "production.json").is_ok());
    assert!(real("fulcio-sct-extensions.der", "static-ct-sct-extensions.json").is_ok());
    // Same log id, another key.
    let error = real("fulcio-github.der", "production-wrong-ct-key.json").unwrap_err().to_string();
    assert!(error.starts_with("only able to verify 0 SCT entries; unable to meet threshold of 1"), "{error}");
}

#[test]
fn certificates_of_a_private_fulcio() {
    let read = |name: &str| std::fs::read(format!("testdata/x509/{name}")).unwrap();
    let issuers = Certificate::all_from_pem(&read("fulcio-chain.pem")).unwrap();
    let logs = [log(&PublicKey::from_pem(&read("ctlog.pub")).unwrap())];
    let check = |name: &str| verify_embedded(&Certificate::from_der(&read(name)).unwrap(), &issuers[..1], &logs, 1).map(|good| good.len());
    assert_eq!(check("private-email.der"), Ok(1));
    assert_eq!(check("private-github.der"), Ok(1));
    assert_eq!(check("private-p521.der"), Ok(1));
    assert!(matches!(check("private-nosct.der"), Err(SctError::Threshold { .. })));
}

#[test]
fn only_sha2_with_ecdsa_or_rsa() {
    let sct = |hash, algorithm| Sct { log_id: vec![], timestamp: 0, extensions: vec![], hash, algorithm, signature: vec![] };
    assert!(sct(2, 3).algorithm().is_none());
    assert!(sct(4, 2).algorithm().is_none());
    let scheme = SignatureScheme::RsaPkcs1(HashAlgorithm::Sha256);
    assert_eq!(sct(4, 1).algorithm(), Some(SignatureAlgorithm::RsaPkcs1(scheme.hash().unwrap())));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..120, byte: u8) {
        let _ = Sct::parse_detached(&bytes);
        let mut almost = vec![0; 41];
        almost.extend([0, 0, 4, 3, 0, 2, 1, 2]);
        if let Some(place) = almost.get_mut(at) {
            *place = byte;
        }
        let _ = Sct::parse_detached(&almost);
    }
}
