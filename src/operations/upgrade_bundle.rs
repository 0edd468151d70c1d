//! Brings a bundle of version 0.1 or 0.2 to version 0.3.

use crate::ambient::Ui;
use crate::crypto::Certificate;
use crate::encoding::text;
use crate::format::bundle::{Bundle, BundleError, BundleSigner, BundleVersion};

/// Why a bundle is not upgraded.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// It is none.
    #[error("unmarshaling bundle: {0}")]
    Read(#[source] BundleError),
    /// It lacks verification material.
    #[error("bundle is missing verification material")]
    NoMaterial,
    /// It does not say who signed.
    #[error("bundle verification material is missing content (public key or certificate)")]
    NoSigner,
    /// A version that is not known.
    #[error("unsupported bundle version: {}", text::quote(.0))]
    Version(String),
    /// The step over the network to a Sigstore service.
    #[error("{0}: not supported yet")]
    NotSupportedYet(String),
}

/// The upgraded JSON; one of version 0.3 is left as it is, byte for byte.
///
/// # Errors
/// [`UpgradeError`].
pub fn upgrade_bundle(json: Vec<u8>, log: &str, ui: &dyn Ui) -> Result<Vec<u8>, UpgradeError> {
    let mut bundle = Bundle::read(&json).map_err(UpgradeError::Read)?;
    let version = bundle.version().map_err(|_| UpgradeError::Version(bundle.media_type.clone()));
    let material = bundle.material.as_mut().ok_or(UpgradeError::NoMaterial)?;
    let signer = material.signer.as_mut().ok_or(UpgradeError::NoSigner)?;
    match version? {
        BundleVersion::V0_3 => {
            ui.status("Bundle is already at v0.3, no upgrade needed.");
            return Ok(json);
        }
        BundleVersion::V0_2 => ui.status("Upgrading from v0.2 to v0.3..."),
        BundleVersion::V0_1 => ui.status("Upgrading from v0.1 to v0.3..."),
    }
    if let BundleSigner::Chain(chain) = signer
        && let Some(leaf) = chain.first()
    {
        ui.status("Truncating certificate chain to only the leaf certificate...");
        for (at, der) in chain.iter().enumerate() {
            ui.status(&describe(at, der));
        }
        *signer = BundleSigner::Certificate(leaf.clone());
    }
    if let Some(entry) =
        material.log_entries.iter().map(|e| &e.entry).find(|e| e.inclusion_promise.is_some() && e.inclusion_proof.is_none())
    {
        let step = format!("fetching the inclusion proof of entry {} from the transparency log at {log}", entry.log_index);
        return Err(UpgradeError::NotSupportedYet(step));
    }
    bundle.media_type = BundleVersion::V0_3.media_type().to_owned();
    Ok(bundle.to_json())
}

fn describe(at: usize, der: &[u8]) -> String {
    match Certificate::from_der(der) {
        Err(error) => format!("  Certificate {at}: <unable to parse: {error}>"),
        Ok(certificate) => {
            let name = certificate.email_addresses().first().or_else(|| certificate.uris().first()).cloned();
            let name = name.unwrap_or_else(|| certificate.subject());
            let name = if name.is_empty() { "<none>".to_owned() } else { text::quote(&name) };
            format!("  Certificate {at} Identity: {name}")
        }
    }
}
