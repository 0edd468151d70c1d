//! `cosign manifest`.

use std::path::Path;

use super::{Action, Runnable, Spec, Words, verify};
use crate::ambient::Context;
use crate::cli::args::{Given, ManifestVerifyArgs};
use crate::cli::error::CommandError;
use crate::operations::named_images;

/// `manifest` in the table of commands.
pub static GROUP: Spec = Spec {
    path: "manifest",
    about: "Verify the images that a Kubernetes manifest names",
    long: "Finds the images of a Kubernetes manifest and verifies them.",
    usage: "[command]",
    notice: Some(
        "manifest will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use `cosign verify` for each image in your Kubernetes manifest",
    ),
    ..Spec::DEFAULT
};

/// `manifest verify` in the table of commands.
pub static VERIFY: Spec = Spec {
    path: "manifest verify",
    about: "Verify the signatures of the images in a Kubernetes manifest",
    long: "Verifies, as `cosign verify` does, the image of each container in a file of Kubernetes objects: pods, deployments, jobs, lists of them and so on.",
    usage: "[flags] FILE",
    examples: "  cosign manifest verify --key cosign.pub deployment.yaml",
    words: Words::Exactly(1),
    env: true,
    exclusive: verify::SPEC.exclusive,
    action: Action::of::<ManifestVerifyArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for ManifestVerifyArgs {
    fn note_given(&mut self, given: Given) {
        self.verify.note_given(given);
    }

    fn run(mut self, context: &Context) -> Result<(), CommandError> {
        verify::check_before_files(&self.verify)?;
        let file = self.verify.images.first().cloned().unwrap_or_default();
        self.verify.images = named_images::of_manifest(Path::new(&file), context)?;
        verify::verify(self.verify, context)
    }
}
