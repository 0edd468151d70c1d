//! TimeStampReq (RFC 3161 section 2.4.1).

use crate::crypto::{Digest, HashAlgorithm, asn1};

/// The DER of a request for a time stamp over `digest`; asks for the signer's certificate in the token. `nonce` is big-endian and
/// comes back in the token: see [`super::Expected`].
pub fn request(digest: &Digest, nonce: &[u8]) -> Vec<u8> {
    let arc = match digest.algorithm() {
        HashAlgorithm::Sha256 => 1,
        HashAlgorithm::Sha384 => 2,
        HashAlgorithm::Sha512 => 3,
    };
    let hash = asn1::write(asn1::tag::OID, &[&[0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, arc]]);
    let algorithm = asn1::write(asn1::tag::SEQUENCE, &[&hash, asn1::NULL]);
    let imprint = asn1::write(asn1::tag::SEQUENCE, &[&algorithm, &asn1::write(asn1::tag::OCTET_STRING, &[digest.bytes()])]);
    let version = asn1::write_unsigned(&[1]);
    let certificate_wanted = asn1::write(1, &[&[0xff]]);
    asn1::write(asn1::tag::SEQUENCE, &[&version, &imprint, &asn1::write_unsigned(nonce), &certificate_wanted]).to_vec()
}
