//! Certificate extensions: all of them as they stand, and the meaning of those that path validation knows.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::super::asn1::{self, Der, Malformed, context};
use super::CertificateError;
use super::name_constraints::NameConstraints;
use super::san::SubjectAlternativeNames;

/// Extended key usage: any.
pub(in crate::crypto) const ANY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0];
/// Key usage bit `keyCertSign`.
const CERT_SIGN: u8 = 0x04;

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its OID.
    pub(in crate::crypto) oid: ObjectIdentifier,
    /// Whether one who does not know it must refuse the certificate.
    pub critical: bool,
    /// The content of its octet string.
    pub value: Vec<u8>,
}

impl Extension {
    /// The OID as dotted numbers.
    pub fn oid(&self) -> String {
        self.oid.to_string()
    }

    /// Reads the content of an Extension.
    fn parse(mut fields: Der<'_>) -> Result<Self, Malformed> {
        let oid = fields.oid()?;
        let critical = if fields.peek() == Some(Tag::Boolean) { fields.boolean()? } else { false };
        let value = fields.octet_string()?.to_vec();
        fields.finish()?;
        Ok(Self { oid, critical, value })
    }
}

/// Reads the content of Extensions; each OID once.
pub(super) fn parse_all(mut list: Der<'_>) -> Result<Vec<Extension>, CertificateError> {
    let malformed = |_: Malformed| CertificateError::Malformed("extension");
    let mut seen = std::collections::BTreeSet::new();
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let extension = list.sequence().and_then(Extension::parse).map_err(malformed)?;
        if !seen.insert(extension.oid) {
            return Err(CertificateError::DuplicateExtension(extension.oid()));
        }
        extensions.push(extension);
    }
    Ok(extensions)
}

/// What path validation wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::crypto) struct Meaning {
    /// Basic constraints: whether an authority, and how many intermediates may follow.
    pub(in crate::crypto) basic_constraints: Option<(bool, Option<u32>)>,
    /// Key usage: whether there is any bit, and whether `keyCertSign` is among them.
    pub(in crate::crypto) key_usage: Option<(bool, bool)>,
    /// Extended key usages; empty without the extension.
    pub(in crate::crypto) extended_key_usages: Vec<ObjectIdentifier>,
    /// Whether that extension is critical.
    pub(in crate::crypto) extended_key_usage_critical: bool,
    pub(in crate::crypto) names: SubjectAlternativeNames,
    pub(in crate::crypto) has_names: bool,
    pub(in crate::crypto) name_constraints: Option<NameConstraints>,
    pub(in crate::crypto) subject_key_id: Option<Vec<u8>>,
    pub(in crate::crypto) authority_key_id: Option<Vec<u8>>,
    /// A critical extension that this program does not know.
    pub(in crate::crypto) unhandled_critical: Option<String>,
    /// Policy constraints ask for explicit policies, which this program does not process.
    pub(in crate::crypto) requires_explicit_policy: bool,
}

impl Meaning {
    pub(super) fn of(extensions: &[Extension]) -> Result<Self, CertificateError> {
        let mut meaning = Self::default();
        for extension in extensions {
            let handled = match extension.oid.as_bytes() {
                [0x55, 0x1d, last] => meaning.read(*last, extension)?,
                // Authority information access.
                [0x2b, 6, 1, 5, 5, 7, 1, 1] => true,
                _ => false,
            };
            if extension.critical && !handled {
                meaning.unhandled_critical.get_or_insert_with(|| extension.oid());
            }
        }
        Ok(meaning)
    }

    /// Reads extension 2.5.29.`arc`; whether it is one that is known.
    fn read(&mut self, arc: u8, extension: &Extension) -> Result<bool, CertificateError> {
        let malformed = |what| move |_: Malformed| CertificateError::Malformed(what);
        let value = &extension.value;
        match arc {
            14 => self.subject_key_id = Some(whole(value, |der| der.octet_string()).map_err(malformed("subject key identifier"))?.to_vec()),
            15 => self.key_usage = Some(key_usage(value).map_err(malformed("key usage"))?),
            17 => {
                self.names = SubjectAlternativeNames::parse(value)?;
                self.has_names = true;
            }
            19 => self.basic_constraints = Some(basic_constraints(value).map_err(malformed("basic constraints"))?),
            30 => {
                let (constraints, complete) = NameConstraints::parse(value)?;
                self.name_constraints = Some(constraints);
                return Ok(complete);
            }
            35 => self.authority_key_id = authority_key_id(value).map_err(malformed("authority key identifier"))?,
            36 => self.requires_explicit_policy |= requires_explicit_policy(value).map_err(malformed("policy constraints"))?,
            37 => {
                self.extended_key_usages = extended_key_usages(value).map_err(malformed("extended key usages"))?;
                self.extended_key_usage_critical = extension.critical;
            }
            // CRL distribution points, certificate policies, policy mappings, inhibit any policy: without explicit policies they change nothing.
            31 | 32 | 33 | 54 => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Reads one value that fills `bytes`.
fn whole<'a, T>(bytes: &'a [u8], read: impl FnOnce(&mut Der<'a>) -> Result<T, Malformed>) -> Result<T, Malformed> {
    let mut der = Der::new(bytes);
    let value = read(&mut der)?;
    der.finish()?;
    Ok(value)
}

fn key_usage(value: &[u8]) -> Result<(bool, bool), Malformed> {
    let (bits, _) = whole(value, Der::bit_string)?;
    Ok((bits.iter().any(|byte| *byte != 0), bits.first().is_some_and(|byte| byte & CERT_SIGN != 0)))
}

fn basic_constraints(value: &[u8]) -> Result<(bool, Option<u32>), Malformed> {
    let mut fields = whole(value, Der::sequence)?;
    let is_ca = if fields.peek() == Some(Tag::Boolean) { fields.boolean()? } else { false };
    let path_length = fields.optional(Tag::Integer)?.map(|element| asn1::small(element.value)).transpose()?;
    fields.finish()?;
    Ok((is_ca, path_length))
}

fn authority_key_id(value: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut fields = whole(value, Der::sequence)?;
    Ok(fields.optional(context(0, false))?.map(|element| element.value.to_vec()))
}

fn requires_explicit_policy(value: &[u8]) -> Result<bool, Malformed> {
    let mut fields = whole(value, Der::sequence)?;
    Ok(fields.optional(context(0, false))?.is_some())
}

fn extended_key_usages(value: &[u8]) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let mut list = whole(value, Der::sequence)?;
    let mut usages = Vec::new();
    while !list.is_empty() {
        usages.push(list.oid()?);
    }
    Ok(usages)
}
