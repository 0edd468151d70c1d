#![allow(clippy::unwrap_used)]
use super::testing::{Template, basic_constraints, keys, name, names, oid, sequence, tagged};
use super::*;
use crate::crypto::PrivateKey;
use proptest::prelude::*;

fn read(file: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/x509/{file}")).unwrap()
}

/// What comes of a leaf that a test changes.
fn parsed(change: impl FnOnce(Template) -> Template) -> Result<Certificate, String> {
    let [ca, leaf] = keys::<2>();
    Certificate::from_der(&change(Template::leaf("leaf", "ca", &leaf)).der(&ca)).map_err(|error| error.to_string())
}

#[test]
fn fields_of_a_real_certificate() {
    let certificate = Certificate::from_der(&read("fulcio-github.der")).unwrap();
    let identity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    assert_eq!(certificate.subject_alternative_names(), [identity]);
    assert_eq!(certificate.uris(), [identity]);
    assert_eq!((certificate.subject(), certificate.issuer()), (String::new(), "CN=sigstore-intermediate,O=sigstore.dev".to_owned()));
    assert_eq!(certificate.not_before().to_string(), "2024-03-19T17:26:26Z");
    assert_eq!(certificate.not_after().to_string(), "2024-03-19T17:36:26Z");
    assert!(
        !certificate.is_ca()
            && certificate.names_usage(ExtendedKeyUsage::CodeSigning)
            && !certificate.names_usage(ExtendedKeyUsage::TimeStamping)
    );
    assert_eq!(certificate.public_key().unwrap().spki_der(), certificate.spki_der());
    let fulcio = certificate.fulcio();
    assert_eq!(fulcio.issuer(), Some("https://token.actions.githubusercontent.com"));
    assert_eq!(fulcio.named("githubWorkflowRef"), Some("refs/heads/main"));
    assert_eq!(fulcio.named("runnerEnvironment"), Some("github-hosted"));
    assert_eq!(fulcio.iter().count(), 21);
    assert_eq!(FulcioExtensions::name_of("1.3.6.1.4.1.57264.1.6"), Some("githubWorkflowRef"));
    let pem = certificate.to_pem();
    assert_eq!(Certificate::all_from_pem(pem.as_bytes()), Ok(vec![certificate]));
}

#[test]
fn identities_of_mail_and_authorities() {
    let certificate = Certificate::from_der(&read("private-email.der")).unwrap();
    assert_eq!(certificate.email_addresses(), ["alice@example.com"]);
    let chain = Certificate::all_from_pem(&read("fulcio-chain.pem")).unwrap();
    assert!(chain.iter().all(Certificate::is_ca));
    assert_eq!(chain.last().map(Certificate::is_self_issued), Some(true));
    assert_eq!(Certificate::all_from_pem(&read("pki-inter.crt")).unwrap()[0].path_length(), Some(0));
}

#[test]
fn names_in_the_order_of_cryptoutils() {
    let other = [oid("1.3.6.1.4.1.57264.1.7"), tagged(0xa0, &tagged(0x0c, b"user!host"))].concat();
    let list: [&[u8]; 6] = [
        &tagged(0xa0, &other),
        &tagged(0x86, b"https://e.com/x"),
        &tagged(0x87, &[127, 0, 0, 1]),
        &tagged(0x87, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]),
        &tagged(0x81, b"a@b.c"),
        &tagged(0x82, b"e.com"),
    ];
    let certificate = parsed(|template| template.with("2.5.29.17", true, sequence(&list))).unwrap();
    assert_eq!(certificate.subject_alternative_names(), ["e.com", "a@b.c", "127.0.0.1", "10.0.0.1", "https://e.com/x", "user!host"]);
    // Two OtherNames, or one of another kind, are none.
    let twice = sequence(&[list[0], list[0]]);
    assert_eq!(parsed(|template| template.with("2.5.29.17", true, twice)).unwrap().other_name(), None);
    let foreign = [oid("1.2.3"), tagged(0xa0, &tagged(0x0c, b"x"))].concat();
    assert_eq!(parsed(|template| template.with("2.5.29.17", true, sequence(&[&tagged(0xa0, &foreign)]))).unwrap().other_name(), None);
}

#[test]
fn a_malformed_issuer_is_not_replaced_by_the_older_form() {
    let (v1, v2) = ("1.3.6.1.4.1.57264.1.1", "1.3.6.1.4.1.57264.1.8");
    let with = |value: Vec<u8>| parsed(|template| template.with(v1, false, b"https://old".to_vec()).with(v2, false, value)).unwrap();
    assert_eq!(with(tagged(0x0c, b"https://new")).fulcio().issuer(), Some("https://new"));
    assert_eq!(with(b"https://new".to_vec()).fulcio().issuer(), None);
    assert_eq!(with([tagged(0x0c, b"https://new"), vec![0]].concat()).fulcio().issuer(), None);
    let old = parsed(|template| template.with(v1, false, b"https://old".to_vec())).unwrap();
    assert_eq!(old.fulcio().issuer(), Some("https://old"));
}

#[test]
fn each_part_is_checked() {
    let error = |change: &dyn Fn(Template) -> Template| parsed(change).unwrap_err();
    let san = |list: Vec<u8>| move |template: Template| template.with("2.5.29.17", false, list.clone());
    assert_eq!(error(&|template| Template { serial: vec![0x80], ..template }), "x509: negative serial number");
    assert_eq!(error(&|template| Template { serial: vec![0, 1], ..template }), "x509: malformed serial number");
    assert_eq!(error(&|template| Template { version: 4, ..template }), "x509: invalid version");
    assert_eq!(error(&|template| Template { subject: vec![0x30, 1, 5], ..template }), "x509: malformed subject");
    assert_eq!(error(&|template| template.with("2.5.29.19", true, vec![5, 0])), "x509: malformed basic constraints");
    assert_eq!(error(&|template| template.with("2.5.29.15", true, vec![3, 2, 1, 7])), "x509: malformed key usage");
    assert_eq!(error(&|template| template.with("2.5.29.37", true, vec![0x30, 2, 5, 0])), "x509: malformed extended key usages");
    assert_eq!(error(&|template| template.with("2.5.29.30", true, vec![0x30, 0])), "x509: malformed name constraints");
    assert_eq!(error(&san(names(&[(6, b"https://e.com/%")]))), "x509: cannot parse URI \"https://e.com/%\"");
    assert_eq!(error(&san(names(&[(1, &[0xc3, 0xa9])]))), "x509: SAN rfc822Name is malformed");
    assert_eq!(error(&san(names(&[(7, &[1, 2, 3])]))), "x509: cannot parse IP address of length 3");
    assert_eq!(error(&san(vec![0x30, 1, 0])), "x509: malformed subject alternative names");
    let twice = |mut template: Template| {
        template.extensions.push(("2.5.29.37", false, vec![0x30, 0]));
        template
    };
    assert_eq!(error(&twice), "x509: certificate contains duplicate extension with OID \"2.5.29.37\"");
}

#[test]
fn the_outer_shell_is_checked() {
    let [ca, leaf] = keys::<2>();
    let template = Template::leaf("leaf", "ca", &leaf);
    let der = template.der(&ca);
    let error = |der: &[u8]| Certificate::from_der(der).unwrap_err();
    assert_eq!(error(&[der.as_slice(), &[0]].concat()), CertificateError::TrailingData);
    assert_eq!(error(&der[..der.len() - 1]), CertificateError::Malformed("certificate"));
    assert_eq!(error(b""), CertificateError::Malformed("certificate"));
    let (inner, outer) = (tagged(0x30, &oid("1.2.840.10045.4.3.2")), tagged(0x30, &oid("1.2.840.10045.4.3.3")));
    assert_eq!(error(&sequence(&[&template.tbs(&inner), &outer, &[3, 2, 0, 1]])), CertificateError::AlgorithmMismatch);
    assert_eq!(error(&sequence(&[&template.tbs(&inner), &inner, &[3, 2, 1, 2]])), CertificateError::Malformed("signature"));
    // A length that is not minimal.
    let mut long = der.clone();
    long.splice(1..4, [0x83, 0, der[2], der[3]]);
    assert!(Certificate::from_der(&long).is_err());
}

#[test]
fn pem_as_cryptoutils_reads_it() {
    let pem = String::from_utf8(read("pki-root.crt")).unwrap();
    let all = |text: String| Certificate::all_from_pem(text.as_bytes()).map(|all| all.len()).map_err(|error| error.to_string());
    assert_eq!(all(format!("subject=x\n{pem}\n\n{pem}\n\n")), Ok(2));
    assert_eq!(all(String::new()), Err("no certificates found in PEM".to_owned()));
    assert_eq!(all(" \n".to_owned()), Err("no certificates found in PEM".to_owned()));
    assert_eq!(all("text".to_owned()), Err("error during PEM decoding".to_owned()));
    assert_eq!(all(format!("{pem}text")), Err("error during PEM decoding".to_owned()));
    assert!(all(crate::encoding::pem::encode("CERTIFICATE", b"x")).unwrap_err().starts_with("x509: malformed certificate"));
    assert!(all("-----BEGIN A-----\n".repeat(5000)).unwrap_err().starts_with("too many"));
}

#[test]
fn rsa_pss_in_the_forms_that_go_takes() {
    let hash = |last: u8| sequence(&[&[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last], &[5, 0]]);
    let parameters = |hash_arc, mgf_arc, salt| {
        let mgf = sequence(&[&oid("1.2.840.113549.1.1.8"), &hash(mgf_arc)]);
        sequence(&[&tagged(0xa0, &hash(hash_arc)), &tagged(0xa1, &mgf), &tagged(0xa2, &[2, 1, salt])])
    };
    let parse = |parameters: &[u8]| {
        let content = [oid("1.2.840.113549.1.1.10"), parameters.to_vec()].concat();
        SignatureAlgorithm::parse(crate::crypto::asn1::Der::new(&content))
    };
    assert_eq!(parse(&parameters(1, 1, 32)), Ok(SignatureAlgorithm::RsaPss(crate::crypto::HashAlgorithm::Sha256)));
    assert_eq!(parse(&parameters(3, 3, 64)), Ok(SignatureAlgorithm::RsaPss(crate::crypto::HashAlgorithm::Sha512)));
    for other in [parameters(1, 2, 32), parameters(1, 1, 20), parameters(4, 4, 28), vec![5, 0], Vec::new()] {
        assert_eq!(parse(&other), Ok(SignatureAlgorithm::Unknown));
    }
}

#[test]
fn a_certificate_of_an_unknown_kind_of_key_is_still_one() {
    let [ca, leaf] = keys::<2>();
    let der = Template::leaf("leaf", "ca", &leaf).der(&ca);
    let (ec, other) = (oid("1.2.840.10045.2.1"), oid("1.2.840.10045.2.9"));
    let at = der.windows(ec.len()).position(|window| window == ec).unwrap();
    let mut der = der;
    der[at..at + ec.len()].copy_from_slice(&other);
    assert!(Certificate::from_der(&der).unwrap().public_key().is_err());
    // A point that is not on its curve is no key at all.
    let (der, spki) = (Template::leaf("leaf", "ca", &leaf).der(&ca), leaf.public().spki_der());
    let mut changed = der.clone();
    changed[der.windows(spki.len()).position(|window| window == spki).unwrap() + spki.len() - 1] ^= 1;
    assert!(matches!(Certificate::from_der(&changed), Err(CertificateError::PublicKey(_))));
}

#[test]
fn debug_and_equality() {
    let [ca, leaf]: [PrivateKey; 2] = keys();
    let one = Template::authority("ca", "ca", &ca).with("2.5.29.19", true, basic_constraints(true, Some(1))).sign(&ca);
    assert_eq!(one, Certificate::from_der(one.der()).unwrap());
    assert_ne!(one, Template::leaf("ca", "ca", &leaf).sign(&ca));
    assert_eq!(one.subject_der(), name("ca"));
    assert_eq!(format!("{one:?}"), "Certificate { subject: \"CN=ca\", serial: \"07\" }");
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), at: proptest::sample::Index, byte: u8) {
        let _ = Certificate::from_der(&bytes);
        let _ = Certificate::all_from_pem(&bytes);
        let mut real = read("fulcio-github.der");
        let place = at.index(real.len());
        real[place] = byte;
        if let Ok(certificate) = Certificate::from_der(&real) {
            prop_assert_eq!(certificate.der(), real);
            let _ = (certificate.subject(), certificate.issuer(), certificate.fulcio(), certificate.subject_alternative_names());
            let _ = (certificate.public_key(), crate::crypto::sct::Sct::embedded(&certificate));
        }
    }
}
