//! `cosign triangulate`.

use super::{Action, Runnable, Spec};
use crate::ambient::Context;
use crate::cli::args::TriangulateArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::cli::usage_error::UsageError;
use crate::operations::triangulate::{Wanted, triangulate};
use crate::registry::tag_scheme::Attachment;

/// `triangulate` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "triangulate",
    about: "Show under which tag signatures of an image are stored",
    long: "Prints the reference under which the older form of signatures (or attestations, SBOMs) of an image is stored. \
        Whether there is anything is not checked.",
    usage: "[flags] IMAGE",
    examples: "  cosign triangulate registry.example.com/app:v1",
    notice: Some(
        "triangulate will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use `oras discover` or `cosign tree` to show referring artifacts",
    ),
    env: true,
    action: Action::of::<TriangulateArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for TriangulateArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let [image] = self.words.as_slice() else { return Err(UsageError::HelpRequested.into()) };
        let image = image.clone();
        block_on(context, run(image, self, context))
    }
}

async fn run(image: String, args: TriangulateArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = match args.attachment_type.as_str() {
        "signature" => Wanted::Attachment(Attachment::Signature),
        "attestation" => Wanted::Attachment(Attachment::Attestation),
        "sbom" => Wanted::Attachment(Attachment::Sbom),
        "digest" => Wanted::Digest,
        other => return Err(UnknownAttachment(other.to_owned()).into()),
    };
    if wanted == Wanted::Attachment(Attachment::Sbom) {
        context.ui.warn(super::SBOM_NOTICE);
    }
    let registries = resolve::registry::registries(&args.registry, context)?;
    let place = resolve::registry::place(&args.registry, context)?;
    let found = triangulate(&image, wanted, &place, &registries).await?;
    Ok(context.ui.result(format!("{found}\n").as_bytes())?)
}

/// `--type` names nothing that is attached to images. The text is cosign's.
#[derive(Debug, thiserror::Error)]
#[error("unknown attachment type {0}")]
pub struct UnknownAttachment(String);
