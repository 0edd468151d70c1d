//! The document that a policy sees: the statement as the Go program hands it on, which for some predicate types is not the statement as signed.
//!
//! There the predicate goes through a struct of Go's: fields that the struct does not have are gone, names are matched without regard to case,
//! and what is missing is there with its zero value. A policy that asks for `reproducible == false` relies on it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::go_struct::{Field, GoStruct, Kind, StructError};
use crate::encoding::go_json;

/// Why a statement is no document for a policy.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is no JSON object with the fields of a statement.
    #[error("converting to consumable policy validation: unmarshal in-toto statement: {0}")]
    Statement(serde_json::Error),
    /// Its predicate, or header, is none of its type.
    #[error("converting to consumable policy validation: unmarshaling {what}: {error}")]
    Typed {
        /// The Go program's name of the type.
        what: &'static str,
        /// What is wrong.
        error: StructError,
    },
}

/// A statement, in parts.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(rename = "_type", default)]
    statement_type: Option<String>,
    #[serde(rename = "predicateType", alias = "predicate_type", default)]
    predicate_type: Option<String>,
    #[serde(default)]
    subject: Option<Value>,
    #[serde(borrow, default)]
    predicate: Option<&'a RawValue>,
}

/// The document for a statement whose type was asked for as `name` (a short name or a URI).
///
/// # Errors
/// [`InputError`].
pub fn document<'a>(name: &str, statement: &'a [u8]) -> Result<Cow<'a, [u8]>, InputError> {
    let (what, predicate): (&'static str, Option<GoStruct>) = match name {
        "link" => ("LinkStatement", Some(LINK)),
        "slsaprovenance" => ("ProvenanceStatementSLSA02)", Some(PROVENANCE)),
        "vuln" => ("CosignVulnStatement", Some(VULN)),
        "spdx" | "spdxjson" => ("SPDXStatement", None),
        "cyclonedx" => ("CycloneDXStatement", None),
        _ => return Ok(Cow::Borrowed(statement)),
    };
    let typed = |error| InputError::Typed { what, error };
    let parts: Parts<'_> = serde_json::from_slice(statement).map_err(InputError::Statement)?;
    let mut out = Map::new();
    let subject = Value::from_iter([("subject", parts.subject.unwrap_or_default())]);
    match name {
        // Its struct calls the field `type`, so that `_type` is gone.
        "vuln" => out.extend(read(VULN_HEADER, &subject).map_err(typed)?),
        _ => {
            out.insert("_type".to_owned(), parts.statement_type.unwrap_or_default().into());
            out.extend(read(HEADER, &subject).map_err(typed)?);
        }
    }
    out.insert("predicateType".to_owned(), parts.predicate_type.unwrap_or_default().into());
    let raw = parts.predicate.map_or("null", RawValue::get);
    let predicate = match predicate {
        Some(fields) => {
            let value: Value = serde_json::from_str(raw).map_err(InputError::Statement)?;
            go_json::to_string(&fields.read(&value, "predicate").map_err(typed)?).map_err(InputError::Statement)?
        }
        None => raw.to_owned(),
    };
    // An object with at least one field so far.
    let mut text = go_json::to_string(&out).map_err(InputError::Statement)?;
    text.pop();
    Ok(Cow::Owned(format!("{text},\"predicate\":{predicate}}}").into_bytes()))
}

fn read(fields: GoStruct, value: &Value) -> Result<Map<String, Value>, StructError> {
    match fields.read(value, "")? {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

const SUBJECT: GoStruct = GoStruct(&[Field::always("name", Kind::Text), Field::always("digest", Kind::Texts)]);
const HEADER: GoStruct = GoStruct(&[Field::always("subject", Kind::List(&Kind::Struct(SUBJECT)))]);
const RESOURCE: GoStruct = GoStruct(&[
    Field::given("name", Kind::Text),
    Field::given("uri", Kind::Text),
    Field::given("digest", Kind::Texts),
    Field::given("content", Kind::Text),
    Field::given("download_location", Kind::Text),
    Field::given("media_type", Kind::Text),
    Field::given("annotations", Kind::Any),
]);
const VULN_HEADER: GoStruct = GoStruct(&[Field::given("subject", Kind::List(&Kind::Struct(RESOURCE)))]);

const LINK: GoStruct = GoStruct(&[
    Field::always("_type", Kind::Text),
    Field::always("name", Kind::Text),
    Field::always("materials", Kind::Named(&Kind::Texts)),
    Field::always("products", Kind::Named(&Kind::Texts)),
    Field::always("byproducts", Kind::Named(&Kind::Any)),
    Field::always("command", Kind::List(&Kind::Text)),
    Field::always("environment", Kind::Named(&Kind::Any)),
]);

const CONFIG_SOURCE: GoStruct =
    GoStruct(&[Field::given("uri", Kind::Text), Field::given("digest", Kind::Texts), Field::given("entryPoint", Kind::Text)]);
const INVOCATION: GoStruct = GoStruct(&[
    Field::always("configSource", Kind::Struct(CONFIG_SOURCE)),
    Field::given("parameters", Kind::Any),
    Field::given("environment", Kind::Any),
]);
const COMPLETENESS: GoStruct =
    GoStruct(&[Field::always("parameters", Kind::Bool), Field::always("environment", Kind::Bool), Field::always("materials", Kind::Bool)]);
const METADATA: GoStruct = GoStruct(&[
    Field::given("buildInvocationID", Kind::Text),
    Field::given("buildStartedOn", Kind::OptionalTime),
    Field::given("buildFinishedOn", Kind::OptionalTime),
    Field::always("completeness", Kind::Struct(COMPLETENESS)),
    Field::always("reproducible", Kind::Bool),
]);
const MATERIAL: GoStruct = GoStruct(&[Field::given("uri", Kind::Text), Field::given("digest", Kind::Texts)]);
const BUILDER: GoStruct = GoStruct(&[Field::always("id", Kind::Text)]);
const PROVENANCE: GoStruct = GoStruct(&[
    Field::always("builder", Kind::Struct(BUILDER)),
    Field::always("buildType", Kind::Text),
    Field::always("invocation", Kind::Struct(INVOCATION)),
    Field::given("buildConfig", Kind::Any),
    Field::given("metadata", Kind::OptionalStruct(METADATA)),
    Field::given("materials", Kind::List(&Kind::Struct(MATERIAL))),
]);

const VULN_INVOCATION: GoStruct = GoStruct(&[
    Field::always("parameters", Kind::Any),
    Field::always("uri", Kind::Text),
    Field::always("event_id", Kind::Text),
    Field::always("builder.id", Kind::Text),
]);
const DATABASE: GoStruct = GoStruct(&[Field::always("uri", Kind::Text), Field::always("version", Kind::Text)]);
const SCANNER: GoStruct = GoStruct(&[
    Field::always("uri", Kind::Text),
    Field::always("version", Kind::Text),
    Field::always("db", Kind::Struct(DATABASE)),
    Field::always("result", Kind::Any),
]);
const SCAN: GoStruct = GoStruct(&[Field::always("scanStartedOn", Kind::Time), Field::always("scanFinishedOn", Kind::Time)]);
const VULN: GoStruct = GoStruct(&[
    Field::always("invocation", Kind::Struct(VULN_INVOCATION)),
    Field::always("scanner", Kind::Struct(SCANNER)),
    Field::always("metadata", Kind::Struct(SCAN)),
]);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn shown(name: &str, statement: &str) -> String {
        match document(name, statement.as_bytes()) {
            Ok(document) => String::from_utf8(document.into_owned()).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn other_types_are_shown_as_signed() {
        for name in ["custom", "openvex", "slsaprovenance1", "slsaprovenance02", "https://slsa.dev/provenance/v0.2"] {
            assert_eq!(shown(name, r#"{"a": 1}"#), r#"{"a": 1}"#);
        }
    }

    #[test]
    fn provenance_has_zero_values_and_other_spellings() {
        let signed = r#"{"_type":"t","predicateType":"p","subject":[{"name":"n","digest":{"sha256":"00"},"uri":"x"}],"predicate":{
            "builder":{"id":"b","version":1},"metadata":{"buildInvocationId":"1","buildStartedOn":"2020-08-19T08:38:00.100Z"},"more":1}}"#;
        let expected = r#"{"_type":"t","subject":[{"name":"n","digest":{"sha256":"00"}}],"predicateType":"p","predicate":{"builder":{"id":"b"},"buildType":"","invocation":{"configSource":{}},"metadata":{"buildInvocationID":"1","buildStartedOn":"2020-08-19T08:38:00.1Z","completeness":{"parameters":false,"environment":false,"materials":false},"reproducible":false}}}"#;
        assert_eq!(shown("slsaprovenance", signed), expected);
        let message = shown("slsaprovenance", r#"{"predicate":{"builder":{"id":1}}}"#);
        assert!(message.contains("unmarshaling ProvenanceStatementSLSA02)") && message.contains("predicate.builder.id"), "{message}");
        assert!(shown("slsaprovenance", "{\"predicate\":{\"metadata\":{\"buildStartedOn\":\"soon\"}}}").contains("RFC 3339"));
    }

    #[test]
    fn vulnerabilities_and_links_and_documents() {
        let zero = "0001-01-01T00:00:00Z";
        let vuln = format!(
            r#"{{"predicateType":"p","predicate":{{"invocation":{{"parameters":null,"uri":"","event_id":"","builder.id":"b"}},"scanner":{{"uri":"","version":"","db":{{"uri":"","version":""}},"result":null}},"metadata":{{"scanStartedOn":"{zero}","scanFinishedOn":"{zero}"}}}}}}"#
        );
        assert_eq!(shown("vuln", r#"{"_type":"t","predicateType":"p","predicate":{"invocation":{"builder.id":"b"}}}"#), vuln);
        let link = r#"{"_type":"t","subject":null,"predicateType":"","predicate":{"_type":"link","name":"","materials":{"a":{"sha256":"0"}},"products":null,"byproducts":null,"command":["x"],"environment":null}}"#;
        assert_eq!(shown("link", r#"{"_type":"t","predicate":{"_type":"link","materials":{"a":{"sha256":"0"}},"command":["x"]}}"#), link);
        let text = r#"{"_type":"t","subject":null,"predicateType":"","predicate":"SPDXVersion: x"}"#;
        assert_eq!(shown("spdx", r#"{"_type":"t","predicate":"SPDXVersion: x"}"#), text);
        assert!(shown("cyclonedx", "{").starts_with("converting to consumable policy validation: unmarshal in-toto statement: "));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80), which in 0..4usize) {
            let _ = document(["link", "vuln", "slsaprovenance", "spdx"][which], &bytes);
        }
    }
}
