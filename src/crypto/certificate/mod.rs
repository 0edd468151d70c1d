//! X.509 certificates (RFC 5280), read as Go's `crypto/x509` reads them, and what Fulcio writes into them.

/// A parsed certificate; cheap to clone.
#[derive(Clone)]
pub struct Certificate {}

/// Why bytes are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {}

impl Certificate {
    /// Reads one DER certificate, whole.
    pub fn from_der(_der: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }
    /// Every certificate of a PEM text, in order; as cryptoutils' `LoadCertificatesFromPEM`, but no certificate at all is an error.
    pub fn all_from_pem(_pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        todo!()
    }
    /// The certificate as it was read.
    pub fn der(&self) -> &[u8] {
        todo!()
    }
    /// PEM with the label `CERTIFICATE` and a final newline.
    pub fn to_pem(&self) -> String {
        todo!()
    }
    /// The public key; an error where this program does not know its kind.
    pub fn public_key(&self) -> Result<super::PublicKey, super::public_key::PublicKeyError> {
        todo!()
    }
    /// SubjectPublicKeyInfo in DER.
    pub fn spki_der(&self) -> &[u8] {
        todo!()
    }
    /// First moment of validity.
    pub fn not_before(&self) -> crate::encoding::UnixTime {
        todo!()
    }
    /// Last moment of validity, included.
    pub fn not_after(&self) -> crate::encoding::UnixTime {
        todo!()
    }
    /// Subject in DER.
    pub fn subject_der(&self) -> &[u8] {
        todo!()
    }
    /// Issuer in DER.
    pub fn issuer_der(&self) -> &[u8] {
        todo!()
    }
    /// Subject as Go's `pkix.Name.String()` writes it.
    pub fn subject(&self) -> String {
        todo!()
    }
    /// Issuer likewise.
    pub fn issuer(&self) -> String {
        todo!()
    }
    /// Serial number, big-endian, without leading zeros.
    pub fn serial(&self) -> &[u8] {
        todo!()
    }
    /// Whether basic constraints say that it is an authority.
    pub fn is_ca(&self) -> bool {
        todo!()
    }
    /// DNS, e-mail, IP, URI and Fulcio's OtherName, in the order of cryptoutils' `GetSubjectAlternateNames`.
    pub fn subject_alternative_names(&self) -> Vec<String> {
        todo!()
    }
    /// E-mail addresses.
    pub fn email_addresses(&self) -> &[String] {
        todo!()
    }
    /// URIs.
    pub fn uris(&self) -> &[String] {
        todo!()
    }
    /// What Fulcio wrote.
    pub fn fulcio(&self) -> FulcioExtensions {
        todo!()
    }
}

/// Fulcio's extensions, each under its arc of 1.3.6.1.4.1.57264.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FulcioExtensions {}

impl FulcioExtensions {
    /// The OIDC issuer: v2 (.8), else v1 (.1).
    pub fn issuer(&self) -> Option<&str> {
        todo!()
    }
    /// The value under arc `.1.N`.
    pub fn value(&self, _arc: u32) -> Option<&str> {
        todo!()
    }
    /// Pairs (OID as text, value) in the order of the certificate.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        std::iter::empty()
    }
}

/// What a certified key may be used for (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// Any (2.5.29.37.0). As a wish: no check.
    Any,
    /// Code signing.
    CodeSigning,
    /// Time stamping.
    TimeStamping,
}
