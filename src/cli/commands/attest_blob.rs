//! `cosign attest-blob`.

use super::attest::check;
use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::AttestBlobArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::cli::usage_error::UsageError;
use crate::operations::attest_blob::attest_blob;
use crate::operations::fetch_url::HttpFetch;

/// `attest-blob` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "attest-blob",
    about: "Attest a file",
    long: "Signs a statement about a file and writes a bundle, which holds all that is needed to verify it.",
    usage: "[flags] FILE",
    examples: "\
  # attest the provenance of a file with a key file, without the public services
  cosign attest-blob --key cosign.key --use-signing-config=false --tlog-upload=false --type slsaprovenance1 --predicate provenance.json --bundle release.sigstore.json release.tar.gz

  # sign a whole statement
  cosign attest-blob --key cosign.key --statement statement.json --bundle release.sigstore.json release.tar.gz

  # the file is elsewhere, its digest is known
  cosign attest-blob --key cosign.key --predicate scan.json --type vuln --hash 5891b5b5... --bundle release.sigstore.json release.tar.gz",
    env: true,
    deadline: true,
    one_required: &[&["predicate", "statement"]],
    exclusive: &[&["use-signing-config", "signing-config"]],
    action: Action::of::<AttestBlobArgs>(),
    ..Spec::DEFAULT
};

/// Nowhere to write the bundle, nor any part of it. The text is cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must specify --bundle with --new-bundle-format")]
pub struct NoBundle;

impl Runnable for AttestBlobArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        let (attesting, output) = (&self.attesting, &self.output);
        let writes = [
            &attesting.bundle,
            &output.output_signature,
            &output.output_attestation,
            &output.output_certificate,
            &output.rfc3161_timestamp_bundle,
        ];
        if attesting.signer.signing_config.new_bundle_format && writes.iter().all(|path| path.is_empty()) {
            return Err(NoBundle.into());
        }
        Ok(())
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        if self.attesting.predicate.statement.is_empty() && self.words.len() != 1 {
            return Err(UsageError::NotExactly { wanted: 1, received: self.words.len() }.into());
        }
        check(&self.attesting)?;
        block_on(context, run(self, context))
    }
}

async fn run(args: AttestBlobArgs, context: &Context) -> Result<(), CommandError> {
    let request = resolve::attest::blob(&args, context)?;
    Ok(attest_blob(&request, &HttpFetch::new(context), context).await?)
}
