//! What is known after a signature was believed, and which checks made it so.

use crate::crypto::{Certificate, PublicKey};
use crate::encoding::UnixTime;
use crate::format::intoto::Statement;
use crate::format::simple_signing::SimpleSigningPayload;
use crate::format::tlog::LogEntry;

/// A signature that was believed.
#[derive(Clone)]
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
#[derive(Clone)]
pub enum VerifiedSigner {
    /// The owner of this key.
    Key(Box<PublicKey>),
    /// The owner of a certificate.
    Certificate(Box<VerifiedCertificate>),
}

/// A certificate and the path to the root that made it count.
#[derive(Clone)]
pub struct VerifiedCertificate {
    /// The signer's certificate: `subject_alternative_names()`, `fulcio()` tell the identity.
    pub leaf: Certificate,
    /// The rest of the path, root last.
    pub chain: Vec<Certificate>,
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
