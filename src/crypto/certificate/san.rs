//! Subject alternative names (RFC 5280 section 4.2.1.6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use der::Tag;

use super::super::asn1::{Der, Malformed, context};
use super::{CertificateError, uri};
use crate::encoding::text;

/// 1.3.6.1.4.1.57264.1.7, the only OtherName that Fulcio writes.
const FULCIO_OTHER_NAME: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 7];

/// The names of a certificate, by kind, each in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crypto) struct SubjectAlternativeNames {
    pub(in crate::crypto) dns: Vec<String>,
    pub(in crate::crypto) emails: Vec<String>,
    pub(in crate::crypto) ips: Vec<IpAddr>,
    pub(in crate::crypto) uris: Vec<String>,
    pub(in crate::crypto) other_name: Option<String>,
}

impl SubjectAlternativeNames {
    /// Reads the extension's value.
    pub(super) fn parse(value: &[u8]) -> Result<Self, CertificateError> {
        let invalid = |_: Malformed| CertificateError::Malformed("subject alternative names");
        let mut outer = Der::new(value);
        let mut names = outer.sequence().map_err(invalid)?;
        outer.finish().map_err(invalid)?;
        let mut found = Self::default();
        let mut other_names = Vec::new();
        while !names.is_empty() {
            let name = names.next().map_err(invalid)?;
            match context_number(name.tag) {
                Some((0, true)) => other_names.push(other_name(name.value)),
                Some((1, false)) => found.emails.push(ia5(name.value, "SAN rfc822Name")?),
                Some((2, false)) => found.dns.push(ia5(name.value, "SAN dNSName")?),
                Some((6, false)) => {
                    let text = ia5(name.value, "SAN uniformResourceIdentifier")?;
                    found.uris.push(uri::normalize(&text).ok_or_else(|| CertificateError::Uri(text::quote(&text)))?);
                }
                Some((7, false)) => found.ips.push(ip(name.value)?),
                _ => {}
            }
        }
        // cryptoutils gives none where one is malformed or foreign, or where there are several.
        if let [Ok(one)] = other_names.as_slice() {
            found.other_name = Some(one.clone()).filter(|name| !name.is_empty());
        }
        Ok(found)
    }

    /// All of them as text: DNS, e-mail, IP, URI, OtherName.
    pub(super) fn texts(&self) -> Vec<String> {
        let ips = self.ips.iter().map(ToString::to_string);
        self.dns.iter().chain(&self.emails).cloned().chain(ips).chain(self.uris.iter().cloned()).chain(self.other_name.clone()).collect()
    }
}

fn context_number(tag: Tag) -> Option<(u32, bool)> {
    match tag {
        Tag::ContextSpecific { constructed, number } => Some((number.0, constructed)),
        _ => None,
    }
}

fn ia5(value: &[u8], what: &'static str) -> Result<String, CertificateError> {
    std::str::from_utf8(value).ok().filter(|text| text.is_ascii()).map(str::to_owned).ok_or(CertificateError::NotAscii(what))
}

/// An address; IPv4 within IPv6 shows as IPv4, as in Go.
fn ip(value: &[u8]) -> Result<IpAddr, CertificateError> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Ok(Ipv4Addr::from(octets).into());
    }
    let octets = <[u8; 16]>::try_from(value).map_err(|_| CertificateError::IpLength(value.len()))?;
    Ok(IpAddr::from(Ipv6Addr::from(octets)).to_canonical())
}

fn other_name(value: &[u8]) -> Result<String, Malformed> {
    let mut fields = Der::new(value);
    if fields.oid()?.as_bytes() != FULCIO_OTHER_NAME {
        return Err(Malformed);
    }
    let mut explicit = Der::new(fields.expect(context(0, true))?.value);
    fields.finish()?;
    let text = explicit.expect(Tag::Utf8String)?.value;
    explicit.finish()?;
    String::from_utf8(text.to_vec()).map_err(|_| Malformed)
}
