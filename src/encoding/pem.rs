//! PEM (RFC 7468), read as Go's `encoding/pem` reads it: text around blocks is skipped, headers are allowed and dropped.

use super::base64;

/// One PEM block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The label between `-----BEGIN ` and `-----`.
    pub label: String,
    /// Whether the block carries RFC 1421 headers (`DEK-Info: …` in old encrypted keys).
    pub has_headers: bool,
    /// The decoded content.
    pub bytes: Vec<u8>,
}

/// The first block in `text` and what follows it; `None` where there is none that is whole.
///
/// Looks for an end first and for the last beginning before it, so that no text is read twice: beginnings without an end
/// cost a hostile author as much as they cost us.
pub fn first(text: &[u8]) -> Option<(Block, &[u8])> {
    const END: &[u8] = b"\n-----END ";
    let mut rest = text;
    loop {
        let end = find(rest, END)?;
        let trailer = &rest[end + END.len()..];
        if let Some(block) = block(&rest[..=end], trailer) {
            let next_line = find(trailer, b"\n").map_or(trailer.len(), |newline| newline + 1);
            return Some((block, &trailer[next_line..]));
        }
        rest = trailer;
    }
}

/// Every block in `text`, in order.
pub fn all(text: &[u8]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((block, after)) = first(rest) {
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// Writes one block with lines of 64 characters and a final newline, as Go's `pem.Encode` does.
pub fn encode(label: &str, bytes: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let body = base64::encode(bytes);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The block that ends where `before` does, if one does; `trailer` follows its `-----END `.
fn block(before: &[u8], trailer: &[u8]) -> Option<Block> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let start = before.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    if start > 0 && before[start - 1] != b'\n' {
        return None;
    }
    let after_begin = &before[start + BEGIN.len()..];
    let line_end = find(after_begin, b"\n")?;
    let label = trim_end(&after_begin[..line_end]).strip_suffix(b"-----")?;
    let end_line = trailer.split(|byte| *byte == b'\n').next()?;
    if trim_end(end_line).strip_suffix(b"-----") != Some(label) {
        return None;
    }
    let label = std::str::from_utf8(label).ok()?;
    let content = std::str::from_utf8(&after_begin[line_end + 1..]).ok()?;
    let mut has_headers = false;
    let mut encoded = String::with_capacity(content.len());
    for line in content.lines() {
        if line.contains(':') && encoded.is_empty() {
            has_headers = true;
        } else {
            encoded.extend(line.chars().filter(|c| !c.is_ascii_whitespace()));
        }
    }
    let bytes = base64::decode(encoded).ok()?;
    Some(Block { label: label.to_owned(), has_headers, bytes })
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.trim_ascii_end()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_amid_other_text() {
        let text = format!("subject=x\n{}junk\n{}", encode("A", &[1; 100]), encode("B C", b""));
        let blocks = all(text.as_bytes());
        assert_eq!(blocks.iter().map(|b| (b.label.as_str(), b.bytes.len())).collect::<Vec<_>>(), [("A", 100), ("B C", 0)]);
    }

    #[test]
    fn a_truncated_block_is_none() {
        let text = encode("A", &[1; 100]);
        assert_eq!(first(&text.as_bytes()[..text.len() - 5]), None);
        assert_eq!(first(b"-----BEGIN A-----\n!!!!\n-----END A-----\n"), None);
    }
    #[test]
    fn a_beginning_without_its_end_is_passed_over() {
        let text = format!("-----BEGIN A-----\nMQ==\n-----END B-----\n-----BEGIN C-----\n{}", encode("A", b"1"));
        assert_eq!(first(text.as_bytes()).map(|(block, rest)| (block.label, rest.len())), Some(("A".to_owned(), 0)));
        assert_eq!(first(b" -----BEGIN A-----\nMQ==\n-----END A-----\n"), None);
        assert!(
            first(b"-----BEGIN A-----\r\nMQ==\r\n-----END A----- \r\nx").is_some_and(|(block, rest)| block.bytes == b"1" && rest == b"x")
        );
        assert!(first(b"-----BEGIN A-----\n-----END A-----").is_some_and(|(block, rest)| block.bytes.is_empty() && rest.is_empty()));
    }

    /// Takes minutes where the work grows with the square of the length.
    #[test]
    fn hostile_text_costs_no_more_than_its_length() {
        for line in ["-----BEGIN A-----\n", "-----BEGIN A-----\nMQ==\n-----END B-----\n", "\n-----END A-----", "-----BEGIN "] {
            assert_eq!(first(line.repeat((1 << 20) / line.len()).as_bytes()), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_and_nothing_makes_it_panic(bytes: Vec<u8>, noise: Vec<u8>, at: proptest::sample::Index, with: u8) {
            let mut text = encode("A B", &bytes).into_bytes();
            proptest::prop_assert_eq!(first(&text).map(|(block, rest)| (block.bytes, rest.len())), Some((bytes, 0)));
            let index = at.index(text.len());
            text[index] = with;
            let _ = (all(&text), all(&noise));
        }
    }
}
