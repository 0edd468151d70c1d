//! A certificate as Go's `encoding/json` writes an `x509.Certificate`: what `download signature` prints, with all fields in Go's order.

mod key;
mod lists;
mod name;
mod url;

use serde::Serialize;

use self::key::{KeyJson, PublicKeyAlgorithm};
use self::lists::{Access, Constraints, ExtensionJson, Mapping, Oid, Policies, Usages};
use self::name::NameJson;
use self::url::UrlJson;
use super::{Certificate, SignatureAlgorithm};
use crate::crypto::HashAlgorithm;
use crate::encoding::{base64, go_json};

/// The fields of Go's struct. `None` is `null`: a nil slice.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CertificateJson {
    raw: String,
    #[serde(rename = "RawTBSCertificate")]
    raw_tbs: String,
    raw_subject_public_key_info: String,
    raw_subject: String,
    raw_issuer: String,
    signature: String,
    signature_algorithm: u8,
    public_key_algorithm: u8,
    public_key: KeyJson,
    version: u8,
    serial_number: Box<serde_json::value::RawValue>,
    issuer: NameJson,
    subject: NameJson,
    not_before: String,
    not_after: String,
    key_usage: u32,
    extensions: Option<Vec<ExtensionJson>>,
    extra_extensions: Option<()>,
    unhandled_critical_extensions: Option<Vec<Oid>>,
    ext_key_usage: Option<Vec<u8>>,
    unknown_ext_key_usage: Option<Vec<Oid>>,
    basic_constraints_valid: bool,
    #[serde(rename = "IsCA")]
    is_ca: bool,
    max_path_len: i64,
    max_path_len_zero: bool,
    subject_key_id: Option<String>,
    authority_key_id: Option<String>,
    #[serde(rename = "OCSPServer")]
    ocsp_server: Option<Vec<String>>,
    #[serde(rename = "IssuingCertificateURL")]
    issuing_certificate_url: Option<Vec<String>>,
    #[serde(rename = "DNSNames")]
    dns_names: Option<Vec<String>>,
    email_addresses: Option<Vec<String>>,
    #[serde(rename = "IPAddresses")]
    ip_addresses: Option<Vec<String>>,
    #[serde(rename = "URIs")]
    uris: Option<Vec<UrlJson>>,
    #[serde(flatten)]
    constraints: Constraints,
    #[serde(rename = "CRLDistributionPoints")]
    crl_distribution_points: Option<Vec<String>>,
    #[serde(flatten)]
    policies: Policies,
    policy_mappings: Option<Vec<Mapping>>,
}

impl Certificate {
    /// The certificate as Go's `json.Marshal` writes it; optional extensions that cannot be read count as absent.
    pub fn to_go_json(&self) -> Vec<u8> {
        let parsed = &self.0;
        let meaning = &parsed.meaning;
        let Usages { known, unknown } = Usages::of(&meaning.extended_key_usages);
        let Access { ocsp, issuers } = Access::of(&parsed.extensions);
        let length = meaning.basic_constraints.map(|(_, length)| length.map_or(-1, i64::from));
        let json = CertificateJson {
            raw: base64::encode(&parsed.der),
            raw_tbs: base64::encode(&parsed.tbs),
            raw_subject_public_key_info: base64::encode(&parsed.spki),
            raw_subject: base64::encode(&parsed.subject_der),
            raw_issuer: base64::encode(&parsed.issuer_der),
            signature: base64::encode(&parsed.signature),
            signature_algorithm: signature_algorithm(parsed.signature_algorithm),
            public_key_algorithm: PublicKeyAlgorithm::of(&parsed.spki) as u8,
            public_key: KeyJson::of(&parsed.spki),
            version: parsed.version,
            serial_number: key::number(&parsed.serial),
            issuer: NameJson::of(&parsed.issuer),
            subject: NameJson::of(&parsed.subject),
            not_before: parsed.not_before.to_string(),
            not_after: parsed.not_after.to_string(),
            key_usage: self.key_usage_bits().into_iter().fold(0, |bits, at| bits | 1 << at),
            extensions: some(parsed.extensions.iter().map(ExtensionJson::of).collect()),
            extra_extensions: None,
            unhandled_critical_extensions: some(lists::unhandled(&parsed.extensions)),
            ext_key_usage: some(known),
            unknown_ext_key_usage: some(unknown),
            basic_constraints_valid: length.is_some(),
            is_ca: self.is_ca(),
            max_path_len: length.unwrap_or(0),
            max_path_len_zero: length == Some(0),
            subject_key_id: self.subject_key_id().map(base64::encode),
            authority_key_id: self.authority_key_id().map(base64::encode),
            ocsp_server: some(ocsp),
            issuing_certificate_url: some(issuers),
            dns_names: some(self.dns_names().to_vec()),
            email_addresses: some(self.email_addresses().to_vec()),
            ip_addresses: some(self.ip_addresses().iter().map(ToString::to_string).collect()),
            uris: some(self.uris().iter().map(|uri| UrlJson::of(uri)).collect()),
            constraints: Constraints::of(&parsed.extensions, meaning.name_constraints.as_ref()),
            crl_distribution_points: some(lists::distribution_points(&parsed.extensions)),
            policies: Policies::of(&parsed.extensions),
            policy_mappings: some(lists::mappings(&parsed.extensions)),
        };
        // Text, numbers and lists always have a JSON form.
        go_json::to_vec(&json).unwrap_or_default()
    }
}

/// An empty list is nil in Go.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// Go's `x509.SignatureAlgorithm`.
fn signature_algorithm(algorithm: SignatureAlgorithm) -> u8 {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let by_hash = |first: u8, hash| match hash {
        Sha256 => first,
        Sha384 => first + 1,
        Sha512 => first + 2,
    };
    match algorithm {
        SignatureAlgorithm::Insecure("MD5-RSA") => 2,
        SignatureAlgorithm::Insecure("SHA1-RSA") => 3,
        SignatureAlgorithm::RsaPkcs1(hash) => by_hash(4, hash),
        SignatureAlgorithm::Insecure("ECDSA-SHA1") => 9,
        SignatureAlgorithm::Ecdsa(hash) => by_hash(10, hash),
        SignatureAlgorithm::RsaPss(hash) => by_hash(13, hash),
        SignatureAlgorithm::Ed25519 => 16,
        SignatureAlgorithm::Insecure(_) | SignatureAlgorithm::Unknown => 0,
    }
}

#[cfg(test)]
mod tests;
