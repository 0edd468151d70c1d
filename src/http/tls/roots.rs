//! Root certificates: from files, from the system, from `SSL_CERT_FILE` and `SSL_CERT_DIR` as Go reads them.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::ambient::Env;
use crate::http::HttpError;

/// Where Go looks for roots beside `SSL_CERT_FILE` when `SSL_CERT_DIR` is not set.
const DEFAULT_DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];
/// Larger files are no collections of roots.
const FILE_LIMIT: u64 = 32 << 20;

/// Where the system's roots come from; nothing is read until [`SystemRoots::certificates`].
#[derive(Debug)]
pub enum SystemRoots {
    /// Nowhere: they are replaced.
    None,
    /// The platform's own store.
    Platform,
    /// What the environment names: certificates of `SSL_CERT_FILE`, and directories.
    Named {
        /// Loaded from the file.
        certificates: Vec<CertificateDer<'static>>,
        /// Directories of PEM files, read later.
        directories: Vec<PathBuf>,
    },
}

/// Reads `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// # Errors
/// [`HttpError::File`] for a file that cannot be used, or when not one of the directories is there.
pub fn system(env: &dyn Env) -> Result<SystemRoots, HttpError> {
    let file = env.path("SSL_CERT_FILE");
    let directories: Option<Vec<PathBuf>> = env.path("SSL_CERT_DIR").map(|value| std::env::split_paths(&value).collect());
    if file.is_none() && directories.is_none() {
        return Ok(SystemRoots::Platform);
    }
    if let (None, Some(directories)) = (&file, &directories)
        && !directories.iter().any(|directory| directory.is_dir())
    {
        let path = directories.first().cloned().unwrap_or_default();
        return Err(HttpError::File { what: "loading SSL_CERT_DIR", path, reason: "no such directory".to_owned() });
    }
    let certificates = match file {
        Some(file) => load("loading SSL_CERT_FILE", &file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let directories = directories.unwrap_or_else(|| DEFAULT_DIRECTORIES.iter().map(PathBuf::from).collect());
    Ok(SystemRoots::Named { certificates, directories })
}

impl SystemRoots {
    /// Reads them; what cannot be read is left out.
    pub fn certificates(&self) -> Vec<CertificateDer<'static>> {
        match self {
            Self::None => Vec::new(),
            Self::Platform => rustls_native_certs::load_native_certs().certs,
            Self::Named { certificates, directories } => {
                let read = |directory: &PathBuf| rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs;
                let mut all: Vec<_> = certificates.iter().cloned().chain(directories.iter().flat_map(read)).collect();
                all.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
                all.dedup();
                all
            }
        }
    }
}

/// Loads the certificates of a PEM file.
///
/// # Errors
/// [`HttpError::File`]: unreadable, malformed, or without a certificate.
pub fn load(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let failed = |reason: String| HttpError::File { what, path: path.to_owned(), reason };
    let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if length > FILE_LIMIT {
        return Err(failed(format!("larger than {FILE_LIMIT} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| failed(format!("malformed PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(failed("no certificate in PEM form".to_owned()));
    }
    Ok(certificates)
}
