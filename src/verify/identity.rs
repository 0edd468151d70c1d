//! Who a certificate says that its owner is, against who it may be.

use crate::crypto::Certificate;
use crate::encoding::pattern::{Pattern, PatternError};
use crate::encoding::text;
use crate::format::material::Form;

/// Identities, of which any will do, and what a GitHub workflow must have been.
#[derive(Debug, Clone)]
pub struct IdentityPolicy {
    identities: Vec<Identity>,
    workflow: Workflow,
}

/// One identity: both parts must match.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The subject: one of the certificate's alternative names.
    pub subject: Matcher,
    /// The OIDC issuer that vouched for it.
    pub issuer: Matcher,
}

/// What one text must be: a value, a pattern, or both.
#[derive(Debug, Clone)]
pub struct Matcher {
    exact: Option<String>,
    pattern: Option<Pattern>,
}

/// What a GitHub workflow must have been; `None` takes any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflow {
    /// The event that started it.
    pub trigger: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The repository, `owner/name`.
    pub repository: Option<String>,
    /// The git reference.
    pub reference: Option<String>,
}

/// A policy without identities would believe everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identity policy needs at least one identity")]
pub struct EmptyPolicy;

/// Why a certificate is none of the wanted identities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// None matched (older form).
    #[error(
        "none of the expected identities matched what was in the certificate, got subjects [{}] with issuer {}",
        text::quote(.subjects),
        text::quote(.issuer)
    )]
    NoneMatched {
        /// The certificate's names, joined by `, `.
        subjects: String,
        /// Its issuer.
        issuer: String,
    },
    /// None matched (bundles); what the last one wanted.
    #[error("failed to verify certificate identity: no matching CertificateIdentity found, last error: {0}")]
    NoneMatchedLast(Mismatch),
    /// A workflow's property differs (older form).
    #[error("expected GitHub Workflow {0} not found in certificate")]
    Workflow(&'static str),
    /// The pattern for the subject is none (older form).
    #[error("malformed subject in identity: {pattern} : {error}", pattern = .0.pattern(), error = .0)]
    MalformedSubject(PatternError),
    /// The pattern for the issuer is none (older form).
    #[error("malformed issuer in identity: {pattern} : {error}", pattern = .0.pattern(), error = .0)]
    MalformedIssuer(PatternError),
    /// A pattern is none (bundles).
    #[error(transparent)]
    Malformed(PatternError),
}

/// What was wanted, and what there was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another value.
    #[error("expected {object} value \"{expected}\", got \"{}\"", text::quote(.actual))]
    Value {
        /// `SAN` or `issuer`.
        object: &'static str,
        /// What was wanted.
        expected: String,
        /// What there was.
        actual: String,
    },
    /// No match of a pattern.
    #[error("expected {object} value to match regex \"{pattern}\", got \"{}\"", text::quote(.actual))]
    Pattern {
        /// `SAN` or `issuer`.
        object: &'static str,
        /// The pattern.
        pattern: String,
        /// What there was.
        actual: String,
    },
    /// Another property of a workflow.
    #[error("expected {field} to be \"{expected}\", got \"{}\"", text::quote(.actual))]
    Extension {
        /// The property, as sigstore-go names it.
        field: &'static str,
        /// What was wanted.
        expected: String,
        /// What there was; empty where there was none.
        actual: String,
    },
}

/// What a certificate says about its owner.
struct Facts {
    subjects: Vec<String>,
    issuer: String,
}

impl Matcher {
    /// The whole text, case included.
    pub fn exact(value: impl Into<String>) -> Self {
        Self { exact: Some(value.into()), pattern: None }
    }

    /// A pattern that matches anywhere, as in Go: anchor it with `^` and `$`.
    pub fn pattern(pattern: &str) -> Self {
        Self { exact: None, pattern: Some(Pattern::new(pattern)) }
    }

    /// Value and pattern, whichever are given and not empty; `None` where neither is.
    pub fn from_flags(exact: &str, pattern: &str) -> Option<Self> {
        let exact = (!exact.is_empty()).then(|| exact.to_owned());
        let pattern = (!pattern.is_empty()).then(|| Pattern::new(pattern));
        (exact.is_some() || pattern.is_some()).then_some(Self { exact, pattern })
    }

    fn check(&self, object: &'static str, actual: &str) -> Result<(), Mismatch> {
        if let Some(expected) = self.exact.as_ref().filter(|expected| *expected != actual) {
            return Err(Mismatch::Value { object, expected: expected.clone(), actual: actual.to_owned() });
        }
        match self.pattern.as_ref().filter(|pattern| !pattern.is_match(actual)) {
            Some(pattern) => Err(Mismatch::Pattern { object, pattern: pattern.as_str().to_owned(), actual: actual.to_owned() }),
            None => Ok(()),
        }
    }

    fn malformed(&self) -> Option<PatternError> {
        self.pattern.as_ref().and_then(Pattern::error)
    }
}

impl IdentityPolicy {
    /// Any of `identities`, made by `workflow`.
    ///
    /// # Errors
    /// [`EmptyPolicy`].
    pub fn any_of(identities: Vec<Identity>, workflow: Workflow) -> Result<Self, EmptyPolicy> {
        if identities.is_empty() { Err(EmptyPolicy) } else { Ok(Self { identities, workflow }) }
    }

    /// Exactly this identity.
    pub fn one(subject: Matcher, issuer: Matcher) -> Self {
        Self { identities: vec![Identity { subject, issuer }], workflow: Workflow::default() }
    }

    /// Checks a certificate. The texts of errors follow the form that the signature came in.
    pub(super) fn check(&self, certificate: &Certificate, form: Form) -> Result<(), IdentityError> {
        let fulcio = certificate.fulcio();
        let facts = Facts { subjects: certificate.subject_alternative_names(), issuer: fulcio.issuer().unwrap_or_default().to_owned() };
        match form {
            Form::Legacy => {
                if let Some((_, label, ..)) = self.workflow.mismatch(|arc| fulcio.value(arc)) {
                    return Err(IdentityError::Workflow(label));
                }
                self.check_legacy(&facts)
            }
            Form::Bundle => {
                self.check_bundle(&facts)?;
                match self.workflow.mismatch(|arc| fulcio.value(arc)) {
                    Some((field, _, expected, actual)) => {
                        Err(IdentityError::NoneMatchedLast(Mismatch::Extension { field, expected, actual }))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn check_legacy(&self, facts: &Facts) -> Result<(), IdentityError> {
        for identity in &self.identities {
            if let Some(error) = identity.issuer.malformed() {
                return Err(IdentityError::MalformedIssuer(error));
            }
            if let Some(error) = identity.subject.malformed() {
                return Err(IdentityError::MalformedSubject(error));
            }
            if identity.matches(facts).is_ok() {
                return Ok(());
            }
        }
        Err(IdentityError::NoneMatched { subjects: facts.subjects.join(", "), issuer: facts.issuer.clone() })
    }

    fn check_bundle(&self, facts: &Facts) -> Result<(), IdentityError> {
        let mut last = None;
        for identity in &self.identities {
            if let Some(error) = identity.subject.malformed().or_else(|| identity.issuer.malformed()) {
                return Err(IdentityError::Malformed(error));
            }
            match identity.matches(facts) {
                Ok(()) => return Ok(()),
                Err(mismatch) => last = Some(mismatch),
            }
        }
        match last {
            Some(mismatch) => Err(IdentityError::NoneMatchedLast(mismatch)),
            // Unreachable by construction; refusing is right all the same.
            None => Err(IdentityError::NoneMatched { subjects: facts.subjects.join(", "), issuer: facts.issuer.clone() }),
        }
    }
}

impl Identity {
    /// One of the subjects and the issuer match. The error speaks of the first subject.
    fn matches(&self, facts: &Facts) -> Result<(), Mismatch> {
        let mut first = None;
        for subject in &facts.subjects {
            match self.subject.check("SAN", subject) {
                Ok(()) => return self.issuer.check("issuer", &facts.issuer),
                Err(mismatch) => first = first.or(Some(mismatch)),
            }
        }
        Err(first.unwrap_or_else(|| Mismatch::Value { object: "SAN", expected: self.subject.describe(), actual: String::new() }))
    }
}

impl Matcher {
    fn describe(&self) -> String {
        self.exact.clone().or_else(|| self.pattern.as_ref().map(|p| p.as_str().to_owned())).unwrap_or_default()
    }
}

impl Workflow {
    /// The first property that differs: sigstore-go's name, cosign's label, what was wanted, what there was.
    fn mismatch<'a>(&self, value: impl Fn(u32) -> Option<&'a str>) -> Option<(&'static str, &'static str, String, String)> {
        // Arcs of 1.3.6.1.4.1.57264.1 (Fulcio's oid-info.md).
        let wanted = [
            (&self.trigger, 2, "GithubWorkflowTrigger", "Trigger"),
            (&self.sha, 3, "GithubWorkflowSHA", "SHA"),
            (&self.name, 4, "GithubWorkflowName", "Name"),
            (&self.repository, 5, "GithubWorkflowRepository", "Repository"),
            (&self.reference, 6, "GithubWorkflowRef", "Ref"),
        ];
        wanted.into_iter().find_map(|(expected, arc, field, label)| {
            let expected = expected.as_ref()?;
            let actual = value(arc).unwrap_or_default();
            (expected != actual).then(|| (field, label, expected.clone(), actual.to_owned()))
        })
    }
}
