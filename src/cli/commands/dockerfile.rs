//! `cosign dockerfile`.

use std::path::Path;

use super::{Action, Runnable, Spec, Words, verify};
use crate::ambient::Context;
use crate::cli::args::{DockerfileVerifyArgs, Given};
use crate::cli::error::CommandError;
use crate::operations::named_images;

/// `dockerfile` in the table of commands.
pub static GROUP: Spec = Spec {
    path: "dockerfile",
    about: "Verify the images that a Dockerfile names",
    long: "Finds the images of a Dockerfile and verifies them.",
    usage: "[command]",
    notice: Some(
        "dockerfile will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). Instead, please use `cosign verify` for each image in your Dockerfile",
    ),
    ..Spec::DEFAULT
};

/// `dockerfile verify` in the table of commands.
pub static VERIFY: Spec = Spec {
    path: "dockerfile verify",
    about: "Verify the signatures of the images in a Dockerfile",
    long: "Verifies, as `cosign verify` does, each image that FROM and COPY --from name, stages and scratch left out. Variables come from ARG and ENV, \
        else from the environment.",
    usage: "[flags] FILE",
    examples: "\
  cosign dockerfile verify --key cosign.pub Dockerfile

  # only the image that the last stage is built from
  cosign dockerfile verify --base-image-only --key cosign.pub Dockerfile",
    words: Words::Exactly(1),
    env: true,
    exclusive: verify::SPEC.exclusive,
    action: Action::of::<DockerfileVerifyArgs>(),
    ..Spec::DEFAULT
};

impl Runnable for DockerfileVerifyArgs {
    fn note_given(&mut self, given: Given) {
        self.verify.note_given(given);
    }

    fn run(mut self, context: &Context) -> Result<(), CommandError> {
        verify::check_before_files(&self.verify)?;
        let file = self.verify.images.first().cloned().unwrap_or_default();
        self.verify.images = named_images::of_dockerfile(Path::new(&file), self.base_image_only, context)?;
        verify::verify(self.verify, context)
    }
}
