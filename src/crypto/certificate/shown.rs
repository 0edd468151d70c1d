//! What a certificate says that no check needs: to be shown to people.

use der::Tag;

use super::super::asn1::{Der, Malformed};
use super::{Certificate, Extension, SignatureAlgorithm};
use crate::crypto::HashAlgorithm;

impl Certificate {
    /// The algorithm of its signature, as Go names it.
    pub fn signature_algorithm_name(&self) -> &'static str {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        match self.0.signature_algorithm {
            SignatureAlgorithm::Ecdsa(Sha256) => "ECDSA-SHA256",
            SignatureAlgorithm::Ecdsa(Sha384) => "ECDSA-SHA384",
            SignatureAlgorithm::Ecdsa(Sha512) => "ECDSA-SHA512",
            SignatureAlgorithm::RsaPkcs1(Sha256) => "SHA256-RSA",
            SignatureAlgorithm::RsaPkcs1(Sha384) => "SHA384-RSA",
            SignatureAlgorithm::RsaPkcs1(Sha512) => "SHA512-RSA",
            SignatureAlgorithm::RsaPss(Sha256) => "SHA256-RSAPSS",
            SignatureAlgorithm::RsaPss(Sha384) => "SHA384-RSAPSS",
            SignatureAlgorithm::RsaPss(Sha512) => "SHA512-RSAPSS",
            SignatureAlgorithm::Ed25519 => "Ed25519",
            SignatureAlgorithm::Insecure(name) => name,
            SignatureAlgorithm::Unknown => "0",
        }
    }

    /// Its signature.
    pub fn signature(&self) -> &[u8] {
        &self.0.signature
    }

    /// Common name, organization and country of the issuer.
    pub fn issuer_parts(&self) -> [Option<&str>; 3] {
        [self.0.issuer.values(3).last(), self.0.issuer.values(10).next(), self.0.issuer.values(6).next()]
    }

    /// The subject key identifier.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.meaning.subject_key_id.as_deref()
    }

    /// The authority key identifier.
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.meaning.authority_key_id.as_deref()
    }

    /// Which bits of the key usage are set (RFC 5280 section 4.2.1.3); none without the extension.
    pub fn key_usage_bits(&self) -> Vec<usize> {
        let Some(extension) = self.extensions().iter().find(|extension| extension.oid.as_bytes() == [0x55, 0x1d, 15]) else {
            return Vec::new();
        };
        let Ok((bits, _)) = Der::new(&extension.value).bit_string() else { return Vec::new() };
        let is_set = |at: &usize| bits.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0);
        (0..9).filter(is_set).collect()
    }

    /// The OIDs of its extended key usages.
    pub fn extended_key_usages(&self) -> Vec<String> {
        self.0.meaning.extended_key_usages.iter().map(ToString::to_string).collect()
    }
}

impl Extension {
    /// Its value, where that is a DER string; `None` for anything else.
    pub fn text(&self) -> Option<String> {
        let read = || -> Result<Option<String>, Malformed> {
            let mut der = Der::new(&self.value);
            let element = der.next()?;
            der.finish()?;
            let is_text = matches!(element.tag, Tag::Utf8String | Tag::PrintableString | Tag::Ia5String);
            Ok(String::from_utf8(element.value.to_vec()).ok().filter(|_| is_text))
        };
        read().ok().flatten()
    }
}
