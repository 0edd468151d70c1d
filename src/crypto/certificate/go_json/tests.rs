#![allow(clippy::unwrap_used)]
use super::key::number;
use super::url::UrlJson;
use crate::ambient::fake::testdata;
use crate::crypto::Certificate;

/// What Go 1.26 prints for the certificates of `testdata/certificates_as_go` (see there).
#[test]
fn certificates_are_those_of_go() {
    let expected = String::from_utf8(testdata("certificates_as_go/expected.jsonl")).unwrap();
    let certificates = Certificate::all_from_pem(&testdata("certificates_as_go/certificates.pem")).unwrap();
    assert_eq!(certificates.len(), expected.lines().count());
    for (certificate, line) in certificates.iter().zip(expected.lines()) {
        assert_eq!(String::from_utf8(certificate.to_go_json()).unwrap(), line);
    }
}

#[test]
fn numbers_in_decimal() {
    for (bytes, expected) in [
        (&[][..], "0"),
        (&[0], "0"),
        (&[255], "255"),
        (&[1, 0], "256"),
        (&[0x3b, 0x9a, 0xca, 0x00], "1000000000"),
        (&[0xff; 20], "1461501637330902918203684832716283019655932542975"),
    ] {
        assert_eq!(number(bytes).get(), expected);
    }
}

#[test]
fn urls_as_go_takes_them_apart() {
    let json = |text: &str| serde_json::to_string(&UrlJson::of(text)).unwrap();
    assert_eq!(
        json("https://u:p@e.com:1/a%2Fb%20c?q=1#f%20g"),
        r#"{"Scheme":"https","Opaque":"","User":{},"Host":"e.com:1","Path":"/a/b c","Fragment":"f g","RawQuery":"q=1","RawPath":"/a%2Fb%20c","RawFragment":"","ForceQuery":false,"OmitHost":false}"#
    );
    assert_eq!(
        json("mailto:a@b?"),
        r#"{"Scheme":"mailto","Opaque":"a@b","User":null,"Host":"","Path":"","Fragment":"","RawQuery":"","RawPath":"","RawFragment":"","ForceQuery":true,"OmitHost":false}"#
    );
    assert!(
        json("file:/etc")
            .contains(r#""Path":"/etc","Fragment":"","RawQuery":"","RawPath":"","RawFragment":"","ForceQuery":false,"OmitHost":true"#)
    );
}
