//! In-toto statements: who says what about which artifacts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::predicate_type;
use crate::crypto::{Digest, HashAlgorithm};
use crate::encoding::go_json;
use crate::format::proto_json::{Fields, Node, ProtoJsonError};

/// `_type` of statements, version 1.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// `_type` of statements, version 0.1.
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// The most subjects that a statement may have (as sigstore-go).
pub const MAX_SUBJECTS: usize = 1024;
/// The most digests that a subject may have (as sigstore-go).
pub const MAX_DIGESTS: usize = 32;

/// A statement. Fields that this program does not know are ignored on reading.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `_type`: which version of statements it is.
    pub statement_type: String,
    /// What it is about.
    pub subjects: Vec<Subject>,
    /// What kind of claim it makes.
    pub predicate_type: String,
    /// The claim, as it was read; `None` where there is none.
    pub predicate: Option<Box<RawValue>>,
}

/// One artifact that a statement is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Subject {
    /// Its name; often empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Algorithm names and hexadecimal digests.
    pub digest: BTreeMap<String, String>,
    /// Annotations; `None` where there is no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
}

/// Bytes that are no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not the JSON of a statement.
    #[error("invalid in-toto statement: {0}")]
    Json(String),
    /// A field of another kind.
    #[error("invalid in-toto statement: {0}")]
    Field(#[from] ProtoJsonError),
    /// A subject that is `null`.
    #[error("invalid in-toto statement: null subject entry")]
    NullSubject,
    /// More than [`MAX_SUBJECTS`].
    #[error("too many subjects: {0} > {MAX_SUBJECTS}")]
    TooManySubjects(usize),
    /// More than [`MAX_DIGESTS`].
    #[error("too many digests: {0} > {MAX_DIGESTS}")]
    TooManyDigests(usize),
}

#[derive(Deserialize)]
struct RawStatement<'a> {
    #[serde(rename = "_type", default)]
    statement_type: Option<String>,
    #[serde(default)]
    #[serde(borrow)]
    subject: Option<Vec<Node<'a>>>,
    #[serde(rename = "predicateType", alias = "predicate_type", default)]
    predicate_type: Option<String>,
    #[serde(borrow, default)]
    predicate: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct StatementJson<'a> {
    #[serde(rename = "_type")]
    statement_type: &'a str,
    subject: &'a [Subject],
    #[serde(rename = "predicateType")]
    predicate_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<&'a RawValue>,
}

impl Statement {
    /// What `sign` states about an image: version 1, no name, the annotations, an empty predicate.
    pub fn sign(image: &Digest, annotations: &BTreeMap<String, String>) -> Self {
        let digest = BTreeMap::from([(image.algorithm().name().to_owned(), image.hex())]);
        let annotations = annotations.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect();
        Self {
            statement_type: STATEMENT_V1.to_owned(),
            subjects: vec![Subject { name: String::new(), digest, annotations: Some(annotations) }],
            predicate_type: predicate_type::COSIGN_SIGN.to_owned(),
            predicate: RawValue::from_string("{}".to_owned()).ok(),
        }
    }

    /// Reads a statement of either version.
    ///
    /// # Errors
    /// [`StatementError`], for duplicate fields and digests too.
    pub fn parse(json: &[u8]) -> Result<Self, StatementError> {
        Self::read(json, |predicate| predicate.map(ToOwned::to_owned))
    }

    /// As [`Statement::parse`], without the predicate, which may have hundreds of megabytes: that is `None`.
    ///
    /// # Errors
    /// As [`Statement::parse`].
    pub fn parse_without_predicate(json: &[u8]) -> Result<Self, StatementError> {
        Self::read(json, |_| None)
    }

    fn read(json: &[u8], keep: impl Fn(Option<&RawValue>) -> Option<Box<RawValue>>) -> Result<Self, StatementError> {
        let raw: RawStatement<'_> = serde_json::from_slice(json).map_err(|error| StatementError::Json(error.to_string()))?;
        let nodes = raw.subject.unwrap_or_default();
        if nodes.len() > MAX_SUBJECTS {
            return Err(StatementError::TooManySubjects(nodes.len()));
        }
        Ok(Self {
            statement_type: raw.statement_type.unwrap_or_default(),
            subjects: nodes.into_iter().map(Subject::of).collect::<Result<_, _>>()?,
            predicate_type: raw.predicate_type.unwrap_or_default(),
            predicate: keep(raw.predicate),
        })
    }

    /// Compact JSON in the order `_type`, `subject`, `predicateType`, `predicate`.
    pub fn to_json(&self) -> Vec<u8> {
        let json = StatementJson {
            statement_type: &self.statement_type,
            subject: &self.subjects,
            predicate_type: &self.predicate_type,
            predicate: self.predicate.as_deref(),
        };
        // Nothing in it lacks a JSON form.
        go_json::to_vec(&json).unwrap_or_default()
    }

    /// Every hash function that its subjects use and this program knows.
    pub fn hash_algorithms(&self) -> Vec<HashAlgorithm> {
        let mut found: Vec<HashAlgorithm> =
            self.subjects.iter().flat_map(|s| s.digest.keys()).filter_map(|name| HashAlgorithm::from_name(name)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Subject {
    fn of(node: Node<'_>) -> Result<Self, StatementError> {
        if node == Node::Null {
            return Err(StatementError::NullSubject);
        }
        let mut fields = Fields::of(node, "ResourceDescriptor")?;
        let digest = fields.text_map("digest")?;
        if digest.len() > MAX_DIGESTS {
            return Err(StatementError::TooManyDigests(digest.len()));
        }
        let annotations = match fields.take("annotations")? {
            None => None,
            Some(Node::Object(entries)) => Some(entries.into_iter().map(|(key, value)| (key.into_owned(), value.into_json())).collect()),
            Some(other) => return Err(StatementError::Json(format!("annotations are no object: {other}"))),
        };
        Ok(Self { name: fields.text("name")?, digest, annotations })
    }

    /// Whether one of its digests is `digest` (hexadecimal of either case).
    pub fn has(&self, digest: &Digest) -> bool {
        self.digest.get(digest.algorithm().name()).is_some_and(|hex| hex.eq_ignore_ascii_case(&digest.hex()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_sign_states() {
        let annotations = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let statement = Statement::sign(&Digest::sha256(b""), &annotations);
        let expected = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"annotations":{"env":"prod"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}"#;
        assert_eq!(String::from_utf8(statement.to_json()).unwrap(), expected);
        let again = Statement::parse(expected.as_bytes()).unwrap();
        assert_eq!(again.to_json(), expected.as_bytes());
        assert!(again.subjects[0].has(&Digest::sha256(b"")));
        assert_eq!(again.hash_algorithms(), [HashAlgorithm::Sha256]);
    }

    #[test]
    fn ambiguous_statements_are_refused() {
        for text in [
            r#"{"subject":[],"subject":[]}"#,
            r#"{"subject":[{"digest":{"sha256":"a","sha256":"b"}}]}"#,
            r#"{"subject":[{"digest":{},"digest":{}}]}"#,
            r#"{"predicateType":"a","predicate_type":"b"}"#,
            r#"{"subject":[{"annotations":[]}]}"#,
            r#"{"subject":[{"digest":{"sha256":1}}]}"#,
        ] {
            assert!(Statement::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(Statement::parse(br#"{"subject":[null]}"#).err(), Some(StatementError::NullSubject));
        let subjects = format!(r#"{{"subject":[{}]}}"#, vec!["{}"; 1025].join(","));
        assert_eq!(Statement::parse(subjects.as_bytes()).err(), Some(StatementError::TooManySubjects(1025)));
        let digests: Vec<String> = (0..33).map(|n| format!(r#""d{n}":"00""#)).collect();
        let digests = format!(r#"{{"subject":[{{"digest":{{{}}}}}]}}"#, digests.join(","));
        assert_eq!(Statement::parse(digests.as_bytes()).err(), Some(StatementError::TooManyDigests(33)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_statement_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Statement::parse(&bytes);
        }
    }
}
