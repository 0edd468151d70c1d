//! Security advisories of cosign, each with a test that bears its name, and the older form's own checks.

use super::world::*;
use super::*;
use crate::crypto::certificate::testing::Template;
use crate::format::bundle::legacy::{LocalBundle, RekorBundle};
use crate::format::material::{Form, MessageSignature, SignedContent, SignerMaterial};

const DAY: i64 = 24 * 3600;

/// The older form of a signature over [`FILE`] with a certificate and the log's promise.
fn legacy(world: &World, leaf: &Template) -> Signed {
    let mut signed = Signed::detached(world.sign(FILE));
    let leaf = leaf.sign(&world.intermediate_key);
    let signature = signed.content.signature().unwrap().to_vec();
    signed.material.log_entries = vec![world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &leaf.to_pem()))];
    signed.material.signer = SignerMaterial::Certificate { leaf, intermediates: Vec::new() };
    signed
}

fn legacy_by_key(world: &World) -> Signed {
    let mut signed = Signed::detached(world.sign(FILE));
    let signature = signed.content.signature().unwrap().to_vec();
    signed.material.log_entries = vec![world.promised(hashed_rekord(&Digest::sha256(FILE), &signature, &world.pem()))];
    signed
}

/// GHSA-ccxc-vr6p-4858, GHSA-whqx-f9j3-ch6m, GHSA-8gw7-4j42-w388: an entry of something else, with a good promise, counted.
#[test]
fn ghsa_whqx_a_foreign_entry_is_not_ours() {
    let world = World::new();
    let mut signed = legacy_by_key(&world);
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
    let signature = signed.content.signature().unwrap().to_vec();
    let own = Digest::sha256(FILE);
    for (body, text) in [
        (hashed_rekord(&own, &twin(&signature), &world.pem()), "signature in bundle does not match signature being verified"),
        (hashed_rekord(&Digest::sha256(b"x"), &signature, &world.pem()), "matching bundle to payload: bundle="),
        (hashed_rekord(&own, &signature, &world.other.public().to_pem()), "comparing public key PEMs"),
        (hashed_rekord(&HashAlgorithm::Sha512.digest(FILE), &signature, &world.pem()), "unexpected algorithm: \"sha512\""),
    ] {
        signed.material.log_entries = vec![world.promised(body)];
        let said = world.check(&signed, &world.by_key());
        assert!(said.starts_with("error verifying bundle: ") && said.contains(text), "{said}");
    }
}

#[test]
fn an_older_entry_counts_by_its_promise_alone() {
    let world = World::new();
    let mut signed = legacy_by_key(&world);
    let mut root = world.root();
    root.transparency_logs[0].key.key = world.other.public().clone();
    assert_eq!(world.check_with(&signed, &world.by_key(), &root), "error verifying bundle: unable to verify SET");
    root.transparency_logs.clear();
    let said = world.check_with(&signed, &world.by_key(), &root);
    assert!(said.starts_with("error verifying bundle: verifying bundle: rekor log public key not found for payload"), "{said}");
    let own = std::mem::take(&mut signed.material.log_entries);
    assert!(world.check(&signed, &world.by_key()).starts_with("offline verification failed"));
    let entry = RekorBundle::of(&own[0]).unwrap();
    signed.material.log_entries = vec![RekorBundle::parse(&entry.to_json()).unwrap().to_entry().unwrap()];
    assert_eq!(world.check(&signed, &world.by_key()), "believed");
}

/// GHSA-fx35-mq7g-6g98: a raw public key in `cert` replaced the policy.
#[test]
fn ghsa_fx35_a_raw_key_in_cert_never_replaces_the_policy() {
    let world = World::new();
    let signature = crate::encoding::base64::encode(sign(&world.other, FILE));
    let cert = crate::encoding::base64::encode(world.other.public().to_pem());
    let signed = LocalBundle { base64_signature: signature, cert, rekor_bundle: None }.to_signed_message().unwrap();
    assert!(matches!(signed.material.signer, SignerMaterial::PublicKey(_)));
    let by_identity = world.by_identity().insecure_ignore_tlog();
    assert!(world.check(&signed, &by_identity).starts_with("expected certificate signature, not key"));
    let by_key = world.by_key().insecure_ignore_tlog();
    assert_eq!(world.check(&signed, &by_key), "the public key in the bundle is not the key that was given");
    // Nor does it stand beside a signature by the right key.
    let SignedContent::Message(message) = &signed.content else { panic!() };
    let mut beside = signed.clone();
    beside.content = SignedContent::Message(MessageSignature { signature: sign(&world.signer, FILE), ..message.clone() });
    assert_eq!(world.check(&beside, &by_key), "the public key in the bundle is not the key that was given");
    beside.material.signer = SignerMaterial::Nothing;
    assert_eq!(world.check(&beside, &by_key), "believed");
    let Trust::Identity { identities, sct } = world.by_identity().trust else { panic!() };
    let leaf = Box::new(world.leaf().sign(&world.intermediate_key));
    let by_certificate = Requirement::new(Trust::Certificate { leaf, identities, sct }).insecure_ignore_tlog();
    assert_eq!(world.check(&signed, &by_certificate), "the cert passed in does not match the cert in the provided bundle");
}

/// GHSA-wfqv-66vq-46rm: only the signer's certificate was checked at the time of signing, not those above it.
#[test]
fn ghsa_wfqv_every_certificate_of_the_path_counts() {
    let world = World::new();
    let mut leaf = world.leaf();
    leaf.not_before = UnixTime(TIME.0 - 3 * DAY);
    let requirement = world.by_identity();
    for form in [Form::Legacy, Form::Bundle] {
        let mut signed = legacy(&world, &leaf);
        signed.material.form = form;
        if let (Form::Bundle, crate::format::material::SignedContent::Message(message)) = (form, &mut signed.content) {
            message.digest = Some((&Digest::sha256(FILE)).into());
        }
        for (not_after, ok) in [(TIME.0, true), (TIME.0 - 1, false)] {
            let mut root = world.root();
            let mut intermediate = world.intermediate();
            intermediate.not_after = UnixTime(not_after);
            root.certificate_authorities[0].intermediates = vec![intermediate.sign(&world.root_key)];
            for requirement in [requirement.clone(), requirement.clone().insecure_ignore_tlog()] {
                let said = world.check_with(&signed, &requirement, &root);
                assert_eq!(said == "believed", ok, "{form:?} {said}");
                assert!(ok || form == Form::Bundle || said.contains("issuing CA certificate expired before observed time"), "{said}");
            }
        }
    }
}

#[test]
fn an_expired_certificate_in_the_older_form() {
    let world = World::new();
    let mut leaf = world.leaf();
    leaf.not_after = UnixTime(TIME.0 - 1);
    let signed = legacy(&world, &leaf);
    let said = world.check(&signed, &world.by_identity());
    assert!(said.starts_with("checking expiry on certificate with bundle: certificate expired before observed time: "), "{said}");
    let said = world.check(&signed, &world.by_identity().insecure_ignore_tlog());
    assert!(said.starts_with("expected a signed timestamp to verify an expired certificate"), "{said}");
    // Also where the signature is checked by a key and the certificate came along.
    let said = world.check(&signed, &world.by_key());
    assert!(said.contains("certificate expired before observed time: "), "{said}");
    leaf.not_after = TIME;
    assert_eq!(world.check(&legacy(&world, &leaf), &world.by_key()), "believed");
    let by_other = Requirement::new(Trust::key(world.other.public().clone()));
    let text = "error verifying bundle: both public key and certificate were provided but did not match";
    assert_eq!(world.check(&legacy(&world, &leaf), &by_other), text);
}

#[test]
fn the_older_form_checks_authority_and_identity() {
    let world = World::new();
    let signed = legacy(&world, &world.leaf());
    assert_eq!(world.check(&signed, &world.by_identity()), "believed");
    let mut root = world.root();
    root.certificate_authorities.clear();
    root.add_certificate_authorities(vec![Template::authority("root", "root", &world.other).sign(&world.other)], &[]);
    let said = world.check_with(&signed, &world.by_identity(), &root);
    assert!(said.starts_with("cert verification failed: x509: certificate signed by unknown authority"), "{said}");
    assert!(said.ends_with("Check your TUF root (see cosign initialize) or set a custom root with env var SIGSTORE_ROOT_FILE"), "{said}");
    let identities = IdentityPolicy::one(Matcher::exact("b@example.com"), Matcher::exact("https://issuer.example"));
    let requirement = Requirement::new(Trust::Identity { identities, sct: SctRequirement::InsecureIgnore });
    let text = "none of the expected identities matched what was in the certificate, got subjects [a@example.com] with issuer https://issuer.example";
    assert_eq!(world.check(&signed, &requirement), text);
    let mut nobody = signed;
    nobody.material.signer = SignerMaterial::Nothing;
    assert_eq!(world.check(&nobody, &world.by_identity()), "no certificate found on signature");
}
