//! Base64 (RFC 4648 section 4), standard alphabet, padded: what Go's `encoding/json` writes for bytes.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// What was wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data: {0}")]
pub struct DecodeError(String);

/// Encodes with padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Encodes with the URL-safe alphabet, without padding (RFC 7515).
pub fn encode_url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes padded, standard base64; nothing else, not even a line break.
///
/// # Errors
/// Names the first wrong character or the wrong length.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text).map_err(|error| DecodeError(error.to_string()))
}

/// As [`decode`], but line breaks are skipped, as Go's `base64.StdEncoding` does.
///
/// # Errors
/// As [`decode`].
pub fn decode_lenient(text: impl AsRef<[u8]>) -> Result<Vec<u8>, DecodeError> {
    let kept: Vec<u8> = text.as_ref().iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    decode(kept)
}
