//! Trusted material: `--trusted-root`, chain flags and `SIGSTORE_*` files, and what is still missing after them.

use std::path::{Path, PathBuf};

use crate::ambient::{Context, Env};
use crate::crypto::certificate::{Certificate, CertificateError};
use crate::crypto::public_key::{PublicKey, PublicKeyError};
use crate::encoding::PathError;
use crate::format::trusted_root::{TrustedRoot, TrustedRootError};
use crate::sigstore::tuf::{self, Network, TufError};

/// Where trusted material is to come from.
#[derive(Debug, Clone, Default)]
pub struct TrustSources {
    /// `--trusted-root`: counts alone.
    pub trusted_root: Option<PathBuf>,
    /// `--certificate-chain`.
    pub certificate_chain: Option<PathBuf>,
    /// `--ca-roots`.
    pub ca_roots: Option<PathBuf>,
    /// `--ca-intermediates`.
    pub ca_intermediates: Option<PathBuf>,
    /// `--timestamp-certificate-chain`.
    pub timestamp_chain: Option<PathBuf>,
}

/// What the checks that are switched on need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Certificate authorities: an identity is asked for.
    pub certificate_authorities: bool,
    /// Certificate Transparency logs.
    pub ct_logs: bool,
    /// Transparency logs.
    pub transparency_logs: bool,
    /// Timestamp authorities.
    pub timestamp_authorities: bool,
}

/// Why there is no trusted material. Texts keep the Go program's phrases.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read.
    #[error("{what}: {source}")]
    File {
        /// What it is for.
        what: &'static str,
        /// What the system says.
        source: PathError,
    },
    /// `--trusted-root` is none.
    #[error("setting trusted material: loading trusted root: {0}")]
    TrustedRoot(#[from] TrustedRootError),
    /// A file of certificates is none.
    #[error("{what} {}: {source}", .path.display())]
    Certificates {
        /// What it is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
    /// A file of a log key is none.
    #[error("{what} {}: {source}", .path.display())]
    Key {
        /// What it is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PublicKeyError,
    },
    /// A check needs what nothing at hand delivers.
    #[error(
        "a check that is switched on needs {0}, and neither the TUF repository nor a flag or variable gives any: give them with --trusted-root, or switch the check off"
    )]
    Missing(&'static str),
    /// What TUF delivers cannot be had.
    #[error("setting trusted material: getting trusted root from TUF for new bundle verification: error getting live trusted root: {0}")]
    Tuf(#[from] TufError),
}

/// Loads what `sources` and the environment name, and what is still needed from the TUF repository; no trip is made where nothing is missing.
///
/// # Errors
/// [`TrustError`].
pub async fn load(sources: &TrustSources, needs: Needs, network: Network, context: &Context) -> Result<TrustedRoot, TrustError> {
    let mut root = by_hand(sources, &*context.env)?;
    if sources.trusted_root.is_none() && missing(&root, needs).is_some() {
        let distributed = distributed(network, context).await?;
        add_missing(&mut root, distributed);
        if let Some(what) = missing(&root, needs) {
            return Err(TrustError::Missing(what));
        }
    }
    Ok(root)
}

/// The trusted root of the TUF repository.
///
/// # Errors
/// [`TrustError`].
pub async fn distributed(network: Network, context: &Context) -> Result<TrustedRoot, TrustError> {
    let json = tuf::targets(&[tuf::TRUSTED_ROOT], network, context).await?.pop().unwrap_or_default();
    Ok(TrustedRoot::parse(&json)?)
}

/// Whether a kind that is needed is not there.
pub fn lacks(root: &TrustedRoot, needs: Needs) -> bool {
    missing(root, needs).is_some()
}

/// Adds what is not there yet. What was given by hand of a kind counts alone; other kinds come whole.
pub fn add_missing(root: &mut TrustedRoot, distributed: TrustedRoot) {
    if root.certificate_authorities.is_empty() {
        root.certificate_authorities = distributed.certificate_authorities;
    }
    if root.ct_logs.is_empty() {
        root.ct_logs = distributed.ct_logs;
    }
    if root.transparency_logs.is_empty() {
        root.transparency_logs = distributed.transparency_logs;
    }
    if root.timestamp_authorities.is_empty() {
        root.timestamp_authorities = distributed.timestamp_authorities;
    }
}

/// What files, flags and the environment name; empty where they name nothing.
///
/// # Errors
/// [`TrustError`].
pub fn by_hand(sources: &TrustSources, env: &dyn Env) -> Result<TrustedRoot, TrustError> {
    if let Some(path) = &sources.trusted_root {
        return Ok(TrustedRoot::parse(&read(path, "setting trusted material: loading trusted root")?)?);
    }
    let mut root = TrustedRoot::default();
    add_authorities(&mut root, sources, env)?;
    if let Some(path) = env.path("SIGSTORE_REKOR_PUBLIC_KEY") {
        root.add_transparency_log(key(&path, "getting rekor public keys")?);
    }
    if let Some(path) = env.path("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE") {
        root.add_ct_log(key(&path, "getting ctlog public keys")?);
    }
    if let Some(path) = sources.timestamp_chain.clone().or_else(|| env.path("SIGSTORE_TSA_CERTIFICATE_FILE")) {
        root.add_timestamp_chain(certificates(&path, "loading TSA certificates")?);
    }
    Ok(root)
}

fn add_authorities(root: &mut TrustedRoot, sources: &TrustSources, env: &dyn Env) -> Result<(), TrustError> {
    if let Some(path) = &sources.certificate_chain {
        root.add_certificate_chain(certificates(path, "loading certificate chain")?);
        return Ok(());
    }
    let roots = match (&sources.ca_roots, env.path("SIGSTORE_ROOT_FILE")) {
        (Some(path), _) => certificates(path, "loading CA roots")?,
        (None, Some(path)) => {
            root.add_certificate_pool(certificates(&path, "loading SIGSTORE_ROOT_FILE")?);
            return Ok(());
        }
        (None, None) => return Ok(()),
    };
    let intermediates = match &sources.ca_intermediates {
        Some(path) => certificates(path, "loading CA intermediates")?,
        None => Vec::new(),
    };
    root.add_certificate_authorities(roots, &intermediates);
    Ok(())
}

/// The first kind that is needed and not there.
fn missing(root: &TrustedRoot, needs: Needs) -> Option<&'static str> {
    [
        (needs.certificate_authorities, !root.certificate_authorities.is_empty(), "certificate authorities"),
        (needs.transparency_logs, !root.transparency_logs.is_empty(), "transparency log keys"),
        (needs.ct_logs, !root.ct_logs.is_empty(), "Certificate Transparency log keys"),
        (needs.timestamp_authorities, !root.timestamp_authorities.is_empty(), "timestamp authorities"),
    ]
    .into_iter()
    .find_map(|(needed, there, what)| (needed && !there).then_some(what))
}

fn read(path: &Path, what: &'static str) -> Result<Vec<u8>, TrustError> {
    std::fs::read(path).map_err(PathError::of("open", path)).map_err(|source| TrustError::File { what, source })
}

fn certificates(path: &Path, what: &'static str) -> Result<Vec<Certificate>, TrustError> {
    Certificate::all_from_pem(&read(path, what)?).map_err(|source| TrustError::Certificates { what, path: path.to_owned(), source })
}

fn key(path: &Path, what: &'static str) -> Result<PublicKey, TrustError> {
    PublicKey::from_pem(&read(path, what)?).map_err(|source| TrustError::Key { what, path: path.to_owned(), source })
}
