//! A timestamp authority (RFC 3161): a root, an intermediate, and a certificate that stamps.

use std::sync::Mutex;

use cosign::crypto::HashAlgorithm;

use super::der::{elements, explicit, generalized_time, inside, integer, octets, oid, seq, set_of, tlv, utc_time, utf8};
use super::keys::{Key, KeyKind, random, sha256};
use super::service::Clock;
use super::x509::{Authority, TIME_STAMPING, Template, authority_key_id, extended_key_usage, key_usage, name, subject_key_id};
use crate::support::http_server::{Request, Response};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// What is stamped; the first is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    Right,
    /// Another nonce than was sent.
    OtherNonce,
    /// No nonce, though one was sent.
    NoNonce,
    /// Another message.
    OtherImprint,
    /// By an authority that nobody knows.
    UnknownAuthority,
    /// Refused, as the protocol does it: with status 2.
    Rejected,
    /// No time stamp at all.
    Garbage,
    /// The signature is broken.
    BrokenSignature,
}

struct Signing {
    root: Authority,
    intermediate: Authority,
    key: Key,
    certificate: Vec<u8>,
    serial: Vec<u8>,
}

/// The authority.
pub struct Tsa {
    signing: Signing,
    kind: KeyKind,
    clock: Clock,
    stamp: Mutex<Stamp>,
}

impl Tsa {
    pub fn new(kind: KeyKind, clock: &Clock) -> Self {
        Self { signing: Signing::new(kind, clock.now()), kind, clock: clock.clone(), stamp: Mutex::new(Stamp::Right) }
    }

    /// What is stamped from now on.
    pub fn stamps(&self, stamp: Stamp) {
        *self.stamp.lock().unwrap() = stamp;
    }

    /// Leaf, intermediate, root.
    pub fn chain(&self) -> [&[u8]; 3] {
        [&self.signing.certificate, &self.signing.intermediate.certificate, &self.signing.root.certificate]
    }

    pub fn answer(&self, request: &Request) -> Response {
        if request.method != "POST" || request.header("content-type") != Some("application/timestamp-query") {
            return Response::new(400, "bad request");
        }
        match self.stamped(&request.body) {
            Some(response) => Response::new(201, response).with("Content-Type", "application/timestamp-reply"),
            None => Response::new(400, "error parsing timestamp request"),
        }
    }

    fn stamped(&self, query: &[u8]) -> Option<Vec<u8>> {
        let asked = Asked::parse(query)?;
        let stamp = *self.stamp.lock().unwrap();
        let now = self.clock.now();
        let granted = |token: &[u8]| seq(&[&seq(&[&integer(&[0])]), token]);
        Some(match stamp {
            Stamp::Rejected => seq(&[&seq(&[&integer(&[2]), &seq(&[&utf8("not today")]), &tlv(3, &[&[5, 0x20]])])]),
            Stamp::Garbage => b"no time stamp".to_vec(),
            Stamp::UnknownAuthority => granted(&Signing::new(self.kind, now).token(&asked, stamp, now)),
            _ => granted(&self.signing.token(&asked, stamp, now)),
        })
    }
}

/// What a query asks for.
struct Asked<'a> {
    imprint: &'a [u8],
    nonce: Option<&'a [u8]>,
    with_certificates: bool,
}

impl<'a> Asked<'a> {
    fn parse(query: &'a [u8]) -> Option<Self> {
        let parts = inside(query)?;
        let imprint = parts.get(1).filter(|part| part.tag == 0x30)?;
        let [_, digest] = elements(imprint.content)?[..] else { return None };
        (!digest.content.is_empty()).then_some(())?;
        let nonce = parts[2..].iter().find(|part| part.tag == 2).map(|part| part.raw);
        let with_certificates = parts[2..].iter().any(|part| part.tag == 1 && part.content == [0xff]);
        Some(Self { imprint: imprint.raw, nonce, with_certificates })
    }
}

impl Signing {
    fn new(kind: KeyKind, now: i64) -> Self {
        // RSA keys are all the same one: an authority and what it certifies must not be.
        let above = if kind == KeyKind::Rsa { KeyKind::P256 } else { kind };
        let root = Authority::root(above, &name("sigstore.test", "virtual-tsa-root"), now);
        let intermediate = root.intermediate(above, &name("sigstore.test", "virtual-tsa-intermediate"), TIME_STAMPING, now);
        let key = Key::new(kind);
        let spki = key.spki();
        let extensions = vec![
            key_usage(0x80),
            extended_key_usage(TIME_STAMPING, true),
            subject_key_id(&spki),
            authority_key_id(&intermediate.key.spki()),
        ];
        let year = super::x509::YEAR;
        let template =
            Template { subject: name("sigstore.test", "virtual-tsa"), not_before: now - year, not_after: now + year, spki, extensions };
        let (certificate, serial) = intermediate.issue(template, |_| Vec::new());
        Self { root, intermediate, key, certificate, serial }
    }

    fn token(&self, asked: &Asked<'_>, stamp: Stamp, now: i64) -> Vec<u8> {
        let other = seq(&[&seq(&[&oid(SHA256)]), &octets(&sha256("another"))]);
        let imprint = if stamp == Stamp::OtherImprint { &other } else { asked.imprint };
        let other_nonce = integer(&random::<8>());
        let nonce = match stamp {
            Stamp::NoNonce => &[],
            Stamp::OtherNonce => other_nonce.as_slice(),
            _ => asked.nonce.unwrap_or_default(),
        };
        let mut serial = random::<16>();
        serial[0] |= 1;
        let info = seq(&[&integer(&[1]), &oid("1.3.6.1.4.1.57264.2"), imprint, &integer(&serial), &generalized_time(now), nonce]);
        let certificates = match asked.with_certificates {
            true => tlv(0xa0, &[&self.certificate, &self.intermediate.certificate]),
            false => Vec::new(),
        };
        let data = seq(&[
            &integer(&[3]),
            &set_of(vec![seq(&[&oid(self.digest(&[]).0)])]),
            &seq(&[&oid(TST_INFO), &explicit(0, &octets(&info))]),
            &certificates,
            &set_of(vec![self.signer_info(&info, stamp, now)]),
        ]);
        seq(&[&oid("1.2.840.113549.1.7.2"), &explicit(0, &data)])
    }

    /// The digest of the key's size, and its function.
    fn digest(&self, bytes: &[u8]) -> (&'static str, Vec<u8>) {
        match self.key {
            Key::P384(_) => ("2.16.840.1.101.3.4.2.2", HashAlgorithm::Sha384.digest(bytes).bytes().to_vec()),
            _ => (SHA256, sha256(bytes).to_vec()),
        }
    }

    fn signer_info(&self, info: &[u8], stamp: Stamp, now: i64) -> Vec<u8> {
        let (digest, hashed) = self.digest(info);
        let attribute = |id: &str, value: Vec<u8>| seq(&[&oid(id), &set_of(vec![value])]);
        // ESSCertIDv2 with its default hash function, SHA-256.
        let own = seq(&[&seq(&[&seq(&[&octets(&sha256(&self.certificate))])])]);
        let mut attributes = set_of(vec![
            attribute("1.2.840.113549.1.9.3", oid(TST_INFO)),
            attribute("1.2.840.113549.1.9.5", utc_time(now)),
            attribute("1.2.840.113549.1.9.4", octets(&hashed)),
            attribute("1.2.840.113549.1.9.16.2.47", own),
        ]);
        let mut signature = self.key.sign(&attributes);
        if stamp == Stamp::BrokenSignature {
            *signature.last_mut().unwrap() ^= 1;
        }
        attributes[0] = 0xa0;
        let id = seq(&[&self.intermediate.subject, &integer(&self.serial)]);
        let digest = seq(&[&oid(digest)]);
        let algorithm = self.key.signature_algorithm();
        seq(&[&integer(&[1]), &id, &digest, &attributes, &algorithm, &octets(&signature)])
    }
}
