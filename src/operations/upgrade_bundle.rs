//! Brings a bundle of version 0.1 or 0.2 to version 0.3.

use super::log_lookup::{FindError, LogLookup};
use crate::ambient::Context;
use crate::crypto::Certificate;
use crate::encoding::text;
use crate::format::bundle::{Bundle, BundleError, BundleLogEntry, BundleSigner, BundleVersion};

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
    /// The log gives no proof.
    #[error(transparent)]
    Log(#[from] FindError),
}

/// The upgraded JSON; one of version 0.3 is left as it is, byte for byte. Where an entry came with a promise alone, the log at `log` is asked
/// for its proof.
///
/// # Errors
/// [`UpgradeError`].
pub async fn upgrade_bundle(json: Vec<u8>, log: &str, context: &Context) -> Result<Vec<u8>, UpgradeError> {
    let ui = &*context.ui;
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
    for logged in &mut material.log_entries {
        if logged.entry.inclusion_promise.is_some() && logged.entry.inclusion_proof.is_none() {
            ui.status(&format!("Fetching missing inclusion proof from Rekor for log index {}...", logged.entry.log_index));
            let lookup = LogLookup::new(log, context).map_err(FindError::from)?;
            *logged = BundleLogEntry::of(lookup.prove(&logged.entry).await?);
        }
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
