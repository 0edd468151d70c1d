//! Attaches to an image what was made elsewhere: signatures, attestations, SBOMs. All of it is read and checked before anything is written.

pub mod attestation;
mod bundle;
mod certificate;
pub mod sbom;
pub mod signature;

use super::blob::BlobError;
use super::subject::{Subject, SubjectError};
use crate::crypto::CertificateError;
use crate::crypto::timestamp::TimestampError;
use crate::encoding::{PathError, text};
use crate::entity::signature_image::{AppendSignatures, ImageStyle, SignatureLayer};
use crate::format::bundle::BundleError;
use crate::format::bundle::legacy::LegacyError;
use crate::format::dsse::INTOTO_PAYLOAD_TYPE;
use crate::format::oci::Descriptor;
use crate::registry::RegistryError;

/// Why nothing was attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The image cannot be named or opened.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The image is not there.
    #[error("entity not found in registry, error: {0}")]
    NotFound(RegistryError),
    /// The registry fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// The signature, or the SBOM, cannot be read.
    #[error(transparent)]
    Input(#[from] BlobError),
    /// No file was named; cosign then reads the directory.
    #[error("read .: is a directory ({0} is missing)")]
    NoInput(&'static str),
    /// The signature has no bytes.
    #[error("empty signature")]
    EmptySignature,
    /// A certificate that is none.
    #[error("{flag}: {source}")]
    Certificate {
        /// Which flag named it.
        flag: &'static str,
        /// What is wrong.
        source: CertificateError,
    },
    /// A file that should be text.
    #[error("{0} is no text")]
    NoText(&'static str),
    /// A time stamp that is none.
    #[error("--tsr is neither an RFC 3161 response nor its JSON: {0}")]
    Timestamp(TimestampError),
    /// A log entry that is none.
    #[error("--rekor-response: {0}")]
    LogEntry(LegacyError),
    /// An attestation that cannot be attached.
    #[error("attaching payload from {}: {source}", text::quote(.path))]
    Attestation {
        /// The file.
        path: String,
        /// What is wrong.
        source: DocumentError,
    },
    /// A bundle that cannot be attached.
    #[error(transparent)]
    Bundle(DocumentError),
}

/// Why a document is neither an attestation nor a bundle that can be attached.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// Not JSON.
    #[error("{0}")]
    Json(String),
    /// The file is empty.
    #[error("there is no attestation in it")]
    Empty,
    /// An envelope around something else.
    #[error("invalid payloadType {} on envelope. Expected {INTOTO_PAYLOAD_TYPE}", text::quote(.0))]
    PayloadType(String),
    /// An envelope without signatures.
    #[error("could not attach attestation without having signatures")]
    Unsigned,
    /// An envelope that cannot be read.
    #[error("{0}")]
    Envelope(String),
    /// A bundle that is not valid.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A bundle of a signature over an artifact.
    #[error("bundle does not have DSSE envelope")]
    NoEnvelope,
    /// A bundle whose envelope holds no statement.
    #[error("unable to understand bundle envelope statement")]
    NoStatement,
}

/// The image's descriptor, which has to be there.
async fn descriptor(subject: &Subject) -> Result<Descriptor, AttachError> {
    let by_digest = !subject.is_by_tag();
    subject.descriptor().await.map_err(|error| match error.is_not_found() && by_digest {
        true => AttachError::NotFound(error),
        false => AttachError::Registry(error),
    })
}

/// Appends layers under a tag, merged with what is there; the very same layer is not stored twice.
async fn append(subject: &Subject, tag: &str, layers: &[SignatureLayer], style: ImageStyle) -> Result<(), RegistryError> {
    let is_duplicate = |existing: &Descriptor, layer: &SignatureLayer| {
        existing.digest == layer.digest().to_string() && existing.annotations.as_ref() == Some(&layer.annotations)
    };
    AppendSignatures::new(&*subject.attached, layers, style, &is_duplicate).store(tag).await.map(drop)
}
