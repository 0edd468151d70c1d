//! What is known after a signature was believed, and which checks made it so.

use std::collections::BTreeMap;

use crate::crypto::{Certificate, PublicKey};
use crate::encoding::UnixTime;
use crate::format::intoto::Statement;
use crate::format::simple_signing::SimpleSigningPayload;
use crate::format::tlog::LogEntry;

/// The arc of Fulcio's extensions.
const FULCIO: &str = "1.3.6.1.4.1.57264.1";
/// Properties of GitHub workflows below it, by the names that `verify` prints.
const WORKFLOW: [(u32, &str); 5] = [
    (2, "githubWorkflowTrigger"),
    (3, "githubWorkflowSha"),
    (4, "githubWorkflowName"),
    (5, "githubWorkflowRepository"),
    (6, "githubWorkflowRef"),
];

/// A signature that was believed.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who signed.
    pub signer: VerifiedSigner,
    /// Which checks were performed, and held.
    pub checks: Checks,
    /// The times that were verified; empty where none was needed.
    pub times: Vec<VerifiedTime>,
    /// The log entries that were verified.
    pub log_entries: Vec<LogEntry>,
    /// What was said.
    pub statement: VerifiedContent,
}

/// Who signed.
#[derive(Debug, Clone)]
pub enum VerifiedSigner {
    /// The owner of this key.
    Key(Box<PublicKey>),
    /// The owner of a certificate.
    Certificate(Box<VerifiedCertificate>),
}

/// A certificate and the path to the root that made it count.
#[derive(Debug, Clone)]
pub struct VerifiedCertificate {
    /// The signer's certificate: `subject_alternative_names()`, `fulcio()` tell the identity.
    pub leaf: Certificate,
    /// The rest of the path, root last.
    pub chain: Vec<Certificate>,
}

impl VerifiedCertificate {
    /// What `verify` prints of a certificate under `optional`: `Subject`, `Issuer`, and for the issuer and each property of a GitHub workflow its OID, for
    /// the latter its name too.
    pub fn optional_claims(&self) -> BTreeMap<String, String> {
        let fulcio = self.leaf.fulcio();
        let subject = self.leaf.subject_alternative_names().into_iter().next().unwrap_or_default();
        let mut claims = BTreeMap::from([("Subject".to_owned(), subject)]);
        if let Some(issuer) = fulcio.issuer().filter(|issuer| !issuer.is_empty()) {
            claims.insert("Issuer".to_owned(), issuer.to_owned());
            claims.insert(format!("{FULCIO}.1"), issuer.to_owned());
        }
        for (arc, name) in WORKFLOW {
            if let Some(value) = fulcio.value(arc).filter(|value| !value.is_empty()) {
                claims.insert(name.to_owned(), value.to_owned());
                claims.insert(format!("{FULCIO}.{arc}"), value.to_owned());
            }
        }
        claims
    }
}

/// What was said.
#[derive(Debug, Clone)]
pub enum VerifiedContent {
    /// Nothing: a signature over the artifact itself.
    Artifact,
    /// A simple signing payload.
    SimpleSigning(SimpleSigningPayload),
    /// An in-toto statement.
    Statement(Statement),
    /// The payload of an envelope that is no statement, or was not read because claims are ignored.
    Opaque,
}

/// The checks that were performed. One that was switched off is `false`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checks {
    /// Annotations that were asked for were found.
    pub annotations: bool,
    /// The claims are about the artifact.
    pub claims: bool,
    /// A transparency log had the entry, shown by what came with the signature.
    pub tlog: bool,
    /// A Certificate Transparency log had the certificate.
    pub sct: bool,
    /// A time stamp held.
    pub timestamp: bool,
}

/// A time and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// When.
    pub time: UnixTime,
    /// By whom.
    pub source: TimeSource,
}

/// Who vouches for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeSource {
    /// The promise of a transparency log, by its base URL (may be empty).
    TransparencyLog(String),
    /// A timestamp authority, by its URI (may be empty).
    TimestampAuthority(String),
    /// This machine's clock.
    CurrentTime,
}
