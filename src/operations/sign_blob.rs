//! Signs files: opens the key once, signs all of them, then writes what was asked for.

use std::io;
use std::path::{Path, PathBuf};

use super::blob::{BlobError, BlobInput, Wanted};
use super::files;
use super::signing_key::{SigningKey, SigningKeyError};
use crate::ambient::{Context, DeadlineExceeded};
use crate::crypto::SignatureScheme;
use crate::encoding::{PathError, base64, text};
use crate::keys::load::FetchUrl;
use crate::sign::blob::{self, SignedBlob};
use crate::sign::identity::SigningIdentity;

/// What is to be signed, with what, and where it goes.
pub struct SignBlobs {
    /// The files, as they were typed.
    pub blobs: Vec<String>,
    /// The key and its certificate.
    pub key: SigningKey,
    /// What is made.
    pub form: BlobForm,
    /// Files to leave.
    pub outputs: BlobOutputs,
}

/// What is made of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobForm {
    /// A bundle.
    Bundle,
    /// A detached signature, on stdout where no file is named for it; a bundle is the JSON of version 2.
    Detached,
}

/// Files to leave; `None` for none.
#[derive(Debug, Clone, Default)]
pub struct BlobOutputs {
    /// The bundle.
    pub bundle: Option<PathBuf>,
    /// The signature.
    pub signature: Option<PathBuf>,
    /// The certificate, where there is one.
    pub certificate: Option<PathBuf>,
    /// Signature and certificate in base64.
    pub base64: bool,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignBlobsError {
    /// Several files would overwrite one output.
    #[error("{blobs} different files, but one output file: sign them one by one, or leave the output flags out")]
    OneFileForSeveral {
        /// How many.
        blobs: usize,
    },
    /// The key.
    #[error("signing {}: getting keypair and token: getting signer: {source}", text::quote(.blob))]
    Signer {
        /// The first file.
        blob: String,
        /// What is wrong.
        source: SigningKeyError,
    },
    /// One of the files, or what is made of it.
    #[error("signing {}: {source}", text::quote(.blob))]
    Blob {
        /// The file.
        blob: String,
        /// What is wrong.
        source: BlobStepError,
    },
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

/// Which step failed for one file.
#[derive(Debug, thiserror::Error)]
pub enum BlobStepError {
    /// Opening it.
    #[error("getting payload: {0}")]
    Open(#[source] BlobError),
    /// Reading it.
    #[error("reading payload: {0}")]
    Read(#[source] BlobError),
    /// Signing it.
    #[error("signing bundle: {0}")]
    Sign(#[from] blob::SignBlobError),
    /// Writing a file; what for.
    #[error("create {what} file: {error}")]
    Write {
        /// What for.
        what: &'static str,
        /// What the system says.
        error: PathError,
    },
    /// stdout cannot be written.
    #[error("writing the signature: {0}")]
    Output(#[from] io::Error),
}

/// Signs the files of `request`. All are read and signed before anything is written.
///
/// # Errors
/// [`SignBlobsError`]: the first thing that fails.
pub async fn sign_blobs(request: &SignBlobs, fetch: &dyn FetchUrl, context: &Context) -> Result<(), SignBlobsError> {
    refuse_shared_output(request)?;
    let first = request.blobs.first().cloned().unwrap_or_default();
    let identity = request.key.open(fetch, context).await.map_err(|source| SignBlobsError::Signer { blob: first, source })?;
    let at = |name: &str| {
        let blob = name.to_owned();
        move |source| SignBlobsError::Blob { blob, source }
    };
    let mut signed = Vec::new();
    for name in &request.blobs {
        context.deadline.check()?;
        signed.push(sign_one(name, &identity, fetch, context).await.map_err(at(name))?);
    }
    for (name, signed) in request.blobs.iter().zip(&signed) {
        write(request, signed, &identity, context).map_err(at(name))?;
    }
    Ok(())
}

/// The same file named twice is one.
fn refuse_shared_output(request: &SignBlobs) -> Result<(), SignBlobsError> {
    let mut blobs = request.blobs.clone();
    blobs.sort_unstable();
    blobs.dedup();
    let outputs = &request.outputs;
    let writes = [&outputs.bundle, &outputs.signature, &outputs.certificate].iter().any(|path| path.is_some());
    if blobs.len() > 1 && writes { Err(SignBlobsError::OneFileForSeveral { blobs: blobs.len() }) } else { Ok(()) }
}

async fn sign_one(name: &str, identity: &SigningIdentity, fetch: &dyn FetchUrl, context: &Context) -> Result<SignedBlob, BlobStepError> {
    let input = BlobInput::parse(name).map_err(BlobStepError::Open)?;
    if input != BlobInput::Stdin {
        context.ui.status(&format!("Using payload from: {}", text::quote(name)));
    }
    let scheme = identity.signer.scheme();
    let wanted = Wanted { hashes: vec![blob::hash_for(scheme)], bytes: scheme == SignatureScheme::Ed25519 };
    let read = input.read(&wanted, fetch, context).await.map_err(|error| match error {
        BlobError::Read(_) => BlobStepError::Read(error),
        _ => BlobStepError::Open(error),
    })?;
    Ok(blob::sign(identity, &read.as_blob()).await?)
}

fn write(request: &SignBlobs, signed: &SignedBlob, identity: &SigningIdentity, context: &Context) -> Result<(), BlobStepError> {
    let outputs = &request.outputs;
    let encoded = |bytes: &[u8]| if outputs.base64 { base64::encode(bytes).into_bytes() } else { bytes.to_vec() };
    if let Some(path) = &outputs.bundle {
        let bundle = match request.form {
            BlobForm::Bundle => signed.to_bundle(identity).to_json(),
            BlobForm::Detached => signed.to_local_bundle(identity).to_json(),
        };
        write_file(path, &bundle, "bundle")?;
        context.ui.status(&format!("Wrote bundle to file {}", path.display()));
    }
    match (&outputs.signature, request.form) {
        (Some(path), _) => {
            write_file(path, &encoded(&signed.signature), "signature")?;
            context.ui.status(&format!("Wrote signature to file {}", path.display()));
        }
        (None, BlobForm::Bundle) => {}
        (None, BlobForm::Detached) => {
            let mut result = encoded(&signed.signature);
            if outputs.base64 {
                result.push(b'\n');
            }
            context.ui.result(&result)?;
        }
    }
    if let (Some(path), Some(certificate)) = (&outputs.certificate, &identity.certificate) {
        write_file(path, &encoded(certificate.leaf.to_pem().as_bytes()), "certificate")?;
        context.ui.status(&format!("Wrote certificate to file {}", path.display()));
    }
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8], what: &'static str) -> Result<(), BlobStepError> {
    files::write_private(path, bytes).map_err(|error| BlobStepError::Write { what, error })
}
