//! Certificates and the authorities that issue them.

use super::der::{bits, explicit, integer, octets, oid, seq, set_of, tlv, utc_time, utf8};
use super::keys::{Key, KeyKind, random, sha256};

pub const YEAR: i64 = 365 * 24 * 3600;
pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// A certificate to be.
pub struct Template {
    /// The name; see [`name`].
    pub subject: Vec<u8>,
    pub not_before: i64,
    pub not_after: i64,
    pub spki: Vec<u8>,
    pub extensions: Vec<Vec<u8>>,
}

/// A key that signs certificates, and its own.
#[derive(Clone)]
pub struct Authority {
    pub key: Key,
    pub subject: Vec<u8>,
    pub serial: Vec<u8>,
    pub certificate: Vec<u8>,
}

/// `O=organization,CN=common name`.
pub fn name(organization: &str, common_name: &str) -> Vec<u8> {
    let part = |id: &str, text: &str| set_of(vec![seq(&[&oid(id), &utf8(text)])]);
    seq(&[&part("2.5.4.10", organization), &part("2.5.4.3", common_name)])
}

pub fn extension(id: &str, is_critical: bool, value: &[u8]) -> Vec<u8> {
    seq(&[&oid(id), if is_critical { &[1, 1, 0xff] } else { &[] }, &octets(value)])
}

pub fn extended_key_usage(id: &str, is_critical: bool) -> Vec<u8> {
    extension("2.5.29.37", is_critical, &seq(&[&oid(id)]))
}

/// `bits`: the first byte of the KeyUsage, 0x80 for signatures, 6 for an authority.
pub fn key_usage(usage: u8) -> Vec<u8> {
    extension("2.5.29.15", true, &tlv(3, &[&[usage.trailing_zeros() as u8, usage]]))
}

fn key_id(spki: &[u8]) -> Vec<u8> {
    sha256(spki)[..20].to_vec()
}

pub fn subject_key_id(spki: &[u8]) -> Vec<u8> {
    extension("2.5.29.14", false, &octets(&key_id(spki)))
}

pub fn authority_key_id(spki: &[u8]) -> Vec<u8> {
    extension("2.5.29.35", false, &seq(&[&tlv(0x80, &[&key_id(spki)])]))
}

/// The bytes that are signed.
fn tbs(template: &Template, issuer: &[u8], serial: &[u8], signer: &Key) -> Vec<u8> {
    seq(&[
        &explicit(0, &integer(&[2])),
        &integer(serial),
        &signer.signature_algorithm(),
        issuer,
        &seq(&[&utc_time(template.not_before), &utc_time(template.not_after)]),
        &template.subject,
        &template.spki,
        &explicit(3, &seq(&[&template.extensions.concat()])),
    ])
}

fn signed(tbs: &[u8], signer: &Key) -> Vec<u8> {
    seq(&[tbs, &signer.signature_algorithm(), &bits(&signer.sign(tbs))])
}

fn serial() -> Vec<u8> {
    let mut serial = random::<16>();
    serial[0] = serial[0] & 0x7f | 0x40;
    serial.to_vec()
}

impl Authority {
    /// A root of its own.
    pub fn root(kind: KeyKind, subject: &[u8], now: i64) -> Self {
        let key = Key::new(kind);
        let template = Self::template(&key, subject, None, now);
        let serial = serial();
        let certificate = signed(&tbs(&template, subject, &serial, &key), &key);
        Self { key, subject: subject.to_vec(), serial, certificate }
    }

    /// An authority below this one, for one usage.
    pub fn intermediate(&self, kind: KeyKind, subject: &[u8], usage: &str, now: i64) -> Self {
        let key = Key::new(kind);
        let mut template = Self::template(&key, subject, Some(0), now);
        template.extensions.push(authority_key_id(&self.key.spki()));
        template.extensions.push(extended_key_usage(usage, false));
        let serial = serial();
        let certificate = signed(&tbs(&template, &self.subject, &serial, &self.key), &self.key);
        Self { key, subject: subject.to_vec(), serial, certificate }
    }

    fn template(key: &Key, subject: &[u8], path_length: Option<u8>, now: i64) -> Template {
        let spki = key.spki();
        let constraints = seq(&[&[1, 1, 0xff], &path_length.map_or(Vec::new(), |length| integer(&[length]))]);
        let extensions = vec![key_usage(6), extension("2.5.29.19", true, &constraints), subject_key_id(&spki)];
        Template { subject: subject.to_vec(), not_before: now - YEAR, not_after: now + YEAR, spki, extensions }
    }

    /// Issues a certificate; `finish` sees the bytes that would be signed and adds extensions.
    pub fn issue(&self, mut template: Template, finish: impl FnOnce(&[u8]) -> Vec<Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
        let serial = serial();
        let more = finish(&tbs(&template, &self.subject, &serial, &self.key));
        template.extensions.extend(more);
        (signed(&tbs(&template, &self.subject, &serial, &self.key), &self.key), serial)
    }
}
