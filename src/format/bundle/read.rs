//! Reading bundle JSON: the schema, not yet its rules.

use super::{Bundle, BundleContent, BundleLogEntry, BundleMaterial, BundleSigner};
use crate::crypto::CertificateError;
use crate::encoding::text;
use crate::format::dsse::{Envelope, EnvelopeSignature};
use crate::format::material::{MessageDigest, MessageSignature};
use crate::format::proto_json::{self, Fields, ProtoJsonError};
use crate::format::tlog::{EntryBodyError, InclusionProof, LogEntry};

/// Numbers of `dev.sigstore.common.v1.HashAlgorithm`.
pub(crate) const HASH_ALGORITHMS: [(&str, i32); 6] =
    [("HASH_ALGORITHM_UNSPECIFIED", 0), ("SHA2_256", 1), ("SHA2_384", 2), ("SHA2_512", 3), ("SHA3_256", 4), ("SHA3_384", 5)];

/// Why bytes are no valid bundle; texts follow sigstore-go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not the JSON of a bundle.
    #[error(transparent)]
    Json(#[from] ProtoJsonError),
    /// Another media type, or a version that is not known.
    #[error("error getting bundle version: validation error: unsupported media type: {}", text::quote(.0))]
    MediaType(String),
    /// Neither signature nor envelope.
    #[error("invalid bundle: validation error: missing bundle content")]
    MissingContent,
    /// No certificate, chain or key hint.
    #[error("invalid bundle: validation error: missing verification material")]
    MissingMaterial,
    /// A log entry that lacks a part or has a negative index.
    #[error("validation error: nil value in transaction log entry")]
    IncompleteLogEntry,
    /// A proof without checkpoint.
    #[error("validation error: inclusion proof missing required checkpoint")]
    NoCheckpoint,
    /// A proof whose checkpoint is empty.
    #[error("validation error: inclusion proof checkpoint empty")]
    EmptyCheckpoint,
    /// A body that is none.
    #[error("validation error: {0}")]
    EntryBody(EntryBodyError),
    /// An entry that says another kind or version than its body.
    #[error("validation error: kind and version mismatch: {}/{} != {body_kind}/{body_version}", text::quote(.kind), text::quote(.version))]
    KindVersion {
        /// What the entry says.
        kind: String,
        /// What the entry says.
        version: String,
        /// What the body is.
        body_kind: &'static str,
        /// What the body is.
        body_version: &'static str,
    },
    /// Too many log entries.
    #[error("validation error: too many tlog entries: {0} > {max}", max = super::MAX_LOG_ENTRIES)]
    TooManyLogEntries(usize),
    /// Too many RFC 3161 responses.
    #[error("too many signed timestamps: {0} > {max}", max = super::MAX_TIMESTAMPS)]
    TooManyTimestamps(usize),
    /// A bundle of version 0.1 without any promise.
    #[error("inclusion promises missing in bundle (required for bundle v0.1)")]
    NoPromise,
    /// A bundle of version 0.2 or 0.3 without any proof.
    #[error("inclusion proof missing in bundle (required for bundle v0.2)")]
    NoProof,
    /// A chain in version 0.3.
    #[error("verification material cannot be X.509 certificate chain (for bundle v0.3); --allow-certificate-chain takes it")]
    ChainInV03,
    /// `--allow-certificate-chain` with an older bundle.
    #[error("certificate chain verification is only supported for bundle v0.3 and later")]
    ChainBeforeV03,
    /// A chain with a self-signed certificate.
    #[error("validation error: self-signed certificate found in certificate chain")]
    SelfSignedInChain,
    /// A chain with a certificate that is no authority.
    #[error("validation error: non-CA certificate found in certificate chain")]
    NoAuthorityInChain,
    /// A certificate that does not parse.
    #[error("validation error: {0}")]
    Certificate(#[from] CertificateError),
}

impl Bundle {
    /// Reads the JSON of a bundle without checking its form: what `bundle inspect` shows.
    ///
    /// # Errors
    /// [`BundleError::Json`].
    pub fn read(json: &[u8]) -> Result<Self, BundleError> {
        let mut fields = Fields::of(proto_json::parse(json)?, "Bundle")?;
        let message = fields.message("messageSignature", "MessageSignature")?.map(message_signature).transpose()?;
        let envelope = fields.message("dsseEnvelope", "Envelope")?.map(envelope).transpose()?;
        let content = match (message, envelope) {
            (Some(_), Some(_)) => return Err(ProtoJsonError::OneofSetTwice { field: "dsseEnvelope", oneof: "content" }.into()),
            (Some(message), None) => Some(BundleContent::Message(message)),
            (None, Some(envelope)) => Some(BundleContent::Envelope(envelope)),
            (None, None) => None,
        };
        let material = fields.message("verificationMaterial", "VerificationMaterial")?.map(material).transpose()?;
        let media_type = fields.text("mediaType")?;
        fields.finish()?;
        Ok(Self { media_type, content, material })
    }
}

fn message_signature(mut fields: Fields<'_>) -> Result<MessageSignature, ProtoJsonError> {
    let digest = fields.message("messageDigest", "HashOutput")?.map(|mut digest| {
        let algorithm = digest.enumeration("algorithm", &HASH_ALGORITHMS)?;
        let bytes = digest.bytes("digest")?.unwrap_or_default();
        digest.finish().map(|()| MessageDigest { algorithm, bytes })
    });
    let digest = digest.transpose()?;
    let signature = fields.bytes("signature")?.unwrap_or_default();
    fields.finish()?;
    Ok(MessageSignature { signature, digest })
}

fn envelope(mut fields: Fields<'_>) -> Result<Envelope, ProtoJsonError> {
    let payload = fields.bytes("payload")?.unwrap_or_default();
    let payload_type = fields.text_of_one_spelling("payloadType")?;
    let signatures = fields.messages("signatures", "Signature")?.into_iter().map(|mut fields| {
        let signature = fields.bytes("sig")?.unwrap_or_default();
        let key_id = fields.text("keyid")?;
        fields.finish().map(|()| EnvelopeSignature { key_id, signature })
    });
    let signatures = signatures.collect::<Result<_, _>>()?;
    fields.finish()?;
    Ok(Envelope { payload_type, payload, signatures })
}

fn material(mut fields: Fields<'_>) -> Result<BundleMaterial, ProtoJsonError> {
    let mut signer = None;
    let mut set = |value, field| match signer.replace(value) {
        None => Ok(()),
        Some(_) => Err(ProtoJsonError::OneofSetTwice { field, oneof: "content" }),
    };
    if let Some(mut key) = fields.message("publicKey", "PublicKeyIdentifier")? {
        let hint = key.text("hint")?;
        key.finish()?;
        set(BundleSigner::KeyHint(hint), "publicKey")?;
    }
    if let Some(mut chain) = fields.message("x509CertificateChain", "X509CertificateChain")? {
        let certificates = chain.messages("certificates", "X509Certificate")?.into_iter().map(certificate);
        let certificates = certificates.collect::<Result<_, _>>()?;
        chain.finish()?;
        set(BundleSigner::Chain(certificates), "x509CertificateChain")?;
    }
    if let Some(one) = fields.message("certificate", "X509Certificate")? {
        set(BundleSigner::Certificate(certificate(one)?), "certificate")?;
    }
    let log_entries = fields.messages("tlogEntries", "TransparencyLogEntry")?.into_iter().map(log_entry).collect::<Result<_, _>>()?;
    let timestamps = match fields.message("timestampVerificationData", "TimestampVerificationData")? {
        None => Vec::new(),
        Some(mut data) => {
            let responses = data.messages("rfc3161Timestamps", "RFC3161SignedTimestamp")?.into_iter().map(|mut fields| {
                let response = fields.bytes("signedTimestamp")?.unwrap_or_default();
                fields.finish().map(|()| response)
            });
            let responses = responses.collect::<Result<_, _>>()?;
            data.finish()?;
            responses
        }
    };
    fields.finish()?;
    Ok(BundleMaterial { signer, log_entries, timestamps })
}

pub(crate) fn certificate(mut fields: Fields<'_>) -> Result<Vec<u8>, ProtoJsonError> {
    let der = fields.bytes("rawBytes")?.unwrap_or_default();
    fields.finish().map(|()| der)
}

/// Reads the JSON of one protobuf `TransparencyLogEntry`, as Rekor v2 answers it.
///
/// # Errors
/// [`BundleError::Json`].
pub fn read_log_entry(json: &[u8]) -> Result<LogEntry, BundleError> {
    Ok(log_entry(Fields::of(proto_json::parse(json)?, "TransparencyLogEntry")?)?.entry)
}

/// Reads one protobuf `TransparencyLogEntry`.
pub(crate) fn log_entry(mut fields: Fields<'_>) -> Result<BundleLogEntry, ProtoJsonError> {
    let log_index = fields.integer("logIndex")?;
    let log_id = match fields.message("logId", "LogId")? {
        None => None,
        Some(mut id) => {
            let key_id = id.bytes("keyId")?;
            id.finish()?;
            key_id
        }
    };
    let kind_version = match fields.message("kindVersion", "KindVersion")? {
        None => None,
        Some(mut fields) => {
            let pair = (fields.text("kind")?, fields.text("version")?);
            fields.finish()?;
            Some(pair)
        }
    };
    let integrated_time = fields.integer("integratedTime")?;
    let inclusion_promise = match fields.message("inclusionPromise", "InclusionPromise")? {
        None => None,
        Some(mut promise) => {
            let set = promise.bytes("signedEntryTimestamp")?;
            promise.finish()?;
            set.filter(|set| !set.is_empty())
        }
    };
    let proof = fields.message("inclusionProof", "InclusionProof")?.map(inclusion_proof).transpose()?;
    let body = fields.bytes("canonicalizedBody")?;
    fields.finish()?;
    let complete = log_id.is_some() && kind_version.is_some() && body.is_some();
    let has_checkpoint = proof.as_ref().is_some_and(|(_, has_checkpoint)| *has_checkpoint);
    let (kind, version) = kind_version.unwrap_or_default();
    let entry = LogEntry {
        log_index,
        log_id: log_id.unwrap_or_default(),
        kind,
        version,
        integrated_time,
        inclusion_promise,
        inclusion_proof: proof.map(|(proof, _)| proof),
        canonicalized_body: body.unwrap_or_default(),
    };
    Ok(BundleLogEntry { entry, complete, has_checkpoint })
}

fn inclusion_proof(mut fields: Fields<'_>) -> Result<(InclusionProof, bool), ProtoJsonError> {
    let log_index = fields.integer("logIndex")?;
    let root_hash = fields.bytes("rootHash")?.unwrap_or_default();
    let tree_size = fields.integer("treeSize")?;
    let hashes = fields.list("hashes")?.into_iter().map(|node| proto_json::bytes_of("hashes", node)).collect::<Result<_, _>>()?;
    let checkpoint = match fields.message("checkpoint", "Checkpoint")? {
        None => None,
        Some(mut checkpoint) => {
            let envelope = checkpoint.text("envelope")?;
            checkpoint.finish()?;
            Some(envelope)
        }
    };
    fields.finish()?;
    let has_checkpoint = checkpoint.is_some();
    Ok((InclusionProof { log_index, root_hash, tree_size, hashes, checkpoint: checkpoint.unwrap_or_default() }, has_checkpoint))
}
