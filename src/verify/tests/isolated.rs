//! Each check fails by itself: everything else in these signatures is right, as the first line of each test shows.

use super::world::*;
use super::*;
use crate::crypto::ValidityPeriod;
use crate::crypto::certificate::testing;
use crate::format::material::{Form, SignedContent, SignerMaterial};
use crate::format::tlog::LogEntry;

const DAY: i64 = 24 * 3600;

fn logged(world: &World) -> Signed {
    let mut signed = world.message();
    let signature = signed.content.signature().unwrap().to_vec();
    signed.material.log_entries = vec![world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &world.pem()))];
    signed
}

fn logged_v2(world: &World) -> Signed {
    let mut signed = world.message();
    let signature = signed.content.signature().unwrap().to_vec();
    signed.material.log_entries = vec![v2_entry(world, Digest::sha256(FILE).bytes(), &signature, "PKIX_ECDSA_P256_SHA_256")];
    signed
}

fn v2_entry(world: &World, digest: &[u8], signature: &[u8], details: &str) -> LogEntry {
    world.included_v2(hashed_rekord_v2(digest, signature, world.signer.public().spki_der(), details))
}

fn set_entry(signed: &mut Signed, entry: LogEntry) {
    signed.material.log_entries = vec![entry];
}

/// Signed with a certificate, and promised by the log at `TIME`.
fn certified(world: &World, leaf: &testing::Template) -> Signed {
    let mut signed = world.message();
    let leaf = leaf.sign(&world.intermediate_key);
    let signature = signed.content.signature().unwrap().to_vec();
    signed.material.log_entries = vec![world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &leaf.to_pem()))];
    signed.material.signer = SignerMaterial::Certificate { leaf, intermediates: Vec::new() };
    signed
}

#[test]
fn log_entries_are_bound_to_the_signature() {
    let world = World::new();
    let mut signed = logged(&world);
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
    let SignedContent::Message(message) = &mut signed.content else { panic!() };
    message.signature = twin(&message.signature);
    assert_eq!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), "believed");
    let text = "failed to verify log inclusion: transparency log signature does not match";
    assert_eq!(world.check(&signed, &world.by_key()), text);
}

#[test]
fn an_ecdsa_signature_may_be_ieee_p1363() {
    let world = World::new();
    let mut signed = world.message();
    let SignedContent::Message(message) = &mut signed.content else { panic!() };
    message.signature = p1363(&message.signature);
    assert_eq!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), "believed");
    let SignedContent::Message(message) = &mut signed.content else { panic!() };
    message.signature[5] ^= 1;
    let text = "failed to verify signature: could not verify message: invalid signature when validating IEEE_P1363 encoded signature";
    assert_eq!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), text);
}

#[test]
fn log_entries_are_bound_to_the_key() {
    let world = World::new();
    let mut signed = logged(&world);
    let signature = signed.content.signature().unwrap().to_vec();
    set_entry(&mut signed, world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &world.other.public().to_pem())));
    let text = "failed to verify log inclusion: transparency log certificate does not match";
    assert_eq!(world.check(&signed, &world.by_key()), text);
    // The same key in another certificate is another signer.
    let mut signed = certified(&world, &world.leaf());
    assert_eq!(world.check(&signed, &world.by_identity()), "believed");
    let signature = signed.content.signature().unwrap().to_vec();
    let mut again = world.leaf();
    again.serial = vec![8];
    let again = again.sign(&world.intermediate_key);
    set_entry(&mut signed, world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &again.to_pem())));
    assert_eq!(world.check(&signed, &world.by_identity()), text);
    set_entry(&mut signed, world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &world.pem())));
    assert_eq!(world.check(&signed, &world.by_identity()), text);
}

#[test]
fn log_entries_are_bound_to_the_digest() {
    let world = World::new();
    let mut signed = logged(&world);
    let signature = signed.content.signature().unwrap().to_vec();
    set_entry(&mut signed, world.promised(hashed_rekord(&Digest::sha256(b"other"), &signature, &world.pem())));
    let said = world.check(&signed, &world.by_key());
    assert!(said.starts_with("failed to verify log inclusion: transparency log hashedrekord entry digest "), "{said}");
    let sha512 = HashAlgorithm::Sha512.digest(FILE);
    set_entry(&mut signed, world.promised(hashed_rekord(&sha512, &signature, &world.pem())));
    let said = world.check(&signed, &world.by_key());
    assert!(said.ends_with("digest algorithm mismatch: sha256 != sha512"), "{said}");
}

#[test]
fn log_entries_are_bound_to_the_payload() {
    let world = World::new();
    let mut signed = world.envelope();
    let SignedContent::Envelope(envelope) = signed.content.clone() else { panic!() };
    let signature = &envelope.signatures[0].signature;
    let entry = |payload: &[u8]| world.promised(dsse_entry(payload, b"any", signature, &world.pem()));
    set_entry(&mut signed, entry(&envelope.payload));
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
    set_entry(&mut signed, entry(b"other"));
    let said = world.check(&signed, &world.by_key());
    assert!(said.starts_with("failed to verify log inclusion: transparency log dsse/intoto entry payload hash "), "{said}");
    set_entry(&mut signed, world.promised(hashed_rekord(&Digest::sha256(envelope.signed_bytes()), signature, &world.pem())));
    assert!(world.check(&signed, &world.by_key()).ends_with("is not a dsse_v001 or intoto_v002 entry"));
    let mut message = world.message();
    let signature = message.content.signature().unwrap().to_vec();
    set_entry(&mut message, world.promised(dsse_entry(FILE, FILE, &signature, &world.pem())));
    assert!(world.check(&message, &world.by_key()).ends_with("entry is not a hashedrekord or missing digest"));
}

#[test]
fn a_body_of_version_2_that_differs_from_the_signed_content_is_refused() {
    let world = World::new();
    let mut signed = logged_v2(&world);
    let signature = signed.content.signature().unwrap().to_vec();
    let digest = Digest::sha256(FILE);
    let details = "PKIX_ECDSA_P256_SHA_256";
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
    for (entry, text) in [
        (v2_entry(&world, Digest::sha256(b"x").bytes(), &signature, details), "does not match artifact"),
        (v2_entry(&world, digest.bytes(), &twin(&signature), details), "transparency log signature does not match"),
        (v2_entry(&world, digest.bytes(), &signature, "PKIX_ECDSA_P384_SHA_256"), "transparency log key details do not match"),
        (v2_entry(&world, digest.bytes(), &signature, "PKIX_RSA_PKCS1V15_2048_SHA256"), "transparency log key details do not match"),
    ] {
        set_entry(&mut signed, entry);
        let said = world.check(&signed, &world.by_key());
        assert!(said.starts_with("failed to verify log inclusion: ") && said.contains(text), "{said}");
    }
}

#[test]
fn an_entry_says_what_its_body_is() {
    let world = World::new();
    for version in ["0.0.1", "0.0.2"] {
        let mut signed = if version == "0.0.1" { logged(&world) } else { logged_v2(&world) };
        assert_eq!(world.check(&signed, &world.by_key()), "believed");
        signed.material.log_entries[0].version = "0.0.3".to_owned();
        assert!(world.check(&signed, &world.by_key()).contains("kind and version mismatch"));
        signed.material.log_entries[0].version = version.to_owned();
        signed.material.log_entries[0].kind = "dsse".to_owned();
        assert!(world.check(&signed, &world.by_key()).contains("kind and version mismatch"));
    }
}

#[test]
fn a_promise_is_the_logs_own_and_within_its_period() {
    let world = World::new();
    let signed = logged(&world);
    let mut root = world.root();
    root.transparency_logs[0].key.key = world.other.public().clone();
    assert!(world.check_with(&signed, &world.by_key(), &root).ends_with("0 < 1; unable to verify SET"));
    for (start, end, text) in [
        (Some(TIME), Some(TIME), "believed"),
        (Some(UnixTime(TIME.0 + 1)), None, "rekor log public key not valid at payload integrated time"),
        (None, Some(UnixTime(TIME.0 - 1)), "rekor log public key not valid at payload integrated time"),
    ] {
        let mut root = world.root();
        root.transparency_logs[0].key.valid = ValidityPeriod { start, end };
        assert!(world.check_with(&signed, &world.by_key(), &root).contains(text), "{text}");
    }
    let mut root = world.root();
    root.transparency_logs.remove(0);
    assert!(world.check_with(&signed, &world.by_key(), &root).contains("is not trusted"));
}

#[test]
fn an_entry_proves_something() {
    let world = World::new();
    let mut signed = logged(&world);
    signed.material.log_entries[0].inclusion_promise = None;
    assert!(world.check(&signed, &world.by_key()).ends_with("entry must contain an inclusion proof and/or promise"));
    let mut signed = logged_v2(&world);
    signed.material.log_entries[0].inclusion_proof = None;
    signed.material.log_entries[0].inclusion_promise = Some(vec![1]);
    assert!(world.check(&signed, &world.by_key()).ends_with("rekor v2 entries must have an inclusion proof"));
    let mut signed = logged(&world);
    signed.material.log_entries.clear();
    assert!(world.check(&signed, &world.by_key()).contains("not enough verified log entries from transparency log: 0 < 1"));
}

#[test]
fn the_name_of_a_log_of_version_2_counts() {
    let world = World::new();
    let signed = logged_v2(&world);
    for (url, text) in [("https://other.example", "note has no verifiable signatures"), ("", "without baseUrl")] {
        let mut root = world.root();
        root.transparency_logs[0].base_url = url.to_owned();
        assert!(world.check_with(&signed, &world.by_key(), &root).contains(text), "{text}");
    }
}

/// GHSA-9vcr-p3rj-q5q6: thresholds counted entries, not logs.
#[test]
fn ghsa_9vcr_two_entries_of_one_log_are_one_log() {
    let world = World::new();
    let mut signed = logged(&world);
    let body = String::from_utf8(signed.material.log_entries[0].canonicalized_body.clone()).unwrap();
    let requirement = Requirement { tlog: TlogRequirement::Required { threshold: 2 }, ..world.by_key() };
    signed.material.log_entries.push(promise(&world.log, body.clone(), 8, TIME));
    assert!(world.check(&signed, &requirement).contains("1 < 2"));
    signed.material.log_entries.push(promise(&world.second_log, body, 7, TIME));
    assert_eq!(world.check(&signed, &requirement), "believed");
    let first = signed.material.log_entries[0].clone();
    signed.material.log_entries.push(first);
    assert!(world.check(&signed, &requirement).ends_with("duplicate tlog entries found"));
}

/// GHSA-cq38-jh5f-37mq: no limit on entries.
#[test]
fn ghsa_cq38_entries_are_counted_before_they_are_looked_at() {
    let world = World::new();
    let mut signed = logged(&world);
    signed.material.log_entries = vec![signed.material.log_entries[0].clone(); 33];
    assert!(world.check(&signed, &world.by_key()).ends_with("too many tlog entries: 33 > 32"));
    let mut signed = certified(&world, &world.leaf());
    signed.material.timestamps = vec![Vec::new(); 33];
    let requirement = Requirement { time: TimeRequirement::SignedTimestamps { threshold: 1 }, ..world.by_identity() };
    assert!(world.check(&signed, &requirement).ends_with("too many signed timestamps: 33 > 32"));
}

#[test]
fn the_log_took_the_entry_while_the_certificate_counted() {
    let world = World::new();
    for (not_before, not_after, ok) in [(TIME.0, TIME.0, true), (TIME.0 + 1, TIME.0 + DAY, false), (TIME.0 - DAY, TIME.0 - 1, false)] {
        let mut leaf = world.leaf();
        (leaf.not_before, leaf.not_after) = (UnixTime(not_before), UnixTime(not_after));
        let said = world.check(&certified(&world, &leaf), &world.by_identity());
        assert_eq!(said == "believed", ok, "{said}");
        assert!(ok || said.starts_with("failed to verify log inclusion: integrated time outside certificate validity"), "{said}");
    }
}

#[test]
fn a_certificate_needs_a_time() {
    let world = World::new();
    let signed = certified(&world, &world.leaf());
    let requirement = Requirement { time: TimeRequirement::SignedTimestamps { threshold: 1 }, ..world.by_identity() };
    let text = "failed to verify timestamps: threshold not met for verified signed timestamps: 0 < 1; error: there is no signed timestamp";
    assert_eq!(world.check(&signed, &requirement), text);
    // An entry of version 2 gives no time; a key needs none.
    let mut signed = logged_v2(&world);
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
    let leaf = world.leaf().sign(&world.intermediate_key);
    signed.material.signer = SignerMaterial::Certificate { leaf, intermediates: Vec::new() };
    signed.material.log_entries.clear();
    assert_eq!(world.check(&signed, &world.by_identity().insecure_ignore_tlog()), "believed");
}

#[test]
fn authority_and_its_period() {
    let world = World::new();
    let signed = certified(&world, &world.leaf());
    let requirement = world.by_identity();
    let mut root = world.root();
    root.certificate_authorities.clear();
    let text = "failed to verify leaf certificate: leaf certificate verification failed";
    assert!(world.check_with(&signed, &requirement, &root).starts_with(text));
    for (start, end, ok) in
        [(Some(TIME), Some(TIME), true), (Some(UnixTime(TIME.0 + 1)), None, false), (None, Some(UnixTime(TIME.0 - 1)), false)]
    {
        let mut root = world.root();
        root.certificate_authorities[0].valid = ValidityPeriod { start, end };
        let said = world.check_with(&signed, &requirement, &root);
        assert_eq!(said == "believed", ok, "{said}");
        assert!(ok || said.starts_with(text), "{said}");
    }
    let mut root = world.root();
    root.certificate_authorities[0].intermediates.clear();
    assert!(world.check_with(&signed, &requirement, &root).starts_with(text));
}

#[test]
fn an_sct_is_asked_for_unless_ignored() {
    let world = World::new();
    let signed = certified(&world, &world.leaf());
    let Trust::Identity { identities, .. } = world.by_identity().trust else { panic!() };
    let requirement = Requirement::new(Trust::Identity { identities, sct: SctRequirement::required() });
    let text = "failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1";
    assert_eq!(world.check(&signed, &requirement), text);
    let mut legacy = signed;
    legacy.material.form = Form::Legacy;
    let text = "certificate does not include required embedded SCT and no detached SCT was set";
    assert_eq!(world.check(&legacy, &requirement), text);
}

#[test]
fn identities_match_whole_and_with_case() {
    let world = World::new();
    let signed = certified(&world, &world.leaf());
    let check = |subject: Matcher, issuer: Matcher| {
        let trust = Trust::Identity { identities: IdentityPolicy::one(subject, issuer), sct: SctRequirement::InsecureIgnore };
        world.check(&signed, &Requirement::new(trust))
    };
    let (subject, issuer) = ("a@example.com", "https://issuer.example");
    assert_eq!(check(Matcher::exact(subject), Matcher::exact(issuer)), "believed");
    assert_eq!(check(Matcher::pattern("^a@"), Matcher::pattern("example$")), "believed");
    for wrong in ["a@example.co", "a@example.comm", "A@example.com", "a@example.*", ".*", "a.example.com"] {
        let said = check(Matcher::exact(wrong), Matcher::exact(issuer));
        assert!(said.ends_with(&format!("expected SAN value \"{wrong}\", got \"a@example.com\"")), "{said}");
    }
    for wrong in ["https://issuer.exampl", "https://issuer.example/", "HTTPS://issuer.example"] {
        let said = check(Matcher::exact(subject), Matcher::exact(wrong));
        assert!(said.ends_with(&format!("expected issuer value \"{wrong}\", got \"https://issuer.example\"")), "{said}");
    }
    let both = Matcher::from_flags(subject, "^b").unwrap();
    assert!(check(both, Matcher::exact(issuer)).ends_with("expected SAN value to match regex \"^b\", got \"a@example.com\""));
    assert_eq!(check(Matcher::pattern("("), Matcher::exact(issuer)), "error parsing regexp: missing closing ): `(`");
}

#[test]
fn one_of_several_identities_is_enough_and_none_is_not() {
    let world = World::new();
    let signed = certified(&world, &world.leaf());
    let identity = |subject: &str| Identity { subject: Matcher::exact(subject), issuer: Matcher::exact("https://issuer.example") };
    let check = |identities, workflow| {
        let identities = IdentityPolicy::any_of(identities, workflow).unwrap();
        world.check(&signed, &Requirement::new(Trust::Identity { identities, sct: SctRequirement::InsecureIgnore }))
    };
    assert_eq!(check(vec![identity("x"), identity("a@example.com")], Workflow::default()), "believed");
    assert!(check(vec![identity("x"), identity("y")], Workflow::default()).ends_with("expected SAN value \"y\", got \"a@example.com\""));
    let workflow = Workflow { repository: Some("o/r".to_owned()), ..Workflow::default() };
    let said = check(vec![identity("a@example.com")], workflow);
    assert!(said.ends_with("expected GithubWorkflowRepository to be \"o/r\", got \"\""), "{said}");
    assert!(IdentityPolicy::any_of(Vec::new(), Workflow::default()).is_err());
}

#[test]
fn a_payload_type_is_part_of_what_is_signed() {
    let world = World::new();
    let mut signed = world.envelope();
    assert_eq!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), "believed");
    let SignedContent::Envelope(envelope) = &mut signed.content else { panic!() };
    envelope.payload_type.push('x');
    let text = "failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1";
    assert_eq!(world.check(&signed, &world.by_key().insecure_ignore_tlog()), text);
}
