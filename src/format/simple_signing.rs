//! Simple signing payloads: what `.sig` layers hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::crypto::Digest;
use crate::encoding::go_json;

/// What `critical.type` says in payloads of this program.
pub const TYPE: &str = "cosign container image signature";

/// A simple signing payload. Fields that were read keep their order; writing follows Go's structs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SimpleSigningPayload {
    /// What the signature is about.
    #[serde(default)]
    pub critical: Critical,
    /// Annotations of the signer, as they were read; `null` where there are none.
    #[serde(default)]
    pub optional: Option<Map<String, Value>>,
}

/// What the signature is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Critical {
    /// Under which name the image was signed.
    #[serde(default)]
    pub identity: Identity,
    /// The image.
    #[serde(default)]
    pub image: Image,
    /// What kind of signature it is.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// Under which name the image was signed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The image's repository; not compared on verification.
    #[serde(rename = "docker-reference", default)]
    pub docker_reference: String,
}

/// The image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// The digest of its manifest, as text.
    #[serde(rename = "docker-manifest-digest", default)]
    pub docker_manifest_digest: String,
}

/// Bytes that are no simple signing payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid simple signing payload: {0}")]
pub struct SimpleSigningError(String);

impl SimpleSigningPayload {
    /// The payload that `sign` makes: annotations sorted, `null` where there are none.
    pub fn new(docker_reference: impl Into<String>, manifest: &Digest, annotations: &BTreeMap<String, String>) -> Self {
        let optional: Map<String, Value> = annotations.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        Self {
            critical: Critical {
                identity: Identity { docker_reference: docker_reference.into() },
                image: Image { docker_manifest_digest: manifest.to_string() },
                kind: TYPE.to_owned(),
            },
            optional: (!optional.is_empty()).then_some(optional),
        }
    }

    /// Reads a payload as Go does: fields that it does not know are ignored, absent ones are empty.
    ///
    /// # Errors
    /// [`SimpleSigningError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, SimpleSigningError> {
        serde_json::from_slice(bytes).map_err(|error| SimpleSigningError(error.to_string()))
    }

    /// The JSON of the payload, byte for byte as Go writes it, without a newline.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in it lacks a JSON form.
        go_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_are_those_of_the_go_program() {
        let digest = Digest::parse("sha256:a69b5d592ce56ac73de7e7e3241071b8d9e781db5e0ba68b7c6db19564baafbe").unwrap();
        let payload = SimpleSigningPayload::new("index.docker.io/library/busybox", &digest, &BTreeMap::new());
        let expected = r#"{"critical":{"identity":{"docker-reference":"index.docker.io/library/busybox"},"image":{"docker-manifest-digest":"sha256:a69b5d592ce56ac73de7e7e3241071b8d9e781db5e0ba68b7c6db19564baafbe"},"type":"cosign container image signature"},"optional":null}"#;
        assert_eq!(String::from_utf8(payload.to_json()).unwrap(), expected);
        let annotations = BTreeMap::from([("b".to_owned(), "<2>".to_owned()), ("a".to_owned(), "1".to_owned())]);
        let payload = SimpleSigningPayload::new("r", &digest, &annotations);
        assert!(String::from_utf8(payload.to_json()).unwrap().ends_with(r#""optional":{"a":"1","b":"\u003c2\u003e"}}"#));
    }

    #[test]
    fn what_was_read_keeps_its_order() {
        let text = br#"{"optional":{"z":1,"a":null},"critical":{"type":"t"},"other":1}"#;
        let payload = SimpleSigningPayload::parse(text).unwrap();
        assert!(String::from_utf8(payload.to_json()).unwrap().ends_with(r#""optional":{"z":1,"a":null}}"#));
        assert!(SimpleSigningPayload::parse(b"null").is_err());
        assert!(SimpleSigningPayload::parse(br#"{"critical":{},"critical":{}}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_payload_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = SimpleSigningPayload::parse(&bytes);
        }
    }
}
