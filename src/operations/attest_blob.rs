//! Attests a file: signs a statement about its digest, or one that was given, and writes what was asked for.

use std::io;
use std::path::{Path, PathBuf};

use super::attested_statement::{Attested, StatementSource, StatementSourceError};
use super::blob::{BlobError, BlobInput, Wanted};
use super::files;
use super::sign_blob::BlobForm;
use super::signing::{self, OpenError, Signing};
use super::signing_key::SigningKey;
use crate::ambient::{Context, DeadlineExceeded};
use crate::crypto::{HashAlgorithm, SignError};
use crate::encoding::{PathError, hex, text};
use crate::format::bundle::{Bundle, legacy};
use crate::format::material::Form;
use crate::keys::load::FetchUrl;
use crate::sign::attestation::{self, OlderAttestation};
use crate::sign::certifier::CertifyError;
use crate::sign::finish::{Finish, FinishError};
use crate::sign::identity::SigningIdentity;
use crate::sign::services::{ServicesError, ServicesRequest, SigningServices};
use crate::verify::Artifact;

/// What is to be attested, with what, and where it goes.
pub struct AttestBlob {
    /// The file, as it was typed; may be missing where a statement is given.
    pub blob: Option<String>,
    /// Its digest in hexadecimal, instead of reading it (`--hash`).
    pub hash: Option<String>,
    /// What is said.
    pub source: StatementSource,
    /// The key and its certificate; `None` signs with an identity.
    pub key: Option<SigningKey>,
    /// The services that take part.
    pub services: ServicesRequest,
    /// A bundle, or an envelope, on stdout where no file is named for it.
    pub form: BlobForm,
    /// Files to leave.
    pub outputs: AttestationOutputs,
}

/// Files to leave; `None` for none.
#[derive(Debug, Clone, Default)]
pub struct AttestationOutputs {
    /// The bundle.
    pub bundle: Option<PathBuf>,
    /// The envelope.
    pub signature: Option<PathBuf>,
    /// The statement.
    pub attestation: Option<PathBuf>,
    /// The certificate.
    pub certificate: Option<PathBuf>,
    /// The time stamp, in the JSON of version 2.
    pub timestamp: Option<PathBuf>,
}

/// Why a file was not attested.
#[derive(Debug, thiserror::Error)]
pub enum AttestBlobError {
    /// The file cannot be had.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// `--hash` is the digest of no function that is known.
    #[error("--hash {} is no SHA-256, SHA-384 or SHA-512 digest in hexadecimal", text::quote(.0))]
    Hash(String),
    /// Neither a file nor a statement.
    #[error("there is nothing to attest: name a file")]
    Nothing,
    /// Both come from standard input.
    #[error("the file and the predicate cannot both be read from standard input")]
    StdinTwice,
    /// What is said.
    #[error(transparent)]
    Statement(#[from] StatementSourceError),
    /// Nobody signs.
    #[error("creating bundle: {0}")]
    Signer(#[from] OpenError),
    /// The services cannot be used.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// There is no certificate.
    #[error("creating bundle: {0}")]
    Certify(#[from] CertifyError),
    /// It was not witnessed, or does not verify.
    #[error("creating bundle: {0}")]
    Finish(#[from] FinishError),
    /// A time stamp was asked for, and there is none.
    #[error("no RFC3161 timestamp found in bundle")]
    NoTimestamp,
    /// The key could not sign.
    #[error("creating bundle: {0}")]
    Sign(#[from] SignError),
    /// Writing a file; what for.
    #[error("create {what} file: {error}")]
    Write {
        /// What for.
        what: &'static str,
        /// What the system says.
        error: PathError,
    },
    /// A certificate was asked for, and there is none.
    #[error("no certificate found in bundle")]
    NoCertificate,
    /// stdout cannot be written.
    #[error("writing the signature: {0}")]
    Output(#[from] io::Error),
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

/// Attests the file of `request`.
///
/// # Errors
/// [`AttestBlobError`]: the first thing that fails; nothing was written then but what comes before it.
pub async fn attest_blob(request: &AttestBlob, fetch: &dyn FetchUrl, context: &Context) -> Result<(), AttestBlobError> {
    let statement = statement(request, fetch, context).await?;
    let services = SigningServices::resolve(&request.services, context).await?;
    let mut signing = Signing::open(request.key.as_ref(), services, fetch, context).await?;
    let identity = signing.identity(context).await?;
    if request.outputs.certificate.is_some() && identity.certificate.is_none() && request.form == BlobForm::Detached {
        return Err(AttestBlobError::NoCertificate);
    }
    context.deadline.check()?;
    if request.form == BlobForm::Detached
        && let Some(path) = &request.outputs.attestation
    {
        files::check_writable(path).map_err(|error| AttestBlobError::Write { what: "attestation", error })?;
    }
    let kept = request.outputs.attestation.is_some().then(|| statement.clone());
    let mut bundle = attestation::sign(&identity, statement).await?;
    if !(signing.services.sign_alone() && identity.certificate.is_none()) {
        let form = if request.form == BlobForm::Bundle { Form::Bundle } else { Form::Legacy };
        let finish = Finish { form, ..signing.finish(&identity, true) };
        bundle = finish.bundle(bundle, Artifact::InsecureAny, context).await?;
    }
    let logged = signing::logged(&bundle);
    write(request, (bundle, kept), &identity, context).inspect_err(|_| signing::tell_logged(&logged, context))
}

/// Leaves what was asked for of a finished bundle and its statement.
fn write(
    request: &AttestBlob,
    (bundle, statement): (Bundle, Option<Vec<u8>>),
    identity: &SigningIdentity,
    context: &Context,
) -> Result<(), AttestBlobError> {
    match request.form {
        BlobForm::Bundle => {
            if let Some(path) = &request.outputs.bundle {
                write_bundle(path, &bundle.to_json(), context)?;
            }
            // What v3 broke in scripts: the older outputs are written beside the bundle.
            let wants_older = request.outputs.signature.is_some() || request.outputs.timestamp.is_some();
            let older = wants_older.then(|| OlderAttestation::of(bundle, identity));
            write_older(request, (older, statement), identity, context)
        }
        BlobForm::Detached => {
            let older = OlderAttestation::of(bundle, identity);
            if let Some(path) = &request.outputs.bundle {
                write_bundle(path, &older.to_local_bundle(identity).to_json(), context)?;
            }
            write_older(request, (Some(older), statement), identity, context)
        }
    }
}

async fn statement(request: &AttestBlob, fetch: &dyn FetchUrl, context: &Context) -> Result<Vec<u8>, AttestBlobError> {
    if let StatementSource::Statement(_) = request.source {
        let Attested::Statement { bytes, .. } = request.source.read(context)? else { return Err(AttestBlobError::Nothing) };
        return Ok(bytes);
    }
    let blob = request.blob.as_deref().ok_or(AttestBlobError::Nothing)?;
    let (algorithm, digits) = match &request.hash {
        Some(hash) => parse_hash(hash)?,
        None => {
            if blob == "-" && matches!(&request.source, StatementSource::Predicate { path, .. } if path == "-") {
                return Err(AttestBlobError::StdinTwice);
            }
            let input = BlobInput::parse(blob)?;
            if input != BlobInput::Stdin {
                context.ui.status(&format!("Using payload from: {}", text::quote(blob)));
            }
            let wanted = Wanted { hashes: vec![HashAlgorithm::Sha256], bytes: false };
            let read = input.read(&wanted, fetch, context).await?;
            (HashAlgorithm::Sha256, read.digests.first().map(crate::crypto::Digest::hex).unwrap_or_default())
        }
    };
    Ok(request.source.read(context)?.statement(base_name(blob), (algorithm.name(), &digits)))
}

fn parse_hash(hash: &str) -> Result<(HashAlgorithm, String), AttestBlobError> {
    let algorithm = match (hex::decode(hash).is_some(), hash.len()) {
        (true, 64) => HashAlgorithm::Sha256,
        (true, 96) => HashAlgorithm::Sha384,
        (true, 128) => HashAlgorithm::Sha512,
        _ => return Err(AttestBlobError::Hash(hash.to_owned())),
    };
    Ok((algorithm, hash.to_ascii_lowercase()))
}

/// The last element of a path, as Go's `path.Base` has it.
fn base_name(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") | None => {
            if path.is_empty() {
                "."
            } else {
                "/"
            }
        }
        Some(name) => name,
    }
}

fn write_bundle(path: &Path, json: &[u8], context: &Context) -> Result<(), AttestBlobError> {
    files::write_private(path, json).map_err(|error| AttestBlobError::Write { what: "bundle", error })?;
    context.ui.status(&format!("Wrote bundle to file {}", path.display()));
    Ok(())
}

fn write_older(
    request: &AttestBlob,
    (older, statement): (Option<OlderAttestation>, Option<Vec<u8>>),
    identity: &SigningIdentity,
    context: &Context,
) -> Result<(), AttestBlobError> {
    let outputs = &request.outputs;
    let write = |path: &Path, bytes: &[u8], what| files::write_private(path, bytes).map_err(|error| AttestBlobError::Write { what, error });
    if let Some(mut older) = older {
        if let Some(path) = &outputs.signature {
            write(path, &older.envelope, "signature")?;
            context.ui.status(&format!("Signature written in {}", path.display()));
        } else if request.form == BlobForm::Detached {
            older.envelope.push(b'\n');
            context.ui.result(&older.envelope)?;
        }
        if let Some(path) = &outputs.timestamp {
            let response = older.material.timestamp.as_deref().ok_or(AttestBlobError::NoTimestamp)?;
            write(path, legacy::timestamp_to_json(response).as_bytes(), "timestamp")?;
            context.ui.status(&format!("Timestamp wrote in the file  {}", path.display()));
        }
    }
    if let (Some(path), Some(statement)) = (&outputs.attestation, &statement) {
        write(path, statement, "attestation")?;
        context.ui.status(&format!("Attestation written in {}", path.display()));
    }
    if let (Some(path), Some(certificate)) = (&outputs.certificate, &identity.certificate) {
        write(path, certificate.leaf.to_pem().as_bytes(), "certificate")?;
        context.ui.status(&format!("Certificate written to file  {}", path.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn hashes_by_their_length() {
        for (digits, algorithm) in [(64, HashAlgorithm::Sha256), (96, HashAlgorithm::Sha384), (128, HashAlgorithm::Sha512)] {
            let hash = "AB".repeat(digits / 2);
            assert_eq!(parse_hash(&hash).unwrap(), (algorithm, hash.to_lowercase()));
        }
        for none in ["", "zz", "abcd", &"z".repeat(64), &"a".repeat(63)] {
            assert!(parse_hash(none).is_err(), "{none}");
        }
    }

    #[test]
    fn names_are_those_of_go() {
        for (path, name) in [("a/b.txt", "b.txt"), ("b", "b"), ("a/b/", "b"), ("/", "/"), ("", "."), ("-", "-")] {
            assert_eq!(base_name(path), name, "{path}");
        }
    }
}
