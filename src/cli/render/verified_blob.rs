//! What `verify-blob` prints: a line on stderr; on request, who signed, when, and which logs saw it, as JSON on stdout.

use std::io;

use serde_json::{Map, Value, json};

use crate::ambient::Ui;
use crate::encoding::{UnixTime, go_json, hex};
use crate::format::tlog::LogEntry;
use crate::operations::verify_image::CertificateFacts;
use crate::verify::{TimeSource, Verified, VerifiedContent, VerifiedSigner, VerifiedTime};

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Nothing on stdout.
    Text,
    /// One object on one line.
    Json,
}

/// Prints the result.
///
/// # Errors
/// stdout cannot be written.
pub fn print(ui: &dyn Ui, verified: &Verified, format: Format) -> io::Result<()> {
    if format == Format::Json {
        let mut line = go_json::to_vec(&to_json(verified))?;
        line.push(b'\n');
        ui.result(&line)?;
    }
    ui.status("Verified OK");
    Ok(())
}

fn to_json(verified: &Verified) -> Value {
    let mut object = Map::new();
    object.insert("signer".into(), signer(&verified.signer));
    object.insert("times".into(), verified.times.iter().map(time).collect());
    object.insert("logEntries".into(), verified.log_entries.iter().map(log_entry).collect());
    if let VerifiedContent::Statement(statement) = &verified.statement {
        object.insert("predicateType".into(), statement.predicate_type.as_str().into());
    }
    object.into()
}

fn signer(signer: &VerifiedSigner) -> Value {
    match signer {
        VerifiedSigner::Key(key) => json!({ "publicKey": { "sha256": key.fingerprint().hex() } }),
        VerifiedSigner::Certificate(certificate) => {
            let facts = CertificateFacts::of(&certificate.leaf);
            let mut object = Map::new();
            object.insert("subjectAlternativeName".into(), facts.subject.into());
            if let Some(issuer) = facts.issuer {
                object.insert("issuer".into(), issuer.into());
            }
            object.extend(facts.workflow.into_iter().map(|fact| (fact.key.to_owned(), fact.value.into())));
            object.insert("notBefore".into(), certificate.leaf.not_before().to_string().into());
            object.insert("notAfter".into(), certificate.leaf.not_after().to_string().into());
            json!({ "certificate": object })
        }
    }
}

fn time(time: &VerifiedTime) -> Value {
    let (kind, uri) = match &time.source {
        TimeSource::TransparencyLog(url) => ("transparencyLog", url.as_str()),
        TimeSource::TimestampAuthority(uri) => ("timestampAuthority", uri.as_str()),
        TimeSource::CurrentTime => ("currentTime", ""),
    };
    let mut object = Map::new();
    object.insert("time".into(), time.time.to_string().into());
    object.insert("source".into(), kind.into());
    if !uri.is_empty() {
        object.insert("uri".into(), uri.into());
    }
    object.into()
}

fn log_entry(entry: &LogEntry) -> Value {
    let mut object = Map::new();
    object.insert("logIndex".into(), entry.log_index.into());
    object.insert("logId".into(), hex::encode(&entry.log_id).into());
    object.insert("kind".into(), entry.kind.as_str().into());
    object.insert("version".into(), entry.version.as_str().into());
    if entry.integrated_time != 0 {
        object.insert("integratedTime".into(), UnixTime(entry.integrated_time).to_string().into());
    }
    object.into()
}
