//! `cosign verify-blob`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Ui};
use crate::cli::args::{Given, VerifyBlobArgs};
use crate::cli::commands::verify::check_digest_algorithm;
use crate::cli::error::CommandError;
use crate::cli::render::verified_blob::{self, Format};
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::verify_blob::verify_blob;

/// `verify-blob` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "verify-blob",
    about: "Verify the signature of a file",
    long: "Verifies that a file carries a signature that satisfies all that is asked for: a key, or an identity with its issuer; \
        an entry in a transparency log. The signature comes in a bundle, or detached, as older releases wrote it.\n\n\
        In place of the file its digest will do: sha256:HEX.\n\n\
        Exit codes: 0 verified, 1 anything else.",
    usage: "[flags] FILE",
    examples: "\
  # verify with a public key a signature that is in no log
  cosign verify-blob --key cosign.pub --insecure-ignore-tlog --bundle release.tar.gz.sigstore.json release.tar.gz

  # verify who signed: a CI workflow
  cosign verify-blob --bundle release.tar.gz.sigstore.json \\
    --certificate-identity https://github.com/org/app/.github/workflows/release.yml@refs/heads/main \\
    --certificate-oidc-issuer https://token.actions.githubusercontent.com release.tar.gz

  # the same without any network
  cosign verify-blob --bundle release.tar.gz.sigstore.json --trusted-root trusted_root.json \\
    --certificate-identity me@example.com --certificate-oidc-issuer https://accounts.google.com release.tar.gz

  # verify a detached signature
  cosign verify-blob --key cosign.pub --insecure-ignore-tlog --signature release.sig release.tar.gz",
    words: Words::Exactly(1),
    env: true,
    deadline: true,
    exclusive: &[&["ca-roots", "certificate-chain"], &["ca-intermediates", "certificate-chain"]],
    action: Action::of::<VerifyBlobArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for VerifyBlobArgs {
    fn note_given(&mut self, given: Given) {
        self.verifier.given = given;
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

/// A rule of the flags of `verify-blob` that is broken. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum VerifyBlobFlagsError {
    /// Nothing that tells who signed.
    #[error("provide a key with --key or --sk, a certificate to verify against with --certificate, or a bundle with --bundle")]
    Nothing,
    /// More than one that does.
    #[error("exactly one of: key reference (--key), certificate (--cert) or hardware token (--sk) must be provided")]
    SeveralKeys,
    /// `--output` names none.
    #[error("unknown output format {0:?}: text or json")]
    Output(String),
}

/// The rules of `verify-blob`, in cosign's order.
///
/// # Errors
/// One is broken.
fn check(args: &VerifyBlobArgs, ui: &dyn Ui) -> Result<Format, CommandError> {
    let verifier = &args.verifier;
    let format = match args.output.as_str() {
        "text" | "" => Format::Text,
        "json" => Format::Json,
        other => return Err(VerifyBlobFlagsError::Output(other.to_owned()).into()),
    };
    check_digest_algorithm(&verifier.signature_digest.signature_digest_algorithm)?;
    if let Some(warning) = verifier.common.tlog_warning("blob") {
        ui.warn(&warning);
    }
    let sk = verifier.security_key.security_key;
    let keys = usize::from(!verifier.key.is_empty()) + usize::from(sk) + usize::from(!verifier.certificate.certificate.is_empty());
    if keys == 0 && args.bundle.is_empty() {
        return Err(VerifyBlobFlagsError::Nothing.into());
    }
    verifier.certificate.identity.at_most_one(&verifier.key)?;
    if keys > 1 {
        return Err(VerifyBlobFlagsError::SeveralKeys.into());
    }
    verifier.check_signer()?;
    Ok(format)
}

async fn run(args: VerifyBlobArgs, context: &Context) -> Result<(), CommandError> {
    let format = check(&args, &*context.ui)?;
    let urls = HttpFetch::new(context);
    let request = resolve::verify_blob::resolve(&args, &urls, context).await?;
    let verified = verify_blob(&request, &urls, context).await?;
    Ok(verified_blob::print(&*context.ui, &verified, format)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::commands::spec::args_of;
    use crate::cli::terminal::Terminal;

    fn message(words: &[&str]) -> String {
        let args: VerifyBlobArgs = args_of(&SPEC, words);
        check(&args, &Terminal::default()).map_or_else(|error| error.message(), |_| String::new())
    }

    #[test]
    fn rules_in_cosigns_order() {
        assert!(message(&["x"]).starts_with("provide a key with --key or --sk"));
        assert!(message(&["--key=k", "--certificate=c", "x"]).starts_with("exactly one of: key reference (--key), certificate (--cert)"));
        assert!(
            message(&["--key=k", "--certificate-identity=i", "x"])
                .starts_with("exactly one of: key reference (--key) or certificate identity")
        );
        assert!(message(&["--bundle=b", "x"]).starts_with("--certificate-identity or --certificate-identity-regexp is required"));
        assert_eq!(message(&["--key=k", "--signature-digest-algorithm=md5", "x"]), "unknown digest algorithm: md5");
        assert_eq!(message(&["--key=k", "--output=xml", "x"]), "unknown output format \"xml\": text or json");
        assert_eq!(message(&["--key=k", "--max-workers=0", "x"]), "");
    }
}
