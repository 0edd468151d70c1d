//! The CMS SignedData of a token (RFC 5652 section 5), as far as RFC 3161 uses it: one signer, named by issuer and serial
//! number, with signed attributes.

use der::Tag;
use der::asn1::ObjectIdentifier;

use super::TimestampError;
use crate::crypto::HashAlgorithm;
use crate::crypto::asn1::{self, Der, Malformed, context};
use crate::crypto::certificate::{Certificate, SignatureAlgorithm, hash_of};
use crate::encoding::UnixTime;

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
/// The most certificates in a token.
const MAX_CERTIFICATES: usize = 32;

/// A parsed token; nothing is verified.
#[derive(Debug)]
pub(super) struct SignedData<'a> {
    /// The TSTInfo.
    pub(super) content: &'a [u8],
    pub(super) certificates: Vec<Certificate>,
    signer: SignerInfo<'a>,
}

#[derive(Debug)]
struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    digest_algorithm: ObjectIdentifier,
    attributes: Attributes<'a>,
    algorithm: SignatureAlgorithm,
    signature: &'a [u8],
}

/// Signed attributes: OID and the one value; and the bytes that are signed.
#[derive(Debug)]
struct Attributes<'a> {
    values: Vec<(ObjectIdentifier, &'a [u8])>,
    signed: Vec<u8>,
}

impl<'a> SignedData<'a> {
    /// Reads a ContentInfo with SignedData over a TSTInfo.
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, TimestampError> {
        let malformed = |_: Malformed| TimestampError::Malformed("pkcs7 data");
        let mut fields = content_info(token).map_err(malformed)?;
        fields.small().and_then(|_| fields.set()).and_then(digest_algorithms).map_err(malformed)?;
        let content = encapsulated(fields.sequence().map_err(malformed)?).map_err(malformed)?;
        let mut certificates = Vec::new();
        if let Some(list) = fields.optional(context(0, true)).map_err(malformed)? {
            certificates = parse_certificates(Der::new(list.value))?;
        }
        if let Some(lists) = fields.optional(context(1, true)).map_err(malformed)? {
            revocation_lists(Der::new(lists.value)).map_err(malformed)?;
        }
        let mut signers = fields.set().map_err(malformed)?;
        fields.finish().map_err(malformed)?;
        if signers.is_empty() {
            return Err(TimestampError::Signers(0));
        }
        let signer = signers.sequence().and_then(SignerInfo::parse).map_err(|_| TimestampError::Malformed("signer info"))?;
        if !signers.is_empty() {
            return Err(TimestampError::Signers(2));
        }
        Ok(Self { content, certificates, signer })
    }

    /// Finds the signer among `candidates` and checks all that the signature covers; the certificate whose key verified.
    pub(super) fn verify<'c>(&self, candidates: &'c [Certificate]) -> Result<&'c Certificate, TimestampError> {
        let signer = &self.signer;
        let named = |certificate: &&Certificate| certificate.issuer_der() == signer.issuer && certificate.serial() == signer.serial;
        let certificate = candidates.iter().find(named).ok_or(TimestampError::NoCertificateForSigner)?;
        self.check_attributes(certificate)?;
        let key = certificate.public_key().map_err(|_| TimestampError::Key)?;
        signer.algorithm.verify(&key, &signer.attributes.signed, signer.signature)?;
        Ok(certificate)
    }

    fn check_attributes(&self, certificate: &Certificate) -> Result<(), TimestampError> {
        let malformed = |_: Malformed| TimestampError::Malformed("signed attributes");
        let attributes = &self.signer.attributes;
        let content_type = attributes.required(CONTENT_TYPE).and_then(|value| Der::new(value).oid()).map_err(malformed)?;
        if content_type.as_bytes() != TST_INFO {
            return Err(TimestampError::Malformed("content type attribute"));
        }
        let digest = attributes.required(MESSAGE_DIGEST).and_then(|value| Der::new(value).octet_string()).map_err(malformed)?;
        let hash = hash_of(&self.signer.digest_algorithm).ok_or(TimestampError::UnsupportedHash)?;
        if hash.digest(self.content).bytes() != digest {
            return Err(TimestampError::DigestMismatch);
        }
        if let Some(value) = attributes.get(SIGNING_TIME) {
            let at = Der::new(value).next().and_then(asn1::time).map_err(malformed)?;
            check_signing_time(at, certificate)?;
        }
        if let Some(value) = attributes.get(SIGNING_CERTIFICATE_V2) {
            check_signing_certificate(value, certificate, true)?;
        } else if let Some(value) = attributes.get(SIGNING_CERTIFICATE) {
            check_signing_certificate(value, certificate, false)?;
        }
        Ok(())
    }
}

impl<'a> SignerInfo<'a> {
    fn parse(mut fields: Der<'a>) -> Result<Self, Malformed> {
        fields.small()?;
        let mut name = fields.sequence()?;
        let (issuer, serial) = (name.expect(Tag::Sequence)?.raw, name.unsigned()?);
        name.finish()?;
        let digest_algorithm = fields.algorithm()?;
        let attributes = Attributes::parse(fields.expect(context(0, true))?.value)?;
        let algorithm = signature_algorithm(fields.sequence()?, &digest_algorithm)?;
        let signature = fields.octet_string()?;
        // Nobody signed these; they only have to be attributes.
        fields.optional(context(1, true))?.map(|unsigned| Attributes::parse(unsigned.value)).transpose()?;
        fields.finish()?;
        Ok(Self { issuer, serial, digest_algorithm, attributes, algorithm, signature })
    }
}

impl<'a> Attributes<'a> {
    /// Reads attributes, each of which may be there once, with one value.
    fn parse(content: &'a [u8]) -> Result<Self, Malformed> {
        let mut list = Der::new(content);
        let (mut values, mut encoded) = (Vec::<(ObjectIdentifier, &[u8])>::new(), Vec::new());
        while !list.is_empty() {
            let attribute = list.expect(Tag::Sequence)?;
            encoded.push(attribute.raw);
            let mut fields = Der::new(attribute.value);
            let oid = fields.oid()?;
            let mut set = fields.set()?;
            fields.finish()?;
            let value = set.next()?.raw;
            set.finish()?;
            if encoded.len() > 64 || values.iter().any(|(known, _)| *known == oid) {
                return Err(Malformed);
            }
            values.push((oid, value));
        }
        // What is signed is their DER, a SET OF, whatever the order in the token is.
        encoded.sort_unstable();
        Ok(Self { values, signed: asn1::write(0x31, &encoded).to_vec() })
    }

    fn get(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.values.iter().find(|(known, _)| known.as_bytes() == oid).map(|(_, value)| *value)
    }

    fn required(&self, oid: &[u8]) -> Result<&'a [u8], Malformed> {
        self.get(oid).ok_or(Malformed)
    }
}

/// The content of the SignedData in a ContentInfo.
fn content_info(token: &[u8]) -> Result<Der<'_>, Malformed> {
    let mut outer = Der::new(token);
    let mut info = outer.sequence()?;
    outer.finish()?;
    if info.oid()?.as_bytes() != SIGNED_DATA {
        return Err(Malformed);
    }
    let mut explicit = Der::new(info.expect(context(0, true))?.value);
    info.finish()?;
    let signed_data = explicit.sequence()?;
    explicit.finish()?;
    Ok(signed_data)
}

/// Nobody signed this list; it only has to be one.
fn digest_algorithms(mut list: Der<'_>) -> Result<(), Malformed> {
    while !list.is_empty() {
        list.algorithm()?;
    }
    Ok(())
}

/// Not looked at: whether an authority counts is the trusted root's affair.
fn revocation_lists(mut lists: Der<'_>) -> Result<(), Malformed> {
    while !lists.is_empty() {
        lists.sequence()?;
    }
    Ok(())
}

fn encapsulated(mut info: Der<'_>) -> Result<&[u8], Malformed> {
    if info.oid()?.as_bytes() != TST_INFO {
        return Err(Malformed);
    }
    let mut explicit = Der::new(info.expect(context(0, true))?.value);
    info.finish()?;
    let content = explicit.octet_string()?;
    explicit.finish()?;
    Ok(content)
}

/// The X.509 certificates; other kinds are skipped.
fn parse_certificates(mut list: Der<'_>) -> Result<Vec<Certificate>, TimestampError> {
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let element = list.next().map_err(|_| TimestampError::Malformed("certificates"))?;
        if certificates.len() == MAX_CERTIFICATES {
            return Err(TimestampError::Malformed("certificates: too many"));
        }
        if element.tag == Tag::Sequence {
            certificates.push(Certificate::from_der(element.raw)?);
        }
    }
    Ok(certificates)
}

/// The signature algorithm; `rsaEncryption` and `id-ecPublicKey` take their hash from the digest algorithm.
fn signature_algorithm(fields: Der<'_>, digest: &ObjectIdentifier) -> Result<SignatureAlgorithm, Malformed> {
    let mut copy = fields;
    let hash: Option<HashAlgorithm> = hash_of(digest);
    Ok(match (copy.oid()?.as_bytes(), hash) {
        ([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], Some(hash)) => SignatureAlgorithm::RsaPkcs1(hash),
        ([0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], Some(hash)) => SignatureAlgorithm::Ecdsa(hash),
        _ => SignatureAlgorithm::parse(fields)?,
    })
}

fn check_signing_time(at: UnixTime, certificate: &Certificate) -> Result<(), TimestampError> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if at < not_before || at > not_after { Err(TimestampError::SigningTime { at, not_before, not_after }) } else { Ok(()) }
}

/// The first ESSCertID (SHA-1) or ESSCertIDv2 names the signer's certificate (RFC 5816).
fn check_signing_certificate(value: &[u8], certificate: &Certificate, v2: bool) -> Result<(), TimestampError> {
    let malformed = |_: Malformed| TimestampError::Malformed("signing certificate attribute");
    let id = Der::new(value).sequence().and_then(|mut attribute| attribute.sequence()).and_then(|mut list| list.sequence());
    let mut id = id.map_err(malformed)?;
    let matches = if v2 {
        let hash = match id.peek() {
            Some(Tag::Sequence) => hash_of(&id.algorithm().map_err(malformed)?).ok_or(TimestampError::UnsupportedHash)?,
            _ => HashAlgorithm::Sha256,
        };
        id.octet_string().map_err(malformed)? == hash.digest(certificate.der()).bytes()
    } else {
        let sha1 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        id.octet_string().map_err(malformed)? == sha1.as_ref()
    };
    if matches { Ok(()) } else { Err(TimestampError::SigningCertificate) }
}
