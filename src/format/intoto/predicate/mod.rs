//! Predicates, made into what a statement holds: the known types are read, checked and written as the Go program does.

mod canonical;
mod message;
mod slsa;
mod typed;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::predicate_type;
use super::statement::STATEMENT_V01;
use crate::encoding::{UnixTime, go_json, text};
use crate::format::proto_json::ProtoJsonError;

/// A predicate that was read and checked.
#[derive(Debug, Clone)]
pub struct Predicate {
    predicate_type: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// JSON with sorted keys, as protobuf's `Struct` writes it.
    Json(Box<RawValue>),
    /// Text (SPDX tag-value), in a statement whose keys are sorted, as the Go program writes it.
    Text(String),
}

/// Why something is no predicate of its type. Texts keep the Go program's phrases.
#[derive(Debug, thiserror::Error)]
pub enum PredicateError {
    /// The type is neither a short name nor a URI.
    #[error("invalid predicate type: {}", text::quote(.0))]
    Type(String),
    /// Text that is not UTF-8.
    #[error("the predicate is not valid UTF-8")]
    NotText,
    /// Not the JSON of the type.
    #[error("{what}{}", go_error(.error))]
    Json {
        /// What was read, with a colon; may be empty.
        what: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// No JSON object.
    #[error("{what}the predicate is no JSON object")]
    NotAnObject {
        /// What was read, with a colon; may be empty.
        what: String,
    },
    /// A field that the type asks for.
    #[error("link statement: required field {0} missing")]
    Missing(&'static str),
    /// A field of another kind than the type's.
    #[error("unmarshal Provenance predicate: {0}")]
    Provenance(#[from] ProtoJsonError),
    /// A time that is none.
    #[error("parsing time {} of {field}: no RFC 3339 time", text::quote(.value))]
    Time {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// JSON that is nested too deeply.
    #[error("the predicate is nested more than {0} deep")]
    TooDeep(usize),
    /// A number that no program could read back.
    #[error("the number {} is out of range", text::quote(.0))]
    Number(String),
}

/// What is wrong with JSON; that it ends too early in Go's words.
fn go_error(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Eof => "unexpected end of JSON input".to_owned(),
        Category::Syntax => format!("the predicate is no JSON: {error}"),
        Category::Data | Category::Io => error.to_string(),
    }
}

#[derive(Serialize)]
struct Custom<'a> {
    #[serde(rename = "Data")]
    data: &'a str,
    #[serde(rename = "Timestamp")]
    timestamp: String,
}

/// The URI that a type stands for: of a short name its own, else the type itself, which must be a URI or an absolute path.
///
/// # Errors
/// [`PredicateError::Type`].
pub fn uri_of(name: &str) -> Result<&str, PredicateError> {
    match predicate_type::from_short_name(name) {
        Some(uri) => Ok(uri),
        None if is_request_uri(name) => Ok(name),
        None => Err(PredicateError::Type(name.to_owned())),
    }
}

/// What Go's `url.ParseRequestURI` takes, nearly: a scheme and more, or an absolute path.
fn is_request_uri(text: &str) -> bool {
    if text.chars().any(|c| c.is_control() || c == ' ') {
        return false;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return text.starts_with('/') };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    text.starts_with('/') || (is_scheme && !rest.is_empty())
}

impl Predicate {
    /// Reads a predicate of the type `name` (a short name or a URI). `now` goes into custom ones.
    ///
    /// # Errors
    /// [`PredicateError`].
    pub fn read(name: &str, bytes: Vec<u8>, now: UnixTime) -> Result<Self, PredicateError> {
        let uri = predicate_type::from_short_name(name).unwrap_or(name);
        if uri.is_empty() {
            return Err(PredicateError::Type(String::new()));
        }
        let json = match name {
            "spdx" => {
                let text = String::from_utf8(bytes).map_err(|_| PredicateError::NotText)?;
                return Ok(Self { predicate_type: uri.to_owned(), form: Form::Text(text) });
            }
            "slsaprovenance" | "slsaprovenance02" => slsa::v02(&bytes)?,
            "slsaprovenance1" => slsa::v1(&bytes)?,
            "link" => typed::link(&bytes)?,
            "vuln" => typed::vuln(&bytes)?,
            "spdxjson" | "cyclonedx" | "openvex" => object(bytes, String::new())?,
            _ if uri == predicate_type::CUSTOM => {
                let data = std::str::from_utf8(&bytes).map_err(|_| PredicateError::NotText)?;
                let custom = Custom { data, timestamp: now.to_string() };
                // Text always has a JSON form, and these keys are sorted.
                let json = serde_json::value::to_raw_value(&custom).map_err(|error| PredicateError::Json { what: String::new(), error })?;
                return Ok(Self { predicate_type: uri.to_owned(), form: Form::Json(json) });
            }
            _ => object(bytes, format!("invalid JSON payload for predicate type {}: ", text::quote(name)))?,
        };
        let json = canonical::sorted(&json)?;
        Ok(Self { predicate_type: uri.to_owned(), form: Form::Json(json) })
    }

    /// Its type.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// A statement, version 0.1, that says it about `subject`: a name and a SHA-2 digest (the function's name, hexadecimal digits).
    pub fn statement(&self, name: &str, (algorithm, hex): (&str, &str)) -> Vec<u8> {
        let subject = [SubjectJson { name, digest: [(algorithm, hex)].into() }];
        // Text and JSON always have a JSON form.
        match &self.form {
            Form::Json(predicate) => {
                let statement =
                    StatementJson { statement_type: STATEMENT_V01, subject: &subject, predicate_type: &self.predicate_type, predicate };
                serde_json::to_vec(&statement).unwrap_or_default()
            }
            Form::Text(predicate) => {
                let statement =
                    TextStatementJson { statement_type: STATEMENT_V01, predicate, predicate_type: &self.predicate_type, subject: &subject };
                go_json::to_vec(&statement).unwrap_or_default()
            }
        }
    }
}

#[derive(Serialize)]
struct SubjectJson<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    digest: std::collections::BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct StatementJson<'a> {
    #[serde(rename = "_type")]
    statement_type: &'a str,
    subject: &'a [SubjectJson<'a>],
    #[serde(rename = "predicateType")]
    predicate_type: &'a str,
    predicate: &'a RawValue,
}

#[derive(Serialize)]
struct TextStatementJson<'a> {
    #[serde(rename = "_type")]
    statement_type: &'a str,
    predicate: &'a str,
    #[serde(rename = "predicateType")]
    predicate_type: &'a str,
    subject: &'a [SubjectJson<'a>],
}

/// Checks that bytes are one JSON object; `null` counts as an empty one, as in Go.
fn object(bytes: Vec<u8>, what: String) -> Result<Vec<u8>, PredicateError> {
    let raw: &RawValue = match serde_json::from_slice(&bytes) {
        Ok(raw) => raw,
        Err(error) => return Err(PredicateError::Json { what, error }),
    };
    match raw.get().bytes().next() {
        Some(b'{') => Ok(bytes),
        Some(b'n') => Ok(b"{}".to_vec()),
        _ => Err(PredicateError::NotAnObject { what }),
    }
}

/// As [`object`], parsed.
fn parsed_object(bytes: &[u8], what: &str) -> Result<serde_json::Map<String, Value>, PredicateError> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Null) => Ok(serde_json::Map::new()),
        Ok(_) => Err(PredicateError::NotAnObject { what: what.to_owned() }),
        Err(error) => Err(PredicateError::Json { what: what.to_owned(), error }),
    }
}
