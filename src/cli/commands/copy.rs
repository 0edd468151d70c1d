//! `cosign copy`.

use super::{Action, Runnable, Spec, Words};
use crate::ambient::Context;
use crate::cli::args::CopyArgs;
use crate::cli::error::CommandError;
use crate::cli::resolve;
use crate::cli::runtime::block_on;
use crate::cli::usage_error::UsageError;
use crate::entity::collected::Wanted;
use crate::operations::copy_image::{self, CopyImage};

/// `copy` in the table of commands.
pub static SPEC: Spec = Spec {
    path: "copy",
    about: "Copy an image with its signatures and whatever else is attached to it",
    long: "Copies an image, or all images of an index, with signatures, attestations, SBOMs, bundles and all other referrers into another \
        repository. What is there already is not sent again; a tag that points to something else is left alone, unless --force says otherwise.",
    usage: "[flags] SOURCE DESTINATION",
    examples: "\
  # copy an image and everything attached to it
  cosign copy registry.example.com/app:v1 mirror.example.com/app:v1

  # copy its signatures and attestations only
  cosign copy --only=sig,att registry.example.com/app:v1 mirror.example.com/app:v1

  # copy the image for one platform
  cosign copy --platform=linux/amd64 registry.example.com/app:v1 mirror.example.com/app:v1

  # into an OCI layout directory
  cosign copy registry.example.com/app:v1 oci:./app:v1",
    notice: Some(
        "there are several options you can use instead:\n  - \"oras copy -r\" will copy images and referring artifacts\n  - \"cosign save\" to write to disk, followed by \"cosign load\" for a new registry\n  - \"cosign download\" followed by \"cosign attach\" to just copy the bundle",
    ),
    words: Words::Exactly(2),
    env: true,
    action: Action::of::<CopyArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for CopyArgs {
    fn run(self, context: &Context) -> Result<(), CommandError> {
        let [source, destination] = self.words.as_slice() else {
            return Err(UsageError::NotExactly { wanted: 2, received: self.words.len() }.into());
        };
        if self.sig_only {
            context.ui.status("--sig-only is deprecated, use --only=sig instead");
        }
        let request = CopyImage {
            source: source.clone(),
            destination: destination.clone(),
            only: only(&self.only, self.sig_only)?,
            platform: resolve::given(&self.platform).map(str::to_owned),
            force: self.force,
            place: resolve::registry::place(&self.registry, context)?,
        };
        block_on(context, run(request, self, context))
    }
}

async fn run(request: CopyImage, args: CopyArgs, context: &Context) -> Result<(), CommandError> {
    let registries = resolve::registry::registries(&args.registry, context)?;
    Ok(copy_image::copy(&request, &registries, context).await?)
}

/// `--only` names something that is not attached to images. The text is cosign's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid value for --only: {0}, only the following values are supported: [sig sbom att]")]
pub struct UnknownKind(String);

/// What `--only` and `--sig-only` leave; `None` for everything.
fn only(kinds: &[String], sig_only: bool) -> Result<Option<Wanted>, UnknownKind> {
    if let Some(unknown) = kinds.iter().find(|kind| !matches!(kind.as_str(), "sig" | "sbom" | "att")) {
        return Err(UnknownKind(unknown.clone()));
    }
    let has = |name: &str| kinds.iter().any(|kind| kind == name);
    let wanted = Wanted { signatures: sig_only || has("sig"), attestations: has("att"), sboms: has("sbom"), others: false };
    Ok((sig_only || !kinds.is_empty()).then_some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let only = |kinds: &[&str], sig_only| only(&kinds.iter().map(|&kind| kind.to_owned()).collect::<Vec<_>>(), sig_only);
        let nothing = Wanted { signatures: false, attestations: false, sboms: false, others: false };
        assert_eq!(only(&[], false), Ok(None));
        assert_eq!(only(&[], true), Ok(Some(Wanted { signatures: true, ..nothing })));
        assert_eq!(only(&["att", "sbom"], false), Ok(Some(Wanted { attestations: true, sboms: true, ..nothing })));
        assert_eq!(only(&["sig", "foo"], true), Err(UnknownKind("foo".to_owned())));
    }
}
