//! `cosign sign-blob`.

use super::sign::check_services;
use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::SignBlobArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::resolve::sign_blob::ALGORITHMS;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::sign_blob::sign_blobs;

/// `sign-blob` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "sign-blob",
    about: "Sign files",
    long: "Signs files and writes a bundle, which holds all that is needed to verify a file.",
    usage: "[flags] FILE...",
    examples: "\
  # sign with a key file, without the public services
  cosign sign-blob --key cosign.key --tlog-upload=false --bundle release.tar.gz.sigstore.json release.tar.gz

  # sign with your identity: opens a browser, or takes the token of the CI job
  cosign sign-blob --bundle release.tar.gz.sigstore.json release.tar.gz

  # sign standard input, with a key from the environment
  cosign sign-blob --key env://SIGNING_KEY --tlog-upload=false --bundle out.sigstore.json -

  # write a detached signature, as older releases did
  cosign sign-blob --key cosign.key --tlog-upload=false --new-bundle-format=false --output-signature release.sig release.tar.gz",
    words: Words::AtLeast(1),
    env: true,
    deadline: true,
    exclusive: &[&["use-signing-config", "signing-config"]],
    action: Action::of::<SignBlobArgs>(),
    ..Spec::DEFAULT
};

/// A rule of the flags of `sign-blob` that is broken. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum SignBlobFlagsError {
    /// Nowhere to write the bundle, nor any part of it.
    #[error("must specify --bundle with --new-bundle-format")]
    NoBundle,
    /// `--signing-algorithm` names none.
    #[error("invalid signing algorithm: {0}. Supported algorithms are: {known}", known = ALGORITHMS.map(|(name, _)| name).join(", "))]
    Algorithm(String),
}

impl Runnable for SignBlobArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        self.signer.at_most_one_key()?;
        let output = &self.output;
        let writes = [&output.bundle, &output.output, &output.output_signature, &output.output_certificate];
        if self.signer.signing_config.new_bundle_format && writes.iter().all(|path| path.is_empty()) {
            return Err(SignBlobFlagsError::NoBundle.into());
        }
        if ALGORITHMS.iter().all(|(name, _)| *name != self.signing_algorithm) {
            return Err(SignBlobFlagsError::Algorithm(self.signing_algorithm.clone()).into());
        }
        Ok(())
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: SignBlobArgs, context: &Context) -> Result<(), CommandError> {
    check_services(&args.signer, &args.output.bundle)?;
    let request = resolve::sign_blob::resolve(&args, context)?;
    Ok(sign_blobs(&request, &HttpFetch::new(context), context).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::commands::spec::args_of;

    fn message(words: &[&str]) -> String {
        args_of::<SignBlobArgs>(&SPEC, words).check_early().map_or_else(|error| error.message(), |()| String::new())
    }

    #[test]
    fn rules_in_cosigns_order() {
        assert_eq!(message(&["x"]), "must specify --bundle with --new-bundle-format");
        assert!(message(&["--key=k", "--sk", "x"]).starts_with("exactly one of: key reference (--key), or hardware token"));
        assert!(message(&["--signing-algorithm=none", "--bundle=b", "x"]).starts_with("invalid signing algorithm: none. Supported"));
        for fine in ["--bundle=b", "--output-signature=s", "--output=s", "--output-certificate=c", "--new-bundle-format=false"] {
            assert_eq!(message(&[fine, "x"]), "", "{fine}");
        }
    }
}
