//! The engine beside another verifier of the same formats, crate `sigstore-verify`, over the conformance cases and one-field changes of
//! the good ones. Where the two disagree, this file says why.

use cosign::crypto::PublicKey;
use cosign::encoding::UnixTime;
use cosign::format::bundle::Bundle;
use cosign::format::trusted_root::TrustedRoot;
use cosign::verify::{Artifact, Blob, IdentityPolicy, Matcher, Requirement, SctRequirement, TimeRequirement, Trust, verify};
use serde_json::Value;
use sigstore_verify::types::{Bundle as OtherBundle, DerPublicKey};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};

use crate::support::testdata;

/// When the cases are looked at: after all of them were made.
const NOW: UnixTime = UnixTime(1_790_000_000);

struct Case {
    name: String,
    bundle: String,
    artifact: Vec<u8>,
    root: String,
    key: Option<String>,
    identity: [String; 2],
    has_signed_timestamp: bool,
    is_good: bool,
}

fn cases() -> Vec<Case> {
    let read = |path: &str| std::fs::read(testdata(&format!("conformance/{path}"))).unwrap();
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let text = |case: &Value, name: &str| case[name].as_str().map(str::to_owned);
    let file = |case: &Value, name: &str| text(case, name).map(|path| String::from_utf8(read(&path)).unwrap());
    let cases = manifest["cases"].as_array().unwrap().iter().filter(|case| case["suite"] == "bundle-verify");
    cases
        .map(|case| Case {
            name: text(case, "case").unwrap(),
            bundle: file(case, "bundle").unwrap(),
            artifact: read(case["artifact"].as_str().unwrap()),
            root: file(case, "trusted_root").unwrap(),
            key: file(case, "key"),
            identity: ["identity", "issuer"].map(|name| text(case, name).unwrap_or_default()),
            has_signed_timestamp: case["has_signed_timestamp"] == true,
            is_good: case["expected"] == "pass",
        })
        .collect()
}

fn ours(case: &Case, bundle: &str) -> Result<(), String> {
    let check = || -> Result<(), Box<dyn std::error::Error>> {
        let root = TrustedRoot::parse(case.root.as_bytes())?;
        let signed = Bundle::parse(bundle.as_bytes(), false)?.to_signed()?;
        let trust = match &case.key {
            Some(key) => Trust::key(PublicKey::from_pem(key.as_bytes())?),
            None => {
                let [subject, issuer] = case.identity.clone().map(Matcher::exact);
                Trust::Identity { identities: IdentityPolicy::one(subject, issuer), sct: SctRequirement::required() }
            }
        };
        let mut requirement = Requirement::new(trust);
        if case.has_signed_timestamp {
            requirement.time = TimeRequirement::SignedTimestamps { threshold: 1 };
        }
        verify(&signed, Artifact::Blob(&Blob::from_bytes(&case.artifact)), &requirement, &root, NOW)?;
        Ok(())
    };
    check().map_err(|error| error.to_string())
}

fn theirs(case: &Case, bundle: &str) -> Result<(), String> {
    let check = || -> Result<(), Box<dyn std::error::Error>> {
        let root = sigstore_verify::trust_root::TrustedRoot::from_json(&case.root)?;
        let bundle = OtherBundle::from_json(bundle)?;
        let verifier = Verifier::new(&root)?;
        match &case.key {
            Some(key) => {
                let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_pem(key)?);
                verifier.verify(case.artifact.as_slice(), &bundle, &policy)?
            }
            None => {
                let [identity, issuer] = case.identity.clone();
                verifier.verify(case.artifact.as_slice(), &bundle, &VerificationPolicy::new(identity.as_str(), issuer))?
            }
        };
        Ok(())
    };
    check().map_err(|error| error.to_string())
}

#[test]
fn both_judge_the_conformance_cases_alike() {
    for case in cases() {
        let (ours, theirs) = (ours(&case, &case.bundle), theirs(&case, &case.bundle));
        assert_eq!((ours.is_ok(), theirs.is_ok()), (case.is_good, case.is_good), "{}: {ours:?}, {theirs:?}", case.name);
    }
}

/// Cases of every form whose one-field changes are looked at.
const CHANGED: [&str; 6] = [
    "happy-path-v0.1",
    "happy-path-v0.3",
    "happy-path-intoto-in-dsse-v3",
    "rekor2-happy-path",
    "rekor2-dsse-happy-path",
    "managed-key-happy-path",
];

#[test]
fn both_judge_changes_of_one_field_alike_or_this_file_says_why() {
    let mut unexplained = Vec::new();
    for case in cases().iter().filter(|case| CHANGED.contains(&case.name.as_str())) {
        let genuine: Value = serde_json::from_str(&case.bundle).unwrap();
        let mut paths = Vec::new();
        leaves(&genuine, String::new(), &mut paths);
        for path in paths {
            for change in [Change::Other, Change::Absent] {
                let mut value = genuine.clone();
                if !change.apply(&mut value, &path) {
                    continue;
                }
                let bundle = value.to_string();
                let (ours, theirs) = (ours(case, &bundle), theirs(case, &bundle));
                if ours.is_ok() != theirs.is_ok() && explanation(&path, change, ours.is_ok()).is_none() {
                    unexplained.push(format!("{}{path} {change:?}: ours {ours:?}, theirs {theirs:?}", case.name));
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Another value of the same kind.
    Other,
    /// Without the field.
    Absent,
}

impl Change {
    /// Whether there was anything to change.
    fn apply(self, value: &mut Value, path: &str) -> bool {
        let (parent, name) = path.rsplit_once('/').unwrap();
        match self {
            Self::Absent => value.pointer_mut(parent).and_then(Value::as_object_mut).is_some_and(|object| object.remove(name).is_some()),
            Self::Other => {
                let leaf = value.pointer_mut(path).unwrap();
                let other = match &*leaf {
                    Value::String(text) => match text.parse::<i64>() {
                        Ok(number) => (number + 1).to_string().into(),
                        Err(_) => other_text(text).into(),
                    },
                    Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
                    _ => return false,
                };
                *leaf = other;
                true
            }
        }
    }
}

/// The text with one character in its middle changed to another of the base64 alphabet.
fn other_text(text: &str) -> String {
    let at = text.len() / 2;
    let (head, tail) = text.split_at(at);
    let mut rest = tail.chars();
    let replaced = if rest.next() == Some('A') { 'B' } else { 'A' };
    format!("{head}{replaced}{}", rest.as_str())
}

fn leaves(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, format!("{path}/{name}"), paths)),
        Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{path}/{at}"), paths)),
        _ => paths.push(path),
    }
}

/// Why the two may disagree about a change of that field; whether we are the ones who believe it.
fn explanation(path: &str, change: Change, we_believe: bool) -> Option<&'static str> {
    let field = path.rsplit('/').next().unwrap();
    let known = [
        ("mediaType", Change::Absent, false, "it takes a bundle that does not say its version; sigstore-go refuses it"),
        (
            "signedEntryTimestamp",
            Change::Absent,
            true,
            "protojson leaves empty bytes out: that is an entry without promise, with a proof that holds",
        ),
        (
            "keyId",
            Change::Other,
            false,
            "it finds the key of a Rekor v2 by the checkpoint, whatever the log id says; sigstore-go by the log id",
        ),
        (
            "rootHash",
            Change::Absent,
            true,
            "of Rekor v2 the checkpoint's root hash counts, and that of the proof is not read, as in sigstore-go",
        ),
        (
            "treeSize",
            Change::Absent,
            true,
            "of Rekor v2 the checkpoint's size counts, and that of the proof is not read, as in sigstore-go",
        ),
        ("envelope", Change::Other, false, "the change hits the name on the log's signature line, which it does not compare"),
        (
            "signedTimestamp",
            Change::Other,
            false,
            "the change hits the signing-certificate attribute, which it does not compare (RFC 5816)",
        ),
    ];
    known.iter().find(|(name, kind, ours, _)| *name == field && *kind == change && *ours == we_believe).map(|(.., why)| *why)
}
