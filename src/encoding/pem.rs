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
pub fn first(text: &[u8]) -> Option<(Block, &[u8])> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut rest = text;
    loop {
        let start = find(rest, BEGIN)?;
        let at_line_start = start == 0 || rest[start - 1] == b'\n';
        let after = &rest[start + BEGIN.len()..];
        if at_line_start {
            if let Some(found) = block(after) {
                return Some(found);
            }
        }
        rest = after;
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

fn block(after_begin: &[u8]) -> Option<(Block, &[u8])> {
    let line_end = find(after_begin, b"\n").unwrap_or(after_begin.len());
    let label = trim_end(&after_begin[..line_end]).strip_suffix(b"-----")?;
    let label = std::str::from_utf8(label).ok()?;
    let body = after_begin.get(line_end + 1..)?;
    let end_line = format!("-----END {label}-----");
    let mut search = 0;
    let end = loop {
        let at = search + find(&body[search..], end_line.as_bytes())?;
        if at == 0 || body[at - 1] == b'\n' {
            break at;
        }
        search = at + 1;
    };
    let content = std::str::from_utf8(&body[..end]).ok()?;
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
    let rest = &body[end + end_line.len()..];
    let rest = match find(rest, b"\n") {
        Some(newline) => &rest[newline + 1..],
        None => &[],
    };
    Some((Block { label: label.to_owned(), has_headers, bytes }, rest))
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
}
