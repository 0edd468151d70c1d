//! What statements say about files and images.

use std::collections::BTreeMap;

use super::world::*;
use super::*;
use crate::format::dsse::{self, Envelope, INTOTO_PAYLOAD_TYPE};
use crate::format::material::{Form, SignedContent};

fn stated(world: &World, payload: &str, form: Form) -> Signed {
    let payload = payload.as_bytes().to_vec();
    let signature = world.sign(&dsse::pre_authentication_encoding(INTOTO_PAYLOAD_TYPE, &payload));
    let mut signed = world.envelope();
    signed.material.form = form;
    signed.content = SignedContent::Envelope(Envelope::new(INTOTO_PAYLOAD_TYPE, payload, signature));
    signed
}

fn check(subjects: &str, form: Form) -> String {
    let world = World::new();
    let statement = format!(r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects},"predicateType":"x","predicate":{{}}}}"#);
    world.check(&stated(&world, &statement, form), &world.by_key().insecure_ignore_tlog())
}

#[test]
fn a_file_by_the_strongest_digest_of_each_subject() {
    let (sha256, sha512) = (HashAlgorithm::Sha256.digest(FILE).hex(), HashAlgorithm::Sha512.digest(FILE).hex());
    let other = "00".repeat(32);
    let long = "00".repeat(64);
    for (subjects, text) in [
        (format!(r#"[{{"digest":{{"sha256":"{sha256}"}}}}]"#), "believed"),
        (format!(r#"[{{"digest":{{"sha256":"{other}"}}}},{{"digest":{{"sha256":"{sha256}"}}}}]"#), "believed"),
        (format!(r#"[{{"digest":{{"sha512":"{sha512}","sha256":"{other}"}}}}]"#), "believed"),
        (
            format!(r#"[{{"digest":{{"sha512":"{long}","sha256":"{sha256}"}}}}]"#),
            "provided artifact digests do not match digests in statement",
        ),
        (format!(r#"[{{"digest":{{"sha1":"{other}"}}}}]"#), "no supported digest algorithms found"),
        (format!(r#"[{{"name":"{sha256}","digest":{{}}}}]"#), "no supported digest algorithms found"),
        ("[]".to_owned(), "no subjects found in statement"),
        ("[null]".to_owned(), "null subject entry"),
    ] {
        let said = check(&subjects, Form::Bundle);
        assert!(said.ends_with(text), "{subjects}: {said}");
    }
    assert_eq!(check(&format!(r#"[{{"digest":{{"sha256":"{sha256}"}}}}]"#), Form::Legacy), "believed");
    assert_eq!(check(&format!(r#"[{{"digest":{{"sha512":"{sha512}"}}}}]"#), Form::Legacy), "no matching subject digest found");
}

/// GHSA-w6c6-c85g-mmv6: a payload that is no statement, or of another type, counted.
#[test]
fn ghsa_w6c6_a_malformed_payload_is_refused() {
    let world = World::new();
    for form in [Form::Bundle, Form::Legacy] {
        for payload in ["", "{", "[]", "null", r#""text""#] {
            let signed = stated(&world, payload, form);
            assert_ne!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), "believed", "{form:?} {payload}");
            let wanted = Requirement { predicate_type: Some(WantedPredicate::named("custom")), ..world.by_key() };
            let wanted = wanted.insecure_ignore_tlog().insecure_ignore_claims();
            assert_ne!(world.check(&signed, &wanted), "believed", "{form:?} {payload}");
        }
    }
}

#[test]
fn annotations_are_texts_of_the_subject() {
    let world = World::new();
    let image = Digest::sha256(FILE);
    for (value, ok) in [("\"1\"", true), ("1", false), ("null", false), ("\"2\"", false), ("[\"1\"]", false)] {
        let statement = format!(r#"{{"subject":[{{"digest":{{"sha256":"{}"}},"annotations":{{"a":{value}}}}}]}}"#, image.hex());
        for form in [Form::Bundle, Form::Legacy] {
            let signed = stated(&world, &statement, form);
            let wanted = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
            let requirement = world.by_key().insecure_ignore_tlog().with_annotations(wanted);
            let outcome = verify(&signed, Artifact::Image(&image), &requirement, &world.root(), TIME);
            assert_eq!(outcome.is_ok(), ok, "{form:?} {value}");
            assert!(ok || text_of(outcome) == "missing or incorrect annotation");
        }
    }
}

#[test]
fn any_artifact_is_taken_only_where_nothing_is_claimed() {
    let world = World::new();
    let any = |signed: &Signed, requirement: &Requirement| text_of(verify(signed, Artifact::InsecureAny, requirement, &world.root(), TIME));
    let requirement = world.by_key().insecure_ignore_tlog();
    assert_eq!(any(&world.envelope(), &requirement.clone().insecure_ignore_claims()), "believed");
    assert_eq!(any(&world.message(), &requirement), "artifact must be provided to verify message signature");
    let mut legacy = world.envelope();
    legacy.material.form = Form::Legacy;
    assert_eq!(any(&legacy, &requirement), "no matching subject digest found");
}
