//! Name constraints (RFC 5280 section 4.2.1.10), as Go reads and applies them.

use std::net::IpAddr;

use der::Tag;

use super::super::asn1::{Der, Malformed, context};
use super::CertificateError;
use crate::encoding::{hex, text};

/// The subtrees of one kind of list, permitted or excluded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crypto) struct Subtrees {
    pub(in crate::crypto) dns: Vec<String>,
    /// Address and mask, of the same length.
    pub(in crate::crypto) ips: Vec<(Vec<u8>, Vec<u8>)>,
    pub(in crate::crypto) emails: Vec<String>,
    pub(in crate::crypto) uris: Vec<String>,
}

/// Both lists of an authority.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crypto) struct NameConstraints {
    pub(in crate::crypto) permitted: Subtrees,
    pub(in crate::crypto) excluded: Subtrees,
}

impl NameConstraints {
    /// Reads the extension's value; the second value is false where a kind of name is constrained that is not checked here.
    pub(super) fn parse(value: &[u8]) -> Result<(Self, bool), CertificateError> {
        let malformed = |_: Malformed| CertificateError::Malformed("name constraints");
        let mut outer = Der::new(value);
        let mut lists = outer.sequence().map_err(malformed)?;
        outer.finish().map_err(malformed)?;
        let permitted = lists.optional(context(0, true)).map_err(malformed)?.map_or(&[][..], |list| list.value);
        let excluded = lists.optional(context(1, true)).map_err(malformed)?.map_or(&[][..], |list| list.value);
        lists.finish().map_err(malformed)?;
        if permitted.is_empty() && excluded.is_empty() {
            return Err(CertificateError::Malformed("name constraints"));
        }
        let (permitted, first) = Subtrees::parse(Der::new(permitted))?;
        let (excluded, second) = Subtrees::parse(Der::new(excluded))?;
        Ok((Self { permitted, excluded }, first && second))
    }
}

impl Subtrees {
    fn parse(mut list: Der<'_>) -> Result<(Self, bool), CertificateError> {
        let malformed = |_: Malformed| CertificateError::Malformed("name constraints");
        let (mut subtrees, mut complete) = (Self::default(), true);
        while !list.is_empty() {
            let mut subtree = list.sequence().map_err(malformed)?;
            let base = subtree.next().map_err(malformed)?;
            let number = match base.tag {
                Tag::ContextSpecific { constructed: false, number } => number.0,
                _ => u32::MAX,
            };
            match number {
                1 => subtrees.emails.push(email(base.value)?),
                2 => subtrees.dns.push(domain(base.value, "dnsName")?),
                6 => subtrees.uris.push(uri_domain(base.value)?),
                7 => subtrees.ips.push(ip_range(base.value)?),
                _ => complete = false,
            }
        }
        Ok((subtrees, complete))
    }
}

fn refused(kind: &'static str, value: &[u8]) -> CertificateError {
    CertificateError::Constraint { kind, value: text::quote(&String::from_utf8_lossy(value)) }
}

fn domain(value: &[u8], kind: &'static str) -> Result<String, CertificateError> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.is_ascii() && domain_name_valid(text, true));
    text.map(str::to_owned).ok_or_else(|| refused(kind, value))
}

fn uri_domain(value: &[u8]) -> Result<String, CertificateError> {
    let text = domain(value, "URI")?;
    if text.parse::<IpAddr>().is_ok() { Err(refused("URI", value)) } else { Ok(text) }
}

fn email(value: &[u8]) -> Result<String, CertificateError> {
    if !value.contains(&b'@') {
        return domain(value, "rfc822Name");
    }
    let text = std::str::from_utf8(value).ok().filter(|text| Mailbox::parse(text).is_some());
    text.map(str::to_owned).ok_or_else(|| refused("rfc822Name", value))
}

fn ip_range(value: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CertificateError> {
    let refuse = || CertificateError::Constraint { kind: "IP", value: hex::encode(value) };
    if !matches!(value.len(), 8 | 32) {
        return Err(refuse());
    }
    let (address, mask) = value.split_at(value.len() / 2);
    // One bits, then zero bits.
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let all: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let contiguous = ones == all && mask.is_sorted_by(|a, b| *a == 0xff || *b == 0);
    if contiguous { Ok((address.to_vec(), mask.to_vec())) } else { Err(refuse()) }
}

/// Go's `domainNameValid`: labels of visible ASCII characters, none empty, no final period; nothing at all is valid.
pub(in crate::crypto) fn domain_name_valid(name: &str, constraint: bool) -> bool {
    if name.is_empty() {
        return true;
    }
    let labels = if constraint { name.strip_prefix('.').unwrap_or(name) } else { name };
    !name.ends_with('.') && labels.split('.').all(|label| !label.is_empty() && label.bytes().all(|byte| (33..=126).contains(&byte)))
}

/// An e-mail address: local part as it stands, domain in lower case. Quoted local parts are refused where constraints apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::crypto) struct Mailbox {
    pub(in crate::crypto) local: String,
    pub(in crate::crypto) domain: String,
}

impl Mailbox {
    pub(in crate::crypto) fn parse(text: &str) -> Option<Self> {
        let (local, domain) = text.split_once('@')?;
        let atom = |atom: &str| {
            !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        };
        let labels =
            |domain: &str| domain.split('.').all(|label| !label.is_empty() && label.bytes().all(|byte| (33..=126).contains(&byte)));
        let valid = local.split('.').all(atom) && labels(domain);
        valid.then(|| Self { local: local.to_owned(), domain: domain.to_ascii_lowercase() })
    }
}
