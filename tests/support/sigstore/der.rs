//! DER, as much as certificates and time stamps take: written from parts, read element by element.

pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
pub const INTEGER: u8 = 2;
pub const OCTETS: u8 = 4;
pub const OID: u8 = 6;
pub const UTF8: u8 = 12;

/// One element.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    assert!(length < 0x1_0000);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

pub fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// An OBJECT IDENTIFIER from its dotted form.
pub fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut out = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let groups = (0..10).rev().filter(|group| arc >> (7 * group) != 0 || *group == 0);
        out.extend(groups.map(|group| ((arc >> (7 * group)) & 0x7f) as u8 | if group == 0 { 0 } else { 0x80 }));
    }
    tlv(OID, &[&out])
}

/// A non-negative INTEGER from big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1)..];
    tlv(INTEGER, &[if bytes[0] >= 0x80 { &[0] } else { &[] }, bytes])
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(OCTETS, &[bytes])
}

/// A BIT STRING of whole bytes.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], bytes])
}

pub fn utf8(text: &str) -> Vec<u8> {
    tlv(UTF8, &[text.as_bytes()])
}

/// A SET OF: its elements in order.
pub fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    tlv(SET, &[&elements.concat()])
}

/// `[number]` around elements.
pub fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, &[content])
}

/// `YYYYMMDDHHMMSSZ`.
fn digits(seconds: i64) -> String {
    let text = cosign::encoding::UnixTime(seconds).to_string();
    format!("{}Z", text.chars().filter(char::is_ascii_digit).collect::<String>())
}

/// UTCTime, as certificates have it until 2049.
pub fn utc_time(seconds: i64) -> Vec<u8> {
    tlv(0x17, &[&digits(seconds).as_bytes()[2..]])
}

pub fn generalized_time(seconds: i64) -> Vec<u8> {
    tlv(0x18, &[digits(seconds).as_bytes()])
}

/// A read element: tag, content, and all of its bytes.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub raw: &'a [u8],
}

/// The elements of some bytes, one after the other; `None` where they are no DER.
pub fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
        let (length, head) = match first {
            0..=0x7f => (usize::from(first), 2),
            0x81 => (usize::from(*bytes.get(2)?), 3),
            0x82 => (usize::from(*bytes.get(2)?) << 8 | usize::from(*bytes.get(3)?), 4),
            _ => return None,
        };
        let content = bytes.get(head..head + length)?;
        found.push(Element { tag, content, raw: &bytes[..head + length] });
        bytes = &bytes[head + length..];
    }
    Some(found)
}

/// The elements inside the one element that `bytes` are.
pub fn inside(bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let all = elements(bytes)?;
    let [one] = all[..] else { return None };
    elements(one.content)
}
