//! `cosign bundle create`.

use super::{Action, Runnable, Spec, write_document};
use crate::ambient::Context;
use crate::cli::args::BundleCreateArgs;
use crate::cli::error::{CommandError, NotSupportedYet};
use crate::cli::resolve::{given, given_path};
use crate::cli::runtime::block_on;
use crate::keys::KeyRef;
use crate::operations::create_bundle::{CreateBundle, create_bundle};
use crate::operations::fetch_url::HttpFetch;

/// `bundle create` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "bundle create",
    about: "Make a bundle of the parts of an older signature",
    long: "Makes a bundle of a detached signature, or of a bundle in the JSON of version 2, and what goes with it. The signature is \
        checked with the given key or certificate.",
    usage: "[flags]",
    examples: "\
  # of a bundle in the older form
  cosign bundle create --bundle release.bundle --artifact release.tar.gz --key cosign.pub --ignore-tlog --out release.sigstore.json

  # of a detached signature
  cosign bundle create --signature release.sig --artifact release.tar.gz --key cosign.pub --ignore-tlog --out release.sigstore.json",
    exclusive: &[&["bundle", "certificate"], &["bundle", "signature"]],
    action: Action::of::<BundleCreateArgs>(),
    ..Spec::DEFAULT
};

/// A rule of the flags of `bundle create` that is broken. The texts are cosign's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleCreateFlagsError {
    /// No file.
    #[error("must supply --artifact")]
    NoArtifact,
    /// No signature.
    #[error("must at least supply signature via --bundle or --signature")]
    NoSignature,
}

impl Runnable for BundleCreateArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        block_on(context, run(self, context))
    }
}

async fn run(args: BundleCreateArgs, context: &Context) -> Result<(), CommandError> {
    if args.artifact.is_empty() {
        return Err(BundleCreateFlagsError::NoArtifact.into());
    }
    if args.bundle.is_empty() && args.signature.is_empty() {
        return Err(BundleCreateFlagsError::NoSignature.into());
    }
    if args.security_key && args.key.is_empty() {
        return Err(NotSupportedYet(format!("the public key of a hardware token (--sk, slot {})", args.slot)).into());
    }
    let request = CreateBundle {
        artifact: args.artifact,
        bundle: given_path(&args.bundle),
        signature: given_path(&args.signature),
        attestation: given_path(&args.attestation),
        certificate: given_path(&args.certificate),
        timestamp: given_path(&args.rfc3161_timestamp),
        key: given(&args.key).map(KeyRef::parse),
        log: (!args.ignore_tlog).then_some(args.rekor_url),
    };
    let json = create_bundle(&request, &HttpFetch::new(context), context).await?;
    write_document(&args.out, json, context)
}
