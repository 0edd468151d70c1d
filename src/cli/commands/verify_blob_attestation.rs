//! `cosign verify-blob-attestation`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Ui};
use crate::cli::args::{Given, VerifyBlobAttestationArgs};
use crate::cli::commands::verify::check_digest_algorithm;
use crate::cli::error::CommandError;
use crate::cli::render::verified_blob::{self, Format};
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::verify_blob_attestation::verify_blob_attestation;

/// `verify-blob-attestation` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "verify-blob-attestation",
    about: "Verify the attestation of a file",
    long: "Verifies that an attestation is signed as is asked for, is about a file, and has the given predicate type.\n\n\
        Exit codes: 0 verified, 1 anything else.",
    usage: "[flags] [FILE]",
    examples: "\
  # verify with a public key an attestation that is in no log
  cosign verify-blob-attestation --key cosign.pub --insecure-ignore-tlog --type slsaprovenance1 --bundle release.sigstore.json release.tar.gz

  # verify who signed
  cosign verify-blob-attestation --bundle release.sigstore.json --type slsaprovenance1 \\
    --certificate-identity me@example.com --certificate-oidc-issuer https://accounts.google.com release.tar.gz

  # the file is elsewhere, its digest is known
  cosign verify-blob-attestation --key cosign.pub --bundle release.sigstore.json --digest 5891b5b5... --digestAlg sha256",
    words: Words::AtMost(1),
    env: true,
    deadline: true,
    exclusive: &[&["ca-roots", "certificate-chain"], &["ca-intermediates", "certificate-chain"]],
    action: Action::of::<VerifyBlobAttestationArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for VerifyBlobAttestationArgs {
    fn note_given(&mut self, given: Given) {
        self.verifier.given = given;
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

/// A rule of the flags of `verify-blob-attestation` that is broken. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobAttestationFlagsError {
    /// Neither a file nor its digest.
    #[error("must provide path to blob or digest and digestAlg; run `cosign verify-blob-attestation -h` for more help")]
    NoSubject,
    /// No attestation.
    #[error("please specify path to the DSSE envelope signature via --signature or --bundle")]
    NoAttestation,
    /// Nothing that tells who signed.
    #[error("provide a key with --key or --sk, a certificate to verify against with --certificate, or a bundle with --bundle")]
    Nobody,
}

/// The rules, in cosign's order.
///
/// # Errors
/// One is broken.
fn check(args: &VerifyBlobAttestationArgs, ui: &dyn Ui) -> Result<(), CommandError> {
    let verifier = &args.verifier;
    check_digest_algorithm(&verifier.signature_digest.signature_digest_algorithm)?;
    if args.check_claims && args.words.is_empty() && (args.digest.is_empty() || args.digest_algorithm.is_empty()) {
        return Err(BlobAttestationFlagsError::NoSubject.into());
    }
    if let Some(warning) = verifier.common.tlog_warning("blob attestation") {
        ui.warn(&warning);
    }
    if args.signature.is_empty() && args.bundle.is_empty() {
        return Err(BlobAttestationFlagsError::NoAttestation.into());
    }
    let sk = verifier.security_key.security_key;
    if verifier.key.is_empty() && verifier.certificate.certificate.is_empty() && !sk && args.bundle.is_empty() {
        return Err(BlobAttestationFlagsError::Nobody.into());
    }
    verifier.certificate.identity.at_most_one(&verifier.key)?;
    verifier.security_key.at_most_one_key(&verifier.key)?;
    verifier.check_signer()?;
    Ok(())
}

async fn run(args: VerifyBlobAttestationArgs, context: &Context) -> Result<(), CommandError> {
    check(&args, &*context.ui)?;
    let urls = HttpFetch::new(context);
    let request = resolve::verify_attestation::blob(&args, &urls, context).await?;
    let verified = verify_blob_attestation(request, &urls, context).await?;
    Ok(verified_blob::print(&*context.ui, &verified, Format::Text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::spec::args_of;
    use crate::cli::terminal::Terminal;

    #[test]
    fn rules_in_cosigns_order() {
        let message = |words: &[&str]| {
            let args: VerifyBlobAttestationArgs = args_of(&SPEC, words);
            check(&args, &Terminal::default()).map_or_else(|error| error.message(), |()| String::new())
        };
        assert!(message(&["--key=k", "--bundle=b"]).starts_with("must provide path to blob or digest and digestAlg"));
        assert_eq!(message(&["--key=k", "--bundle=b", "--check-claims=false"]), "");
        assert_eq!(message(&["--key=k", "--bundle=b", "--digest=00", "--digestAlg=sha256"]), "");
        assert!(message(&["--key=k", "x"]).starts_with("please specify path to the DSSE envelope"));
        assert!(message(&["--signature=s", "x"]).starts_with("provide a key with --key or --sk"));
        assert!(message(&["--bundle=b", "x"]).starts_with("--certificate-identity or --certificate-identity-regexp is required"));
        assert!(message(&["--bundle=b", "--key=k", "--certificate-identity=i", "x"]).starts_with("exactly one of: key reference"));
    }
}
