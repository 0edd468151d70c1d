//! Base64 (RFC 4648 section 4), standard alphabet, padded: what Go's `encoding/json` writes for bytes.

use std::borrow::Cow;
use std::io::{self, Write};

use ::base64::Engine as _;
use ::base64::alphabet;
use ::base64::engine::DecodePaddingMode;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD};

// Go's decoders take any value in the bits that padding leaves over.
const GO: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
const GO_UNPADDED: GeneralPurposeConfig = GO.with_decode_padding_mode(DecodePaddingMode::RequireNone);

/// What was wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data: {0}")]
pub struct DecodeError(String);

/// Encodes with padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Appends what [`encode`] gives, without a copy in between.
pub fn append(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = ::base64::encoded_len(bytes.len(), true).unwrap_or(0);
    out.resize(start + length, 0);
    // The room is just what is needed.
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
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

/// As [`decode`], but as Go's `base64.StdEncoding` does: line breaks are skipped, and the bits that padding leaves over may be anything.
///
/// # Errors
/// As [`decode`].
pub fn decode_lenient(text: impl AsRef<[u8]>) -> Result<Vec<u8>, DecodeError> {
    GeneralPurpose::new(&alphabet::STANDARD, GO).decode(without_line_breaks(text.as_ref())).map_err(|error| DecodeError(error.to_string()))
}

/// As [`decode_lenient`], in the memory of `text`: what is decoded may have hundreds of megabytes.
///
/// # Errors
/// As [`decode`].
pub fn decode_lenient_in_place(text: String) -> Result<Vec<u8>, DecodeError> {
    const CHUNK: usize = 64 << 10;
    let mut bytes = text.into_bytes();
    bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    let engine = GeneralPurpose::new(&alphabet::STANDARD, GO);
    let mut room = vec![0; CHUNK];
    let (mut read, mut written) = (0, 0);
    while read < bytes.len() {
        let end = bytes.len().min(read + CHUNK);
        let chunk = &bytes[read..end];
        // Padding ends the text.
        if let Some(at) = chunk.iter().position(|byte| *byte == b'=').filter(|_| end < bytes.len()) {
            return Err(DecodeError(format!("Invalid symbol 61, offset {}.", read + at)));
        }
        let decoded = engine.decode_slice(chunk, &mut room).map_err(|error| DecodeError(error.to_string()))?;
        bytes[written..written + decoded].copy_from_slice(&room[..decoded]);
        written += decoded;
        read = end;
    }
    bytes.truncate(written);
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Writes what [`encode`] gives, piece by piece.
///
/// # Errors
/// Those of `out`.
pub fn write(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    const PIECE: usize = 48 << 10;
    let mut text = Vec::with_capacity(PIECE / 3 * 4);
    for piece in bytes.chunks(PIECE) {
        text.clear();
        append(piece, &mut text);
        out.write_all(&text)?;
    }
    Ok(())
}

/// Decodes the URL-safe alphabet, with padding or without it.
///
/// # Errors
/// As [`decode`].
pub fn decode_url(text: &str) -> Result<Vec<u8>, DecodeError> {
    let config = if text.ends_with('=') { GO } else { GO_UNPADDED };
    let kept: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    GeneralPurpose::new(&alphabet::URL_SAFE, config).decode(kept).map_err(|error| DecodeError(error.to_string()))
}

/// As Go's `protojson` reads bytes: either alphabet, with padding or without, line breaks skipped (but counted when it looks for padding).
///
/// # Errors
/// As [`decode`].
pub fn decode_protojson(text: &str) -> Result<Vec<u8>, DecodeError> {
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let config = if text.len().is_multiple_of(4) { GO } else { GO_UNPADDED };
    let kept = without_line_breaks(text.as_bytes());
    GeneralPurpose::new(alphabet, config).decode(kept).map_err(|error| DecodeError(error.to_string()))
}

/// The text itself where it has no line breaks: it may be large.
fn without_line_breaks(text: &[u8]) -> Cow<'_, [u8]> {
    let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    if text.iter().any(is_break) { text.iter().copied().filter(|byte| !is_break(byte)).collect() } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appending_is_encoding() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", &[0xff; 100]] {
            let mut out = b"x".to_vec();
            append(bytes, &mut out);
            assert_eq!(out, format!("x{}", encode(bytes)).into_bytes());
        }
    }

    #[test]
    fn pieces_and_places_make_no_difference() {
        let large: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        for length in [0, 1, 2, 3, 49_151, 49_152, 49_153, 98_305, 200_000] {
            let text = encode(&large[..length]);
            let mut out = Vec::new();
            assert!(write(&large[..length], &mut out).is_ok());
            assert_eq!(out, text.as_bytes());
            assert_eq!(decode_lenient_in_place(text).as_deref(), Ok(&large[..length]));
        }
        for odd in ["=", "A", "AA", "AA==A", "A\nA\r==", "AA=\n", "!AAA", "é"] {
            assert_eq!(decode_lenient_in_place(odd.to_owned()).ok(), decode_lenient(odd).ok(), "{odd}");
        }
        for end in ["=", "AA==", "AA==AAAA", "!", "AAAA=AAA"] {
            let text = encode(&large[..98_304]) + end;
            assert_eq!(decode_lenient_in_place(text.clone()).ok(), decode_lenient(&text).ok(), "{end}");
            let text = encode(&large[..49_150]) + &text;
            assert_eq!(decode_lenient_in_place(text.clone()).ok(), decode_lenient(&text).ok(), "{end}");
        }
    }

    #[test]
    fn left_over_bits_and_line_breaks_are_go_s_affair() {
        assert!(decode("+/9=").is_err());
        assert_eq!(decode_lenient("+/\r\n9=\n").as_deref(), Ok(&[0xfb, 0xff][..]));
        assert!(decode_lenient("+/8").is_err());
    }

    #[test]
    fn protojson_takes_what_go_takes() {
        for text in ["+/8=", "+/8", "-_8=", "-_8", "+/9="] {
            assert_eq!(decode_protojson(text).as_deref(), Ok(&[0xfb, 0xff][..]), "{text}");
        }
        for text in ["+_8=", "+/8==", "+", "+/8=\n", "é"] {
            assert!(decode_protojson(text).is_err(), "{text}");
        }
        assert_eq!(decode_protojson("+/8=+/\n\n\n8=").ok(), None);
        assert_eq!(decode_protojson("AAAA\n\n\n\n").as_deref(), Ok(&[0; 3][..]));
    }
}
