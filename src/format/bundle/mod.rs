//! Sigstore bundles, versions 0.1 to 0.3, and the older `--bundle` JSON and layer annotations.

pub mod legacy;
pub mod log_file;
mod read;
#[cfg(test)]
mod tests;
mod validate;
mod version;
mod write;

pub use read::{BundleError, read_log_entry};
pub(crate) use read::{HASH_ALGORITHMS, certificate as read_certificate};
pub use version::BundleVersion;

use super::dsse::Envelope;
use super::material::{Form, MessageSignature, Signed, SignedContent, SignerMaterial, VerificationMaterial};
use super::tlog::LogEntry;
use crate::crypto::Certificate;

/// The most log entries that a bundle may have (as sigstore-go).
pub const MAX_LOG_ENTRIES: usize = 32;
/// The most RFC 3161 responses that a bundle may have (as sigstore-go).
pub const MAX_TIMESTAMPS: usize = 32;

/// A Sigstore bundle: every field of the schema, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The media type, which says the version.
    pub media_type: String,
    /// What was signed; `None` where the bundle does not say (such a bundle is not valid).
    pub content: Option<BundleContent>,
    /// What proves it; `None` where there is no such field (such a bundle is not valid).
    pub material: Option<BundleMaterial>,
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleContent {
    /// A signature over an artifact.
    Message(MessageSignature),
    /// An envelope.
    Envelope(Envelope),
}

/// What proves a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleMaterial {
    /// Who signed; `None` where the bundle does not say (such a bundle is not valid).
    pub signer: Option<BundleSigner>,
    /// Entries of transparency logs.
    pub log_entries: Vec<BundleLogEntry>,
    /// RFC 3161 responses, DER.
    pub timestamps: Vec<Vec<u8>>,
}

/// Who signed, as a bundle says it; certificates in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleSigner {
    /// The hint of a key.
    KeyHint(String),
    /// One certificate.
    Certificate(Vec<u8>),
    /// A chain, the signer's certificate first.
    Chain(Vec<Vec<u8>>),
}

/// A log entry and which of its optional parts were there, since absent and empty are not the same on writing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleLogEntry {
    /// The entry.
    pub entry: LogEntry,
    /// Whether `logId.keyId`, `kindVersion` and `canonicalizedBody` were all there.
    pub complete: bool,
    /// Whether a proof has a checkpoint.
    pub has_checkpoint: bool,
}

impl BundleLogEntry {
    /// An entry with all its parts.
    pub fn of(entry: LogEntry) -> Self {
        Self { entry, complete: true, has_checkpoint: true }
    }
}

impl Bundle {
    /// A bundle of version 0.3 as this program writes it.
    pub fn new(content: BundleContent, signer: BundleSigner) -> Self {
        let material = BundleMaterial { signer: Some(signer), ..BundleMaterial::default() };
        Self { media_type: BundleVersion::V0_3.media_type().to_owned(), content: Some(content), material: Some(material) }
    }

    /// Adds a log entry.
    pub fn push_log_entry(&mut self, entry: LogEntry) {
        self.material.get_or_insert_default().log_entries.push(BundleLogEntry::of(entry));
    }

    /// Adds an RFC 3161 response.
    pub fn push_timestamp(&mut self, response: Vec<u8>) {
        self.material.get_or_insert_default().timestamps.push(response);
    }

    /// Reads a bundle and checks its form, as sigstore-go does before any cryptography. With `allow_chain` a bundle of version 0.3 may carry a
    /// certificate chain (`--allow-certificate-chain`), and an older one is refused.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn parse(json: &[u8], allow_chain: bool) -> Result<Self, BundleError> {
        let bundle = Self::read(json)?;
        bundle.validate(allow_chain)?;
        Ok(bundle)
    }

    /// Signed content and verification material, for the engine.
    ///
    /// # Errors
    /// [`BundleError`], where certificates do not parse or the bundle lacks a part.
    pub fn to_signed(&self) -> Result<Signed, BundleError> {
        self.clone().into_signed()
    }

    /// As [`Bundle::to_signed`], without a copy of a payload that may be large.
    ///
    /// # Errors
    /// As [`Bundle::to_signed`].
    pub fn into_signed(mut self) -> Result<Signed, BundleError> {
        let content = match self.content.take().ok_or(BundleError::MissingContent)? {
            BundleContent::Message(message) => SignedContent::Message(message),
            BundleContent::Envelope(envelope) => SignedContent::Envelope(envelope),
        };
        let material = self.material.as_ref().ok_or(BundleError::MissingMaterial)?;
        let signer = match material.signer.as_ref().ok_or(BundleError::MissingMaterial)? {
            BundleSigner::KeyHint(hint) => SignerMaterial::KeyHint(hint.clone()),
            BundleSigner::Certificate(der) => SignerMaterial::Certificate { leaf: Certificate::from_der(der)?, intermediates: Vec::new() },
            BundleSigner::Chain(chain) => self.chain(chain)?,
        };
        Ok(Signed {
            content,
            material: VerificationMaterial {
                form: Form::Bundle,
                signer,
                log_entries: material.log_entries.iter().map(|entry| entry.entry.clone()).collect(),
                timestamps: material.timestamps.clone(),
                envelope_bytes: None,
            },
        })
    }

    /// Of older bundles only the first certificate is looked at; in version 0.3 each other one must be an authority and no root.
    fn chain(&self, chain: &[Vec<u8>]) -> Result<SignerMaterial, BundleError> {
        let (leaf, rest) = chain.split_first().ok_or(BundleError::MissingMaterial)?;
        let leaf = Certificate::from_der(leaf)?;
        let mut intermediates = Vec::new();
        if self.version()? >= BundleVersion::V0_3 {
            for der in rest {
                let certificate = Certificate::from_der(der)?;
                if certificate.subject_der() == certificate.issuer_der() {
                    return Err(BundleError::SelfSignedInChain);
                }
                if !certificate.is_ca() {
                    return Err(BundleError::NoAuthorityInChain);
                }
                intermediates.push(certificate);
            }
        }
        Ok(SignerMaterial::Certificate { leaf, intermediates })
    }
}
