//! Signed notes (C2SP signed-note): text, blank line, signature lines.

use crate::encoding::base64;

/// The most signature lines in a note.
const MAX_SIGNATURES: usize = 100;

/// A parsed note; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note<'a> {
    /// What is signed, with its final newline.
    pub(super) text: &'a str,
    pub(super) signatures: Vec<NoteSignature<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteSignature<'a> {
    pub(super) name: &'a str,
    /// The first four bytes of the signature line's content, which hint at the key.
    pub(super) key_id: [u8; 4],
    pub(super) signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note; `None` for whatever is none.
    pub(super) fn parse(note: &'a str) -> Option<Self> {
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return None;
        }
        let split = note.rfind("\n\n")?;
        let (text, lines) = (note.get(..=split)?, note.get(split + 2..)?);
        let lines = lines.strip_suffix('\n')?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return None;
            }
            signatures.push(signature(line)?);
        }
        Some(Self { text, signatures })
    }
}

/// `— NAME BASE64`
fn signature(line: &str) -> Option<NoteSignature<'_>> {
    let (name, content) = line.strip_prefix("— ")?.split_once(' ')?;
    let content = base64::decode(content).ok()?;
    let (key_id, signature) = content.split_first_chunk::<4>()?;
    (is_name(name) && !signature.is_empty()).then(|| NoteSignature { name, key_id: *key_id, signature: signature.to_vec() })
}

/// Whether `name` may name a signer.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.contains(char::is_whitespace)
}
