//! The TLS encoding of SCTs (RFC 6962 section 3.2 and 3.3), and Fulcio's JSON.

use serde::Deserialize;

use super::{Sct, SctError};
use crate::crypto::Certificate;
use crate::crypto::asn1::Der;
use crate::encoding::base64;

/// 1.3.6.1.4.1.11129.2.4.2, the list of embedded SCTs.
pub(super) const LIST_OID: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
/// The most SCTs in one certificate.
const MAX_SCTS: usize = 32;

/// What is left of TLS-encoded bytes.
struct Tls<'a>(&'a [u8]);

impl<'a> Tls<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], SctError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SctError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Result<u64, SctError> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Bytes after their length, of two bytes.
    fn opaque(&mut self) -> Result<&'a [u8], SctError> {
        let length = self.number(2)? as usize;
        self.take(length)
    }

    fn finish(&self) -> Result<(), SctError> {
        if self.0.is_empty() { Ok(()) } else { Err(SctError::Malformed) }
    }
}

/// The answer of a CT log's `add-chain`, in which Fulcio hands a detached SCT out.
#[derive(Deserialize)]
struct AddChainResponse {
    #[serde(default)]
    sct_version: u8,
    id: String,
    timestamp: u64,
    #[serde(default)]
    extensions: String,
    signature: String,
}

impl Sct {
    /// Reads a detached SCT: Fulcio's JSON, or raw TLS bytes.
    ///
    /// # Errors
    /// [`SctError::Malformed`], [`SctError::Version`].
    pub fn parse_detached(bytes: &[u8]) -> Result<Self, SctError> {
        if bytes.trim_ascii_start().starts_with(b"{") { Self::from_json(bytes) } else { Self::from_tls(bytes) }
    }

    /// The SCTs embedded in `certificate`; none without the extension.
    ///
    /// # Errors
    /// [`SctError::Malformed`], [`SctError::Version`], [`SctError::TooMany`].
    pub fn embedded(certificate: &Certificate) -> Result<Vec<Self>, SctError> {
        let Some(extension) = certificate.extensions().iter().find(|extension| extension.oid.as_bytes() == LIST_OID) else {
            return Ok(Vec::new());
        };
        let mut der = Der::new(&extension.value);
        let outer = der.octet_string().map_err(|_| SctError::Malformed)?;
        der.finish().map_err(|_| SctError::Malformed)?;
        let mut outer = Tls(outer);
        let mut list = Tls(outer.opaque()?);
        outer.finish()?;
        let mut scts = Vec::new();
        while !list.0.is_empty() {
            if scts.len() == MAX_SCTS {
                return Err(SctError::TooMany(MAX_SCTS));
            }
            scts.push(Self::from_tls(list.opaque()?)?);
        }
        Ok(scts)
    }

    fn from_tls(bytes: &[u8]) -> Result<Self, SctError> {
        let mut tls = Tls(bytes);
        let version = tls.number(1)?;
        if version != 0 {
            return Err(SctError::Version(version));
        }
        let (log_id, timestamp, extensions) = (tls.take(32)?.to_vec(), tls.number(8)?, tls.opaque()?.to_vec());
        let (hash, algorithm, signature) = signature(&mut tls)?;
        tls.finish()?;
        Ok(Self { log_id, timestamp, extensions, hash, algorithm, signature })
    }

    fn from_json(bytes: &[u8]) -> Result<Self, SctError> {
        let response: AddChainResponse = serde_json::from_slice(bytes).map_err(|_| SctError::Malformed)?;
        if response.sct_version != 0 {
            return Err(SctError::Version(response.sct_version.into()));
        }
        let decode = |text: &str| base64::decode_lenient(text).map_err(|_| SctError::Malformed);
        let (log_id, extensions, signed) = (decode(&response.id)?, decode(&response.extensions)?, decode(&response.signature)?);
        if log_id.len() != 32 || extensions.len() > usize::from(u16::MAX) {
            return Err(SctError::Malformed);
        }
        let mut tls = Tls(&signed);
        let (hash, algorithm, signature) = signature(&mut tls)?;
        tls.finish()?;
        Ok(Self { log_id, timestamp: response.timestamp, extensions, hash, algorithm, signature })
    }
}

/// A `digitally-signed` struct: hash and signature algorithm (RFC 5246 section 7.4.1.4.1), signature.
fn signature(tls: &mut Tls<'_>) -> Result<(u8, u8, Vec<u8>), SctError> {
    let algorithms = tls.take(2)?;
    Ok((algorithms[0], algorithms[1], tls.opaque()?.to_vec()))
}
