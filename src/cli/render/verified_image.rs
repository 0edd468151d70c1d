//! What `verify` prints for an image: the list of checks on stderr, the verified payloads on stdout.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ambient::Ui;
use crate::encoding::{go_json, text};
use crate::operations::verify_image::{Check, VerifiedImage, VerifiedSignature};

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An empty line, then one line with an array: what every value but `text` means, as in the Go program.
    Json,
    /// One payload a line.
    Text,
}

/// A simple signing payload, its fields in Go's order; others are dropped.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct SimpleContainerImage {
    critical: Critical,
    optional: Option<BTreeMap<String, Value>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

/// Prints one image's result.
///
/// # Errors
/// stdout cannot be written.
pub fn print(ui: &dyn Ui, image: &VerifiedImage, format: Format) -> io::Result<()> {
    ui.status("");
    ui.status(&format!("Verification for {} --", text::quote(&image.name)));
    ui.status("The following checks were performed on each of these signatures:");
    for check in &image.checks {
        ui.status(&format!("  - {}", sentence(*check)));
    }
    match format {
        Format::Text => {
            for signature in &image.signatures {
                print_facts(ui, signature);
                let mut line = signature.payload.clone();
                line.push(b'\n');
                ui.result(&line)?;
            }
            Ok(())
        }
        Format::Json => {
            let payloads: Vec<SimpleContainerImage> = image.signatures.iter().map(with_facts).collect();
            let line = go_json::to_string(&payloads)?;
            ui.result(format!("\n{line}\n").as_bytes())
        }
    }
}

fn sentence(check: Check) -> &'static str {
    match check {
        Check::Annotations => "The specified annotations were verified.",
        Check::Claims => "The cosign claims were validated",
        Check::LogOffline => "Existence of the claims in the transparency log was verified offline",
        Check::LogOnline => "The claims were present in the transparency log",
        Check::LogOnlineTime => "The signatures were integrated into the transparency log when the certificate was valid",
        Check::Key => "The signatures were verified against the specified public key",
        Check::Certificate => "The code-signing certificate was verified using trusted certificate authority certificates",
    }
}

fn print_facts(ui: &dyn Ui, signature: &VerifiedSignature) {
    let Some(facts) = &signature.certificate else { return };
    ui.status(&format!("Certificate subject: {}", text::quote(&facts.subject)));
    let issuer = facts.issuer.as_deref().map(|issuer| ("Certificate issuer URL", issuer));
    let workflow = facts.workflow.iter().map(|fact| (fact.label, fact.value.as_str()));
    for (label, value) in issuer.into_iter().chain(workflow) {
        ui.status(&format!("{label}: {}", text::quote(value)));
    }
}

fn with_facts(signature: &VerifiedSignature) -> SimpleContainerImage {
    let mut image: SimpleContainerImage = serde_json::from_slice(&signature.payload).unwrap_or_default();
    let mut facts: Vec<(String, Value)> = Vec::new();
    if let Some(certificate) = &signature.certificate {
        facts.push(("Subject".into(), certificate.subject.as_str().into()));
        if let Some(issuer) = &certificate.issuer {
            facts.push(("Issuer".into(), issuer.as_str().into()));
            facts.push((ISSUER_OID.into(), issuer.as_str().into()));
        }
        for fact in &certificate.workflow {
            facts.push((fact.key.into(), fact.value.as_str().into()));
            facts.push((fact.oid.into(), fact.value.as_str().into()));
        }
    }
    facts.extend(signature.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    if !facts.is_empty() {
        image.optional.get_or_insert_default().extend(facts);
    }
    image
}

/// Fulcio's first issuer extension.
const ISSUER_OID: &str = "1.3.6.1.4.1.57264.1.1";
