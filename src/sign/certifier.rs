//! Certificates for a key of one run: one key, one token, one certificate, however much is signed, as long as it lasts.

use std::io;
use std::sync::Arc;

use super::identity::{SigningCertificate, SigningIdentity};
use crate::ambient::Context;
use crate::crypto::{KeyAlgorithm, PrivateKey, Signer};
use crate::encoding::UnixTime;
use crate::format::trusted_root::TrustedRoot;
use crate::sigstore::fulcio::{Fulcio, FulcioError, IssuedCertificate};
use crate::sigstore::oidc::{self, AuthFlow, OidcError, TokenRequest};
use crate::verify::{self, SctRequirement, VerificationError};

/// A certificate that ends sooner is not used for another signature.
const LEAST_LEFT: i64 = 60;

/// Asks Fulcio for certificates.
pub struct Certifier {
    /// The Fulcio.
    pub fulcio: Fulcio,
    /// How tokens are got.
    pub token: TokenRequest,
    /// The key to certify (`--issue-certificate`); `None` makes one.
    pub key: Option<Arc<dyn Signer>>,
    /// The kind of key that is made.
    pub algorithm: KeyAlgorithm,
    /// Certificates without SCT will do (`--insecure-skip-verify`).
    pub insecure_skip_sct: bool,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertifyError {
    /// There is no key.
    #[error("generating key: {0}")]
    Key(#[from] io::Error),
    /// There is no token.
    #[error("getting keypair and token: retrieving ID token: {0}")]
    Token(#[from] OidcError),
    /// There is no certificate.
    #[error("signing bundle: error signing bundle: {0}")]
    Fulcio(#[from] FulcioError),
    /// What Fulcio issued is not to be trusted.
    #[error(
        "the certificate that Fulcio issued is refused: {0} (is this Fulcio in the trusted root, and its CT log? --insecure-skip-verify takes a certificate that is in no CT log)"
    )]
    Refused(#[from] VerificationError),
}

/// Until when a certificate lasts that came just now, by this machine's clock: where that clock disagrees, as long as it lasts for Fulcio.
fn lasts_until(leaf: &crate::crypto::Certificate, now: UnixTime) -> i64 {
    let lifetime = leaf.not_after().0.saturating_sub(leaf.not_before().0);
    let left = leaf.not_after().0.saturating_sub(now.0);
    if (LEAST_LEFT..=lifetime).contains(&left) { leaf.not_after().0 } else { now.0.saturating_add(lifetime) }
}

/// The signer of one run, with its certificate while that lasts.
pub struct Session {
    certifier: Certifier,
    /// The signer, and until when the certificate lasts by this machine's clock, which need not be Fulcio's.
    current: Option<(SigningIdentity, i64)>,
}

impl Session {
    /// Nothing is asked for yet.
    pub fn new(certifier: Certifier) -> Self {
        Self { certifier, current: None }
    }

    /// The signer; asks for a certificate where there is none that lasts. A second one takes a token that can be had without a person.
    ///
    /// # Errors
    /// [`CertifyError`].
    pub async fn identity(&mut self, trusted: Option<&TrustedRoot>, context: &Context) -> Result<SigningIdentity, CertifyError> {
        let now = UnixTime::from(context.clock.now());
        if let Some((identity, until)) = &self.current
            && until.saturating_sub(now.0) >= LEAST_LEFT
        {
            return Ok(identity.clone());
        }
        let mut request = self.certifier.token.clone();
        if self.current.is_some() {
            request.flow = AuthFlow::TOKEN.to_owned();
        }
        let signer = match &self.certifier.key {
            Some(key) => Arc::clone(key),
            None => {
                context.ui.status("Generating ephemeral keys...");
                Arc::new(PrivateKey::generate_as(self.certifier.algorithm, &*context.rng)?)
            }
        };
        let token = oidc::token(&request, context).await?;
        // A person may have taken a while to log in.
        let now = UnixTime::from(context.clock.now());
        let issued = self.certifier.fulcio.certificate(&*signer, &token, now).await?;
        let until = lasts_until(&issued.leaf, now);
        if let Some(trusted) = trusted {
            check(&issued, trusted, self.certifier.insecure_skip_sct)?;
        }
        let certificate = SigningCertificate::issued(issued.leaf);
        let identity = SigningIdentity { signer, certificate: Some(certificate) };
        self.current = Some((identity.clone(), until));
        Ok(identity)
    }
}

/// The certificate must count at its own beginning, whatever this machine's clock says, and its SCT must hold. A root that names no CT log is of an
/// instance without Certificate Transparency.
fn check(issued: &IssuedCertificate, trusted: &TrustedRoot, insecure_skip_sct: bool) -> Result<(), VerificationError> {
    let sct = match insecure_skip_sct || trusted.ct_logs.is_empty() {
        true => SctRequirement::InsecureIgnore,
        false => SctRequirement::Required { threshold: 1, detached: issued.detached_sct.clone() },
    };
    verify::verify_certificate((&issued.leaf, &issued.chain), &sct, trusted, issued.leaf.not_before())
}
