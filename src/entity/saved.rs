//! An image that `cosign save` wrote: an OCI layout directory whose index says which manifest is the image and which its older signatures.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::format::oci::{Descriptor, Index};

/// The annotation of `index.json` entries that says what each is.
const KIND: &str = "kind";
const IMAGE: &str = "dev.cosignproject.cosign/image";
const IMAGE_INDEX: &str = "dev.cosignproject.cosign/imageIndex";
const SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
const ATTESTATIONS: &str = "dev.cosignproject.cosign/atts";
/// The largest `index.json` that is read, in bytes.
const MAX_INDEX: u64 = 4 << 20;

/// What an entry of a saved directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedKind {
    /// An image.
    Image,
    /// An image index.
    ImageIndex,
    /// The older signatures of the image.
    Signatures,
    /// The older attestations of the image.
    Attestations,
}

impl SavedKind {
    /// The value of the annotation.
    fn value(self) -> &'static str {
        match self {
            Self::Image => IMAGE,
            Self::ImageIndex => IMAGE_INDEX,
            Self::Signatures => SIGNATURES,
            Self::Attestations => ATTESTATIONS,
        }
    }

    /// Notes it in an entry.
    pub fn note(self, entry: &mut Descriptor) {
        entry.annotations.get_or_insert_default().insert(KIND.to_owned(), self.value().to_owned());
    }
}

/// What a saved directory holds.
#[derive(Debug, Clone)]
pub struct SavedImage {
    /// The image or image index.
    pub image: Descriptor,
    /// The image of its older signatures.
    pub signatures: Option<Descriptor>,
    /// The image of its older attestations.
    pub attestations: Option<Descriptor>,
}

/// Why a directory is no saved image.
#[derive(Debug, thiserror::Error)]
pub enum SavedImageError {
    /// `index.json` cannot be read.
    #[error("loading OCI layout from {}: stat {}/index.json: {reason}", .directory.display(), .directory.display())]
    Read {
        /// The directory.
        directory: PathBuf,
        /// What the system says, in lower case.
        reason: String,
    },
    /// `index.json` is no index.
    #[error("loading OCI layout from {}: index.json: {source}", .directory.display())]
    Parse {
        /// The directory.
        directory: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// It is larger than [`MAX_INDEX`].
    #[error("loading OCI layout from {}: index.json is larger than {MAX_INDEX} bytes", .0.display())]
    TooLarge(PathBuf),
    /// No entry says that it is the image.
    #[error("must verify either an image index or image: {} holds neither", .0.display())]
    NoImage(PathBuf),
}

/// Reads `index.json` of `directory`.
///
/// # Errors
/// [`SavedImageError`].
pub fn read(directory: &Path) -> Result<SavedImage, SavedImageError> {
    let bytes = read_index(directory)?;
    let index: Index =
        serde_json::from_slice(&bytes).map_err(|source| SavedImageError::Parse { directory: directory.to_owned(), source })?;
    let of_kind = |kind: &str| index.manifests.iter().find(|entry| entry.annotation(KIND) == Some(kind)).cloned();
    let image = of_kind(IMAGE_INDEX).or_else(|| of_kind(IMAGE)).ok_or_else(|| SavedImageError::NoImage(directory.to_owned()))?;
    Ok(SavedImage { image, signatures: of_kind(SIGNATURES), attestations: of_kind(ATTESTATIONS) })
}

fn read_index(directory: &Path) -> Result<Vec<u8>, SavedImageError> {
    let failed = |error: io::Error| {
        let text = error.to_string();
        let reason = text.split(" (os error").next().unwrap_or(&text).to_lowercase();
        SavedImageError::Read { directory: directory.to_owned(), reason }
    };
    let mut bytes = Vec::new();
    let file = File::open(directory.join("index.json")).map_err(failed)?;
    file.take(MAX_INDEX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_INDEX {
        return Err(SavedImageError::TooLarge(directory.to_owned()));
    }
    Ok(bytes)
}
