//! `cosign attest`.

use super::sign::check_services;
use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::{AttestArgs, AttestingArgs};
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::format::intoto::predicate;
use crate::operations::attest_image::attest_images;
use crate::operations::fetch_url::HttpFetch;

/// `attest` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "attest",
    about: "Attest container images",
    long: "Signs a statement about an image (its SBOM, its provenance, a scan, VEX, anything) and stores it beside the image in the registry.\n\n\
        Name an image by its digest (@sha256:...) rather than by a tag.",
    usage: "[flags] IMAGE...",
    examples: "\
  # attest an SBOM with a key file, without the public services
  cosign attest --key cosign.key --use-signing-config=false --tlog-upload=false --type spdxjson --predicate sbom.spdx.json registry.example.com/app@sha256:...

  # attest with your identity: opens a browser, or takes the token of the CI job
  cosign attest --type cyclonedx --predicate bom.json registry.example.com/app@sha256:...

  # take the predicate from standard input
  generate-provenance | cosign attest --key cosign.key --type slsaprovenance1 --predicate - registry.example.com/app@sha256:...

  # sign a whole statement, which has to name the image's digest
  cosign attest --key cosign.key --statement statement.json registry.example.com/app@sha256:...

  # attest an image in an OCI layout directory
  cosign attest --key cosign.key --type vuln --predicate scan.json oci:./layout:v1",
    words: Words::AtLeast(1),
    env: true,
    deadline: true,
    one_required: &[&["predicate", "statement"]],
    exclusive: &[&["use-signing-config", "signing-config"]],
    action: Action::of::<AttestArgs>(),
    ..Spec::DEFAULT
};

/// A rule of the flags of `attest` and `attest-blob` that is broken. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttestFlagsError {
    /// The bundle is stored neither in the registry nor in a file.
    #[error("must enable upload to the OCI registry or specify a local --bundle path with --new-bundle-format")]
    NowhereToStore,
    /// Neither predicate nor statement, or both.
    #[error("one of --predicate or --statement must be set")]
    OneSource,
    /// Another kind of log entry.
    #[error("unknown value for rekor-entry-type")]
    EntryType,
}

impl Runnable for AttestArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        let attesting = &self.attesting;
        if attesting.signer.signing_config.new_bundle_format && self.no_upload && attesting.bundle.is_empty() {
            return Err(AttestFlagsError::NowhereToStore.into());
        }
        Ok(())
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

/// The rules that both attesting commands share, in cosign's order.
///
/// # Errors
/// One is broken.
pub(super) fn check(args: &AttestingArgs) -> Result<(), CommandError> {
    check_services(&args.signer, &args.bundle)?;
    args.signer.at_most_one_key()?;
    if args.predicate.predicate.is_empty() == args.predicate.statement.is_empty() {
        return Err(AttestFlagsError::OneSource.into());
    }
    if !matches!(args.rekor_entry_type.as_str(), "dsse" | "intoto") {
        return Err(AttestFlagsError::EntryType.into());
    }
    Ok(())
}

async fn run(args: AttestArgs, context: &Context) -> Result<(), CommandError> {
    let first = args.images.first().cloned().unwrap_or_default();
    let at_first = |error: CommandError| error.with_prefix(format!("signing {first}"));
    check(&args.attesting).map_err(at_first)?;
    if args.attesting.predicate.statement.is_empty() {
        predicate::uri_of(&args.attesting.predicate.predicate_type).map_err(|error| at_first(error.into()))?;
    }
    let request = resolve::attest::images(&args, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(attest_images(&request, &registries, &HttpFetch::new(context), context).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::spec::args_of;

    fn message(words: &[&str]) -> String {
        let args: AttestArgs = args_of(&SPEC, words);
        let checked = args.check_early().and_then(|()| check(&args.attesting));
        checked.map_or_else(|error| error.message(), |()| String::new())
    }

    #[test]
    fn rules_in_cosigns_order() {
        assert!(message(&["--no-upload", "--predicate=p", "x"]).starts_with("must enable upload to the OCI registry"));
        assert_eq!(message(&["--no-upload", "--bundle=b", "--predicate=p", "x"]), "");
        assert_eq!(message(&["--no-upload", "--new-bundle-format=false", "--predicate=p", "x"]), "");
        assert!(message(&["--key=k", "--sk", "--predicate=p", "x"]).starts_with("exactly one of: key reference (--key), or hardware"));
        assert_eq!(message(&["--predicate=p", "--statement=s", "x"]), "one of --predicate or --statement must be set");
        assert_eq!(message(&["--predicate=p", "--rekor-entry-type=x", "x"]), "unknown value for rekor-entry-type");
    }
}
