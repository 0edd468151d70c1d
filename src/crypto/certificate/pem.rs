//! Certificates in PEM.

use super::{Certificate, CertificateError};
use crate::encoding::pem;

/// The most PEM blocks in one text.
const MAX_BLOCKS: usize = 1024;

impl Certificate {
    /// Every certificate of a PEM text, in order; as cryptoutils' `LoadCertificatesFromPEM`: text before a block is skipped, text
    /// after the last one is an error, and a block of another label must hold a certificate too.
    ///
    /// # Errors
    /// [`CertificateError`]; also where there is no certificate at all, or more than 1024.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let mut rest = text.trim_ascii();
        if rest.is_empty() {
            return Err(CertificateError::NoCertificates);
        }
        // Bounds the search for each block's end before it starts.
        let begin = b"-----BEGIN ";
        if rest.windows(begin.len()).filter(|window| *window == begin).count() > MAX_BLOCKS {
            return Err(CertificateError::TooMany(MAX_BLOCKS));
        }
        let mut certificates = Vec::new();
        while !rest.is_empty() {
            let (block, after) = pem::first(rest).ok_or(CertificateError::Pem)?;
            certificates.push(Self::from_der(&block.bytes)?);
            rest = after;
        }
        Ok(certificates)
    }
}
