//! Certificates and time stamps in files, as layers hold them.

use std::path::Path;

use super::AttachError;
use crate::crypto::{Certificate, timestamp};
use crate::encoding::base64;
use crate::format::bundle::legacy;
use crate::operations::files;

/// The PEM text of a file, which may be in base64 once more; it holds one certificate at least.
pub(super) fn pem(flag: &'static str, path: &Path) -> Result<String, AttachError> {
    let file = files::read(path)?;
    let decoded = base64::decode_lenient(file.trim_ascii()).ok();
    let pem = decoded.unwrap_or(file);
    Certificate::all_from_pem(&pem).map_err(|source| AttachError::Certificate { flag, source })?;
    String::from_utf8(pem).map_err(|_| AttachError::NoText(flag))
}

/// The RFC 3161 response of a file: DER, or the JSON that `--rfc3161-timestamp-bundle` writes.
pub(super) fn response(path: &Path) -> Result<Vec<u8>, AttachError> {
    let file = files::read(path)?;
    let from_json = std::str::from_utf8(&file).ok().and_then(|json| legacy::timestamp_from_json(json).ok());
    let response = from_json.filter(|response| !response.is_empty()).unwrap_or(file);
    timestamp::describe(&response).map_err(AttachError::Timestamp)?;
    Ok(response)
}
