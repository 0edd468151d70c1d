//! Makes a trusted root of certificate chains and log keys in files, and of the one that is distributed by TUF.

use std::path::{Path, PathBuf};

use super::files;
use crate::ambient::Context;
use crate::crypto::certificate::{Certificate, CertificateError};
use crate::crypto::public_key::{PublicKey, PublicKeyError};
use crate::crypto::timestamp::TimestampAuthority;
use crate::crypto::{Digest, LogKey, ValidityPeriod};
use crate::encoding::PathError;
use crate::format::tlog::checkpoint;
use crate::format::trusted_root::{CertificateAuthority, NamedTimestampAuthority, TransparencyLog, TrustedRoot, UnnamedKey};
use crate::sigstore::trust::{self, TrustError};
use crate::sigstore::tuf::Network;

/// What the trusted root is to hold.
#[derive(Debug, Clone, Default)]
pub struct CreateTrustedRoot {
    /// What comes first: of the distributed trusted root.
    pub distributed: Distributed,
    /// Authorities that certify signers.
    pub certificate_authorities: Vec<ChainSource>,
    /// Certificate Transparency logs.
    pub ct_logs: Vec<LogSource>,
    /// Transparency logs.
    pub transparency_logs: Vec<LogSource>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<ChainSource>,
}

/// Which kinds of services are taken from the trusted root that is distributed by TUF.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Distributed {
    /// Authorities that certify signers.
    pub certificate_authorities: bool,
    /// Certificate Transparency logs.
    pub ct_logs: bool,
    /// Transparency logs.
    pub transparency_logs: bool,
    /// Timestamp authorities.
    pub timestamp_authorities: bool,
}

/// An authority by its chain.
#[derive(Debug, Clone)]
pub struct ChainSource {
    /// Its URI; may be empty.
    pub uri: String,
    /// A PEM file, root last.
    pub chain: PathBuf,
    /// When it counts; without a start, from the beginning of a certificate's validity.
    pub valid: ValidityPeriod,
    /// Of which certificate of a timestamp authority: the first one, else the root.
    pub from_leaf: bool,
    /// What errors begin with: the specification, and the file in it.
    pub labels: [&'static str; 2],
}

/// A log by its key.
#[derive(Debug, Clone)]
pub struct LogSource {
    /// Its URL; may be empty.
    pub url: String,
    /// A PEM file.
    pub key: PathBuf,
    /// The name under which a Rekor v2 or a static CT log signs; `None` where the log's id is that of its key.
    pub origin: Option<String>,
    /// When it counts.
    pub valid: ValidityPeriod,
    /// What errors begin with.
    pub label: &'static str,
}

/// Why there is no trusted root.
#[derive(Debug, thiserror::Error)]
pub enum CreateTrustedRootError {
    /// The distributed one cannot be had.
    #[error("getting default trusted root: {0}")]
    Distributed(#[from] TrustError),
    /// A part, and what is wrong with it.
    #[error("{label}{source}")]
    Part {
        /// Where it was named.
        label: String,
        /// What is wrong.
        source: PartError,
    },
    /// A log's key that a trusted root cannot say.
    #[error(transparent)]
    UnnamedKey(#[from] UnnamedKey),
}

/// What is wrong with a part.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] PathError),
    /// It holds no certificates.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// It holds no key.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// A timestamp authority whose first certificate is no signer's.
    #[error("first certificate in chain must be a leaf certificate")]
    NoLeaf,
    /// A timestamp authority without a root.
    #[error("certificate chain must have at least two certificates")]
    NoRoot,
}

/// The trusted root as JSON: `root`, which was taken over of the distributed one, and the rest.
///
/// # Errors
/// [`CreateTrustedRootError`]: the first part that is wrong.
pub fn create_trusted_root(request: &CreateTrustedRoot, mut root: TrustedRoot) -> Result<Vec<u8>, CreateTrustedRootError> {
    for source in &request.certificate_authorities {
        root.certificate_authorities.push(certificate_authority(source)?);
    }
    for (logs, sources) in [(&mut root.ct_logs, &request.ct_logs), (&mut root.transparency_logs, &request.transparency_logs)] {
        for source in sources {
            let log = log(source)?;
            // Of two with one id the later counts.
            logs.retain(|other| other.key.id != log.key.id);
            logs.push(log);
        }
    }
    for source in &request.timestamp_authorities {
        root.timestamp_authorities.push(timestamp_authority(source)?);
    }
    Ok(root.to_json()?)
}

/// What is wanted of the distributed trusted root.
///
/// # Errors
/// [`CreateTrustedRootError::Distributed`].
pub async fn distributed(wanted: Distributed, context: &Context) -> Result<TrustedRoot, CreateTrustedRootError> {
    let mut root = trust::distributed(Network::Allowed, context).await?;
    if !wanted.certificate_authorities {
        root.certificate_authorities.clear();
    }
    if !wanted.ct_logs {
        root.ct_logs.clear();
    }
    if !wanted.transparency_logs {
        root.transparency_logs.clear();
    }
    if !wanted.timestamp_authorities {
        root.timestamp_authorities.clear();
    }
    Ok(root)
}

fn certificates(source: &ChainSource) -> Result<Vec<Certificate>, CreateTrustedRootError> {
    let read = |path: &Path| Ok(Certificate::all_from_pem(&files::read(path)?)?);
    let label = || source.labels.concat();
    read(&source.chain).map_err(|source| CreateTrustedRootError::Part { label: label(), source })
}

fn from(valid: ValidityPeriod, certificate: &Certificate) -> ValidityPeriod {
    ValidityPeriod { start: valid.start.or_else(|| Some(certificate.not_before())), ..valid }
}

fn certificate_authority(source: &ChainSource) -> Result<CertificateAuthority, CreateTrustedRootError> {
    let mut intermediates = certificates(source)?;
    // A file without certificates was an error.
    let root = intermediates.remove(intermediates.len().saturating_sub(1));
    let valid = from(source.valid, &root);
    Ok(CertificateAuthority { uri: source.uri.clone(), root, intermediates, valid, by_hand: false })
}

fn timestamp_authority(source: &ChainSource) -> Result<NamedTimestampAuthority, CreateTrustedRootError> {
    let wrong = |error| CreateTrustedRootError::Part { label: source.labels[0].to_owned(), source: error };
    let mut chain = certificates(source)?.into_iter();
    let leaf = chain.next().filter(|first| !first.is_ca()).ok_or_else(|| wrong(PartError::NoLeaf))?;
    let root = chain.next_back().ok_or_else(|| wrong(PartError::NoRoot))?;
    let valid = from(source.valid, if source.from_leaf { &leaf } else { &root });
    let authority = TimestampAuthority { leaf: Some(leaf), intermediates: chain.collect(), roots: vec![root], valid };
    Ok(NamedTimestampAuthority { uri: source.uri.clone(), authority })
}

fn log(source: &LogSource) -> Result<TransparencyLog, CreateTrustedRootError> {
    let read = |path: &Path| Ok(PublicKey::from_pem(&files::read(path)?)?);
    let key = read(&source.key).map_err(|error| CreateTrustedRootError::Part { label: source.label.to_owned(), source: error })?;
    let id = match &source.origin {
        Some(origin) => checkpoint::log_id_v2(origin, &key),
        None => Digest::sha256(key.spki_der()),
    };
    let key = LogKey { id: id.bytes().to_vec(), key, valid: source.valid };
    Ok(TransparencyLog { base_url: source.url.clone(), key })
}
