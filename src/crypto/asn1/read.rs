//! A cursor over DER (X.690) that lends out what it reads, on the strict primitives of the `der` crate: definite, minimal
//! lengths only. It never recurses, so foreign bytes choose no depth.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Header, Reader as _, SliceReader, Tag, TagNumber};

use crate::encoding::UnixTime;

/// The bytes are no DER, or not of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crypto) struct Malformed;

/// One element: tag, content, and both with the length, as they were read.
#[derive(Debug, Clone, Copy)]
pub(in crate::crypto) struct Element<'a> {
    pub(in crate::crypto) tag: Tag,
    pub(in crate::crypto) value: &'a [u8],
    pub(in crate::crypto) raw: &'a [u8],
}

/// What is left to read of a sequence of elements.
#[derive(Debug, Clone, Copy)]
pub(in crate::crypto) struct Der<'a>(&'a [u8]);

/// A context-specific tag.
pub(in crate::crypto) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

impl<'a> Der<'a> {
    pub(in crate::crypto) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the one element with `tag` that `bytes` are, whole.
    pub(in crate::crypto) fn whole(bytes: &'a [u8], tag: Tag) -> Result<&'a [u8], Malformed> {
        let mut der = Self::new(bytes);
        let element = der.expect(tag)?;
        der.finish()?;
        Ok(element.value)
    }

    pub(in crate::crypto) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left, as it was read.
    pub(in crate::crypto) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// `Ok` at the end; trailing bytes are malformed.
    pub(in crate::crypto) fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    pub(in crate::crypto) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        let mut reader = SliceReader::new(self.0).map_err(|_| Malformed)?;
        let header = Header::peek(&reader).map_err(|_| Malformed)?;
        let raw = reader.tlv_bytes().map_err(|_| Malformed)?;
        let length = usize::try_from(header.length()).map_err(|_| Malformed)?;
        let value = raw.len().checked_sub(length).and_then(|start| raw.get(start..)).ok_or(Malformed)?;
        self.0 = self.0.get(raw.len()..).ok_or(Malformed)?;
        Ok(Element { tag: header.tag(), value, raw })
    }

    /// The tag of the next element; `None` at the end or before bytes that are no element.
    pub(in crate::crypto) fn peek(&self) -> Option<Tag> {
        let mut copy = *self;
        copy.next().ok().map(|element| element.tag)
    }

    pub(in crate::crypto) fn expect(&mut self, tag: Tag) -> Result<Element<'a>, Malformed> {
        let element = self.next()?;
        if element.tag == tag { Ok(element) } else { Err(Malformed) }
    }

    /// The next element if it has that tag; nothing is read otherwise.
    pub(in crate::crypto) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Malformed> {
        if self.peek() == Some(tag) { self.next().map(Some) } else { Ok(None) }
    }

    pub(in crate::crypto) fn sequence(&mut self) -> Result<Der<'a>, Malformed> {
        self.expect(Tag::Sequence).map(|element| Der(element.value))
    }

    pub(in crate::crypto) fn set(&mut self) -> Result<Der<'a>, Malformed> {
        self.expect(Tag::Set).map(|element| Der(element.value))
    }

    pub(in crate::crypto) fn oid(&mut self) -> Result<ObjectIdentifier, Malformed> {
        ObjectIdentifier::from_der(self.expect(Tag::ObjectIdentifier)?.raw).map_err(|_| Malformed)
    }

    /// An AlgorithmIdentifier: its OID. There may be one element of parameters, of any kind.
    pub(in crate::crypto) fn algorithm(&mut self) -> Result<ObjectIdentifier, Malformed> {
        let mut fields = self.sequence()?;
        let oid = fields.oid()?;
        if !fields.is_empty() {
            fields.next()?;
        }
        fields.finish()?;
        Ok(oid)
    }

    pub(in crate::crypto) fn octet_string(&mut self) -> Result<&'a [u8], Malformed> {
        self.expect(Tag::OctetString).map(|element| element.value)
    }

    pub(in crate::crypto) fn boolean(&mut self) -> Result<bool, Malformed> {
        bool::from_der(self.expect(Tag::Boolean)?.raw).map_err(|_| Malformed)
    }

    /// A bit string: its bytes, and how many bits at the end do not count (they are zero).
    pub(in crate::crypto) fn bit_string(&mut self) -> Result<(&'a [u8], u8), Malformed> {
        let (&unused, bytes) = self.expect(Tag::BitString)?.value.split_first().ok_or(Malformed)?;
        let padding = bytes.last().map_or(unused != 0, |last| unused > 7 || last & ((1u8 << unused) - 1) != 0);
        if padding { Err(Malformed) } else { Ok((bytes, unused)) }
    }

    /// A bit string of whole bytes.
    pub(in crate::crypto) fn bytes_of_bits(&mut self) -> Result<&'a [u8], Malformed> {
        match self.bit_string()? {
            (bytes, 0) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// An integer that is not negative, big-endian without leading zeros (zero is empty).
    pub(in crate::crypto) fn unsigned(&mut self) -> Result<&'a [u8], Malformed> {
        unsigned(self.expect(Tag::Integer)?.value)
    }

    /// A small integer that is not negative.
    pub(in crate::crypto) fn small(&mut self) -> Result<u32, Malformed> {
        small(self.expect(Tag::Integer)?.value)
    }
}

/// The content of an INTEGER that is not negative, big-endian without leading zeros.
pub(in crate::crypto) fn unsigned(content: &[u8]) -> Result<&[u8], Malformed> {
    match content {
        [0] => Ok(&[]),
        [0, second, ..] if *second & 0x80 != 0 => Ok(&content[1..]),
        [first, ..] if *first != 0 && *first & 0x80 == 0 => Ok(content),
        _ => Err(Malformed),
    }
}

/// The content of an INTEGER as a small number.
pub(in crate::crypto) fn small(content: &[u8]) -> Result<u32, Malformed> {
    let bytes = unsigned(content)?;
    if bytes.len() > 4 {
        return Err(Malformed);
    }
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// A UTCTime or GeneralizedTime in seconds, without a fraction.
pub(in crate::crypto) fn time(element: Element<'_>) -> Result<UnixTime, Malformed> {
    let seconds = match element.tag {
        Tag::UtcTime => der::asn1::UtcTime::from_der(element.raw).map(|time| time.to_unix_duration()),
        Tag::GeneralizedTime => return generalized_time(element.value).map(|(time, _)| time),
        _ => return Err(Malformed),
    };
    seconds.ok().and_then(|duration| i64::try_from(duration.as_secs()).ok()).map(UnixTime).ok_or(Malformed)
}

/// `YYYYMMDDHHMMSS[.f…]Z`: the whole second, and whether a fraction follows it (RFC 3161 allows one).
pub(in crate::crypto) fn generalized_time(content: &[u8]) -> Result<(UnixTime, bool), Malformed> {
    let text = std::str::from_utf8(content).ok().and_then(|text| text.strip_suffix('Z')).ok_or(Malformed)?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    // DER: no empty fraction, no trailing zero.
    if fraction.is_some_and(|f| f.is_empty() || f.ends_with('0') || f.len() > 18 || !f.bytes().all(|b| b.is_ascii_digit())) {
        return Err(Malformed);
    }
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    let rfc3339 = format!("{}-{}-{}T{}:{}:{}Z", &whole[..4], &whole[4..6], &whole[6..8], &whole[8..10], &whole[10..12], &whole[12..14]);
    if &whole[12..14] == "60" {
        return Err(Malformed);
    }
    UnixTime::parse_rfc3339(&rfc3339).map(|time| (time, fraction.is_some())).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_minimal_and_definite() {
        assert!(Der::new(&[0x04, 0x01, 7]).octet_string().is_ok());
        assert!(Der::new(&[0x04, 0x81, 0x01, 7]).octet_string().is_err());
        assert!(Der::new(&[0x30, 0x80, 0, 0]).sequence().is_err());
        assert!(Der::new(&[0x04, 0x02, 7]).octet_string().is_err());
        assert_eq!(Der::whole(&[0x04, 0x01, 7], Tag::OctetString), Ok(&[7][..]));
        assert!(Der::whole(&[0x04, 0x01, 7, 0], Tag::OctetString).is_err());
        assert!(Der::whole(&[0x04, 0x01, 7], Tag::Sequence).is_err());
    }

    #[test]
    fn integers_are_minimal_and_not_negative() {
        assert_eq!(unsigned(&[0]), Ok(&[][..]));
        assert_eq!(unsigned(&[0, 0x80]), Ok(&[0x80][..]));
        assert_eq!(small(&[1, 2]), Ok(0x102));
        for bad in [&[][..], &[0, 1], &[0x80], &[0xff, 1]] {
            assert_eq!(unsigned(bad), Err(Malformed));
        }
        assert_eq!(small(&[1, 0, 0, 0, 0]), Err(Malformed));
    }

    #[test]
    fn bit_strings_have_zero_padding() {
        assert_eq!(Der::new(&[3, 2, 5, 0xa0]).bit_string(), Ok((&[0xa0][..], 5)));
        assert_eq!(Der::new(&[3, 2, 5, 0xa1]).bit_string(), Err(Malformed));
        assert_eq!(Der::new(&[3, 1, 1]).bit_string(), Err(Malformed));
        assert_eq!(Der::new(&[3, 0]).bit_string(), Err(Malformed));
    }

    #[test]
    fn times() {
        assert_eq!(generalized_time(b"20260101000000Z"), Ok((UnixTime(1_767_225_600), false)));
        assert_eq!(generalized_time(b"20260101000000.5Z"), Ok((UnixTime(1_767_225_600), true)));
        for bad in ["20260101000000", "20260101000000.Z", "20260101000000.50Z", "202601010000Z", "20261301000000Z", "20260101000060Z"] {
            assert_eq!(generalized_time(bad.as_bytes()), Err(Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut der = Der::new(&bytes);
            while let Ok(element) = der.next() {
                prop_assert!(element.raw.ends_with(element.value));
                let _ = time(element);
            }
            let _ = Der::new(&bytes).bit_string();
            let _ = Der::new(&bytes).oid();
            let _ = generalized_time(&bytes);
        }
    }
}
