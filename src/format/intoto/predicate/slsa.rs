//! SLSA provenance, versions 0.2 and 1, as in-toto's protobuf messages have them.

use std::borrow::Cow;

use super::message::{Kind, Message};
use super::{PredicateError, parsed_object};
use crate::format::proto_json::{self, Node};

static BUILDER_V02: Message = Message { name: "Builder", fields: &[("id", Kind::Text)] };
static CONFIG_SOURCE: Message =
    Message { name: "ConfigSource", fields: &[("uri", Kind::Text), ("digest", Kind::Texts), ("entryPoint", Kind::Text)] };
static INVOCATION: Message = Message {
    name: "Invocation",
    fields: &[("configSource", Kind::Message(&CONFIG_SOURCE)), ("parameters", Kind::Struct), ("environment", Kind::Struct)],
};
static COMPLETENESS: Message =
    Message { name: "Completeness", fields: &[("parameters", Kind::Bool), ("environment", Kind::Bool), ("materials", Kind::Bool)] };
static METADATA_V02: Message = Message {
    name: "Metadata",
    fields: &[
        ("buildInvocationId", Kind::Text),
        ("buildStartedOn", Kind::Time),
        ("buildFinishedOn", Kind::Time),
        ("completeness", Kind::Message(&COMPLETENESS)),
        ("reproducible", Kind::Bool),
    ],
};
static MATERIAL: Message = Message { name: "Material", fields: &[("uri", Kind::Text), ("digest", Kind::Texts)] };
static PROVENANCE_V02: Message = Message {
    name: "Provenance",
    fields: &[
        ("builder", Kind::Message(&BUILDER_V02)),
        ("buildType", Kind::Text),
        ("invocation", Kind::Message(&INVOCATION)),
        ("buildConfig", Kind::Struct),
        ("metadata", Kind::Message(&METADATA_V02)),
        ("materials", Kind::List(&MATERIAL)),
    ],
};

static RESOURCE: Message = Message {
    name: "ResourceDescriptor",
    fields: &[
        ("name", Kind::Text),
        ("uri", Kind::Text),
        ("digest", Kind::Texts),
        ("content", Kind::Bytes),
        ("downloadLocation", Kind::Text),
        ("mediaType", Kind::Text),
        ("annotations", Kind::Struct),
    ],
};
static BUILD_DEFINITION: Message = Message {
    name: "BuildDefinition",
    fields: &[
        ("buildType", Kind::Text),
        ("externalParameters", Kind::Struct),
        ("internalParameters", Kind::Struct),
        ("resolvedDependencies", Kind::List(&RESOURCE)),
    ],
};
static BUILDER_V1: Message =
    Message { name: "Builder", fields: &[("id", Kind::Text), ("version", Kind::Texts), ("builderDependencies", Kind::List(&RESOURCE))] };
static METADATA_V1: Message =
    Message { name: "BuildMetadata", fields: &[("invocationId", Kind::Text), ("startedOn", Kind::Time), ("finishedOn", Kind::Time)] };
static RUN_DETAILS: Message = Message {
    name: "RunDetails",
    fields: &[("builder", Kind::Message(&BUILDER_V1)), ("metadata", Kind::Message(&METADATA_V1)), ("byproducts", Kind::List(&RESOURCE))],
};
static PROVENANCE_V1: Message = Message {
    name: "Provenance",
    fields: &[("buildDefinition", Kind::Message(&BUILD_DEFINITION)), ("runDetails", Kind::Message(&RUN_DETAILS))],
};

/// Version 0.2. The specification writes `buildInvocationID`, protobuf `buildInvocationId`: the first is taken for the second.
pub(super) fn v02(json: &[u8]) -> Result<Vec<u8>, PredicateError> {
    read(json, ("provenance predicate: ", &PROVENANCE_V02), |root| {
        rename(child(root, "metadata"), "buildInvocationID", "buildInvocationId")
    })
}

/// Version 1. `invocationID` is taken for `invocationId`.
pub(super) fn v1(json: &[u8]) -> Result<Vec<u8>, PredicateError> {
    read(json, ("unmarshal raw payload to map: ", &PROVENANCE_V1), |root| {
        rename(child(root, "runDetails").and_then(|details| child(details, "metadata")), "invocationID", "invocationId");
    })
}

fn read(json: &[u8], (what, message): (&str, &Message), respell: impl Fn(&mut Node<'_>)) -> Result<Vec<u8>, PredicateError> {
    parsed_object(json, what)?;
    let mut node = proto_json::parse(json)?;
    respell(&mut node);
    // What was read always has a JSON form.
    Ok(serde_json::to_vec(&message.read(node)?).unwrap_or_default())
}

fn child<'a, 'j>(node: &'a mut Node<'j>, name: &str) -> Option<&'a mut Node<'j>> {
    let Node::Object(entries) = node else { return None };
    entries.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Renames a field, unless the other name is there too.
fn rename(node: Option<&mut Node<'_>>, from: &str, to: &'static str) {
    let Some(Node::Object(entries)) = node else { return };
    if entries.iter().any(|(key, _)| key == to) {
        return;
    }
    if let Some((key, _)) = entries.iter_mut().find(|(key, _)| key == from) {
        *key = Cow::Borrowed(to);
    }
}
