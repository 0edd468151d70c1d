//! X.509 certificates (RFC 5280), read as Go's `crypto/x509` reads them, and what Fulcio writes into them.
//!
//! Every field that is signed or compared is kept as the bytes that were read, never encoded anew.

mod extension;
mod fulcio;
mod go_json;
mod name;
mod name_constraints;
mod parse;
mod pem;
mod san;
mod shown;
mod signature_algorithm;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod uri;

use std::fmt;
use std::sync::Arc;

pub use extension::Extension;
pub(super) use extension::{ANY_USAGE, Meaning};
pub use fulcio::FulcioExtensions;
use name::Name;
pub(super) use name_constraints::{Mailbox, NameConstraints, domain_name_valid};
pub use signature_algorithm::SignatureError;
pub(super) use signature_algorithm::{SignatureAlgorithm, hash_of};

use super::PublicKey;
use super::public_key::PublicKeyError;
use crate::encoding::UnixTime;

/// A parsed certificate; cheap to clone. Two are equal when their bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    tbs: Vec<u8>,
    version: u8,
    serial: Vec<u8>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    issuer_der: Vec<u8>,
    issuer: Name,
    not_before: UnixTime,
    not_after: UnixTime,
    subject_der: Vec<u8>,
    subject: Name,
    spki: Vec<u8>,
    key: Result<PublicKey, PublicKeyError>,
    extensions: Vec<Extension>,
    meaning: Meaning,
}

/// Why bytes are no certificate; texts are Go's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A part is missing, of another type, or not DER.
    #[error("x509: malformed {0}")]
    Malformed(&'static str),
    /// Bytes follow the certificate.
    #[error("x509: trailing data")]
    TrailingData,
    /// Version 4 or later.
    #[error("x509: invalid version")]
    Version,
    /// A serial number below zero.
    #[error("x509: negative serial number")]
    NegativeSerial,
    /// The signed and the unsigned algorithm identifier differ.
    #[error("x509: inner and outer signature algorithm identifiers don't match")]
    AlgorithmMismatch,
    /// One OID twice.
    #[error("x509: certificate contains duplicate extension with OID {0:?}")]
    DuplicateExtension(String),
    /// A name that must be ASCII is not.
    #[error("x509: {0} is malformed")]
    NotAscii(&'static str),
    /// A URI that does not parse, or whose host is no domain name; already quoted.
    #[error("x509: cannot parse URI \"{0}\"")]
    Uri(String),
    /// An address that is neither IPv4 nor IPv6.
    #[error("x509: cannot parse IP address of length {0}")]
    IpLength(usize),
    /// A name constraint that cannot be read; already quoted.
    #[error("x509: failed to parse {kind} constraint \"{value}\"")]
    Constraint {
        /// `dnsName`, `rfc822Name`, `URI`, `IP`.
        kind: &'static str,
        /// Its text.
        value: String,
    },
    /// The public key is of a known kind, but invalid.
    #[error(transparent)]
    PublicKey(PublicKeyError),
    /// What should be PEM is not.
    #[error("error during PEM decoding")]
    Pem,
    /// PEM without any certificate.
    #[error("no certificates found in PEM")]
    NoCertificates,
    /// More PEM blocks than one file may hold.
    #[error("too many certificates specified in PEM block: more than {0}")]
    TooMany(usize),
}

impl Certificate {
    /// Reads one DER certificate, whole.
    ///
    /// # Errors
    /// [`CertificateError`]: the first part that is wrong. A key of a kind that is not known here is no error: see [`Certificate::public_key`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        parse::certificate(der).map(|parsed| Self(Arc::new(parsed)))
    }

    /// The certificate as it was read.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM with the label `CERTIFICATE` and a final newline.
    pub fn to_pem(&self) -> String {
        crate::encoding::pem::encode("CERTIFICATE", self.der())
    }

    /// The public key.
    ///
    /// # Errors
    /// [`PublicKeyError`] where this program does not know such keys; others are refused when the certificate is read.
    pub fn public_key(&self) -> Result<PublicKey, PublicKeyError> {
        self.0.key.clone()
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The first moment of validity.
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last moment of validity, included.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// The subject in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject_der
    }

    /// The issuer in DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.0.issuer_der
    }

    /// The subject as Go's `pkix.Name.String()` writes it.
    pub fn subject(&self) -> String {
        self.0.subject.to_string()
    }

    /// The issuer, likewise.
    pub fn issuer(&self) -> String {
        self.0.issuer.to_string()
    }

    /// The subject's last common name.
    pub fn common_name(&self) -> Option<&str> {
        self.0.subject.values(3).last()
    }

    /// The subject's first organization.
    pub fn organization(&self) -> Option<&str> {
        self.0.subject.values(10).next()
    }

    /// The serial number, big-endian without leading zeros.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// Whether basic constraints say that it is an authority.
    pub fn is_ca(&self) -> bool {
        self.0.meaning.basic_constraints.is_some_and(|(is_ca, _)| is_ca)
    }

    /// How many intermediates may stand between it and a leaf; `None` without a limit.
    pub fn path_length(&self) -> Option<u32> {
        self.0.meaning.basic_constraints.and_then(|(_, length)| length)
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.0.subject_der == self.0.issuer_der
    }

    /// DNS names, e-mail addresses, IP addresses, URIs and Fulcio's OtherName, in the order of cryptoutils' `GetSubjectAlternateNames`.
    pub fn subject_alternative_names(&self) -> Vec<String> {
        self.0.meaning.names.texts()
    }

    /// DNS names.
    pub fn dns_names(&self) -> &[String] {
        &self.0.meaning.names.dns
    }

    /// IP addresses; IPv4 within IPv6 is IPv4.
    pub fn ip_addresses(&self) -> &[std::net::IpAddr] {
        &self.0.meaning.names.ips
    }

    /// E-mail addresses.
    pub fn email_addresses(&self) -> &[String] {
        &self.0.meaning.names.emails
    }

    /// URIs, as Go's `url.URL.String()` writes them.
    pub fn uris(&self) -> &[String] {
        &self.0.meaning.names.uris
    }

    /// The OtherName of Fulcio's user names.
    pub fn other_name(&self) -> Option<&str> {
        self.0.meaning.names.other_name.as_deref()
    }

    /// What Fulcio wrote.
    pub fn fulcio(&self) -> FulcioExtensions {
        FulcioExtensions::of(&self.0.extensions)
    }

    /// Every extension, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// Whether the certificate names that usage, or any; one without the extension names none.
    pub fn names_usage(&self, usage: ExtendedKeyUsage) -> bool {
        self.0.meaning.extended_key_usages.iter().any(|oid| oid.as_bytes() == usage.oid() || oid.as_bytes() == ANY_USAGE)
    }

    pub(super) fn meaning(&self) -> &Meaning {
        &self.0.meaning
    }

    pub(super) fn tbs(&self) -> &[u8] {
        &self.0.tbs
    }

    pub(super) fn version(&self) -> u8 {
        self.0.version
    }

    /// Checks the certificate's own signature under `key`.
    pub(super) fn check_signature(&self, key: &PublicKey) -> Result<(), SignatureError> {
        self.0.signature_algorithm.verify(key, &self.0.tbs, &self.0.signature)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .field("serial", &crate::encoding::hex::encode(self.serial()))
            .finish()
    }
}

/// What a certified key may be used for (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// Any use: as a wish, nothing is checked.
    Any,
    /// Code signing.
    CodeSigning,
    /// Time stamping.
    TimeStamping,
}

impl ExtendedKeyUsage {
    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::Any => ANY_USAGE,
            Self::CodeSigning => &[0x2b, 6, 1, 5, 5, 7, 3, 3],
            Self::TimeStamping => &[0x2b, 6, 1, 5, 5, 7, 3, 8],
        }
    }
}
