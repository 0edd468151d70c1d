//! Which images a Dockerfile or a Kubernetes manifest names: for `dockerfile verify` and `manifest verify`.

mod dockerfile;
mod kubernetes;
mod variables;
mod yaml;

use std::path::Path;

use super::files;
use crate::ambient::Context;
use crate::encoding::{PathError, text};

pub use dockerfile::DockerfileError;
pub use kubernetes::ManifestError;

/// Why there are no images to verify. The texts are cosign's.
#[derive(Debug, thiserror::Error)]
pub enum NamedImagesError {
    /// The Dockerfile cannot be read.
    #[error("could not open Dockerfile: {0}")]
    OpenDockerfile(PathError),
    /// An instruction of the Dockerfile is incomplete.
    #[error("failed extracting images from Dockerfile: {0}")]
    Dockerfile(#[from] DockerfileError),
    /// The Dockerfile names no image.
    #[error("no images found in Dockerfile")]
    NoneInDockerfile,
    /// The manifest's name ends in something else.
    #[error("check if extension is valid: only [.yaml .yml] manifests are supported at this time")]
    Extension,
    /// The manifest cannot be read.
    #[error("could not read manifest: {0}")]
    ReadManifest(PathError),
    /// The manifest is not understood.
    #[error("unable to extract the container image references in the manifest unable to decode the manifest: {0}")]
    Manifest(#[from] ManifestError),
    /// The manifest names no image.
    #[error("no images found in manifest")]
    NoneInManifest,
}

/// The images that a Dockerfile is built from, in their order; with `base_only` that of the last `FROM` that names one.
///
/// # Errors
/// [`NamedImagesError`].
pub fn of_dockerfile(path: &Path, base_only: bool, context: &Context) -> Result<Vec<String>, NamedImagesError> {
    let bytes = files::read(path).map_err(NamedImagesError::OpenDockerfile)?;
    let found = dockerfile::read(&String::from_utf8_lossy(&bytes), &|name| context.env.var(name))?;
    found.notes.iter().for_each(|note| context.ui.status(note));
    let mut images: Vec<String> = match base_only {
        false => found.images.into_iter().map(|image| image.name).collect(),
        true => found.images.into_iter().filter(|image| image.is_base).map(|image| image.name).collect(),
    };
    if base_only && images.len() > 1 {
        images.drain(..images.len() - 1);
    }
    tell(images, context).ok_or(NamedImagesError::NoneInDockerfile)
}

/// The images of the containers in a Kubernetes manifest, in their order.
///
/// # Errors
/// [`NamedImagesError`].
pub fn of_manifest(path: &Path, context: &Context) -> Result<Vec<String>, NamedImagesError> {
    let name = path.to_string_lossy().trim_end().to_ascii_lowercase();
    if !name.ends_with(".yaml") && !name.ends_with(".yml") {
        return Err(NamedImagesError::Extension);
    }
    let bytes = files::read(path).map_err(NamedImagesError::ReadManifest)?;
    tell(kubernetes::images(&String::from_utf8_lossy(&bytes))?, context).ok_or(NamedImagesError::NoneInManifest)
}

fn tell(images: Vec<String>, context: &Context) -> Option<Vec<String>> {
    if images.is_empty() {
        return None;
    }
    let shown: Vec<String> = images.iter().map(|image| text::quote(image)).collect();
    context.ui.status(&format!("Extracted image(s): {}", shown.join(", ")));
    Some(images)
}
