//! What is known of an image after its signatures were believed.

use serde_json::{Map, Value};

use crate::crypto::Certificate;
use crate::format::simple_signing::SimpleSigningPayload;
use crate::verify::{Verified, VerifiedSigner};

/// An image that passed.
#[derive(Debug, Clone)]
pub struct VerifiedImage {
    /// Its name, as messages give it.
    pub name: String,
    /// The checks that were performed on each signature, in the order in which they are printed.
    pub checks: Vec<Check>,
    /// The signatures that passed.
    pub signatures: Vec<VerifiedSignature>,
}

/// A signature that passed.
#[derive(Debug, Clone)]
pub struct VerifiedSignature {
    /// The payload as `--output text` prints it.
    pub raw: Vec<u8>,
    /// The payload as a simple signing payload, read or, for a bundle, made of its statement.
    pub payload: SimpleSigningPayload,
    /// The predicate type of a bundle's statement; `None` for the older form.
    pub predicate_type: Option<String>,
    /// The statement itself, kept only where policies have to judge it.
    pub statement: Option<Vec<u8>>,
    /// What the certificate says, where there is one.
    pub certificate: Option<CertificateFacts>,
    /// What else goes into `optional`: log bundle and time stamp of the older form.
    pub extra: Map<String, Value>,
}

/// A check that was performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The annotations that were asked for.
    Annotations,
    /// The payload is about the image.
    Claims,
    /// The log entry that came with the signature.
    LogOffline,
    /// A log entry that was looked up.
    LogOnline,
    /// The same: its time lies within the certificate's validity.
    LogOnlineTime,
    /// The key that was given.
    Key,
    /// A certificate of a trusted authority.
    Certificate,
}

/// What a certificate says about who signed.
#[derive(Debug, Clone)]
pub struct CertificateFacts {
    /// The first subject alternative name; empty where there is none.
    pub subject: String,
    /// The OIDC issuer.
    pub issuer: Option<String>,
    /// Fulcio's GitHub workflow extensions.
    pub workflow: Vec<WorkflowFact>,
}

/// One of Fulcio's GitHub workflow extensions.
#[derive(Debug, Clone)]
pub struct WorkflowFact {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its OID.
    pub oid: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Its value.
    pub value: String,
}

/// Arc below 1.3.6.1.4.1.57264.1, OID, JSON key, and name for people.
const WORKFLOW: [(u32, &str, &str, &str); 5] = [
    (2, "1.3.6.1.4.1.57264.1.2", "githubWorkflowTrigger", "GitHub Workflow Trigger"),
    (3, "1.3.6.1.4.1.57264.1.3", "githubWorkflowSha", "GitHub Workflow SHA"),
    (4, "1.3.6.1.4.1.57264.1.4", "githubWorkflowName", "GitHub Workflow Name"),
    (5, "1.3.6.1.4.1.57264.1.5", "githubWorkflowRepository", "GitHub Workflow Repository"),
    (6, "1.3.6.1.4.1.57264.1.6", "githubWorkflowRef", "GitHub Workflow Ref"),
];

impl CertificateFacts {
    /// Reads them.
    pub fn of(certificate: &Certificate) -> Self {
        let fulcio = certificate.fulcio();
        let workflow = WORKFLOW
            .iter()
            .filter_map(|(arc, oid, key, label)| {
                let value = fulcio.value(*arc).filter(|value| !value.is_empty())?.to_owned();
                Some(WorkflowFact { key, oid, label, value })
            })
            .collect();
        Self {
            subject: certificate.subject_alternative_names().into_iter().next().unwrap_or_default(),
            issuer: fulcio.issuer().filter(|issuer| !issuer.is_empty()).map(str::to_owned),
            workflow,
        }
    }
}

/// The checks of one signature, in the order in which they are printed; `looked_up` says that its log entry came from the log itself.
pub(super) fn checks(verified: &Verified, looked_up: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    if verified.checks.claims && verified.checks.annotations {
        checks.push(Check::Annotations);
    }
    if verified.checks.claims {
        checks.push(Check::Claims);
    }
    match (verified.checks.tlog, looked_up) {
        (true, false) => checks.push(Check::LogOffline),
        (true, true) => {
            checks.push(Check::LogOnline);
            if matches!(verified.signer, VerifiedSigner::Certificate(_)) {
                checks.push(Check::LogOnlineTime);
            }
        }
        (false, _) => {}
    }
    checks.push(match verified.signer {
        VerifiedSigner::Key(_) => Check::Key,
        VerifiedSigner::Certificate(_) => Check::Certificate,
    });
    checks
}

/// The checks that every one of the signatures passed.
pub(super) fn common_checks(each: &[Vec<Check>]) -> Vec<Check> {
    let Some((first, rest)) = each.split_first() else { return Vec::new() };
    first.iter().copied().filter(|check| rest.iter().all(|checks| checks.contains(check))).collect()
}
