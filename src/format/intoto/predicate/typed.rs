//! Links and vulnerability scans: predicates whose fields are all written, whatever was given.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{PredicateError, parsed_object};
use crate::encoding::UnixTime;

/// The time that Go writes for no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

type Artifacts = Option<BTreeMap<String, Option<BTreeMap<String, String>>>>;

#[derive(Serialize, Deserialize)]
struct Link {
    #[serde(rename = "_type", default, deserialize_with = "or_default")]
    link_type: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default)]
    materials: Artifacts,
    #[serde(default)]
    products: Artifacts,
    #[serde(default)]
    byproducts: Option<Map<String, Value>>,
    #[serde(default)]
    command: Option<Vec<String>>,
    #[serde(default)]
    environment: Option<Map<String, Value>>,
}

/// The fields of a link, in the order in which the Go program misses them.
const LINK_FIELDS: [&str; 7] = ["_type", "name", "materials", "products", "byproducts", "command", "environment"];

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Vuln {
    #[serde(deserialize_with = "or_default")]
    invocation: Invocation,
    #[serde(deserialize_with = "or_default")]
    scanner: Scanner,
    #[serde(deserialize_with = "or_default")]
    metadata: ScanTimes,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Invocation {
    parameters: Value,
    #[serde(deserialize_with = "or_default")]
    uri: String,
    #[serde(deserialize_with = "or_default")]
    event_id: String,
    #[serde(rename = "builder.id", deserialize_with = "or_default")]
    builder_id: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Scanner {
    #[serde(deserialize_with = "or_default")]
    uri: String,
    #[serde(deserialize_with = "or_default")]
    version: String,
    #[serde(deserialize_with = "or_default")]
    db: Database,
    result: Value,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Database {
    #[serde(deserialize_with = "or_default")]
    uri: String,
    #[serde(deserialize_with = "or_default")]
    version: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ScanTimes {
    #[serde(rename = "scanStartedOn", deserialize_with = "or_default")]
    started: String,
    #[serde(rename = "scanFinishedOn", deserialize_with = "or_default")]
    finished: String,
}

/// `null` leaves a field as it is, as in Go.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An in-toto link.
pub(super) fn link(json: &[u8]) -> Result<Vec<u8>, PredicateError> {
    let fields = parsed_object(json, "link statement: ")?;
    if let Some(missing) = LINK_FIELDS.iter().find(|name| !fields.contains_key(**name)) {
        return Err(PredicateError::Missing(missing));
    }
    let failed = |error| PredicateError::Json { what: "unmarshal Link statement: ".to_owned(), error };
    let link: Link = serde_json::from_value(fields.into()).map_err(failed)?;
    serde_json::to_vec(&link).map_err(failed)
}

/// A vulnerability scan.
pub(super) fn vuln(json: &[u8]) -> Result<Vec<u8>, PredicateError> {
    let failed = |error| PredicateError::Json { what: String::new(), error };
    let mut scan: Vuln = serde_json::from_value(parsed_object(json, "")?.into()).map_err(failed)?;
    for (field, time) in [("scanStartedOn", &mut scan.metadata.started), ("scanFinishedOn", &mut scan.metadata.finished)] {
        if time.is_empty() {
            NO_TIME.clone_into(time);
        } else if UnixTime::parse_rfc3339(time).is_none() {
            return Err(PredicateError::Time { field, value: time.clone() });
        }
    }
    serde_json::to_vec(&scan).map_err(failed)
}
