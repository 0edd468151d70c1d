//! `cosign sign`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::{Context, Ui};
use crate::cli::args::{DEFAULT_FULCIO_URL, DEFAULT_OIDC_ISSUER, DEFAULT_REKOR_URL, KeyFlagsError, SignArgs, SignerArgs};
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::operations::fetch_url::HttpFetch;
use crate::operations::sign_image::sign_images;

/// `sign` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "sign",
    about: "Sign container images",
    long: "Signs container images and stores the signatures beside them in the registry.\n\n\
        Name an image by its digest (@sha256:...) rather than by a tag: a tag may be moved to another image between the moment \
        you look at it and the moment you sign it.",
    usage: "[flags] IMAGE...",
    examples: "\
  # sign with a key file, without the public services
  cosign sign --key cosign.key --use-signing-config=false --tlog-upload=false registry.example.com/app@sha256:...

  # sign with your identity: opens a browser, or takes the token of the CI job
  cosign sign registry.example.com/app@sha256:...

  # sign a multi-platform image and each image in it
  cosign sign --key cosign.key --recursive registry.example.com/app@sha256:...

  # sign with annotations
  cosign sign --key cosign.key -a commit=1234abc -a builder=ci registry.example.com/app@sha256:...

  # take the key from an environment variable, or from a key management service
  cosign sign --key env://SIGNING_KEY registry.example.com/app@sha256:...
  cosign sign --key awskms:///alias/release registry.example.com/app@sha256:...

  # sign an image in an OCI layout directory
  cosign sign --key cosign.key oci:./layout:v1",
    words: Words::AtLeast(1),
    env: true,
    deadline: true,
    exclusive: &[&["use-signing-config", "signing-config"]],
    action: Action::of::<SignArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for SignArgs {
    fn check_early(&self) -> Result<(), CommandError> {
        let output = &self.output;
        let writes = [&output.bundle, &output.output_signature, &output.output_payload, &output.output_certificate];
        if self.signer.signing_config.new_bundle_format && !self.upload && writes.iter().all(|path| path.is_empty()) {
            return Err(SignFlagsError::NowhereToStore.into());
        }
        Ok(())
    }

    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

/// A rule between the flags of `sign` that is broken. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum SignFlagsError {
    /// The bundle is stored neither in the registry nor in a file.
    #[error("must enable upload to the OCI registry or specify a local --bundle path with --new-bundle-format")]
    NowhereToStore,
    /// `--attachment` with an unknown kind.
    #[error("specified image attachment {0} not specified. Can be 'sbom'")]
    Attachment(String),
    /// A signing config and the URL of a service.
    #[error("cannot specify service URLs and use signing config")]
    ServiceUrls,
    /// A signing config and no log.
    #[error(
        "--tlog-upload=false is not supported with --signing-config or --use-signing-config. Provide a signing config with --signing-config without a transparency log service, which can be created with `cosign signing-config create` or `curl https://raw.githubusercontent.com/sigstore/root-signing/refs/heads/main/targets/signing_config.v0.2.json | jq 'del(.rekorTlogUrls)'` for the public instance"
    )]
    NoLog,
    /// A signing config and the older form of signatures.
    #[error("must provide --new-bundle-format or --bundle where applicable with --signing-config or --use-signing-config")]
    OldFormat,
    /// A key from two places.
    #[error("signing [{images}]: {source}")]
    Key {
        /// The images, with blanks between.
        images: String,
        /// The rule.
        source: KeyFlagsError,
    },
}

/// The rules of `sign` that come once it runs, in cosign's order, before anything is read or asked for.
///
/// # Errors
/// One is broken.
fn check(args: &SignArgs, ui: &dyn Ui) -> Result<(), CommandError> {
    match args.attachment.as_str() {
        "" => {}
        "sbom" => ui.warn(super::SBOM_NOTICE),
        other => return Err(SignFlagsError::Attachment(other.to_owned()).into()),
    }
    check_services(&args.signer, &args.output.bundle)?;
    args.signer.at_most_one_key().map_err(|source| SignFlagsError::Key { images: args.images.join(" "), source })?;
    Ok(())
}

/// The client secret can be read, and nothing is combined with a named signing config that cannot be. The default one gives way
/// to flags (see `docs/differences.md`). `bundle` is `--bundle`.
///
/// # Errors
/// [`SignFlagsError`], or the secret cannot be read.
pub(super) fn check_services(signer: &SignerArgs, bundle: &str) -> Result<(), CommandError> {
    let SignerArgs { signing_config: services, fulcio, oidc, timestamp, .. } = signer;
    oidc.client_secret()?;
    if services.signing_config.is_empty() {
        return Ok(());
    }
    let by_hand = |url: &str, default: &str| !url.is_empty() && url != default;
    if by_hand(&services.rekor_url, DEFAULT_REKOR_URL)
        || by_hand(&fulcio.fulcio_url, DEFAULT_FULCIO_URL)
        || by_hand(&oidc.oidc_issuer, DEFAULT_OIDC_ISSUER)
        || by_hand(&timestamp.timestamp_server_url, "")
    {
        return Err(SignFlagsError::ServiceUrls.into());
    }
    if !services.tlog_upload {
        return Err(SignFlagsError::NoLog.into());
    }
    if !services.new_bundle_format && bundle.is_empty() {
        return Err(SignFlagsError::OldFormat.into());
    }
    Ok(())
}

async fn run(args: SignArgs, context: &Context) -> Result<(), CommandError> {
    check(&args, &*context.ui)?;
    let request = resolve::sign::resolve(&args, context)?;
    let registries = resolve::registry::registries(&args.registry, context)?;
    let images = args.images.join(" ");
    let prefix = match args.attachment.as_str() {
        "" => format!("signing [{images}]"),
        attachment => format!("signing attachment {attachment} for image [{images}]"),
    };
    sign_images(&request, &registries, &HttpFetch::new(context), context)
        .await
        .map_err(|error| CommandError::from(error).with_prefix(prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::commands::spec::args_of;
    use crate::cli::terminal::Terminal;

    fn message(words: &[&str]) -> String {
        let args: SignArgs = args_of(&SPEC, words);
        let checked = args.check_early().and_then(|()| check(&args, &Terminal::default()));
        checked.map_or_else(|error| error.message(), |()| String::new())
    }

    #[test]
    fn a_bundle_is_stored_somewhere() {
        assert!(message(&["--upload=false", "x"]).starts_with("must enable upload to the OCI registry or specify a local --bundle path"));
        for elsewhere in ["--bundle=b", "--output-signature=s", "--new-bundle-format=false"] {
            assert_eq!(message(&["--upload=false", elsewhere, "x"]), "");
        }
    }

    #[test]
    fn a_named_signing_config_excludes_services_by_hand() {
        assert_eq!(message(&["--signing-config=f", "x"]), "");
        for url in ["--rekor-url=u", "--fulcio-url=u", "--oidc-issuer=u", "--timestamp-server-url=u"] {
            assert_eq!(message(&["--signing-config=f", url, "x"]), "cannot specify service URLs and use signing config");
            assert_eq!(message(&[url, "x"]), "", "the default config gives way");
        }
        assert!(message(&["--signing-config=f", "--tlog-upload=false", "x"]).starts_with("--tlog-upload=false is not supported with"));
        assert!(
            message(&["--signing-config=f", "--new-bundle-format=false", "x"]).starts_with("must provide --new-bundle-format or --bundle")
        );
        assert_eq!(message(&["--signing-config=f", "--new-bundle-format=false", "--bundle=b", "x"]), "");
        assert_eq!(message(&["--tlog-upload=false", "x"]), "");
    }

    #[test]
    fn other_rules() {
        assert_eq!(message(&["--attachment=foo", "x"]), "specified image attachment foo not specified. Can be 'sbom'");
        assert_eq!(
            message(&["--key=k", "--sk", "a", "b"]),
            "signing [a b]: exactly one of: key reference (--key), or hardware token (--sk) must be provided"
        );
        assert_eq!(
            message(&["--oidc-client-secret-file=/nonexistent/f", "x"]),
            "reading OIDC client secret: open /nonexistent/f: no such file or directory"
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let args: SignArgs = args_of(&SPEC, &["--registry-password=hunter2", "--registry-token=hunter2", "--identity-token=hunter2", "x"]);
        assert!(!format!("{args:?}").contains("hunter2"));
    }
}
