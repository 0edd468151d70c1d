//! Extensions and what Go reads out of them.

use der::Tag;
use der::asn1::ObjectIdentifier;
use serde::Serialize;

use super::some;
use crate::crypto::asn1::{Der, Malformed, context};
use crate::crypto::certificate::Extension;
use crate::crypto::certificate::extension::Meaning;
use crate::crypto::certificate::name_constraints::NameConstraints;
use crate::encoding::base64;

/// Go's `asn1.ObjectIdentifier`: a list of numbers.
#[derive(Serialize)]
pub(super) struct Oid(Vec<u32>);

impl Oid {
    pub(super) fn of(oid: &ObjectIdentifier) -> Self {
        Self(oid.arcs().collect())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ExtensionJson {
    id: Oid,
    critical: bool,
    value: Option<String>,
}

impl ExtensionJson {
    pub(super) fn of(extension: &Extension) -> Self {
        Self { id: Oid::of(&extension.oid), critical: extension.critical, value: Some(base64::encode(&extension.value)) }
    }
}

/// Extended key usages, by Go's number or by OID.
pub(super) struct Usages {
    pub(super) known: Vec<u8>,
    pub(super) unknown: Vec<Oid>,
}

impl Usages {
    pub(super) fn of(usages: &[ObjectIdentifier]) -> Self {
        let mut found = Self { known: Vec::new(), unknown: Vec::new() };
        for oid in usages {
            let number = match oid.as_bytes() {
                [0x55, 0x1d, 0x25, 0] => 0,
                [0x2b, 6, 1, 5, 5, 7, 3, arc @ 1..=9] => *arc,
                // Microsoft's and Netscape's.
                [0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3] => 10,
                [0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 4, 1] => 11,
                [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 22] => 12,
                [0x2b, 6, 1, 4, 1, 0x82, 0x37, 61, 1, 1] => 13,
                _ => {
                    found.unknown.push(Oid::of(oid));
                    continue;
                }
            };
            found.known.push(number);
        }
        found
    }
}

/// The value of 2.5.29.`arc`.
fn value_of(extensions: &[Extension], arc: u8) -> Option<&Extension> {
    extensions.iter().find(|extension| extension.oid.as_bytes() == [0x55, 0x1d, arc])
}

/// Critical extensions that Go does not read.
pub(super) fn unhandled(extensions: &[Extension]) -> Vec<Oid> {
    let is_unhandled = |extension: &&Extension| {
        let alone = std::slice::from_ref(*extension);
        extension.critical
            && Meaning::of(alone).is_ok_and(|meaning| {
                let names = &meaning.names;
                // Alternative names of no kind that Go knows count as not read.
                let nameless =
                    meaning.has_names && names.dns.is_empty() && names.emails.is_empty() && names.ips.is_empty() && names.uris.is_empty();
                meaning.unhandled_critical.is_some() || nameless
            })
    };
    extensions.iter().filter(is_unhandled).map(|extension| Oid::of(&extension.oid)).collect()
}

/// Authority information access (RFC 5280 section 4.2.2.1).
#[derive(Default)]
pub(super) struct Access {
    pub(super) ocsp: Vec<String>,
    pub(super) issuers: Vec<String>,
}

impl Access {
    pub(super) fn of(extensions: &[Extension]) -> Self {
        const ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
        let mut found = Self::default();
        if let Some(extension) = extensions.iter().find(|extension| extension.oid.as_bytes() == ACCESS) {
            let _ = found.read(&extension.value);
        }
        found
    }

    fn read(&mut self, value: &[u8]) -> Result<(), Malformed> {
        let mut list = Der::new(value).sequence()?;
        while !list.is_empty() {
            let mut one = list.sequence()?;
            let method = one.oid()?;
            let Some(location) = one.optional(context(6, false))? else { continue };
            let text = String::from_utf8_lossy(location.value).into_owned();
            match method.as_bytes() {
                [0x2b, 6, 1, 5, 5, 7, 0x30, 1] => self.ocsp.push(text),
                [0x2b, 6, 1, 5, 5, 7, 0x30, 2] => self.issuers.push(text),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Name constraints, as Go's fields.
#[derive(Serialize)]
pub(super) struct Constraints {
    #[serde(rename = "PermittedDNSDomainsCritical")]
    critical: bool,
    #[serde(rename = "PermittedDNSDomains")]
    permitted_dns: Option<Vec<String>>,
    #[serde(rename = "ExcludedDNSDomains")]
    excluded_dns: Option<Vec<String>>,
    #[serde(rename = "PermittedIPRanges")]
    permitted_ips: Option<Vec<IpNet>>,
    #[serde(rename = "ExcludedIPRanges")]
    excluded_ips: Option<Vec<IpNet>>,
    #[serde(rename = "PermittedEmailAddresses")]
    permitted_emails: Option<Vec<String>>,
    #[serde(rename = "ExcludedEmailAddresses")]
    excluded_emails: Option<Vec<String>>,
    #[serde(rename = "PermittedURIDomains")]
    permitted_uris: Option<Vec<String>>,
    #[serde(rename = "ExcludedURIDomains")]
    excluded_uris: Option<Vec<String>>,
}

/// Go's `net.IPNet`.
#[derive(Serialize)]
struct IpNet {
    #[serde(rename = "IP")]
    ip: String,
    #[serde(rename = "Mask")]
    mask: String,
}

impl Constraints {
    pub(super) fn of(extensions: &[Extension], constraints: Option<&NameConstraints>) -> Self {
        let (permitted, excluded) = constraints.map(|both| (both.permitted.clone(), both.excluded.clone())).unwrap_or_default();
        let nets = |ranges: Vec<(Vec<u8>, Vec<u8>)>| some(ranges.iter().map(|(address, mask)| net(address, mask)).collect());
        Self {
            critical: value_of(extensions, 30).is_some_and(|extension| extension.critical),
            permitted_dns: some(permitted.dns),
            excluded_dns: some(excluded.dns),
            permitted_ips: nets(permitted.ips),
            excluded_ips: nets(excluded.ips),
            permitted_emails: some(permitted.emails),
            excluded_emails: some(excluded.emails),
            permitted_uris: some(permitted.uris),
            excluded_uris: some(excluded.uris),
        }
    }
}

fn net(address: &[u8], mask: &[u8]) -> IpNet {
    let ip = match (<[u8; 4]>::try_from(address), <[u8; 16]>::try_from(address)) {
        (Ok(octets), _) => std::net::IpAddr::from(octets).to_string(),
        (_, Ok(octets)) => std::net::IpAddr::from(octets).to_canonical().to_string(),
        _ => String::new(),
    };
    IpNet { ip, mask: base64::encode(mask) }
}

/// The URIs of CRL distribution points (RFC 5280 section 4.2.1.13).
pub(super) fn distribution_points(extensions: &[Extension]) -> Vec<String> {
    let mut found = Vec::new();
    let mut read = |value: &[u8]| -> Result<(), Malformed> {
        let mut points = Der::new(value).sequence()?;
        while !points.is_empty() {
            let Some(name) = points.sequence()?.optional(context(0, true))? else { continue };
            let Some(full) = Der::new(name.value).optional(context(0, true))? else { continue };
            let mut names = Der::new(full.value);
            while let Some(uri) = names.optional(context(6, false))? {
                found.push(String::from_utf8_lossy(uri.value).into_owned());
            }
        }
        Ok(())
    };
    if let Some(extension) = value_of(extensions, 31) {
        let _ = read(&extension.value);
    }
    found
}

/// Certificate policies and what constrains them.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Policies {
    policy_identifiers: Option<Vec<Oid>>,
    policies: Option<Vec<String>>,
    inhibit_any_policy: u32,
    inhibit_any_policy_zero: bool,
    inhibit_policy_mapping: u32,
    inhibit_policy_mapping_zero: bool,
    require_explicit_policy: u32,
    require_explicit_policy_zero: bool,
}

impl Policies {
    pub(super) fn of(extensions: &[Extension]) -> Self {
        let mut found = Self::default();
        let _ = found.read(extensions);
        found
    }

    fn read(&mut self, extensions: &[Extension]) -> Result<(), Malformed> {
        if let Some(extension) = value_of(extensions, 32) {
            let mut list = Der::new(&extension.value).sequence()?;
            let (mut oids, mut texts) = (Vec::new(), Vec::new());
            while !list.is_empty() {
                let oid = list.sequence()?.oid()?;
                oids.push(Oid::of(&oid));
                texts.push(oid.to_string());
            }
            (self.policy_identifiers, self.policies) = (Some(oids), some(texts));
        }
        if let Some(extension) = value_of(extensions, 36) {
            let mut fields = Der::new(&extension.value).sequence()?;
            if let Some(explicit) = fields.optional(context(0, false))? {
                self.require_explicit_policy = crate::crypto::asn1::small(explicit.value)?;
                self.require_explicit_policy_zero = self.require_explicit_policy == 0;
            }
            if let Some(mapping) = fields.optional(context(1, false))? {
                self.inhibit_policy_mapping = crate::crypto::asn1::small(mapping.value)?;
                self.inhibit_policy_mapping_zero = self.inhibit_policy_mapping == 0;
            }
        }
        if let Some(extension) = value_of(extensions, 54) {
            self.inhibit_any_policy = Der::new(&extension.value).small()?;
            self.inhibit_any_policy_zero = self.inhibit_any_policy == 0;
        }
        Ok(())
    }
}

/// Go's `x509.PolicyMapping`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mapping {
    issuer_domain_policy: String,
    subject_domain_policy: String,
}

/// Policy mappings (RFC 5280 section 4.2.1.5).
pub(super) fn mappings(extensions: &[Extension]) -> Vec<Mapping> {
    let read = |value: &[u8]| -> Result<Vec<Mapping>, Malformed> {
        let mut list = Der::new(value).sequence()?;
        let mut found = Vec::new();
        while !list.is_empty() {
            let mut pair = list.expect(Tag::Sequence).map(|element| Der::new(element.value))?;
            found.push(Mapping { issuer_domain_policy: pair.oid()?.to_string(), subject_domain_policy: pair.oid()?.to_string() });
        }
        Ok(found)
    };
    value_of(extensions, 33).and_then(|extension| read(&extension.value).ok()).unwrap_or_default()
}
