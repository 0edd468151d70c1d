//! What `verify` prints for an image: the list of checks on stderr, the verified payloads on stdout.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use crate::ambient::Ui;
use crate::encoding::{go_json, text};
use crate::format::simple_signing::SimpleSigningPayload;
use crate::operations::verify_image::{Check, VerifiedImage, VerifiedSignature};

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An empty line, then one line with an array: what every value but `text` means, as in the Go program.
    Json,
    /// One payload a line.
    Text,
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
                ui.result(&signature.raw)?;
                ui.result(b"\n")?;
            }
            Ok(())
        }
        Format::Json => {
            let payloads: Vec<SimpleSigningPayload> = image.signatures.iter().map(with_facts).collect();
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

/// The payload with what is known of the signer in `optional`, whose keys are sorted as Go sorts a map.
fn with_facts(signature: &VerifiedSignature) -> SimpleSigningPayload {
    let mut payload = signature.payload.clone();
    let mut optional: BTreeMap<String, Value> = payload.optional.take().into_iter().flatten().collect();
    let was_null = signature.payload.optional.is_none();
    if let Some(certificate) = &signature.certificate {
        optional.insert("Subject".into(), certificate.subject.as_str().into());
        if let Some(issuer) = &certificate.issuer {
            optional.insert("Issuer".into(), issuer.as_str().into());
            optional.insert(ISSUER_OID.into(), issuer.as_str().into());
        }
        for fact in &certificate.workflow {
            optional.insert(fact.key.into(), fact.value.as_str().into());
            optional.insert(fact.oid.into(), fact.value.as_str().into());
        }
    }
    optional.extend(signature.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    payload.optional = (!was_null || !optional.is_empty()).then(|| optional.into_iter().collect());
    payload
}

/// Fulcio's first issuer extension.
const ISSUER_OID: &str = "1.3.6.1.4.1.57264.1.1";
