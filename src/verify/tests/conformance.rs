//! The cases of the Sigstore conformance suite, each with the file and with its digest.

use serde::Deserialize;

use super::*;
use crate::format::bundle::Bundle;

#[derive(Deserialize)]
struct Manifest {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) case: String,
    suite: String,
    bundle: String,
    artifact: String,
    digest: String,
    modes: Vec<String>,
    has_signed_timestamp: bool,
    trusted_root: String,
    key: Option<String>,
    identity: Option<String>,
    issuer: Option<String>,
    expected: String,
}

fn file(path: &str) -> Vec<u8> {
    data(&format!("conformance/{path}"))
}

impl Case {
    pub(super) fn all() -> Vec<Self> {
        let manifest: Manifest = serde_json::from_slice(&file("manifest.json")).unwrap();
        manifest.cases.into_iter().filter(|case| case.suite == "bundle-verify").collect()
    }

    pub(super) fn named(name: &str) -> Self {
        Self::all().into_iter().find(|case| case.case == name).unwrap()
    }

    pub(super) fn bundle(&self) -> Vec<u8> {
        file(&self.bundle)
    }

    pub(super) fn root(&self) -> TrustedRoot {
        TrustedRoot::parse(&file(&self.trusted_root)).unwrap()
    }

    pub(super) fn artifact(&self) -> Vec<u8> {
        file(&self.artifact)
    }

    pub(super) fn requirement(&self) -> Result<Requirement, String> {
        let trust = match &self.key {
            Some(key) => Trust::key(PublicKey::from_pem(&file(key)).map_err(|error| error.to_string())?),
            None => Trust::Identity {
                identities: IdentityPolicy::one(
                    Matcher::exact(self.identity.clone().unwrap()),
                    Matcher::exact(self.issuer.clone().unwrap()),
                ),
                sct: SctRequirement::required(),
            },
        };
        let time = if self.has_signed_timestamp { TimeRequirement::SignedTimestamps { threshold: 1 } } else { TimeRequirement::Automatic };
        Ok(Requirement { time, ..Requirement::new(trust) })
    }

    fn run(&self, mode: &str) -> Result<(), String> {
        let requirement = self.requirement()?;
        let root = TrustedRoot::parse(&file(&self.trusted_root)).map_err(|error| error.to_string())?;
        let signed = Bundle::parse(&self.bundle(), false).and_then(|bundle| bundle.to_signed()).map_err(|error| error.to_string())?;
        let bytes = self.artifact();
        let blob = Blob::from_bytes(&bytes);
        let digest = Digest::parse(&self.digest).unwrap();
        let artifact = if mode == "digest" { Artifact::Digest(&digest) } else { Artifact::Blob(&blob) };
        verify(&signed, artifact, &requirement, &root, NOW).map(|_| ()).map_err(|error| error.to_string())
    }
}

#[test]
fn every_case_ends_as_it_should() {
    let mut wrong = Vec::new();
    let cases = Case::all();
    for case in &cases {
        for mode in &case.modes {
            let outcome = case.run(mode);
            if outcome.is_ok() != (case.expected == "pass") {
                wrong.push(format!("{} ({mode}): {outcome:?}", case.case));
            }
        }
    }
    assert_eq!(cases.len(), 70);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The messages that the reference gives, where the check that the case is about is reached.
#[test]
fn errors_keep_the_sentences_of_the_go_program() {
    let expect = [
        ("bundle-unknown-version_fail", "error getting bundle version: validation error: unsupported media type: "),
        ("intoto-missing-inclusion-proof_fail", "inclusion proof missing in bundle (required for bundle v0.2)"),
        ("rekor2-no-inclusion-proof_fail", "inclusion proof missing in bundle (required for bundle v0.2)"),
        ("bundle-negative-log-index_fail", "validation error: nil value in transaction log entry"),
        ("bundle-from-wrong-instance_fail", "failed to verify log inclusion: not enough verified log entries from transparency log: 0 < 1"),
        ("set-invalid-signature_fail", "failed to verify log inclusion: not enough verified log entries from transparency log: 0 < 1"),
        ("checkpoint-wrong-roothash_fail", "failed to verify log inclusion: "),
        ("rekor2-no-timestamp_fail", "failed to verify timestamps: threshold not met for verified signed timestamps: 0 < 1; error: "),
        (
            "invalid-ct-key_fail",
            "failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1",
        ),
        (
            "wrong-material_fail",
            "failed to verify signature: could not verify message: invalid signature when validating ASN.1 encoded signature",
        ),
        ("message-digest-mismatch_fail", "failed to verify log inclusion: transparency log hashedrekord entry digest "),
    ];
    for (name, text) in expect {
        let said = Case::named(name).run("path").unwrap_err();
        assert!(said.starts_with(text), "{name}: {said}");
    }
}
