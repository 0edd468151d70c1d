//! The files that signing an image leaves besides what goes to the registry.

use std::path::PathBuf;

use super::files;
use crate::ambient::Ui;
use crate::crypto::Digest;
use crate::encoding::{PathError, base64};

/// Where to leave what was made; `None` for nowhere.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// The signatures, base64, one a line (`--output-signature`).
    pub signature: Option<PathBuf>,
    /// The signed payloads (`--output-payload`).
    pub payload: Option<PathBuf>,
    /// The certificate, or the public key where there is none (`--output-certificate`).
    pub certificate: Option<PathBuf>,
    /// The bundle (`--bundle`).
    pub bundle: Option<PathBuf>,
}

/// What was made for one manifest.
pub struct Made<'a> {
    /// Payload and signature of each.
    pub signatures: &'a [crate::sign::image::SignedPayload],
    /// Certificate or public key in PEM.
    pub certificate: &'a str,
    /// The bundle, or the older `--bundle` JSON.
    pub bundle: &'a [u8],
}

impl Outputs {
    /// Whether any file is asked for.
    pub fn any(&self) -> bool {
        self.paths().next().is_some()
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.signature, &self.payload, &self.certificate, &self.bundle].into_iter().flatten()
    }

    /// The same files with `-sha256-HEX` behind their names: what `--recursive` leaves for each manifest.
    /// The bundle's name changes only where there are several manifests, the certificate's never, since it is the same for all.
    #[must_use]
    pub fn for_manifest(&self, manifest: &Digest, several: bool) -> Self {
        let suffixed = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| {
                let mut name = path.clone().into_os_string();
                name.push(format!("-{}-{}", manifest.algorithm().name(), manifest.hex()));
                PathBuf::from(name)
            })
        };
        Self {
            signature: suffixed(&self.signature),
            payload: suffixed(&self.payload),
            certificate: self.certificate.clone(),
            bundle: if several { suffixed(&self.bundle) } else { self.bundle.clone() },
        }
    }

    /// Writes the files, each whole or not at all, and tells of certificate and bundle as cosign does.
    ///
    /// # Errors
    /// The first that cannot be written.
    pub fn write(&self, made: &Made<'_>, ui: &dyn Ui) -> Result<(), PathError> {
        if let Some(path) = &self.signature {
            let lines: Vec<String> = made.signatures.iter().map(|s| base64::encode(&s.signature)).collect();
            files::write_private(path, lines.join("\n").as_bytes())?;
        }
        if let Some(path) = &self.payload {
            let payloads: Vec<&[u8]> = made.signatures.iter().map(|s| s.payload.as_slice()).collect();
            files::write_private(path, &payloads.join(b"\n".as_slice()))?;
        }
        if let Some(path) = &self.certificate {
            files::write_private(path, made.certificate.as_bytes())?;
            ui.status(&format!("Certificate wrote in the file {}", path.display()));
        }
        if let Some(path) = &self.bundle {
            files::write_private(path, made.bundle)?;
            ui.status(&format!("Wrote bundle to file {}", path.display()));
        }
        Ok(())
    }
}
