//! Genuine bundles of public and private services, of which one thing is changed that only one check can find.

use super::conformance::Case;
use super::*;
use crate::crypto::certificate::testing;
use crate::format::bundle::Bundle;
use crate::format::material::SignedContent;

/// An identity of the private services' Fulcio.
fn alice() -> Requirement {
    let identities = IdentityPolicy::one(Matcher::exact("alice@example.com"), Matcher::exact("http://127.0.0.1:18001"));
    Requirement::new(Trust::Identity { identities, sct: SctRequirement::required() })
}

fn private_root() -> TrustedRoot {
    TrustedRoot::parse(&data("keyless/trust/trusted_root.json")).unwrap()
}

fn private(name: &str) -> Signed {
    bundle(&format!("keyless/bundles/{name}.json"))
}

fn check(signed: &Signed, requirement: &Requirement, root: &TrustedRoot) -> String {
    let bytes = data("keyless/blob.txt");
    text_of(verify(signed, Artifact::Blob(&Blob::from_bytes(&bytes)), requirement, root, NOW))
}

/// A key of the same kind as the genuine one, which it is not.
fn other_key() -> PublicKey {
    let [key] = testing::keys();
    key.public().clone()
}

#[test]
fn what_was_performed_is_listed() {
    let verify = |name: &str, requirement: &Requirement| {
        let bytes = data("keyless/blob.txt");
        verify(&private(name), Artifact::Blob(&Blob::from_bytes(&bytes)), requirement, &private_root(), NOW).unwrap()
    };
    let verified = verify("kl-r1", &alice());
    assert_eq!(verified.checks, Checks { claims: true, tlog: true, sct: true, ..Checks::default() });
    assert!(matches!(verified.times[0].source, TimeSource::TransparencyLog(_)));
    assert_eq!(verified.log_entries.len(), 1);
    let VerifiedSigner::Certificate(certificate) = verified.signer else { panic!() };
    assert_eq!(certificate.leaf.subject_alternative_names(), ["alice@example.com"]);
    assert_eq!(certificate.chain.len(), 2);
    let claims: Vec<(String, String)> = certificate.optional_claims().into_iter().collect();
    let issuer = "http://127.0.0.1:18001".to_owned();
    let expected = [("1.3.6.1.4.1.57264.1.1", &issuer), ("Issuer", &issuer), ("Subject", &"alice@example.com".to_owned())];
    assert_eq!(claims, expected.map(|(key, value)| (key.to_owned(), value.clone())));
    let verified = verify("kl-r2", &alice());
    assert_eq!(verified.checks, Checks { claims: true, tlog: true, sct: true, timestamp: true, ..Checks::default() });
    let stamps = Requirement { time: TimeRequirement::SignedTimestamps { threshold: 1 }, ..alice().insecure_ignore_tlog() };
    let verified = verify("kl-notlog", &stamps);
    assert_eq!(verified.checks, Checks { claims: true, sct: true, timestamp: true, ..Checks::default() });
}

#[test]
fn the_key_of_the_ct_log() {
    let signed = private("kl-r1");
    let mut root = private_root();
    assert_eq!(check(&signed, &alice(), &root), "believed");
    root.ct_logs[0].key.key = other_key();
    let text = "failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1";
    assert!(check(&signed, &alice(), &root).starts_with(text));
    let Trust::Identity { identities, .. } = alice().trust else { panic!() };
    let ignoring = Requirement::new(Trust::Identity { identities, sct: SctRequirement::InsecureIgnore });
    assert_eq!(check(&signed, &ignoring, &root), "believed");
}

#[test]
fn the_key_of_the_log() {
    for (name, text) in [("kl-r1", "unable to verify SET"), ("kl-r2", "note has no verifiable signatures")] {
        let mut root = private_root();
        for log in &mut root.transparency_logs {
            log.key.key = other_key();
        }
        let said = check(&private(name), &alice(), &root);
        assert!(said.starts_with("failed to verify log inclusion: ") && said.ends_with(text), "{said}");
    }
}

#[test]
fn every_hash_of_a_proof() {
    for name in ["kl-r1", "kl-r2"] {
        let signed = private(name);
        let count = signed.material.log_entries[0].inclusion_proof.as_ref().unwrap().hashes.len();
        assert!(count > 0);
        for at in 0..count {
            let mut changed = signed.clone();
            changed.material.log_entries[0].inclusion_proof.as_mut().unwrap().hashes[at][0] ^= 1;
            assert!(check(&changed, &alice(), &private_root()).contains("calculated root"), "{name} {at}");
        }
        let mut longer = signed.clone();
        longer.material.log_entries[0].inclusion_proof.as_mut().unwrap().hashes.push(vec![0; 32]);
        assert!(check(&longer, &alice(), &private_root()).contains("wrong proof size"), "{name}");
    }
}

#[test]
fn a_checkpoint_of_another_tree() {
    let mut signed = private("kl-r1");
    let other = private("kl-r1-2");
    let checkpoint = |signed: &Signed| signed.material.log_entries[0].inclusion_proof.as_ref().unwrap().checkpoint.clone();
    assert_ne!(checkpoint(&signed), checkpoint(&other));
    signed.material.log_entries[0].inclusion_proof.as_mut().unwrap().checkpoint = checkpoint(&other);
    assert!(check(&signed, &alice(), &private_root()).contains("does not match signed tree head"));
}

#[test]
fn a_genuine_token_over_another_signature() {
    let mut signed = private("kl-r2");
    signed.material.timestamps = private("kl-r2-2").material.timestamps;
    let said = check(&signed, &alice(), &private_root());
    assert!(said.starts_with("failed to verify timestamps: threshold not met for verified signed timestamps: 0 < 1; error: "), "{said}");
    assert!(said.contains("hashed messages don't match"), "{said}");
}

#[test]
fn a_second_token_of_one_authority_does_not_count() {
    let mut signed = private("kl-r2");
    let token = signed.material.timestamps[0].clone();
    signed.material.timestamps.push(token);
    let requirement = Requirement { time: TimeRequirement::SignedTimestamps { threshold: 2 }, ..alice() };
    assert!(check(&signed, &requirement, &private_root()).contains("1 < 2"));
    let requirement = Requirement { time: TimeRequirement::SignedTimestamps { threshold: 1 }, ..alice() };
    assert_eq!(check(&signed, &requirement, &private_root()), "believed");
}

#[test]
fn an_authority_of_time_counts_in_its_period() {
    let signed = private("kl-r2");
    let time = UnixTime(1_795_365_000);
    let mut root = private_root();
    root.timestamp_authorities[0].authority.valid.start = Some(UnixTime(time.0 + 10 * 365 * 24 * 3600));
    assert!(check(&signed, &alice(), &root).contains("threshold not met for verified signed timestamps: 0 < 1"));
    root.timestamp_authorities.clear();
    assert!(check(&signed, &alice(), &root).contains("no timestamp authority is trusted"));
}

#[test]
fn an_envelope_of_another_type_or_payload() {
    let requirement = alice();
    let mut signed = private("att-r1");
    assert_eq!(check(&signed, &requirement, &private_root()), "believed");
    let SignedContent::Envelope(envelope) = &mut signed.content else { panic!() };
    envelope.payload_type.push('x');
    let text = "failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1";
    assert_eq!(check(&signed, &requirement, &private_root()), text);
}

/// Public services: the same checks, with their trusted root.
#[test]
fn a_public_bundle_and_its_root() {
    let case = Case::named("happy-path-v0.3");
    let signed = Bundle::parse(&case.bundle(), false).unwrap().to_signed().unwrap();
    let bytes = case.artifact();
    let run =
        |root: &TrustedRoot| text_of(verify(&signed, Artifact::Blob(&Blob::from_bytes(&bytes)), &case.requirement().unwrap(), root, NOW));
    assert_eq!(run(&case.root()), "believed");
    let mut root = case.root();
    root.certificate_authorities.clear();
    assert!(run(&root).starts_with("failed to verify leaf certificate: leaf certificate verification failed"));
    let mut root = case.root();
    for authority in &mut root.certificate_authorities {
        authority.valid.end = Some(UnixTime(1_600_000_000));
    }
    assert!(run(&root).contains("the certificate authority"));
    let mut root = case.root();
    for log in &mut root.transparency_logs {
        log.key.valid.end = Some(UnixTime(1_600_000_000));
    }
    assert!(run(&root).contains("rekor log public key not valid at payload integrated time"));
}
