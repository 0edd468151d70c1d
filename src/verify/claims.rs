//! What the payload says about the artifact.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::requirement::{Artifact, Blob, ClaimsRequirement, Requirement};
use super::verified::VerifiedContent;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::{hex, text};
use crate::format::dsse::{Envelope, INTOTO_PAYLOAD_TYPE};
use crate::format::intoto::{Statement, StatementError, Subject};
use crate::format::material::{Form, Signed, SignedContent};
use crate::format::simple_signing::{SimpleSigningError, SimpleSigningPayload};

/// Why what a payload says does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A simple signing payload about another image.
    #[error("invalid or missing digest in claim: {}", text::quote(.found))]
    Digest {
        /// The digest in the payload.
        found: String,
    },
    /// An annotation that was asked for is not there, or is another.
    #[error("missing or incorrect annotation")]
    Annotation {
        /// Its key.
        key: String,
    },
    /// A statement about another image (older form).
    #[error("no matching subject digest found")]
    NoSubject,
    /// A bundle's statement about another image.
    #[error("failed to verify signature: provided artifact digest does not match any digest in statement")]
    SubjectDigest,
    /// A bundle's statement that has no digest of that algorithm.
    #[error("failed to verify signature: provided artifact digests does not match digests in statement")]
    SubjectAlgorithm,
    /// A bundle's statement about another file.
    #[error("failed to verify signature: provided artifact digests do not match digests in statement")]
    BlobDigest,
    /// A statement about nothing.
    #[error("failed to verify signature: no subjects found in statement")]
    NoSubjects,
    /// A statement whose digests are all of unknown algorithms.
    #[error("failed to verify signature: unable to determine hash functions: no supported digest algorithms found")]
    NoKnownAlgorithm,
    /// No statement.
    #[error("failed to verify signature: could not verify artifact: unable to extract statement from envelope: {0}")]
    Statement(String),
    /// No simple signing payload.
    #[error(transparent)]
    SimpleSigning(#[from] SimpleSigningError),
    /// Another type of predicate.
    #[error("invalid predicate type, expected {expected} got {}", text::quote(.found))]
    PredicateType {
        /// What was wanted.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A signature over a manifest where a statement about an image is needed.
    #[error("bundle does not contain a DSSE envelope")]
    NoEnvelope,
}

impl From<StatementError> for ClaimError {
    fn from(error: StatementError) -> Self {
        Self::Statement(error.to_string())
    }
}

/// Checks what `signed` says about `artifact`; returns what was said.
pub(super) fn check(signed: &Signed, artifact: Artifact<'_>, requirement: &Requirement) -> Result<VerifiedContent, ClaimError> {
    let content = match &signed.content {
        SignedContent::Message(_) if matches!((artifact, signed.material.form), (Artifact::Image(_), Form::Bundle)) => {
            return Err(ClaimError::NoEnvelope);
        }
        SignedContent::Message(_) => VerifiedContent::Artifact,
        SignedContent::SimpleSigning { payload, .. } => simple_signing(payload, artifact, &requirement.claims)?,
        SignedContent::Envelope(envelope) => envelope_content(envelope, signed.material.form, artifact, &requirement.claims)?,
    };
    match (&requirement.predicate_type, &content) {
        (Some(expected), VerifiedContent::Statement(statement)) if statement.predicate_type == expected.uri => Ok(content),
        (Some(_), VerifiedContent::Artifact) => Err(ClaimError::NoEnvelope),
        (Some(expected), content) => {
            let found = if let VerifiedContent::Statement(statement) = content { statement.predicate_type.clone() } else { String::new() };
            Err(ClaimError::PredicateType { expected: expected.name.clone(), found })
        }
        (None, _) => Ok(content),
    }
}

fn simple_signing(payload: &[u8], artifact: Artifact<'_>, claims: &ClaimsRequirement) -> Result<VerifiedContent, ClaimError> {
    let parsed = SimpleSigningPayload::parse(payload);
    let ClaimsRequirement::Check { annotations } = claims else {
        return Ok(parsed.map_or(VerifiedContent::Opaque, VerifiedContent::SimpleSigning));
    };
    let parsed = parsed?;
    let found = &parsed.critical.image.docker_manifest_digest;
    let matches = match artifact {
        Artifact::Image(digest) | Artifact::Digest(digest) => *found == digest.to_string(),
        Artifact::Blob(_) | Artifact::InsecureAny => false,
    };
    if !matches {
        return Err(ClaimError::Digest { found: found.clone() });
    }
    check_annotations(annotations, parsed.optional.as_ref())?;
    Ok(VerifiedContent::SimpleSigning(parsed))
}

fn envelope_content(
    envelope: &Envelope,
    form: Form,
    artifact: Artifact<'_>,
    claims: &ClaimsRequirement,
) -> Result<VerifiedContent, ClaimError> {
    let statement = if envelope.payload_type == INTOTO_PAYLOAD_TYPE {
        Statement::parse_without_predicate(&envelope.payload).map_err(ClaimError::from)
    } else {
        Err(ClaimError::Statement(format!("unsupported media type: {}", text::quote(&envelope.payload_type))))
    };
    match form {
        Form::Bundle => {
            let statement = statement?;
            match artifact {
                Artifact::Image(digest) | Artifact::Digest(digest) => names_digest(&statement, digest)?,
                Artifact::Blob(blob) => names_blob(&statement, blob)?,
                Artifact::InsecureAny => {}
            }
            if let (ClaimsRequirement::Check { annotations }, Artifact::Image(digest)) = (claims, artifact) {
                subject_with_annotations(&statement, digest, annotations)?;
            }
            Ok(VerifiedContent::Statement(statement))
        }
        Form::Legacy => {
            let ClaimsRequirement::Check { annotations } = claims else {
                return Ok(statement.map_or(VerifiedContent::Opaque, VerifiedContent::Statement));
            };
            let statement = statement?;
            let digest = match artifact {
                Artifact::Image(digest) | Artifact::Digest(digest) => Some(digest),
                Artifact::Blob(blob) => blob.digest(HashAlgorithm::Sha256),
                Artifact::InsecureAny => None,
            };
            subject_with_annotations(&statement, digest.ok_or(ClaimError::NoSubject)?, annotations)?;
            Ok(VerifiedContent::Statement(statement))
        }
    }
}

/// The statement has this digest, by its algorithm.
fn names_digest(statement: &Statement, digest: &Digest) -> Result<(), ClaimError> {
    let algorithm = digest.algorithm().name();
    if !statement.subjects.iter().any(|subject| subject.digest.contains_key(algorithm)) {
        return Err(ClaimError::SubjectAlgorithm);
    }
    if statement.subjects.iter().any(|subject| subject.has(digest)) { Ok(()) } else { Err(ClaimError::SubjectDigest) }
}

/// The statement has the file's digest by one of the functions that sigstore-go would choose: for each subject that shares none with those
/// before it, its strongest.
fn names_blob(statement: &Statement, blob: &Blob<'_>) -> Result<(), ClaimError> {
    if statement.subjects.is_empty() {
        return Err(ClaimError::NoSubjects);
    }
    let mut chosen: Vec<HashAlgorithm> = Vec::new();
    for subject in &statement.subjects {
        let known = algorithms(subject);
        if !known.iter().any(|algorithm| chosen.contains(algorithm)) {
            chosen.extend(known.iter().max());
        }
    }
    if chosen.is_empty() {
        return Err(ClaimError::NoKnownAlgorithm);
    }
    let digests = chosen.iter().filter_map(|algorithm| blob.digest(*algorithm));
    for digest in digests {
        if statement.subjects.iter().any(|subject| subject.has(digest)) {
            return Ok(());
        }
    }
    Err(ClaimError::BlobDigest)
}

fn algorithms(subject: &Subject) -> Vec<HashAlgorithm> {
    let usable = subject.digest.iter().filter(|(_, digits)| hex::decode(digits).is_some());
    usable.filter_map(|(name, _)| HashAlgorithm::from_name(name)).collect()
}

/// The first subject with that digest has the annotations.
fn subject_with_annotations(statement: &Statement, digest: &Digest, annotations: &BTreeMap<String, String>) -> Result<(), ClaimError> {
    let subject = statement.subjects.iter().find(|subject| subject.has(digest)).ok_or(ClaimError::NoSubject)?;
    check_annotations(annotations, subject.annotations.as_ref())
}

fn check_annotations(wanted: &BTreeMap<String, String>, have: Option<&Map<String, Value>>) -> Result<(), ClaimError> {
    let differs = |(key, value): &(&String, &String)| have.and_then(|map| map.get(*key)).and_then(Value::as_str) != Some(value.as_str());
    match wanted.iter().find(differs) {
        Some((key, _)) => Err(ClaimError::Annotation { key: key.clone() }),
        None => Ok(()),
    }
}
