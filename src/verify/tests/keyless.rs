//! Cases of the reference with private services: command lines are turned into requirements as the program will do it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::format::bundle::Bundle;
use crate::format::bundle::legacy::{self, LocalBundle};

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    exit: i32,
    drop_in: Option<String>,
    better: Option<String>,
    error: Option<String>,
}

/// When the certificates of these bundles had expired: the reference ran then.
const THEN: UnixTime = UnixTime(1_795_000_000);

fn file(path: &str) -> Vec<u8> {
    data(&format!("keyless/{path}"))
}

struct Flags<'a> {
    args: &'a [String],
}

impl<'a> Flags<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.args.iter().position(|arg| arg == name).map(|at| self.args[at + 1].as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        self.args.iter().any(|arg| arg == name)
    }

    fn positional(&self) -> Option<&'a str> {
        let mut last = None;
        let mut at = 1;
        while at < self.args.len() {
            let arg = &self.args[at];
            let takes_value = self.args.get(at + 1).is_some() && arg.starts_with("--") && !arg.contains('=') && !is_switch(arg);
            if !arg.starts_with("--") {
                last = Some(arg.as_str());
            }
            at += if takes_value { 2 } else { 1 };
        }
        last
    }
}

fn is_switch(arg: &str) -> bool {
    let switches = ["--insecure-ignore-tlog", "--insecure-ignore-sct", "--use-signed-timestamps", "--offline", "--private-infrastructure"];
    switches.contains(&arg)
}

fn certificates(path: &str) -> Result<Vec<Certificate>, String> {
    let bytes = file(path);
    let pem = crate::encoding::base64::decode_lenient(&bytes).unwrap_or(bytes);
    Certificate::all_from_pem(&pem).map_err(|error| error.to_string())
}

fn trusted(flags: &Flags<'_>, env: &BTreeMap<String, String>) -> Result<TrustedRoot, String> {
    if let Some(path) = flags.value("--trusted-root") {
        return TrustedRoot::parse(&file(path)).map_err(|error| error.to_string());
    }
    let mut root = TrustedRoot::default();
    match flags.value("--ca-roots") {
        Some(roots) => {
            let intermediates = flags.value("--ca-intermediates").map_or(Ok(Vec::new()), certificates)?;
            root.add_certificate_authorities(certificates(roots)?, &intermediates);
        }
        None => {
            if let Some(path) = env.get("SIGSTORE_ROOT_FILE") {
                root.add_certificate_pool(certificates(path)?);
            }
        }
    }
    let key = |path: &String| PublicKey::from_pem(&file(path)).map_err(|error| error.to_string());
    if let Some(path) = env.get("SIGSTORE_REKOR_PUBLIC_KEY") {
        root.add_transparency_log(key(path)?);
    }
    if let Some(path) = env.get("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE") {
        root.add_ct_log(key(path)?);
    }
    Ok(root)
}

fn requirement(flags: &Flags<'_>) -> Result<Requirement, String> {
    let given = |name: &str| flags.value(name).unwrap_or_default();
    let trust = if let Some(path) = flags.value("--key") {
        Trust::key(PublicKey::from_pem(&file(path)).map_err(|error| error.to_string())?)
    } else {
        let subject = Matcher::from_flags(given("--certificate-identity"), given("--certificate-identity-regexp")).ok_or("no identity")?;
        let issuer =
            Matcher::from_flags(given("--certificate-oidc-issuer"), given("--certificate-oidc-issuer-regexp")).ok_or("no issuer")?;
        let workflow = Workflow {
            trigger: flags.value("--certificate-github-workflow-trigger").map(str::to_owned),
            sha: flags.value("--certificate-github-workflow-sha").map(str::to_owned),
            name: flags.value("--certificate-github-workflow-name").map(str::to_owned),
            repository: flags.value("--certificate-github-workflow-repository").map(str::to_owned),
            reference: flags.value("--certificate-github-workflow-ref").map(str::to_owned),
        };
        let identities = IdentityPolicy::any_of(vec![Identity { subject, issuer }], workflow).unwrap();
        let sct = if flags.is_set("--insecure-ignore-sct") { SctRequirement::InsecureIgnore } else { SctRequirement::required() };
        match flags.value("--certificate") {
            Some(path) => Trust::Certificate { leaf: Box::new(certificates(path)?.swap_remove(0)), identities, sct },
            None => Trust::Identity { identities, sct },
        }
    };
    let mut requirement = Requirement::new(trust);
    if flags.is_set("--insecure-ignore-tlog") || flags.is_set("--private-infrastructure") {
        requirement = requirement.insecure_ignore_tlog();
    }
    if flags.is_set("--check-claims=false") {
        requirement = requirement.insecure_ignore_claims();
    }
    if flags.is_set("--use-signed-timestamps") {
        requirement.time = TimeRequirement::SignedTimestamps { threshold: 1 };
    }
    requirement.predicate_type = flags.value("--type").map(WantedPredicate::named);
    Ok(requirement)
}

fn signed(flags: &Flags<'_>, is_attestation: bool) -> Result<Signed, String> {
    if let Some(path) = flags.value("--signature") {
        let text = String::from_utf8(file(path)).unwrap();
        return Ok(Signed::detached(crate::encoding::base64::decode_lenient(text.trim()).unwrap()));
    }
    let bytes = file(flags.value("--bundle").unwrap());
    if flags.is_set("--new-bundle-format=false") {
        let local = LocalBundle::parse(&bytes).map_err(|error| error.to_string())?;
        let signed = if is_attestation { local.into_signed_envelope() } else { local.to_signed_message() };
        return signed.map_err(|error: legacy::LegacyError| error.to_string());
    }
    Bundle::parse(&bytes, false).and_then(|bundle| bundle.to_signed()).map_err(|error| error.to_string())
}

fn run(case: &Case) -> Result<(), String> {
    let flags = Flags { args: &case.args };
    let is_attestation = case.args[0] == "verify-blob-attestation";
    let root = trusted(&flags, &case.env)?;
    let requirement = requirement(&flags)?;
    let signed = signed(&flags, is_attestation)?;
    let digest;
    let bytes;
    let blob;
    let artifact = match flags.positional() {
        None => Artifact::InsecureAny,
        Some(name) if name.starts_with("sha256:") => {
            digest = Digest::parse(name).unwrap();
            Artifact::Digest(&digest)
        }
        Some(name) => {
            bytes = file(name);
            let digests = hashes_needed(&signed, &requirement).into_iter().map(|hash| hash.digest(&bytes)).collect();
            blob = Blob { digests, bytes: needs_bytes(&signed, &requirement).then_some(&bytes) };
            Artifact::Blob(&blob)
        }
    };
    verify(&signed, artifact, &requirement, &root, THEN).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn every_case_ends_as_with_the_reference_or_as_ruled() {
    let cases: Cases = serde_json::from_slice(&file("cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let outcome = run(case);
        let refused = case.exit != 0 || case.drop_in.as_deref() == Some("reject");
        if outcome.is_ok() == refused && case.better.is_none() {
            wrong.push(format!("{}: {outcome:?}, the reference {} {:?}", case.name, case.exit, case.error));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.cases.len(), wrong.join("\n"));
}

/// Sentences of the reference that ours differ from: it rebuilds an entry of Rekor v2 and finds another root, where we compare field by field; it
/// takes a bundle that does not load for another format; it looks at the log before it says that a key is no certificate; the command says some; and
/// keys that sign by SHA-384 and SHA-512 verify here what they signed in the older form.
const OURS: [&str; 10] = [
    "calculated root",
    "--trusted-root only supported",
    "no public key material",
    "%!w(<nil>)",
    "no compatible verifier found",
    "transparency log certificate does not match",
    "validation error: missing verification material",
    "bundle does not contain cert for verification",
    "exactly one of: key reference",
    "unexpected algorithm",
];

#[test]
fn errors_keep_the_sentences_of_the_reference() {
    let cases: Cases = serde_json::from_slice(&file("cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let (Some(expected), Err(said)) = (&case.error, run(case)) else { continue };
        // A missing word of ours: what follows a known sentence may explain more.
        let sentence =
            expected.trim_end_matches(". Check your TUF root (see cosign initialize) or set a custom root with env var SIGSTORE_ROOT_FILE");
        if !OURS.iter().any(|phrase| expected.contains(phrase)) && !said.contains(sentence) {
            wrong.push(format!("{}\n   ours      {said}\n   reference {expected}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}
