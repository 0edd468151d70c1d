//! Distinguished names, as text in the form of Go's `pkix.Name.String()`.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::super::asn1;
use super::super::asn1::{Der, Malformed};
use crate::encoding::hex;

/// The attributes that Go knows by name, in the order of its text: OID's last arc under 2.5.4, name, whether only the last value counts.
const KNOWN: [(u8, &str, bool); 9] = [
    (5, "SERIALNUMBER", true),
    (3, "CN", true),
    (11, "OU", false),
    (10, "O", false),
    (17, "POSTALCODE", false),
    (9, "STREET", false),
    (7, "L", false),
    (8, "ST", false),
    (6, "C", false),
];

/// A name's attributes in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name(Vec<(ObjectIdentifier, String)>);

impl Name {
    /// Reads a whole DER Name.
    pub(super) fn parse(der: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Der::new(der);
        let mut rdns = outer.sequence()?;
        outer.finish()?;
        let mut attributes = Vec::new();
        while !rdns.is_empty() {
            let mut rdn = rdns.set()?;
            while !rdn.is_empty() {
                let mut attribute = rdn.sequence()?;
                let oid = attribute.oid()?;
                let value = attribute.next()?;
                attribute.finish()?;
                attributes.push((oid, text(value.tag, value.value).ok_or(Malformed)?));
            }
        }
        Ok(Self(attributes))
    }

    /// All attributes, in order.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&ObjectIdentifier, &str)> {
        self.0.iter().map(|(oid, value)| (oid, value.as_str()))
    }

    /// The values of 2.5.4.`arc`, in order.
    pub(super) fn values(&self, arc: u8) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(oid, _)| oid.as_bytes() == [0x55, 4, arc]).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        for (arc, name, single) in KNOWN {
            let mut values: Vec<&str> = self.values(arc).collect();
            if single {
                // Go keeps one of them in a field of its own, and leaves out an empty one.
                values = values.pop().filter(|value| !value.is_empty()).into_iter().collect();
            }
            if !values.is_empty() {
                parts.push(values.iter().map(|value| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("+"));
            }
        }
        let known = |oid: &ObjectIdentifier| KNOWN.iter().any(|(arc, ..)| oid.as_bytes() == [0x55, 4, *arc]);
        parts.extend(
            self.0.iter().rev().filter(|(oid, _)| !known(oid)).map(|(oid, value)| format!("{oid}=#{}", hex::encode(marshal(value)))),
        );
        f.write_str(&parts.join(","))
    }
}

/// The string types that Go reads in a name.
fn text(tag: Tag, value: &[u8]) -> Option<String> {
    let ascii =
        |allowed: fn(u8) -> bool| value.iter().all(|byte| allowed(*byte)).then(|| value.iter().map(|byte| char::from(*byte)).collect());
    match tag {
        Tag::Utf8String => String::from_utf8(value.to_vec()).ok(),
        Tag::PrintableString => ascii(|byte| is_printable(byte) || matches!(byte, b'*' | b'&')),
        Tag::Ia5String => ascii(|byte| byte.is_ascii()),
        Tag::NumericString => ascii(|byte| byte.is_ascii_digit() || byte == b' '),
        // Nearly Latin-1, and read as that.
        Tag::TeletexString => ascii(|_| true),
        Tag::BmpString => bmp(value),
        _ => None,
    }
}

fn bmp(value: &[u8]) -> Option<String> {
    if !value.len().is_multiple_of(2) {
        return None;
    }
    let value = value.strip_suffix(&[0, 0]).unwrap_or(value);
    let points = value.chunks_exact(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    points.map(|point| if matches!(point, 0xfffe | 0xffff | 0xfdd0..=0xfdef) { None } else { char::from_u32(point) }).collect()
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'\''..=b')' | b'+'..=b'/' | b' ' | b':' | b'=' | b'?')
}

/// RFC 2253 escapes, at the places where Go puts them.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (index, c) in value.char_indices() {
        let escaped = match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => index == 0 || index == value.len() - 1,
            '#' => index == 0,
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// DER of a value as Go's `asn1.Marshal` writes a string: PrintableString where that is possible.
fn marshal(value: &str) -> Vec<u8> {
    let tag = if value.bytes().all(is_printable) { 0x13 } else { 0x0c };
    asn1::write(tag, &[value.as_bytes()]).to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(attributes: &[(&str, &str)]) -> String {
        Name(attributes.iter().map(|(oid, value)| (ObjectIdentifier::new(oid).unwrap(), (*value).to_owned())).collect()).to_string()
    }

    #[test]
    fn text_is_that_of_go() {
        // What Go 1.26 prints for the same names.
        assert_eq!(name(&[("2.5.4.10", "sigstore.dev"), ("2.5.4.3", "sigstore-intermediate")]), "CN=sigstore-intermediate,O=sigstore.dev");
        assert_eq!(name(&[("2.5.4.10", "a"), ("2.5.4.6", "DE"), ("2.5.4.10", "b,c")]), "O=a+O=b\\,c,C=DE");
        assert_eq!(name(&[("2.5.4.3", "#x "), ("1.2.840.113549.1.9.1", "a@b")]), "CN=\\#x\\ ,1.2.840.113549.1.9.1=#0c03614062");
        assert_eq!(name(&[("0.9.2342.19200300.100.1.25", "dev")]), "0.9.2342.19200300.100.1.25=#1303646576");
    }

    #[test]
    fn string_types() {
        assert_eq!(text(Tag::BmpString, &[0, b'a', 0x20, 0xac, 0, 0]).as_deref(), Some("a€"));
        assert_eq!(text(Tag::BmpString, &[0xd8, 0]), None);
        assert_eq!(text(Tag::TeletexString, &[0xe9]).as_deref(), Some("é"));
        assert_eq!(text(Tag::PrintableString, b"a@"), None);
        assert_eq!(text(Tag::OctetString, b"a"), None);
    }
}
