//! `cosign verify`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Ui};
use crate::cli::args::{Given, VerifyArgs};
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::render::verified_image::{self, Format};
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::cli::usage_error::UsageError;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::verify_image::{VerifyImageError, verify_images};

/// `verify` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "verify",
    about: "Verify the signatures of container images",
    long: "Verifies that each image carries a signature that satisfies all that is asked for: a key, or an identity with its issuer; \
        an entry in a transparency log; annotations. The verified claims are printed as JSON.\n\n\
        Exit codes: 0 verified, 10 no signature, 11 no such tag, 12 signatures but none that passes, 1 anything else.",
    usage: "[flags] IMAGE...",
    examples: "\
  # verify with a public key a signature that is in no log
  cosign verify --key cosign.pub --insecure-ignore-tlog registry.example.com/app:v1

  # verify who signed: a CI workflow
  cosign verify --certificate-identity https://github.com/org/app/.github/workflows/release.yml@refs/heads/main \\
    --certificate-oidc-issuer https://token.actions.githubusercontent.com registry.example.com/app:v1

  # ask for annotations, too
  cosign verify --key cosign.pub -a commit=1234abc registry.example.com/app:v1

  # verify several images
  cosign verify --key cosign.pub registry.example.com/app:v1 registry.example.com/db:v1

  # verify an image in a directory that cosign save wrote, or in an OCI layout
  cosign verify --key cosign.pub --insecure-ignore-tlog --local-image ./saved
  cosign verify --key cosign.pub --insecure-ignore-tlog oci:./layout:v1",
    words: Words::AtLeast(1),
    env: true,
    deadline: true,
    exclusive: &[&["ca-roots", "certificate-chain"], &["ca-intermediates", "certificate-chain"]],
    action: Action::of::<VerifyArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for VerifyArgs {
    fn note_given(&mut self, given: Given) {
        self.verifier.given = given;
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        check_before_files(&self)?;
        if let Some(warning) = self.verifier.common.tlog_warning("signature") {
            context.ui.warn(&warning);
        }
        verify(self, context)
    }
}

/// A rule of the flags of `verify` that is broken. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFlagsError {
    /// `--signature-digest-algorithm` names none.
    #[error("unknown digest algorithm: {0}")]
    DigestAlgorithm(String),
    /// `--max-workers 0`.
    #[error("please set the --max-worker flag to a value that is greater than 0")]
    MaxWorkers,
}

/// `--signature-digest-algorithm` names one.
///
/// # Errors
/// [`VerifyFlagsError::DigestAlgorithm`].
pub(super) fn check_digest_algorithm(name: &str) -> Result<(), VerifyFlagsError> {
    match name.trim().to_ascii_lowercase().as_str() {
        "" | "sha224" | "sha256" | "sha384" | "sha512" => Ok(()),
        _ => Err(VerifyFlagsError::DigestAlgorithm(name.to_owned())),
    }
}

/// The rules that come before a file with the names of images is read.
///
/// # Errors
/// One is broken.
pub(super) fn check_before_files(args: &VerifyArgs) -> Result<(), CommandError> {
    args.annotations.pairs()?;
    check_digest_algorithm(&args.verifier.signature_digest.signature_digest_algorithm)?;
    if args.verifier.common.max_workers <= 0 {
        return Err(VerifyFlagsError::MaxWorkers.into());
    }
    Ok(())
}

/// The rules of `verify`, in cosign's order.
///
/// # Errors
/// One is broken.
fn check(args: &VerifyArgs, ui: &dyn Ui) -> Result<(), CommandError> {
    let verifier = &args.verifier;
    check_before_files(args)?;
    match args.attachment.as_str() {
        "" => {}
        "sbom" => ui.warn(super::SBOM_NOTICE),
        _ => return Err(UsageError::HelpRequested.into()),
    }
    verifier.check_signer()?;
    Ok(())
}

/// Does it, without the word about a log that is not looked at, which the commands that verify the images of a file do not give.
///
/// # Errors
/// A rule is broken, or the verification fails.
pub(super) fn verify(args: VerifyArgs, context: &Context) -> Result<(), CommandError> {
    block_on(context, run(args, context))
}

async fn run(args: VerifyArgs, context: &Context) -> Result<(), CommandError> {
    check(&args, &*context.ui)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    let request = resolve::verify::resolve(&args, &HttpFetch::new(context), context).await?;
    let format = if args.output == "text" { Format::Text } else { Format::Json };
    let mut emit = |image| verified_image::print(&*context.ui, &image, format);
    verify_images(&request, &registries, context, &mut emit).await.map_err(command_error)
}

/// Exit codes as ruled: 10 nothing there, 11 no such tag, 12 nothing that passes.
pub(super) fn command_error(error: VerifyImageError) -> CommandError {
    let kind = match &error {
        VerifyImageError::NoSignatures | VerifyImageError::NoAttestations(_) => ErrorKind::NoSignatures,
        VerifyImageError::TagNotFound(_) => ErrorKind::TagNotFound,
        VerifyImageError::NoMatch(_) | VerifyImageError::PredicateType { .. } => ErrorKind::NoMatchingSignatures,
        _ => ErrorKind::General,
    };
    CommandError::from(error).with_kind(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::spec::args_of;
    use crate::cli::terminal::Terminal;

    fn message(words: &[&str]) -> String {
        let args: VerifyArgs = args_of(&SPEC, words);
        check(&args, &Terminal::default()).map_or_else(|error| error.message(), |()| String::new())
    }

    #[test]
    fn each_rule_has_its_message() {
        assert_eq!(message(&["--key=k", "x"]), "");
        assert_eq!(message(&["--key=k", "-a", "x", "x"]), "unable to parse annotation: x");
        assert_eq!(message(&["--key=k", "--signature-digest-algorithm=md5", "x"]), "unknown digest algorithm: md5");
        assert_eq!(message(&["--key=k", "--signature-digest-algorithm= SHA512 ", "x"]), "");
        for workers in ["0", "-1"] {
            let workers = format!("--max-workers={workers}");
            assert_eq!(message(&["--key=k", &workers, "x"]), "please set the --max-worker flag to a value that is greater than 0");
        }
        assert_eq!(message(&["--key=k", "--attachment=bogus", "x"]), "flag: help requested");
        assert!(message(&["x"]).starts_with("--certificate-identity or --certificate-identity-regexp is required"));
    }

    #[test]
    fn a_switched_off_log_is_warned_of_once_and_by_one_flag() {
        let warning = |words: &[&str]| args_of::<VerifyArgs>(&SPEC, words).verifier.common.tlog_warning("signature");
        assert!(warning(&["--insecure-ignore-tlog"]).is_some());
        assert!(warning(&["--insecure-ignore-tlog", "--private-infrastructure"]).is_none());
        assert!(warning(&["--private-infrastructure"]).is_none() && warning(&[]).is_none());
    }
}
