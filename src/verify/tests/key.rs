//! Signatures under a bare key, without a log.

use std::collections::BTreeMap;

use super::*;
use crate::format::bundle::legacy::{self, LocalBundle};
use crate::format::dsse::Envelope;
use crate::format::material::SignedContent;

const IMAGE: &str = "sha256:a69b5d592ce56ac73de7e7e3241071b8d9e781db5e0ba68b7c6db19564baafbe";
const KEYS: [&str; 8] = ["cosign", "nopass", "p384", "p521", "rsa2048", "rsa3072", "rsa4096", "ed25519"];

fn key(name: &str) -> Requirement {
    let pem = data(&format!("verify-key/keys/{name}.pub"));
    Requirement::new(Trust::key(PublicKey::from_pem(&pem).unwrap())).insecure_ignore_tlog()
}

fn check(signed: &Signed, artifact: Artifact<'_>, requirement: &Requirement) -> Result<Verified, VerificationError> {
    verify(signed, artifact, requirement, &TrustedRoot::default(), NOW)
}

fn blob(signed: &Signed, file: &str, requirement: &Requirement) -> String {
    let bytes = data(&format!("verify-key/{file}"));
    let hashes = hashes_needed(signed, requirement);
    let blob = Blob {
        digests: hashes.into_iter().map(|hash| hash.digest(&bytes)).collect(),
        bytes: needs_bytes(signed, requirement).then_some(&bytes),
    };
    text_of(check(signed, Artifact::Blob(&blob), requirement))
}

fn sig_layer() -> Signed {
    let annotations: BTreeMap<String, String> = serde_json::from_slice(&data("verify-key/sig-layer/annotations.json")).unwrap();
    legacy::signed_of_sig_layer(data("verify-key/sig-layer/payload.json"), &annotations, "sha256:0").unwrap()
}

fn image() -> Digest {
    Digest::parse(IMAGE).unwrap()
}

fn annotations(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

#[test]
fn bundles_of_every_key_kind_hold_for_their_key_and_file_only() {
    for name in KEYS {
        let signed = bundle(&format!("verify-key/bundles/{name}.json"));
        assert_eq!(blob(&signed, "artifact.txt", &key(name)), "believed", "{name}");
        assert!(blob(&signed, "other.txt", &key(name)).starts_with("failed to verify signature: could not verify message: "), "{name}");
        assert_ne!(blob(&signed, "artifact.txt", &key("other")), "believed", "{name}");
        let old = LocalBundle::parse(&data(&format!("verify-key/old-bundles/{name}.json"))).unwrap().to_signed_message().unwrap();
        assert_eq!(blob(&old, "artifact.txt", &key(name)), "believed", "{name}");
        assert_ne!(blob(&old, "other.txt", &key(name)), "believed", "{name}");
    }
}

#[test]
fn a_wrong_key_keeps_the_sentence_of_the_go_program() {
    let signed = bundle("verify-key/bundles/cosign.json");
    let text = "failed to verify signature: could not verify message: invalid signature when validating ASN.1 encoded signature";
    assert_eq!(blob(&signed, "artifact.txt", &key("other")), text);
    assert_eq!(
        text_of(check(&sig_layer(), Artifact::Image(&image()), &key("other"))),
        "invalid signature when validating ASN.1 encoded signature"
    );
}

#[test]
fn one_of_several_keys_is_enough() {
    let keys = ["other", "rsa2048", "cosign"].map(|name| PublicKey::from_pem(&data(&format!("verify-key/keys/{name}.pub"))).unwrap());
    let requirement = Requirement::new(Trust::Key(KeyTrust { keys: keys.to_vec(), hash: None })).insecure_ignore_tlog();
    let verified = check(&sig_layer(), Artifact::Image(&image()), &requirement).unwrap();
    assert!(matches!(verified.signer, VerifiedSigner::Key(key) if *key == keys[2]));
    let nobody = Requirement::new(Trust::Key(KeyTrust { keys: Vec::new(), hash: None })).insecure_ignore_tlog();
    assert!(check(&sig_layer(), Artifact::Image(&image()), &nobody).is_err());
}

#[test]
fn changed_bundles_are_refused() {
    let expect = [
        ("changed-signature", "failed to verify signature: could not verify message: "),
        ("changed-digest", "failed to verify signature: artifact digest does not match message digest"),
        ("changed-algorithm", "failed to verify signature: "),
        ("changed-empty-signature", "failed to verify signature: could not verify message: "),
    ];
    for (name, text) in expect {
        let said = blob(&bundle(&format!("verify-key/bundles/{name}.json")), "artifact.txt", &key("cosign"));
        assert!(said.starts_with(text), "{name}: {said}");
    }
    assert_eq!(blob(&bundle("verify-key/bundles/changed-older-media-type.json"), "artifact.txt", &key("cosign")), "believed");
}

#[test]
fn only_ed25519_with_the_bytes_at_hand_may_lack_the_message_digest() {
    for (name, expected) in [("ed25519", true), ("cosign", false)] {
        let mut signed = bundle(&format!("verify-key/bundles/{name}.json"));
        if let SignedContent::Message(message) = &mut signed.content {
            message.digest = None;
        }
        assert_eq!(blob(&signed, "artifact.txt", &key(name)) == "believed", expected, "{name}");
    }
    let signed = bundle("verify-key/bundles/ed25519.json");
    let digest = Digest::sha256(data("verify-key/artifact.txt"));
    let blob = Blob { digests: vec![digest], bytes: None };
    assert!(check(&signed, Artifact::Blob(&blob), &key("ed25519")).is_err());
}

#[test]
fn a_digest_in_place_of_the_file() {
    let digest = Digest::sha256(data("verify-key/artifact.txt"));
    let other = Digest::sha256(data("verify-key/other.txt"));
    for (name, text) in [("cosign", "believed"), ("rsa2048", "believed")] {
        let signed = bundle(&format!("verify-key/bundles/{name}.json"));
        assert_eq!(text_of(check(&signed, Artifact::Digest(&digest), &key(name))), text, "{name}");
        let text = "failed to verify signature: artifact does not match digest";
        assert_eq!(text_of(check(&signed, Artifact::Digest(&other), &key(name))), text, "{name}");
    }
    let mut signed = bundle("verify-key/bundles/ed25519.json");
    if let SignedContent::Message(message) = &mut signed.content {
        message.digest = Some((&digest).into());
    }
    assert!(text_of(check(&signed, Artifact::Digest(&digest), &key("ed25519"))).ends_with("and not just their digest"));
}

#[test]
fn the_hash_function_that_was_asked_for_is_the_only_one() {
    let bytes = data("verify-key/artifact.txt");
    let signed = bundle("verify-key/bundles/p384.json");
    let Trust::Key(trust) = key("p384").trust else { panic!() };
    for (hash, expected) in [(HashAlgorithm::Sha512, false), (HashAlgorithm::Sha256, false), (HashAlgorithm::Sha384, true)] {
        let requirement = Requirement::new(Trust::Key(KeyTrust { hash: Some(hash), ..trust.clone() })).insecure_ignore_tlog();
        let outcome = check(&signed, Artifact::Blob(&Blob::from_bytes(&bytes)), &requirement);
        assert_eq!(outcome.is_ok(), expected, "{hash:?}");
    }
}

#[test]
fn a_sig_layer_is_bound_to_image_and_annotations() {
    let signed = sig_layer();
    let requirement = key("cosign").with_annotations(annotations("env", "prod"));
    let verified = check(&signed, Artifact::Image(&image()), &requirement).unwrap();
    assert_eq!(verified.checks, Checks { annotations: true, claims: true, ..Checks::default() });
    assert!(matches!(verified.statement, VerifiedContent::SimpleSigning(payload) if payload.optional.is_some()));

    let requirement = key("cosign").with_annotations(annotations("env", "dev"));
    assert_eq!(text_of(check(&signed, Artifact::Image(&image()), &requirement)), "missing or incorrect annotation");
    let other = Digest::sha256(b"other");
    let text = format!("invalid or missing digest in claim: {IMAGE}");
    assert_eq!(text_of(check(&signed, Artifact::Image(&other), &key("cosign"))), text);
    let ignoring = key("cosign").insecure_ignore_claims();
    assert_eq!(check(&signed, Artifact::Image(&other), &ignoring).unwrap().checks, Checks::default());
}

#[test]
fn a_changed_sig_layer_is_refused() {
    let mut signed = sig_layer();
    if let SignedContent::SimpleSigning { payload, .. } = &mut signed.content {
        payload.push(b' ');
    }
    assert!(check(&signed, Artifact::Image(&image()), &key("cosign")).is_err());
    assert!(check(&signed, Artifact::Image(&image()), &key("cosign").insecure_ignore_claims()).is_err());
}

#[test]
fn an_image_bundle_is_bound_to_image_and_annotations() {
    let signed = bundle("verify-key/image-bundle/bundle.json");
    let requirement = key("cosign").with_annotations(annotations("env", "prod"));
    assert_eq!(text_of(check(&signed, Artifact::Image(&image()), &requirement)), "believed");
    let requirement = key("cosign").with_annotations(annotations("env", "dev"));
    assert_eq!(text_of(check(&signed, Artifact::Image(&image()), &requirement)), "missing or incorrect annotation");
    let text = "failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1";
    assert_eq!(text_of(check(&signed, Artifact::Image(&image()), &key("other"))), text);
    // The statement must name the image even where claims are not checked, as in cosign.
    let other = Digest::sha256(b"other");
    let text = "failed to verify signature: provided artifact digest does not match any digest in statement";
    assert_eq!(text_of(check(&signed, Artifact::Image(&other), &key("cosign").insecure_ignore_claims())), text);
    let message = bundle("verify-key/bundles/cosign.json");
    let manifest = Digest::sha256(data("verify-key/artifact.txt"));
    assert_eq!(text_of(check(&message, Artifact::Image(&manifest), &key("cosign"))), "bundle does not contain a DSSE envelope");
}

#[test]
fn attestations_of_files() {
    for name in ["cosign", "ed25519", "p384", "p521", "rsa2048"] {
        let signed = bundle(&format!("verify-key/attestations/{name}.json"));
        assert_eq!(blob(&signed, "artifact.txt", &key(name)), "believed", "{name}");
        let text = "failed to verify signature: provided artifact digests do not match digests in statement";
        assert_eq!(blob(&signed, "other.txt", &key(name)), text, "{name}");
    }
    for name in ["changed-signature", "changed-payload", "changed-type", "changed-no-signatures", "changed-two-signatures"] {
        let signed = bundle(&format!("verify-key/attestations/{name}.json"));
        assert!(blob(&signed, "artifact.txt", &key("cosign")).starts_with("failed to verify signature: "), "{name}");
    }
}

#[test]
fn the_predicate_type_counts_whether_claims_are_checked_or_not() {
    let signed = bundle("verify-key/attestations/cosign.json");
    let wanted = |kind: &str| Requirement { predicate_type: Some(WantedPredicate::named(kind)), ..key("cosign") };
    assert_eq!(blob(&signed, "artifact.txt", &wanted("https://cosign.sigstore.dev/attestation/v1")), "believed");
    assert_eq!(blob(&signed, "artifact.txt", &wanted("custom")), "believed");
    let text = "invalid predicate type, expected x got https://cosign.sigstore.dev/attestation/v1";
    assert_eq!(blob(&signed, "artifact.txt", &wanted("x")), text);
    assert_eq!(blob(&signed, "artifact.txt", &wanted("x").insecure_ignore_claims()), text);
    assert_ne!(blob(&bundle("verify-key/bundles/cosign.json"), "artifact.txt", &wanted("x")), "believed");
}

#[test]
fn an_older_attestation_needs_one_good_signature_and_a_statement() {
    let genuine = bundle("verify-key/attestations/cosign.json");
    let SignedContent::Envelope(envelope) = genuine.content else { panic!() };
    let mut several = envelope.clone();
    several.signatures.insert(0, crate::format::dsse::EnvelopeSignature { key_id: String::new(), signature: vec![1] });
    let att = |envelope: &Envelope| legacy::signed_of_att_layer(envelope.to_json(), &BTreeMap::new()).unwrap();
    assert_eq!(blob(&att(&several), "artifact.txt", &key("cosign")), "believed");
    assert_eq!(blob(&att(&envelope), "other.txt", &key("cosign")), "no matching subject digest found");
    assert_eq!(blob(&att(&envelope), "artifact.txt", &key("other")), "accepted signatures do not match threshold, Found: 0, Expected 1");
    let typed = Envelope { payload_type: "text/plain".to_owned(), ..envelope };
    assert!(blob(&att(&typed), "artifact.txt", &key("cosign")).starts_with("invalid payloadType text/plain on envelope"));
}
