//! The little DER (X.690) that keys and signatures need: strict reading, and writing into memory that is wiped.

use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode, Tag, Tagged};
use zeroize::Zeroizing;

/// `id-ecPublicKey`.
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `rsaEncryption`.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-Ed25519`.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Tag bytes for writing.
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const CONTEXT_1: u8 = 0xa1;
}

/// DER `NULL`.
pub(super) const NULL: &[u8] = &[0x05, 0x00];

/// Takes one element with `tag` off the front of `input`; its content.
pub(super) fn take<'a>(input: &mut &'a [u8], tag: Tag) -> Option<&'a [u8]> {
    let (element, rest) = AnyRef::from_der_partial(input).ok()?;
    if element.tag() != tag {
        return None;
    }
    *input = rest;
    Some(element.value())
}

/// The content of the one element with `tag` that `input` is, whole.
pub(super) fn whole(mut input: &[u8], tag: Tag) -> Option<&[u8]> {
    let content = take(&mut input, tag)?;
    input.is_empty().then_some(content)
}

/// Takes an `INTEGER` that is not negative and minimally encoded; big-endian without leading zeros (zero is empty).
pub(super) fn take_unsigned<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut ahead = *input;
    let content = take(&mut ahead, Tag::Integer)?;
    let digits = match content {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => return None,
        [0, rest @ ..] => rest,
        all => all,
    };
    *input = ahead;
    Some(digits)
}

/// Takes an `OBJECT IDENTIFIER`.
pub(super) fn take_oid(input: &mut &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(take(input, Tag::ObjectIdentifier)?).ok()
}

/// Takes a `BIT STRING` of whole bytes.
pub(super) fn take_bytes_of_bits<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    take(input, Tag::BitString)?.strip_prefix(&[0])
}

/// Writes one element whose content is `parts`, joined.
pub(super) fn write(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // Room for all from the start: growing would leave copies of key material behind.
    let mut out = Zeroizing::new(Vec::with_capacity(length + 10));
    out.push(tag);
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    match (length, u8::try_from(significant.len())) {
        (0x80.., Ok(count)) => {
            out.push(0x80 | count);
            out.extend_from_slice(significant);
        }
        _ => out.push(bytes[bytes.len() - 1]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// Writes an `INTEGER` from big-endian digits, with or without leading zeros.
pub(super) fn write_unsigned(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    match without_leading_zeros(digits) {
        [] => write(tag::INTEGER, &[&[0]]),
        digits @ [0x80..=0xff, ..] => write(tag::INTEGER, &[&[0], digits]),
        digits => write(tag::INTEGER, &[digits]),
    }
}

/// Writes an `AlgorithmIdentifier` whose parameters are DER already.
pub(super) fn write_algorithm(oid: &ObjectIdentifier, parameters: &[u8]) -> Zeroizing<Vec<u8>> {
    write(tag::SEQUENCE, &[&write(tag::OID, &[oid.as_bytes()]), parameters])
}

/// Big-endian digits without the zeros in front.
pub(super) fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|byte| **byte == 0).count()..]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lengths_are_minimal() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let written = write(tag::OCTET_STRING, &[&content]);
            assert_eq!(whole(&written, Tag::OctetString), Some(content.as_slice()), "{length}");
        }
        assert_eq!(whole(&[0x04, 0x81, 0x01, 0x00], Tag::OctetString), None);
        assert_eq!(whole(&[0x04, 0x01, 0x00, 0x00], Tag::OctetString), None);
    }

    #[test]
    fn integers_are_minimal_and_unsigned() {
        for digits in [&[][..], &[1], &[0x80], &[0x7f, 0xff]] {
            assert_eq!(take_unsigned(&mut &write_unsigned(digits)[..]), Some(digits));
        }
        for bad in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 1], &[4, 1, 1]] {
            assert_eq!(take_unsigned(&mut &bad[..]), None, "{bad:?}");
        }
    }
}
