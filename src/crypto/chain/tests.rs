#![allow(clippy::unwrap_used)]
use super::*;
use crate::ambient::fake::Fake;
use crate::crypto::PrivateKey;
use crate::crypto::certificate::testing::{self, NOW, Template, basic_constraints, key, names, sequence, tagged, usages};

const EKU: &str = "2.5.29.37";
const SAN: &str = "2.5.29.17";
const CONSTRAINTS: &str = "2.5.29.30";

/// Root, intermediate and leaf, which verify; a test changes one thing.
struct Pki {
    keys: [PrivateKey; 3],
    root: Template,
    intermediate: Template,
    leaf: Template,
    at: UnixTime,
}

impl Pki {
    fn new() -> Self {
        let keys = testing::keys();
        Self {
            root: Template::authority("root", "root", &keys[0]),
            intermediate: Template::authority("intermediate", "root", &keys[1]),
            leaf: Template::leaf("leaf", "intermediate", &keys[2]),
            keys,
            at: NOW,
        }
    }

    fn verify(&self) -> Result<Vec<Certificate>, ChainError> {
        let (root, intermediate) = (self.root.sign(&self.keys[0]), self.intermediate.sign(&self.keys[0]));
        verify(&self.leaf.sign(&self.keys[1]), &[intermediate], &[root], self.at, ExtendedKeyUsage::CodeSigning)
    }

    fn change(change: impl FnOnce(&mut Self)) -> Result<Vec<Certificate>, ChainError> {
        let mut pki = Self::new();
        change(&mut pki);
        pki.verify()
    }

    fn error(changed: impl FnOnce(&mut Self)) -> String {
        Self::change(changed).unwrap_err().to_string()
    }
}

#[test]
fn a_path_is_leaf_first_root_last() {
    let path = Pki::new().verify().unwrap();
    assert_eq!(path.iter().map(Certificate::subject).collect::<Vec<_>>(), ["CN=leaf", "CN=intermediate", "CN=root"]);
}

#[test]
fn a_leaf_that_is_itself_a_root_is_a_path() {
    let world = Fake::default();
    let own = key(&world);
    let leaf = Template::leaf("leaf", "nobody", &own).sign(&own);
    let verify = |roots: &[Certificate]| super::verify(&leaf, &[], roots, NOW, ExtendedKeyUsage::CodeSigning);
    assert_eq!(verify(std::slice::from_ref(&leaf)).unwrap().len(), 1);
    assert_eq!(verify(&[]).unwrap_err().to_string(), "x509: certificate signed by unknown authority");
}

#[test]
fn each_certificate_must_be_valid_at_the_moment() {
    let after = "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is after 2025-12-31T23:59:59Z";
    let past = UnixTime(NOW.0 - 1);
    assert_eq!(Pki::error(|pki| pki.leaf.not_after = past), after);
    assert_eq!(Pki::error(|pki| pki.intermediate.not_after = past), after);
    assert_eq!(Pki::error(|pki| pki.root.not_after = past), after);
    let before = "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is before 2026-01-01T00:00:01Z";
    assert_eq!(Pki::error(|pki| pki.leaf.not_before = UnixTime(NOW.0 + 1)), before);
    // Both ends belong to the period.
    assert!(Pki::change(|pki| (pki.leaf.not_before, pki.leaf.not_after) = (NOW, NOW)).is_ok());
}

#[test]
fn signatures_count() {
    let hint = "x509: certificate signed by unknown authority (possibly because of \"x509: ECDSA verification failure\" while trying to verify candidate authority certificate \"intermediate\")";
    let other = key(&Fake::default());
    assert_eq!(Pki::error(|pki| pki.intermediate.key = other.public().clone()), hint);
    let sha1 = tagged(0x30, &testing::oid("1.2.840.10045.4.1"));
    assert!(Pki::error(|pki| pki.leaf.algorithm = Some(sha1)).contains("insecure algorithm ECDSA-SHA1"));
    let unknown = tagged(0x30, &testing::oid("1.2.3.4"));
    assert!(Pki::error(|pki| pki.leaf.algorithm = Some(unknown)).contains("algorithm unimplemented"));
}

#[test]
fn only_authorities_sign() {
    let cannot = "parent certificate cannot sign this kind of certificate";
    let leaf_like = |pki: &mut Pki| pki.intermediate = pki.intermediate.clone().with("2.5.29.19", true, basic_constraints(false, None));
    assert!(Pki::error(leaf_like).contains(cannot));
    assert!(Pki::error(|pki| pki.intermediate = pki.intermediate.clone().without("2.5.29.19")).contains(cannot));
    // Key usage: digitalSignature only.
    let usage = |pki: &mut Pki| pki.intermediate = pki.intermediate.clone().with("2.5.29.15", true, vec![3, 2, 7, 0x80]);
    assert!(Pki::error(usage).contains(cannot));
    assert!(Pki::change(|pki| pki.intermediate = pki.intermediate.clone().without("2.5.29.15")).is_ok());
    // Version 1 has no basic constraints: good as a root, not as an intermediate.
    let v1 = |template: &Template| Template { version: 1, extensions: Vec::new(), ..template.clone() };
    assert!(Pki::change(|pki| pki.root = v1(&pki.root)).is_ok());
    assert_eq!(
        Pki::error(|pki| pki.intermediate = v1(&pki.intermediate)),
        "x509: certificate is not authorized to sign other certificates"
    );
}

#[test]
fn path_length_is_limited() {
    let limit = |template: &Template, length| template.clone().with("2.5.29.19", true, basic_constraints(true, Some(length)));
    assert_eq!(Pki::error(|pki| pki.root = limit(&pki.root, 0)), "x509: too many intermediates for path length constraint");
    assert!(Pki::change(|pki| pki.root = limit(&pki.root, 1)).is_ok());
    assert!(Pki::change(|pki| pki.intermediate = limit(&pki.intermediate, 0)).is_ok());
}

#[test]
fn extended_key_usages_nest() {
    let incompatible = "x509: certificate specifies an incompatible key usage";
    let stamping = || usages(&["1.3.6.1.5.5.7.3.8"]);
    assert_eq!(Pki::error(|pki| pki.leaf = pki.leaf.clone().with(EKU, false, stamping())), incompatible);
    assert_eq!(Pki::error(|pki| pki.intermediate = pki.intermediate.clone().with(EKU, false, stamping())), incompatible);
    assert_eq!(Pki::error(|pki| pki.root = pki.root.clone().with(EKU, false, stamping())), incompatible);
    assert!(Pki::change(|pki| pki.leaf = pki.leaf.clone().without(EKU)).is_ok());
    assert!(Pki::change(|pki| pki.leaf = pki.leaf.clone().with(EKU, false, usages(&["2.5.29.37.0"]))).is_ok());
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let unhandled = "x509: unhandled critical extension";
    assert_eq!(Pki::error(|pki| pki.leaf = pki.leaf.clone().with("1.2.3", true, vec![5, 0])), unhandled);
    assert_eq!(Pki::error(|pki| pki.intermediate = pki.intermediate.clone().with("1.2.3", true, vec![5, 0])), unhandled);
    assert!(Pki::change(|pki| pki.leaf = pki.leaf.clone().with("1.2.3", false, vec![5, 0])).is_ok());
    // Fulcio's user names: critical, and of a kind that Go leaves to the caller.
    let other = [testing::oid("1.3.6.1.4.1.57264.1.7"), tagged(0xa0, &tagged(0x0c, b"foo!example.com"))].concat();
    let san = sequence(&[&tagged(0xa0, &other)]);
    let path = Pki::change(|pki| pki.leaf = pki.leaf.clone().with(SAN, true, san)).unwrap();
    assert_eq!(path[0].subject_alternative_names(), ["foo!example.com"]);
}

#[test]
fn explicit_policies_are_not_processed() {
    let policy = sequence(&[&tagged(0x80, &[0])]);
    let error = Pki::error(|pki| pki.intermediate = pki.intermediate.clone().with("2.5.29.36", true, policy));
    assert_eq!(error, "x509: no valid chains built: 1 candidate chains with invalid policies");
}

/// Name constraints with one subtree: list (0xa0 permitted, 0xa1 excluded), kind, value.
fn constraint(list: u8, kind: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&tagged(list, &sequence(&[&tagged(0x80 | kind, value)]))])
}

fn constrained(san: (u8, &[u8]), list: u8, value: &[u8]) -> Result<(), String> {
    let changed = Pki::change(|pki| {
        pki.leaf = pki.leaf.clone().with(SAN, false, names(&[san]));
        pki.root = pki.root.clone().with(CONSTRAINTS, true, constraint(list, san.0, value));
    });
    changed.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn name_constraints_hold_for_each_kind_of_name() {
    type Case<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);
    let cases: [Case<'_>; 7] = [
        (1, b"a@example.com", b"example.com", b"example.org"),
        (1, b"a@example.com", b"a@EXAMPLE.com", b"b@example.com"),
        (2, b"www.Example.com", b"example.com", b"ample.com"),
        (2, b"www.example.com", b".example.com", b".www.example.com"),
        (6, b"https://ci.example.com:8443/x", b"example.com", b"example.org"),
        (7, &[10, 1, 2, 3], &[10, 0, 0, 0, 255, 0, 0, 0], &[11, 0, 0, 0, 255, 0, 0, 0]),
        (7, &[1; 16], &[1; 16].map(|_: u8| 0).repeat(2), &[[2u8; 16], [255u8; 16]].concat()),
    ];
    let sentence = "x509: a root or intermediate certificate is not authorized to sign for this name: ";
    for (kind, san, inside, outside) in cases {
        assert_eq!(constrained((kind, san), 0xa0, inside), Ok(()), "{kind} permitted");
        assert!(constrained((kind, san), 0xa0, outside).is_err_and(|error| error.starts_with(sentence)), "{kind} not permitted");
        assert!(constrained((kind, san), 0xa1, inside).is_err_and(|error| error.starts_with(sentence)), "{kind} excluded");
        assert_eq!(constrained((kind, san), 0xa1, outside), Ok(()), "{kind} not excluded");
    }
    // A wildcard covers an excluded sibling; a URI without a host cannot be compared.
    assert!(constrained((2, b"*.example.com"), 0xa1, b"www.example.com").is_err());
    assert!(constrained((6, b"urn:x"), 0xa1, b"example.com").is_err_and(|error| error.contains("URI with empty host")));
    // Another kind of name is not constrained.
    let dns_only = Pki::change(|pki| {
        pki.leaf = pki.leaf.clone().with(SAN, false, names(&[(1, b"a@b.c")]));
        pki.root = pki.root.clone().with(CONSTRAINTS, true, constraint(0xa0, 2, b"example.com"));
    });
    assert!(dns_only.is_ok());
}

#[test]
fn comparing_names_is_bounded() {
    let list = |count: usize| {
        (0..count).map(|number| sequence(&[&tagged(0x82, format!("{number:0>60}.example.com").as_bytes())])).collect::<Vec<_>>().concat()
    };
    let constraints = sequence(&[&tagged(0xa1, &list(1000))]);
    let san = tagged(0x30, &(0..1000).map(|number| tagged(0x82, format!("x{number}.example.org").as_bytes())).collect::<Vec<_>>().concat());
    let error = Pki::error(|pki| {
        pki.leaf = pki.leaf.clone().with(SAN, false, san);
        pki.root = pki.root.clone().with(CONSTRAINTS, true, constraints);
    });
    assert!(error.ends_with("not authorized to sign for this name: too many constraints"), "{error}");
}

#[test]
fn critical_constraints_on_other_kinds_are_refused() {
    let directory = sequence(&[&tagged(0xa0, &sequence(&[&tagged(0xa4, &testing::name("x"))]))]);
    let with = |critical| {
        let directory = directory.clone();
        move |pki: &mut Pki| pki.root = pki.root.clone().with(CONSTRAINTS, critical, directory)
    };
    assert_eq!(Pki::error(with(true)), "x509: unhandled critical extension");
    assert!(Pki::change(with(false)).is_ok());
}

#[test]
fn every_algorithm_signs() {
    let world = Fake::default();
    for file in ["raw-p384-pkcs8.pem", "raw-p521-pkcs8.pem", "raw-rsa2048-pkcs8.pem"] {
        let pem = std::fs::read(format!("testdata/keys/{file}")).unwrap();
        let authority = PrivateKey::from_pem(&crate::secret::PrivateKeyPem::new(pem)).unwrap();
        let root = Template::authority("root", "root", &authority).sign(&authority);
        let leaf = Template::leaf("leaf", "root", &key(&world)).sign(&authority);
        assert!(verify(&leaf, &[], &[root], NOW, ExtendedKeyUsage::CodeSigning).is_ok(), "{file}");
    }
}

#[test]
fn the_work_is_bounded() {
    let world = Fake::default();
    let (leaf_key, keys): (_, Vec<_>) = (key(&world), (0..12).map(|_| key(&world)).collect());
    // Each certifies each other under one name: paths multiply.
    let mut intermediates = Vec::new();
    for subject in &keys {
        intermediates.extend(keys.iter().map(|issuer| Template::authority("x", "x", subject).sign(issuer)));
    }
    let leaf = Template::leaf("leaf", "x", &leaf_key).sign(&keys[0]);
    let error = verify(&leaf, &intermediates, &[], NOW, ExtendedKeyUsage::Any).unwrap_err();
    assert_eq!(error.to_string(), "x509: signature check attempts limit reached while verifying certificate chain");
}

#[test]
fn the_reference_chain_verifies_and_the_expired_leaf_does_not() {
    let read = |name: &str| Certificate::all_from_pem(&std::fs::read(format!("testdata/x509/{name}")).unwrap()).unwrap();
    let (roots, intermediates, at) =
        (read("pki-root.crt"), read("pki-inter.crt"), UnixTime::parse_rfc3339("2030-01-01T00:00:00Z").unwrap());
    let check = |leaf: &str, roots: &[Certificate]| {
        verify(&read(leaf)[0], &intermediates, roots, at, ExtendedKeyUsage::CodeSigning)
            .map(|path| path.len())
            .map_err(|error| error.to_string())
    };
    assert_eq!(check("pki-leaf.crt", &roots), Ok(3));
    assert_eq!(check("pki-leafuri.crt", &roots), Ok(3));
    // What the Go program says.
    let expired = "x509: certificate has expired or is not yet valid: current time 2030-01-01T00:00:00Z is after 2020-01-02T00:00:00Z";
    assert_eq!(check("pki-leafexpired.crt", &roots), Err(expired.to_owned()));
    assert_eq!(check("pki-leaf.crt", &read("pki-otherroot.crt")), Err("x509: certificate signed by unknown authority".to_owned()));
}

#[test]
fn real_certificates_of_fulcio_chain_to_the_trusted_root() {
    let root: serde_json::Value = serde_json::from_slice(&std::fs::read("testdata/x509/production.json").unwrap()).unwrap();
    let read = |value: &serde_json::Value| {
        Certificate::from_der(&crate::encoding::base64::decode(value["rawBytes"].as_str().unwrap()).unwrap()).unwrap()
    };
    let chains = root["certificateAuthorities"].as_array().unwrap().iter();
    let mut chain: Vec<Certificate> = chains.clone().flat_map(|ca| ca["certChain"]["certificates"].as_array().unwrap()).map(read).collect();
    let roots: Vec<Certificate> = chain.extract_if(.., |certificate| certificate.is_self_issued()).collect();
    for file in ["fulcio-github.der", "fulcio-intoto.der"] {
        let leaf = Certificate::from_der(&std::fs::read(format!("testdata/x509/{file}")).unwrap()).unwrap();
        let check = |at, usage| verify(&leaf, &chain, &roots, at, usage).map(|path| path.len());
        assert_eq!(check(leaf.not_after(), ExtendedKeyUsage::CodeSigning), Ok(3), "{file}");
        assert_eq!(check(leaf.not_before(), ExtendedKeyUsage::TimeStamping), Err(ChainError::IncompatibleUsage));
        assert!(matches!(check(UnixTime(leaf.not_after().0 + 1), ExtendedKeyUsage::CodeSigning), Err(ChainError::Expired { .. })));
    }
}
