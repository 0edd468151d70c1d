//! What some bytes are, by their beginning: the media type that Go's `http.DetectContentType` finds (WHATWG MIME sniffing, section 7), without
//! parameters.

/// How many bytes at the beginning decide.
pub const SNIFFED: usize = 512;

/// Of anything else.
const OCTETS: &str = "application/octet-stream";

/// How a signature is looked for.
enum Sign {
    /// These bytes at the very beginning.
    Exact(&'static [u8]),
    /// Bytes at these places.
    Parts(&'static [(usize, &'static [u8])]),
    /// These bytes behind white space.
    AfterSpace(&'static [u8]),
}

use Sign::{AfterSpace, Exact, Parts};

/// HTML begins with one of these tags, in any letter case.
const HTML: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

/// In Go's order. The marks of UTF-16 and UTF-8 count only with another byte or two behind them, as in Go.
const BEFORE_VIDEO: [(Sign, &str); 20] = [
    (AfterSpace(b"<?xml"), "text/xml"),
    (Exact(b"%PDF-"), "application/pdf"),
    (Exact(b"%!PS-Adobe-"), "application/postscript"),
    (Parts(&[(0, b"\xFE\xFF"), (4, b"")]), "text/plain"),
    (Parts(&[(0, b"\xFF\xFE"), (4, b"")]), "text/plain"),
    (Parts(&[(0, b"\xEF\xBB\xBF"), (4, b"")]), "text/plain"),
    (Exact(b"\x00\x00\x01\x00"), "image/x-icon"),
    (Exact(b"\x00\x00\x02\x00"), "image/x-icon"),
    (Exact(b"BM"), "image/bmp"),
    (Exact(b"GIF87a"), "image/gif"),
    (Exact(b"GIF89a"), "image/gif"),
    (Parts(&[(0, b"RIFF"), (8, b"WEBPVP")]), "image/webp"),
    (Exact(b"\x89PNG\x0D\x0A\x1A\x0A"), "image/png"),
    (Exact(b"\xFF\xD8\xFF"), "image/jpeg"),
    (Parts(&[(0, b"FORM"), (8, b"AIFF")]), "audio/aiff"),
    (Exact(b"ID3"), "audio/mpeg"),
    (Exact(b"OggS\x00"), "application/ogg"),
    (Exact(b"MThd\x00\x00\x00\x06"), "audio/midi"),
    (Parts(&[(0, b"RIFF"), (8, b"AVI ")]), "video/avi"),
    (Parts(&[(0, b"RIFF"), (8, b"WAVE")]), "audio/wave"),
];

/// What Go tries after MP4.
const AFTER_VIDEO: [(Sign, &str); 12] = [
    (Exact(b"\x1A\x45\xDF\xA3"), "video/webm"),
    (Parts(&[(34, b"LP")]), "application/vnd.ms-fontobject"),
    (Exact(b"\x00\x01\x00\x00"), "font/ttf"),
    (Exact(b"OTTO"), "font/otf"),
    (Exact(b"ttcf"), "font/collection"),
    (Exact(b"wOFF"), "font/woff"),
    (Exact(b"wOF2"), "font/woff2"),
    (Exact(b"\x1F\x8B\x08"), "application/x-gzip"),
    (Exact(b"PK\x03\x04"), "application/zip"),
    (Exact(b"Rar!\x1A\x07\x00"), "application/x-rar-compressed"),
    (Exact(b"Rar!\x1A\x07\x01\x00"), "application/x-rar-compressed"),
    (Exact(b"\x00\x61\x73\x6D"), "application/wasm"),
];

/// The media type of content that begins with `bytes`, of which the first [`SNIFFED`] count.
pub fn detect(bytes: &[u8]) -> &'static str {
    let bytes = &bytes[..bytes.len().min(SNIFFED)];
    let spaces = bytes.iter().take_while(|byte| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')).count();
    let behind = &bytes[spaces..];
    if HTML.iter().any(|tag| is_tag(behind, tag.as_bytes())) {
        return "text/html";
    }
    let found = |signs: &'static [(Sign, &'static str)]| signs.iter().find(|(sign, _)| sign.is_in(bytes, behind)).map(|(_, kind)| *kind);
    if let Some(kind) = found(&BEFORE_VIDEO) {
        return kind;
    }
    if is_mp4(bytes) {
        return "video/mp4";
    }
    found(&AFTER_VIDEO).unwrap_or(if behind.iter().any(|byte| is_binary(*byte)) { OCTETS } else { "text/plain" })
}

impl Sign {
    fn is_in(&self, bytes: &[u8], behind: &[u8]) -> bool {
        match self {
            Exact(sign) => bytes.starts_with(sign),
            AfterSpace(sign) => behind.starts_with(sign),
            Parts(parts) => parts.iter().all(|(at, part)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(part))),
        }
    }
}

/// A tag ends with a blank or a bracket.
fn is_tag(bytes: &[u8], tag: &[u8]) -> bool {
    bytes.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag)) && matches!(bytes.get(tag.len()), Some(b' ' | b'>'))
}

/// A box of type `ftyp` that names a brand `mp4…`, the version of the major brand aside.
fn is_mp4(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return false };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    bytes.len() >= 12
        && rest.starts_with(b"ftyp")
        && length % 4 == 0
        && bytes.len() >= length
        && (8..length).step_by(4).any(|at| at != 12 && bytes[at..].starts_with(b"mp4"))
}

fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each as Go 1.25 answers.
    #[test]
    fn kinds() {
        let cases: [(&[u8], &str); 24] = [
            (b"", "text/plain"),
            (b"hello\n", "text/plain"),
            (b"{}", "text/plain"),
            (b"\x7fELF\x01\x02", OCTETS),
            (b" \n<html>", "text/html"),
            (b"<!doctype HTML >", "text/html"),
            (b"<a", "text/plain"),
            (b"<abc>", "text/plain"),
            (b"\t<?xml version", "text/xml"),
            (b"%PDF-1.7", "application/pdf"),
            (b" %PDF-1.7", "text/plain"),
            (b"\xEF\xBB\xBF{", "text/plain"),
            (b"\xFE\xFF\x00a", "text/plain"),
            (b"\xFE\xFF\x00", OCTETS),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"RIFF1234WEBPVP8", "image/webp"),
            (b"RIFF1234WAVEfmt", "audio/wave"),
            (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00", OCTETS),
            (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42", "video/mp4"),
            (b"\x00\x00\x00\x10ftypxxxxmp42", OCTETS),
            (b"\x1f\x8b\x08\x00", "application/x-gzip"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x00asm\x01\x00\x00\x00", "application/wasm"),
            (b"a\x1bb", "text/plain"),
        ];
        for (bytes, kind) in cases {
            assert_eq!(detect(bytes), kind, "{:?}", String::from_utf8_lossy(bytes));
        }
        let mut late = vec![b'a'; SNIFFED];
        late.push(0);
        assert_eq!(detect(&late), "text/plain");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), length in any::<u32>()) {
            let _ = detect(&bytes);
            let box_of = [&length.to_be_bytes()[..], b"ftyp", &bytes].concat();
            let _ = detect(&box_of);
        }
    }
}
