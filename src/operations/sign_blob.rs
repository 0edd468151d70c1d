//! Signs files: opens the key once, signs all of them, then writes what was asked for.

use std::io;
use std::path::{Path, PathBuf};

use super::blob::{BlobError, BlobInput, Wanted};
use super::files;
use super::signing::{self, OpenError, Signing};
use super::signing_key::{SigningKey, SigningKeyError};
use crate::ambient::{Context, DeadlineExceeded, PromptError};
use crate::crypto::SignatureScheme;
use crate::encoding::{PathError, base64, text};
use crate::format::bundle::Bundle;
use crate::format::bundle::legacy::{self, LocalBundle, RekorBundle};
use crate::keys::load::FetchUrl;
use crate::sign::blob::{self, SignedBlob};
use crate::sign::certifier::CertifyError;
use crate::sign::finish::FinishError;
use crate::sign::identity::SigningIdentity;
use crate::sign::services::{ServicesError, ServicesRequest, SigningServices};
use crate::verify::Artifact;

/// What is to be signed, with what, and where it goes.
pub struct SignBlobs {
    /// The files, as they were typed.
    pub blobs: Vec<String>,
    /// The key and its certificate; `None` signs with an identity.
    pub key: Option<SigningKey>,
    /// The services that take part.
    pub services: ServicesRequest,
    /// Questions are answered with yes (`--yes`).
    pub consented: bool,
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
    /// The time stamp, where there is one, in the JSON of version 2.
    pub timestamp: Option<PathBuf>,
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
    #[error("signing {}: {source}", text::quote(.blob))]
    Signer {
        /// The first file.
        blob: String,
        /// What is wrong.
        source: Box<BlobSignerError>,
    },
    /// The services cannot be used.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// No consent for the log.
    #[error("should upload to tlog: {0}")]
    Consent(#[from] PromptError),
    /// One of the files, or what is made of it.
    #[error("signing {}: {source}", text::quote(.blob))]
    Blob {
        /// The file.
        blob: String,
        /// What is wrong.
        source: Box<BlobStepError>,
    },
    /// `--timeout`.
    #[error(transparent)]
    Deadline(#[from] DeadlineExceeded),
}

/// Why nobody signs.
#[derive(Debug, thiserror::Error)]
pub enum BlobSignerError {
    /// The key.
    #[error("getting keypair and token: getting signer: {0}")]
    Key(SigningKeyError),
    /// No key, or no certificate.
    #[error(transparent)]
    Other(OpenError),
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
    /// Another certificate was needed, and there is none.
    #[error(transparent)]
    Certify(#[from] CertifyError),
    /// Having it witnessed, or verifying what came of it.
    #[error(transparent)]
    Finish(#[from] FinishError),
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
    let services = SigningServices::resolve(&request.services, context).await?;
    signing::state_privacy(&services, request.consented, context)?;
    let opened = Signing::open(request.key.as_ref(), services, fetch, context).await;
    let mut signing = opened.map_err(|error| SignBlobsError::Signer { blob: first, source: Box::new(error.into()) })?;
    let at = |name: &str| {
        let blob = name.to_owned();
        move |source| SignBlobsError::Blob { blob, source: Box::new(source) }
    };
    let mut signed = Vec::new();
    for name in &request.blobs {
        context.deadline.check()?;
        signed.push(sign_one(name, &mut signing, fetch, context).await.map_err(at(name))?);
    }
    for (number, (name, finished)) in request.blobs.iter().zip(&signed).enumerate() {
        let told = |_: &_| signed[number..].iter().for_each(|lost| signing::tell_logged(&signing::logged(&lost.bundle), context));
        write(request, finished, context).inspect_err(told).map_err(at(name))?;
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

impl From<OpenError> for BlobSignerError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Key(error) => Self::Key(error),
            error => Self::Other(error),
        }
    }
}

/// A signature over a file, witnessed and verified.
struct Finished {
    signed: SignedBlob,
    identity: SigningIdentity,
    bundle: Bundle,
}

async fn sign_one(name: &str, signing: &mut Signing, fetch: &dyn FetchUrl, context: &Context) -> Result<Finished, BlobStepError> {
    let identity = signing.identity(context).await?;
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
    let blob = read.as_blob();
    let signed = blob::sign(&identity, &blob).await?;
    let bundle = signing.finish(&identity, true).bundle(signed.to_bundle(&identity), Artifact::Blob(&blob), context).await?;
    Ok(Finished { signed, identity, bundle })
}

fn write(request: &SignBlobs, finished: &Finished, context: &Context) -> Result<(), BlobStepError> {
    let Finished { signed, identity, bundle: finished } = finished;
    let material = finished.material.clone().unwrap_or_default();
    let outputs = &request.outputs;
    let encoded = |bytes: &[u8]| if outputs.base64 { base64::encode(bytes).into_bytes() } else { bytes.to_vec() };
    if let Some(path) = &outputs.bundle {
        let bundle = match request.form {
            BlobForm::Bundle => finished.to_json(),
            BlobForm::Detached => {
                let rekor_bundle = material.log_entries.iter().find_map(|entry| RekorBundle::of(&entry.entry));
                LocalBundle { rekor_bundle, ..signed.to_local_bundle(identity) }.to_json()
            }
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
    if let (Some(path), Some(response)) = (&outputs.timestamp, material.timestamps.first()) {
        write_file(path, legacy::timestamp_to_json(response).as_bytes(), "RFC3161 timestamp")?;
        context.ui.status(&format!("RFC3161 timestamp written to file {}", path.display()));
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
