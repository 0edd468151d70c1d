//! What proves a signature or an attestation of a file: a bundle, or the older form's pieces.

use std::path::Path;

use super::trust::no_bundle_takes;
use super::{file_or_url, given, text_or_file};
use crate::ambient::Context;
use crate::cli::args::VerifierArgs;
use crate::cli::error::CommandError;
use crate::format::bundle::legacy::LocalBundle;
use crate::keys::load::FetchUrl;
use crate::operations::files;
use crate::operations::verify_blob::Evidence;

/// A rule of the flags of `verify-blob` and `verify-blob-attestation` that depends on the form of the bundle. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobFormError {
    /// What has to be in a bundle was given by hand.
    #[error("unsupported: {0} when using --new-bundle-format")]
    WithBundle(&'static str),
    /// A trusted root with the older form.
    #[error("--trusted-root only supported with --new-bundle-format")]
    TrustedRoot,
    /// A timestamp that nothing asks for.
    #[error("when specifying --rfc3161-timestamp-path, you must also specify --use-signed-timestamps or --timestamp-certificate-chain")]
    TimestampAlone,
    /// A timestamp is asked for, and there is none.
    #[error("when specifying --use-signed-timestamps or --timestamp-certificate-chain, you must also specify --rfc3161-timestamp-path")]
    NoTimestamp,
}

/// The flags that name it.
pub(super) struct EvidenceFlags<'a> {
    pub(super) bundle: &'a str,
    pub(super) signature: &'a str,
    /// Whether the signature may be given itself, and not as a file.
    pub(super) signature_may_be_text: bool,
    pub(super) timestamp: &'a str,
    pub(super) verifier: &'a VerifierArgs,
}

impl EvidenceFlags<'_> {
    /// Reads it. Its form is that of the file, whatever the flags say about the older one.
    pub(super) async fn read(&self, urls: &dyn FetchUrl, context: &Context) -> Result<Evidence, CommandError> {
        match given(self.bundle).map(read).transpose()? {
            Some(json) if self.verifier.common.new_bundle_format && !LocalBundle::looks_like_one(&json) => {
                self.check_bundle()?;
                Ok(Evidence::Bundle { json, allow_chain: self.verifier.common.allow_certificate_chain })
            }
            json => {
                self.check_detached()?;
                let signature = match given(self.signature) {
                    Some(signature) if self.signature_may_be_text => Some(text_or_file(signature, urls, context).await?),
                    Some(signature) => Some(read(signature)?),
                    None => None,
                };
                let timestamp = match given(self.timestamp) {
                    Some(timestamp) => Some(file_or_url(timestamp, urls, context).await?),
                    None => None,
                };
                let bundle = json.map(|json| LocalBundle::read(json).map(Box::new)).transpose()?;
                let log = given(&self.verifier.rekor_url).filter(|_| self.verifier.may_look_up()).map(str::to_owned);
                Ok(Evidence::Detached { signature, bundle, timestamp, log })
            }
        }
    }

    fn check_bundle(&self) -> Result<(), BlobFormError> {
        let unsupported = no_bundle_takes(self.verifier)
            .or_else(|| given(self.timestamp).map(|_| "RFC3161 timestamp may not be provided using --rfc3161-timestamp"))
            .or_else(|| given(self.signature).map(|_| "signature may not be provided using --signature"));
        unsupported.map_or(Ok(()), |reason| Err(BlobFormError::WithBundle(reason)))
    }

    /// No trusted root, and a time stamp just where one is asked for.
    fn check_detached(&self) -> Result<(), BlobFormError> {
        if !self.verifier.common.trusted_root.is_empty() {
            return Err(BlobFormError::TrustedRoot);
        }
        let wants_timestamp = self.verifier.common.use_signed_timestamps || !self.verifier.common.timestamp_certificate_chain.is_empty();
        match (!self.timestamp.is_empty(), wants_timestamp) {
            (true, false) => Err(BlobFormError::TimestampAlone),
            (false, true) => Err(BlobFormError::NoTimestamp),
            _ => Ok(()),
        }
    }
}

fn read(path: &str) -> Result<Vec<u8>, CommandError> {
    files::read(Path::new(path)).map_err(|error| CommandError::from(error).with_prefix(format!("reading {path}")))
}
