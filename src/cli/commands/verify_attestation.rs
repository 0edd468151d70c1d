//! `cosign verify-attestation`.

use super::verify::{VerifyFlagsError, check_digest_algorithm, command_error};
use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Ui};
use crate::cli::args::{Given, VerifyAttestationArgs};
use crate::cli::error::CommandError;
use crate::cli::render::verified_image::{self, Format};
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::policies::{Language, PolicyError};
use crate::operations::verify_image::verify_images;

/// `verify-attestation` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "verify-attestation",
    about: "Verify the attestations of container images",
    long: "Verifies that each image carries an attestation of the given predicate type that satisfies all that is asked for: a key, or an \
        identity with its issuer; an entry in a transparency log. Each attestation is printed as one line of JSON: the signed envelope.\n\n\
        Exit codes: 0 verified, 10 no attestation, 11 no such tag, 12 attestations but none that passes, 1 anything else.",
    usage: "[flags] IMAGE...",
    examples: "\
  # verify an SBOM with a public key
  cosign verify-attestation --key cosign.pub --insecure-ignore-tlog --type spdxjson registry.example.com/app:v1

  # verify who signed, and take the predicate out
  cosign verify-attestation --type slsaprovenance1 --certificate-identity me@example.com \\
    --certificate-oidc-issuer https://accounts.google.com registry.example.com/app:v1 | jq -r .payload | base64 -d | jq .predicate

  # verify an image in a directory that cosign save wrote, or in an OCI layout
  cosign verify-attestation --key cosign.pub --insecure-ignore-tlog --local-image ./saved
  cosign verify-attestation --key cosign.pub --insecure-ignore-tlog oci:./layout:v1",
    words: Words::AtLeast(1),
    env: true,
    deadline: true,
    exclusive: &[&["ca-roots", "certificate-chain"], &["ca-intermediates", "certificate-chain"]],
    action: Action::of::<VerifyAttestationArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for VerifyAttestationArgs {
    fn note_given(&mut self, given: Given) {
        self.verifier.given = given;
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

/// Each policy is in a language that is known.
fn check_policies(policies: &[String]) -> Result<(), PolicyError> {
    policies.iter().try_for_each(|policy| Language::of(policy).map(drop))
}

/// The rules, in cosign's order.
///
/// # Errors
/// One is broken.
fn check(args: &VerifyAttestationArgs, ui: &dyn Ui) -> Result<(), CommandError> {
    let verifier = &args.verifier;
    check_digest_algorithm(&verifier.signature_digest.signature_digest_algorithm)?;
    if verifier.common.max_workers <= 0 {
        return Err(VerifyFlagsError::MaxWorkers.into());
    }
    if let Some(warning) = verifier.common.tlog_warning("attestation") {
        ui.warn(&warning);
    }
    verifier.certificate.identity.at_most_one(&verifier.key)?;
    verifier.security_key.at_most_one_key(&verifier.key)?;
    verifier.check_signer()?;
    Ok(check_policies(&args.policy)?)
}

async fn run(args: VerifyAttestationArgs, context: &Context) -> Result<(), CommandError> {
    check(&args, &*context.ui)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    let request = resolve::verify_attestation::images(&args, &HttpFetch::new(context), context).await?;
    // Attestations are JSON already, one a line: --output changes nothing, as in cosign.
    let mut emit = |image| verified_image::print(&*context.ui, &image, Format::Text);
    verify_images(&request, &registries, context, &mut emit).await.map_err(command_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::spec::args_of;
    use crate::cli::terminal::Terminal;

    #[test]
    fn rules_in_cosigns_order() {
        let message = |words: &[&str]| {
            let args: VerifyAttestationArgs = args_of(&SPEC, words);
            check(&args, &Terminal::default()).map_or_else(|error| error.message(), |()| String::new())
        };
        assert_eq!(message(&["--key=k", "x"]), "");
        assert!(message(&["x"]).starts_with("--certificate-identity or --certificate-identity-regexp is required"));
        assert!(message(&["--key=k", "--certificate-identity=i", "x"]).starts_with("exactly one of: key reference (--key) or certificate"));
        assert!(message(&["--key=k", "--max-workers=0", "x"]).starts_with("please set the --max-worker flag"));
        assert_eq!(message(&["--key=k", "--policy=p.txt", "x"]), "invalid policy format, expected .cue or .rego");
        assert_eq!(message(&["--key=k", "--policy=p.cue", "--policy=a.b/p.rego", "x"]), "");
    }
}
