//! Who signs: a key, perhaps with a certificate of one's own and the chain above it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::crypto::certificate::{Certificate, CertificateError, ExtendedKeyUsage};
use crate::crypto::chain::{self, ChainError};
use crate::crypto::{HashAlgorithm, KeyAlgorithm, Message, PublicKey, SignError, SignatureScheme, Signer};
use crate::encoding::pem;
use crate::format::bundle::BundleSigner;

/// A signer and what certifies its key.
#[derive(Clone)]
pub struct SigningIdentity {
    /// The key.
    pub signer: Arc<dyn Signer>,
    /// The certificate that goes with every signature.
    pub certificate: Option<SigningCertificate>,
}

/// A certificate of the key and the chain above it.
#[derive(Clone)]
pub struct SigningCertificate {
    /// The key's certificate.
    pub leaf: Certificate,
    /// The certificates between it and the root, without the root.
    pub intermediates: Vec<Certificate>,
    /// Whether Fulcio issued it for this run.
    pub is_issued: bool,
}

/// A certificate that cannot be used. Texts keep the Go program's phrases.
#[derive(Debug, thiserror::Error)]
pub enum SigningCertificateError {
    /// The file is PEM of something else.
    #[error("supplied PEM file is not a certificate: {0}")]
    NoCertificate(String),
    /// The certificate cannot be parsed.
    #[error("parse x509 certificate: {0}")]
    Parse(CertificateError),
    /// It certifies another key.
    #[error("public key in certificate does not match the provided public key")]
    KeyMismatch,
    /// `--certificate-chain` without `--certificate`.
    #[error("no leaf certificate found or provided while specifying chain")]
    ChainWithoutLeaf,
    /// The chain cannot be parsed.
    #[error("loading certificate chain: {0}")]
    ParseChain(CertificateError),
    /// The chain does not lead from the certificate to its last certificate.
    #[error(
        "unable to validate certificate chain: cert verification failed: {0}. Check your TUF root (see cosign initialize) or set a custom root with env var SIGSTORE_ROOT_FILE"
    )]
    Chain(#[from] ChainError),
}

impl SigningCertificate {
    /// A certificate that Fulcio issued. What stands above it is in the trusted root, as in cosign.
    pub fn issued(leaf: Certificate) -> Self {
        Self { leaf, intermediates: Vec::new(), is_issued: true }
    }

    /// Reads a certificate (PEM or DER, from `name`) for `key`, and the PEM chain above it, whose last certificate is taken for the root.
    ///
    /// # Errors
    /// [`SigningCertificateError`].
    pub fn load(key: &PublicKey, (name, certificate): (&str, &[u8]), chain_pem: Option<&[u8]>) -> Result<Self, SigningCertificateError> {
        let leaf = parse_leaf(name, certificate)?;
        if leaf.spki_der() != key.spki_der() {
            return Err(SigningCertificateError::KeyMismatch);
        }
        let Some(chain_pem) = chain_pem else { return Ok(Self { leaf, intermediates: Vec::new(), is_issued: false }) };
        let chain = Certificate::all_from_pem(chain_pem).map_err(SigningCertificateError::ParseChain)?;
        let (root, between) = chain.split_last().ok_or_else(|| SigningCertificateError::NoCertificate("certificate chain".to_owned()))?;
        // As cosign: at the beginning of the leaf's validity; when the signature is made is for the verifier to judge.
        chain::verify(&leaf, between, std::slice::from_ref(root), leaf.not_before(), ExtendedKeyUsage::CodeSigning)?;
        let intermediates = chain.into_iter().filter(|c| c.der() != leaf.der() && c.subject_der() != c.issuer_der()).collect();
        Ok(Self { leaf, intermediates, is_issued: false })
    }

    /// The chain in PEM, leaf excluded; empty where there is none.
    pub fn chain_pem(&self) -> String {
        self.intermediates.iter().map(Certificate::to_pem).collect()
    }
}

/// What logs demand of a signature, beside what the key makes of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogDemand {
    /// There is no log.
    #[default]
    Nothing,
    /// A hashed record: the signature is checked by a digest alone.
    Digest,
    /// An envelope as Rekor v1 takes it: with SHA-256, whatever the key.
    EnvelopeBySha256,
}

/// A key that signs by another scheme than its own.
struct SigningBy(Arc<dyn Signer>, SignatureScheme);

#[async_trait]
impl Signer for SigningBy {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn scheme(&self) -> SignatureScheme {
        self.1
    }

    async fn sign_with(&self, scheme: SignatureScheme, message: Message<'_>) -> Result<Vec<u8>, SignError> {
        self.0.sign_with(scheme, message).await
    }
}

impl SigningIdentity {
    /// The same signer, but so that logs take what it signs: Ed25519 signs with Ed25519ph where a digest is all that a log has, and P-384 and P-521 sign
    /// envelopes for Rekor v1 with SHA-256. The latter only without a certificate: verifiers of certificates go by the curve alone.
    #[must_use]
    pub fn meeting(self, demand: LogDemand) -> Self {
        let scheme = match (demand, self.signer.public_key().algorithm()) {
            (LogDemand::Digest, KeyAlgorithm::Ed25519) => SignatureScheme::Ed25519ph,
            (LogDemand::EnvelopeBySha256, KeyAlgorithm::Ecdsa(curve)) if self.certificate.is_none() => {
                SignatureScheme::Ecdsa(curve, HashAlgorithm::Sha256)
            }
            _ => return self,
        };
        Self { signer: Arc::new(SigningBy(self.signer, scheme)), ..self }
    }

    /// What a bundle says of the signer: the certificate, or a hint to the bare key.
    pub fn bundle_signer(&self) -> BundleSigner {
        match &self.certificate {
            Some(SigningCertificate { leaf, intermediates, .. }) if intermediates.is_empty() => {
                BundleSigner::Certificate(leaf.der().to_vec())
            }
            Some(SigningCertificate { leaf, intermediates, .. }) => {
                BundleSigner::Chain(std::iter::once(leaf).chain(intermediates).map(|certificate| certificate.der().to_vec()).collect())
            }
            None => BundleSigner::KeyHint(self.signer.public_key().hint()),
        }
    }

    /// The certificate in PEM, else the public key: what `--output-certificate` holds.
    pub fn certificate_or_key_pem(&self) -> String {
        match &self.certificate {
            Some(certificate) => certificate.leaf.to_pem(),
            None => self.signer.public_key().to_pem(),
        }
    }
}

fn parse_leaf(name: &str, bytes: &[u8]) -> Result<Certificate, SigningCertificateError> {
    if !bytes.starts_with(b"-----") {
        return Certificate::from_der(bytes).map_err(SigningCertificateError::Parse);
    }
    match pem::first(bytes) {
        Some((block, _)) if block.label == "CERTIFICATE" => Certificate::from_der(&block.bytes).map_err(SigningCertificateError::Parse),
        _ => Err(SigningCertificateError::NoCertificate(name.to_owned())),
    }
}
