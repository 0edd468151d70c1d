//! Certificates made for unit tests: a valid one, of which a test changes one thing.
#![allow(clippy::unwrap_used)]

use der::asn1::ObjectIdentifier;

use super::Certificate;
use crate::ambient::fake::Fake;
use crate::crypto::asn1::write;
use crate::crypto::{HashAlgorithm, KeyAlgorithm, Message, PrivateKey, PublicKey, SignatureScheme};
use crate::encoding::UnixTime;

/// 2026-01-01, the moment at which everything here is valid.
pub(crate) const NOW: UnixTime = UnixTime(1_767_225_600);
const YEAR: i64 = 365 * 24 * 3600;

/// A new P-256 key, another one at each call with the same world.
pub(crate) fn key(world: &Fake) -> PrivateKey {
    PrivateKey::generate(world).unwrap()
}

/// Keys of one world: always the same ones.
pub(crate) fn keys<const N: usize>() -> [PrivateKey; N] {
    let world = Fake::default();
    std::array::from_fn(|_| key(&world))
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    write(0x30, parts).to_vec()
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    write(6, &[ObjectIdentifier::new_unwrap(text).as_bytes()]).to_vec()
}

pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    write(tag, &[content]).to_vec()
}

/// A GeneralizedTime.
pub(crate) fn generalized_time(at: UnixTime) -> Vec<u8> {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    tagged(0x18, format!("{digits}Z").as_bytes())
}

/// A name with only a common name.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    sequence(&[&tagged(0x31, &sequence(&[&oid("2.5.4.3"), &tagged(0x0c, common_name.as_bytes())]))])
}

/// What will be signed.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) version: u8,
    pub(crate) serial: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) key: PublicKey,
    /// OID, critical, value.
    pub(crate) extensions: Vec<(&'static str, bool, Vec<u8>)>,
    /// Another algorithm identifier than the signer's own.
    pub(crate) algorithm: Option<Vec<u8>>,
}

impl Template {
    fn new(subject: &str, issuer: &str, key: &PrivateKey) -> Self {
        Self {
            version: 3,
            serial: vec![7],
            subject: name(subject),
            issuer: name(issuer),
            not_before: UnixTime(NOW.0 - YEAR),
            not_after: UnixTime(NOW.0 + YEAR),
            key: key.public().clone(),
            extensions: Vec::new(),
            algorithm: None,
        }
    }

    /// An authority with basic constraints and key usage.
    pub(crate) fn authority(subject: &str, issuer: &str, key: &PrivateKey) -> Self {
        Self::new(subject, issuer, key).with("2.5.29.19", true, basic_constraints(true, None)).with("2.5.29.15", true, vec![3, 2, 1, 6])
    }

    /// A code-signing leaf.
    pub(crate) fn leaf(subject: &str, issuer: &str, key: &PrivateKey) -> Self {
        Self::new(subject, issuer, key).with("2.5.29.37", false, usages(&["1.3.6.1.5.5.7.3.3"]))
    }

    /// Adds an extension, or replaces the one of that OID.
    pub(crate) fn with(mut self, oid: &'static str, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.retain(|(known, ..)| *known != oid);
        self.extensions.push((oid, critical, value));
        self
    }

    pub(crate) fn without(mut self, oid: &str) -> Self {
        self.extensions.retain(|(known, ..)| *known != oid);
        self
    }

    pub(crate) fn tbs(&self, algorithm: &[u8]) -> Vec<u8> {
        let extensions = self.extensions.iter().map(|(id, critical, value)| {
            let critical = if *critical { tagged(1, &[0xff]) } else { Vec::new() };
            sequence(&[&oid(id), &critical, &tagged(4, value)])
        });
        let extensions = tagged(0xa3, &tagged(0x30, &extensions.collect::<Vec<_>>().concat()));
        sequence(&[
            &tagged(0xa0, &tagged(2, &[self.version - 1])),
            &tagged(2, &self.serial),
            algorithm,
            &self.issuer,
            &sequence(&[&generalized_time(self.not_before), &generalized_time(self.not_after)]),
            &self.subject,
            self.key.spki_der(),
            if self.extensions.is_empty() { &[] } else { &extensions },
        ])
    }

    pub(crate) fn der(&self, signer: &PrivateKey) -> Vec<u8> {
        let (own, scheme) = algorithm_of(signer);
        let algorithm = self.algorithm.clone().unwrap_or(own);
        let tbs = self.tbs(&algorithm);
        let signature = signer.sign_now(scheme, Message::Bytes(&tbs)).unwrap();
        sequence(&[&tbs, &algorithm, &write(3, &[&[0], &signature])])
    }

    pub(crate) fn sign(&self, signer: &PrivateKey) -> Certificate {
        Certificate::from_der(&self.der(signer)).unwrap()
    }
}

pub(crate) fn algorithm_of(key: &PrivateKey) -> (Vec<u8>, SignatureScheme) {
    let scheme = key.public().default_scheme();
    let id = match (key.public().algorithm(), scheme.hash()) {
        (KeyAlgorithm::Ecdsa(_), Some(HashAlgorithm::Sha256)) => oid("1.2.840.10045.4.3.2"),
        (KeyAlgorithm::Ecdsa(_), Some(HashAlgorithm::Sha384)) => oid("1.2.840.10045.4.3.3"),
        (KeyAlgorithm::Ecdsa(_), _) => oid("1.2.840.10045.4.3.4"),
        (KeyAlgorithm::Rsa { .. }, _) => [oid("1.2.840.113549.1.1.11"), vec![5, 0]].concat(),
        (KeyAlgorithm::Ed25519, _) => oid("1.3.101.112"),
    };
    (tagged(0x30, &id), scheme)
}

pub(crate) fn basic_constraints(is_ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let is_ca = if is_ca { tagged(1, &[0xff]) } else { Vec::new() };
    sequence(&[&is_ca, &path_length.map_or(Vec::new(), |length| tagged(2, &[length]))])
}

pub(crate) fn usages(oids: &[&str]) -> Vec<u8> {
    tagged(0x30, &oids.iter().map(|id| oid(id)).collect::<Vec<_>>().concat())
}

/// GeneralNames: context tag number and content.
pub(crate) fn names(names: &[(u8, &[u8])]) -> Vec<u8> {
    tagged(0x30, &names.iter().map(|(number, content)| tagged(0x80 | number, content)).collect::<Vec<_>>().concat())
}
