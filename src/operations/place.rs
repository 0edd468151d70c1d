//! Where an image's signatures lie: in its own repository, or where `COSIGN_REPOSITORY` says, under tags that may carry a prefix.

use std::sync::Arc;

use crate::ambient::Env;
use crate::crypto::Digest;
use crate::entity::bundles;
use crate::format::oci::reference::RepositoryNameError;
use crate::format::oci::{ImageRef, RepositoryName};
use crate::registry::tag_scheme::{Attachment, attachment_tag};
use crate::registry::{Access, Registries, RegistryError, Repository};

/// Where signatures are looked for and stored, as flags and environment say.
#[derive(Debug, Clone)]
pub struct Place {
    /// The repository of `COSIGN_REPOSITORY`.
    pub repository: Option<RepositoryName>,
    /// `--attachment-tag-prefix`.
    pub tag_prefix: String,
    /// The largest bundle, payload or attachment that is read, in bytes (`COSIGN_MAX_ATTACHMENT_SIZE`).
    pub max_size: u64,
}

/// `COSIGN_REPOSITORY` is no repository.
#[derive(Debug, thiserror::Error)]
#[error("constructing client options: parsing $COSIGN_REPOSITORY: {0}")]
pub struct PlaceError(#[from] RepositoryNameError);

impl Place {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn from_env(env: &dyn Env, tag_prefix: String) -> Result<Self, PlaceError> {
        let repository = match env.var("COSIGN_REPOSITORY").filter(|value| !value.is_empty()) {
            Some(name) => Some(RepositoryName::parse(&name)?),
            None => None,
        };
        let max_size = env.var("COSIGN_MAX_ATTACHMENT_SIZE").and_then(|text| parse_size(&text)).unwrap_or(bundles::DEFAULT_MAX_SIZE);
        Ok(Self { repository, tag_prefix, max_size })
    }

    /// The repository that holds the signatures of `image`, which itself lies in `own`.
    ///
    /// # Errors
    /// A malformed host.
    pub fn signatures(
        &self,
        registries: &Registries,
        (image, own): (&ImageRef, &Arc<dyn Repository>),
        access: Access,
    ) -> Result<Arc<dyn Repository>, RegistryError> {
        match (&self.repository, image) {
            (Some(name), ImageRef::Registry(_)) => registries.repository(name, access),
            _ => Ok(Arc::clone(own)),
        }
    }

    /// The tag of the older signatures of a manifest.
    pub fn signature_tag(&self, manifest: &Digest) -> String {
        attachment_tag(&self.tag_prefix, manifest, Attachment::Signature)
    }

    /// The tag of the older attestations of a manifest.
    pub fn attestation_tag(&self, manifest: &Digest) -> String {
        attachment_tag(&self.tag_prefix, manifest, Attachment::Attestation)
    }

    /// The tag of the SBOM attached to a manifest.
    pub fn sbom_tag(&self, manifest: &Digest) -> String {
        attachment_tag(&self.tag_prefix, manifest, Attachment::Sbom)
    }
}

/// `1`, `20K`, `45MiB`: as go-humanize's `ParseBytes`; `None` for anything else.
fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',').len();
    let number: f64 = text[..digits].replace(',', "").parse().ok()?;
    let factor: f64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1_048_576.0,
        "gi" | "gib" => 1_073_741_824.0,
        "ti" | "tib" => 1_099_511_627_776.0,
        _ => return None,
    };
    let bytes = number * factor;
    (bytes.is_finite() && (0.0..1.8e19).contains(&bytes)).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [("1", 1), ("20K", 20_000), ("45MiB", 45 << 20), ("1.5 kb", 1500), ("0", 0)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "x", "-1", "1 X", "1e400", "K"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
