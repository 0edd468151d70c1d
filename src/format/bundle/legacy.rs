//! The older forms: annotations of `.sig` and `.att` layers, and the `--bundle` JSON of version 2.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::crypto::public_key::PublicKeyError;
use crate::crypto::{Certificate, CertificateError, PublicKey};
use crate::encoding::{base64, go_json, hex, pem, text};
use crate::format::dsse::{DsseError, Envelope};
use crate::format::material::{MessageSignature, Signed, SignedContent, SignerMaterial, VerificationMaterial};
use crate::format::tlog::{EntryBody, LogEntry};

/// Annotation: the signature, base64 (empty on `.att` layers).
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Annotation: the signer's certificate, PEM.
pub const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// Annotation: the rest of its chain, PEM; may be empty.
pub const CHAIN: &str = "dev.sigstore.cosign/chain";
/// Annotation: the log entry with its promise, JSON.
pub const BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// Annotation: the RFC 3161 response, JSON.
pub const RFC3161_TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// Annotation of `.att` layers: the predicate type.
pub const PREDICATE_TYPE: &str = "predicateType";

/// The most certificates that are read from one chain.
const MAX_CHAIN: usize = 32;

/// Why something is none of the older forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// A layer without its annotation.
    #[error("signature layer {layer} is missing {SIGNATURE:?} annotation")]
    MissingSignature {
        /// The layer's digest.
        layer: String,
    },
    /// A signature that is not base64.
    #[error("{0}")]
    Signature(#[from] base64::DecodeError),
    /// JSON that is none, or other than it should be.
    #[error("{what}: {error}")]
    Json {
        /// What was read.
        what: &'static str,
        /// What is wrong.
        error: String,
    },
    /// A certificate that does not parse.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A certificate without content.
    #[error("no certificate found on signature")]
    NoCertificate,
    /// A chain that is too long.
    #[error("too many certificates in chain: {0} > {MAX_CHAIN}")]
    ChainTooLong(usize),
    /// `cert` that is neither certificate nor key.
    #[error("loading verifier from bundle: {0}")]
    Key(#[from] PublicKeyError),
    /// A log entry whose body is not text.
    #[error("bundle payload body is not a string")]
    BodyNotText,
    /// A log id that is not hexadecimal.
    #[error("error verifying bundle: decoding log ID: {}", text::quote(.0))]
    LogId(String),
    /// An attestation that is no envelope.
    #[error(transparent)]
    Envelope(#[from] DsseError),
}

/// A log entry with its promise, as the older forms hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RekorBundle {
    /// The promise, base64.
    #[serde(rename = "SignedEntryTimestamp", default)]
    pub signed_entry_timestamp: String,
    /// What it promises.
    #[serde(rename = "Payload", default)]
    pub payload: RekorPayload,
}

/// What a promise is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RekorPayload {
    /// The entry's body, base64.
    #[serde(default)]
    pub body: Value,
    /// When the log took it, seconds since 1970.
    #[serde(rename = "integratedTime", default)]
    pub integrated_time: i64,
    /// Its index in the log.
    #[serde(rename = "logIndex", default)]
    pub log_index: i64,
    /// The log's key id, hexadecimal.
    #[serde(rename = "logID", default)]
    pub log_id: String,
}

/// The names of all fields of the older forms.
const NAMES: [&str; 10] = [
    "base64Signature",
    "cert",
    "rekorBundle",
    "SignedEntryTimestamp",
    "Payload",
    "body",
    "integratedTime",
    "logIndex",
    "logID",
    "SignedRFC3161Timestamp",
];

/// Reads JSON as Go does: see [`go_json::value_with_names`].
fn from_go_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_value(go_json::value_with_names(json, &NAMES)?)
}

#[derive(Serialize, Deserialize)]
struct TimestampJson {
    #[serde(rename = "SignedRFC3161Timestamp", default)]
    response: String,
}

impl RekorBundle {
    /// The older form of an entry; `None` where it has no promise.
    pub fn of(entry: &LogEntry) -> Option<Self> {
        Some(Self {
            signed_entry_timestamp: base64::encode(entry.inclusion_promise.as_ref()?),
            payload: RekorPayload {
                body: base64::encode(&entry.canonicalized_body).into(),
                integrated_time: entry.integrated_time,
                log_index: entry.log_index,
                log_id: hex::encode(&entry.log_id),
            },
        })
    }

    /// The entry; its kind and version are the body's, as this form does not say them, and empty where the body is of no kind that we
    /// know: that matters only to who looks at the log. A promise is all that it proves by.
    ///
    /// # Errors
    /// [`LegacyError`].
    pub fn to_entry(&self) -> Result<LogEntry, LegacyError> {
        // Strictly: the promise is over this very text, which is encoded anew to check it.
        let body = base64::decode(self.payload.body.as_str().ok_or(LegacyError::BodyNotText)?)?;
        let (kind, version) = EntryBody::parse(&body).map_or(("", ""), |body| (body.kind(), body.version()));
        let promise = base64::decode_lenient(&self.signed_entry_timestamp)?;
        Ok(LogEntry {
            log_index: self.payload.log_index,
            log_id: hex::decode(&self.payload.log_id).ok_or_else(|| LegacyError::LogId(self.payload.log_id.clone()))?,
            kind: kind.to_owned(),
            version: version.to_owned(),
            integrated_time: self.payload.integrated_time,
            inclusion_promise: (!promise.is_empty()).then_some(promise),
            inclusion_proof: None,
            canonicalized_body: body,
        })
    }

    /// Reads the JSON of annotation and file.
    ///
    /// # Errors
    /// [`LegacyError::Json`].
    pub fn parse(json: &str) -> Result<Self, LegacyError> {
        from_go_json(json.as_bytes()).map_err(|error| LegacyError::Json { what: "unmarshaling bundle", error: error.to_string() })
    }

    /// The JSON as Go writes it.
    pub fn to_json(&self) -> String {
        // Text and numbers always have a JSON form.
        go_json::to_string(self).unwrap_or_default()
    }
}

/// The JSON around an RFC 3161 response.
pub fn timestamp_to_json(response: &[u8]) -> String {
    // One text always has a JSON form.
    go_json::to_string(&TimestampJson { response: base64::encode(response) }).unwrap_or_default()
}

/// The RFC 3161 response in its JSON (annotation, `--rfc3161-timestamp` file).
///
/// # Errors
/// [`LegacyError`].
pub fn timestamp_from_json(json: &str) -> Result<Vec<u8>, LegacyError> {
    let parsed: TimestampJson = from_go_json(json.as_bytes())
        .map_err(|error| LegacyError::Json { what: "unmarshaling RFC3161 timestamp bundle", error: error.to_string() })?;
    Ok(base64::decode_lenient(parsed.response)?)
}

/// What a layer's annotations say besides the signature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LayerMaterial {
    /// The signer's certificate, PEM.
    pub certificate: Option<String>,
    /// The rest of its chain, PEM; empty text where there is a certificate and no more.
    pub chain: Option<String>,
    /// The log entry.
    pub rekor_bundle: Option<RekorBundle>,
    /// The RFC 3161 response, DER.
    pub timestamp: Option<Vec<u8>>,
}

impl LayerMaterial {
    /// The annotations of a layer with that signature (empty for `.att`).
    pub fn to_annotations(&self, signature: &[u8]) -> BTreeMap<String, String> {
        let mut annotations = BTreeMap::from([(SIGNATURE.to_owned(), base64::encode(signature))]);
        let mut put = |key: &str, value: Option<String>| value.and_then(|value| annotations.insert(key.to_owned(), value));
        put(CERTIFICATE, self.certificate.clone());
        put(CHAIN, self.chain.clone());
        put(BUNDLE, self.rekor_bundle.as_ref().map(RekorBundle::to_json));
        put(RFC3161_TIMESTAMP, self.timestamp.as_deref().map(timestamp_to_json));
        annotations
    }
}

/// A `.sig` layer: a simple signing payload and its annotations. `layer` is its digest, for messages.
///
/// # Errors
/// [`LegacyError`].
pub fn signed_of_sig_layer(payload: Vec<u8>, annotations: &BTreeMap<String, String>, layer: &str) -> Result<Signed, LegacyError> {
    let signature = annotations.get(SIGNATURE).ok_or_else(|| LegacyError::MissingSignature { layer: text::quote(layer) })?;
    let signature = base64::decode_lenient(signature)?;
    Ok(Signed { content: SignedContent::SimpleSigning { payload, signature }, material: material_of(annotations)? })
}

/// An `.att` layer: an envelope and its annotations.
///
/// # Errors
/// [`LegacyError`].
pub fn signed_of_att_layer(envelope: Vec<u8>, annotations: &BTreeMap<String, String>) -> Result<Signed, LegacyError> {
    let content = SignedContent::Envelope(Envelope::from_json(&envelope)?);
    Ok(Signed { content, material: VerificationMaterial { envelope_bytes: Some(envelope), ..material_of(annotations)? } })
}

fn material_of(annotations: &BTreeMap<String, String>) -> Result<VerificationMaterial, LegacyError> {
    let given = |key: &str| annotations.get(key).filter(|value| !value.is_empty());
    let mut material = VerificationMaterial::legacy();
    if let Some(certificate) = given(CERTIFICATE) {
        material.signer = certificate_material(certificate.as_bytes(), given(CHAIN).map(String::as_bytes))?;
        if let SignerMaterial::Certificate { intermediates, .. } = &mut material.signer {
            // As in cosign the last of the annotation counts as the root, which comes from the trusted material alone.
            intermediates.pop();
        }
    }
    if let Some(bundle) = given(BUNDLE) {
        material.log_entries.push(RekorBundle::parse(bundle)?.to_entry()?);
    }
    if let Some(timestamp) = given(RFC3161_TIMESTAMP) {
        material.timestamps.push(timestamp_from_json(timestamp)?);
    }
    Ok(material)
}

/// The first certificate of a PEM file, which may be in base64 once more, as `sign-blob --output-certificate` writes it.
///
/// # Errors
/// [`LegacyError::Certificate`].
pub fn certificate_of_file(file: &[u8]) -> Result<Certificate, LegacyError> {
    let decoded = base64::decode_lenient(file.trim_ascii()).ok();
    Ok(Certificate::all_from_pem(decoded.as_deref().unwrap_or(file))?.swap_remove(0))
}

/// A certificate in PEM with the rest of its chain. What is not a certificate is refused.
///
/// # Errors
/// [`LegacyError`].
pub fn certificate_material(certificate: &[u8], chain: Option<&[u8]>) -> Result<SignerMaterial, LegacyError> {
    let leaf = Certificate::all_from_pem(certificate)?.into_iter().next().ok_or(LegacyError::NoCertificate)?;
    let intermediates = match chain {
        Some(chain) => Certificate::all_from_pem(chain)?,
        None => Vec::new(),
    };
    if intermediates.len() > MAX_CHAIN {
        return Err(LegacyError::ChainTooLong(intermediates.len()));
    }
    Ok(SignerMaterial::Certificate { leaf, intermediates })
}

/// From which size on a signature is not copied.
const LARGE: usize = 64 << 10;
/// How many fields are looked at for it.
const MAX_FIELDS: usize = 64;

/// Where the signature stands in the JSON of a [`LocalBundle`], if it is large, the only field of its name, and has no escapes.
fn plain_signature(json: &[u8]) -> Option<Range<usize>> {
    if json.len() < LARGE {
        return None;
    }
    let fields: Fields<'_> = serde_json::from_slice(json).ok()?;
    let mut found = fields.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case("base64Signature"));
    let (Some((_, value)), None) = (found.next(), found.next()) else { return None };
    let text = value.get();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return None;
    }
    let start = (text.as_ptr() as usize).checked_sub(json.as_ptr() as usize)? + 1;
    Some(start..start + inner.len())
}

/// The fields of an object in their order, those of one name too.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    if fields.len() == MAX_FIELDS {
                        return Err(serde::de::Error::custom("too many fields"));
                    }
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The `--bundle` JSON of version 2.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LocalBundle {
    /// The signature (of attestations: the envelope), base64.
    #[serde(rename = "base64Signature", default)]
    pub base64_signature: String,
    /// Certificate or public key: PEM, often base64 once more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cert: String,
    /// The log entry.
    #[serde(rename = "rekorBundle", default, skip_serializing_if = "Option::is_none")]
    pub rekor_bundle: Option<RekorBundle>,
}

impl LocalBundle {
    /// Whether bytes are this form and no bundle, whatever else may be wrong with them: an object with a field of this form and none of a
    /// bundle's. Told once and for all, so that a bundle that does not load is never tried as the other form.
    pub fn looks_like_one(json: &[u8]) -> bool {
        // The values may have hundreds of megabytes.
        let Ok(fields) = serde_json::from_slice::<BTreeMap<Cow<'_, str>, IgnoredAny>>(json) else { return false };
        // Go reads the names of this form whatever their letter case, those of bundles as they are.
        let has = |name: &str| fields.keys().any(|key| key.eq_ignore_ascii_case(name));
        let ours = ["base64Signature", "cert", "rekorBundle"].iter().any(|name| has(name));
        let bundles = ["mediaType", "media_type", "verificationMaterial", "verification_material", "messageSignature", "dsseEnvelope"];
        ours && !bundles.iter().any(|name| fields.contains_key(*name))
    }

    /// Reads the JSON; fields that it does not know are ignored, as in Go.
    ///
    /// # Errors
    /// [`LegacyError::Json`].
    pub fn parse(json: &[u8]) -> Result<Self, LegacyError> {
        from_go_json(json).map_err(|error| LegacyError::Json { what: "reading bundle", error: error.to_string() })
    }

    /// As [`LocalBundle::parse`], in the memory of `json` where its signature (an envelope, perhaps) is large.
    ///
    /// # Errors
    /// [`LegacyError::Json`].
    pub fn read(mut json: Vec<u8>) -> Result<Self, LegacyError> {
        let Some(range) = plain_signature(&json) else { return Self::parse(&json) };
        let rest = [&json[..range.start], &json[range.end..]].concat();
        let parsed = Self::parse(&rest)?;
        json.truncate(range.end);
        json.drain(..range.start);
        match String::from_utf8(json) {
            Ok(base64_signature) => Ok(Self { base64_signature, ..parsed }),
            Err(_) => Err(LegacyError::Json { what: "reading bundle", error: "invalid UTF-8".to_owned() }),
        }
    }

    /// Writes what [`LocalBundle::to_json`] gives for the signature `bytes`, whatever is in the field for it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        const HEAD: &[u8] = br#"{"base64Signature":""#;
        let rest = Self { base64_signature: String::new(), ..self.clone() }.to_json();
        out.write_all(HEAD)?;
        base64::write(bytes, out)?;
        out.write_all(rest.strip_prefix(HEAD).unwrap_or_default())
    }

    /// The JSON as Go writes it.
    pub fn to_json(&self) -> Vec<u8> {
        // Text and numbers always have a JSON form.
        go_json::to_vec(self).unwrap_or_default()
    }

    /// A signature over a file.
    ///
    /// # Errors
    /// [`LegacyError`].
    pub fn to_signed_message(&self) -> Result<Signed, LegacyError> {
        let signature = base64::decode_lenient(&self.base64_signature)?;
        let content = SignedContent::Message(MessageSignature { signature, digest: None });
        Ok(Signed { content, material: self.material()? })
    }

    /// An attestation of a file.
    ///
    /// # Errors
    /// [`LegacyError`].
    pub fn into_signed_envelope(mut self) -> Result<Signed, LegacyError> {
        let bytes = base64::decode_lenient_in_place(std::mem::take(&mut self.base64_signature))?;
        let content = SignedContent::Envelope(Envelope::from_json(&bytes)?);
        Ok(Signed { content, material: VerificationMaterial { envelope_bytes: Some(bytes), ..self.material()? } })
    }

    /// Certificate or key, and the log entry.
    ///
    /// # Errors
    /// [`LegacyError`].
    pub fn material(&self) -> Result<VerificationMaterial, LegacyError> {
        let mut material = VerificationMaterial::legacy();
        if !self.cert.is_empty() {
            let pem_text = base64::decode_lenient(&self.cert).unwrap_or_else(|_| self.cert.clone().into_bytes());
            let is_certificate = pem::first(&pem_text).is_some_and(|(block, _)| block.label == "CERTIFICATE");
            material.signer = if is_certificate {
                certificate_material(&pem_text, None)?
            } else {
                SignerMaterial::PublicKey(Box::new(PublicKey::from_pem(&pem_text)?))
            };
        }
        if let Some(bundle) = &self.rekor_bundle {
            material.log_entries.push(bundle.to_entry()?);
        }
        Ok(material)
    }
}
