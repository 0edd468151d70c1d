//! Writing the little DER that keys and signatures need, into memory that is wiped.

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

/// Tag bytes for writing.
pub(in crate::crypto) mod tag {
    pub(in crate::crypto) const INTEGER: u8 = 0x02;
    pub(in crate::crypto) const BIT_STRING: u8 = 0x03;
    pub(in crate::crypto) const OCTET_STRING: u8 = 0x04;
    pub(in crate::crypto) const OID: u8 = 0x06;
    pub(in crate::crypto) const SEQUENCE: u8 = 0x30;
    pub(in crate::crypto) const CONTEXT_1: u8 = 0xa1;
}

/// DER `NULL`.
pub(in crate::crypto) const NULL: &[u8] = &[0x05, 0x00];

/// Writes one element whose content is `parts`, joined.
pub(in crate::crypto) fn write(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
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
pub(in crate::crypto) fn write_unsigned(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    match without_leading_zeros(digits) {
        [] => write(tag::INTEGER, &[&[0]]),
        digits @ [0x80..=0xff, ..] => write(tag::INTEGER, &[&[0], digits]),
        digits => write(tag::INTEGER, &[digits]),
    }
}

/// Writes an `AlgorithmIdentifier` whose parameters are DER already.
pub(in crate::crypto) fn write_algorithm(oid: &ObjectIdentifier, parameters: &[u8]) -> Zeroizing<Vec<u8>> {
    write(tag::SEQUENCE, &[&write(tag::OID, &[oid.as_bytes()]), parameters])
}

/// Big-endian digits without the zeros in front.
pub(in crate::crypto) fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|byte| **byte == 0).count()..]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Der;
    use super::*;

    #[test]
    fn lengths_are_minimal() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let written = write(tag::OCTET_STRING, &[&content]);
            assert_eq!(Der::whole(&written, der::Tag::OctetString), Ok(content.as_slice()), "{length}");
        }
    }

    #[test]
    fn integers_are_minimal_and_unsigned() {
        for digits in [&[][..], &[1], &[0x80], &[0x7f, 0xff]] {
            assert_eq!(Der::new(&write_unsigned(digits)).unsigned(), Ok(digits));
        }
    }
}
