//! Finishes a signature: has it witnessed, and verifies what came of it before anybody stores it.

use super::identity::{SigningCertificate, SigningIdentity};
use super::image::SignedPayload;
use super::services::SigningServices;
use super::unknown_log;
use super::witness::{Evidence, WitnessError};
use crate::ambient::Context;
use crate::crypto::{Certificate, Digest};
use crate::encoding::UnixTime;
use crate::format::bundle::{Bundle, BundleContent, BundleError};
use crate::format::material::{Form, Signed, SignedContent, SignerMaterial, VerificationMaterial};
use crate::format::tlog::{EntryBody, EntryVerifier, LogEntry};
use crate::format::trusted_root::TrustedRoot;
use crate::sigstore::rekor::{Logged, LoggedContent, LoggedKey};
use crate::verify::{
    self, Artifact, IdentityPolicy, Matcher, Requirement, SctRequirement, TimeRequirement, TlogRequirement, Trust, VerificationError,
};

/// What a signature is finished with.
#[derive(Clone, Copy)]
pub struct Finish<'a> {
    /// Who signed.
    pub identity: &'a SigningIdentity,
    /// The services.
    pub services: &'a SigningServices,
    /// Whether the logs among them are told.
    pub with_logs: bool,
    /// What becomes of an envelope: in the older form time stamps are over its JSON, as `verify-attestation` takes them everywhere.
    pub form: Form,
}

/// Why a signature is not to be stored.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// A witness failed.
    #[error("signing bundle: error signing bundle: {0}")]
    Witness(#[from] WitnessError),
    /// The new bundle is none.
    #[error("signing bundle: error signing bundle: {0}")]
    Bundle(#[from] BundleError),
    /// There is nothing that a log could be told.
    #[error("signing bundle: there is no digest to enter into the log")]
    NoDigest,
    /// What was made does not verify.
    #[error("the new signature does not verify: {error}{}; nothing was stored", logged(.index))]
    Refused {
        /// Why not.
        error: VerificationError,
        /// Where the log has it nevertheless.
        index: Option<i64>,
    },
    /// The log answered with an entry about something else.
    #[error("the new signature does not verify: the log's entry {0}; nothing was stored")]
    Unbound(&'static str),
}

fn logged(index: &Option<i64>) -> String {
    index.map(|index| format!(" (the transparency log has it, at index {index})")).unwrap_or_default()
}

impl Finish<'_> {
    /// Adds time stamps and log entries to `bundle` and verifies it.
    ///
    /// # Errors
    /// [`FinishError`]; then nothing should be stored.
    pub async fn bundle(&self, mut bundle: Bundle, artifact: Artifact<'_>, context: &Context) -> Result<Bundle, FinishError> {
        let mut stored = None;
        let evidence = match &bundle.content {
            Some(BundleContent::Envelope(envelope)) => {
                let signature = &envelope.single_signature().map_err(|_| FinishError::NoDigest)?.signature;
                stored = (self.form == Form::Legacy).then(|| envelope.to_json());
                let content = LoggedContent::Envelope { envelope, json: stored.as_deref() };
                self.witness((content, stored.as_deref().unwrap_or(signature)), signature, context).await?
            }
            Some(BundleContent::Message(message)) => {
                let noted = message.digest.as_ref().ok_or(FinishError::NoDigest)?;
                let digest = noted.hash().and_then(|hash| Digest::from_bytes(hash, &noted.bytes)).ok_or(FinishError::NoDigest)?;
                self.witness((LoggedContent::Digest(&digest), &message.signature), &message.signature, context).await?
            }
            None => return Err(BundleError::MissingContent.into()),
        };
        evidence.log_entries.into_iter().for_each(|entry| bundle.push_log_entry(entry));
        evidence.timestamps.into_iter().for_each(|response| bundle.push_timestamp(response));
        let mut signed = bundle.to_signed()?;
        signed.material.form = self.form;
        signed.material.envelope_bytes = stored;
        self.verify(&signed, artifact, context)?;
        Ok(bundle)
    }

    /// Has a signature over a simple signing payload witnessed, and verifies it.
    ///
    /// # Errors
    /// As [`Finish::bundle`].
    pub async fn payload(&self, signed: &SignedPayload, image: &Digest, context: &Context) -> Result<Evidence, FinishError> {
        let scheme = self.identity.signer.scheme();
        let digest = scheme.hash().unwrap_or(crate::crypto::HashAlgorithm::Sha256).digest(&signed.payload);
        let evidence = self.witness((LoggedContent::Digest(&digest), &signed.signature), &signed.signature, context).await?;
        let signer = match &self.identity.certificate {
            Some(SigningCertificate { leaf, intermediates, .. }) => {
                SignerMaterial::Certificate { leaf: leaf.clone(), intermediates: intermediates.clone() }
            }
            None => SignerMaterial::Nothing,
        };
        let material = VerificationMaterial {
            signer,
            log_entries: evidence.log_entries.clone(),
            timestamps: evidence.timestamps.clone(),
            ..VerificationMaterial::legacy()
        };
        let content = SignedContent::SimpleSigning { payload: signed.payload.clone(), signature: signed.signature.clone() };
        self.verify(&Signed { content, material }, Artifact::Image(image), context)?;
        Ok(evidence)
    }

    /// `stamped`: what time stamps are over.
    async fn witness(
        &self,
        (content, stamped): (LoggedContent<'_>, &[u8]),
        signature: &[u8],
        context: &Context,
    ) -> Result<Evidence, WitnessError> {
        let key = match &self.identity.certificate {
            Some(certificate) => LoggedKey::Certificate(&certificate.leaf),
            None => LoggedKey::PublicKey(self.identity.signer.public_key()),
        };
        let logged = Logged { content, signature, key };
        self.services.witnesses.witness((&logged, stamped), self.with_logs, self.services.trusted_for_time(), &*context.rng).await
    }

    fn verify(&self, signed: &Signed, artifact: Artifact<'_>, context: &Context) -> Result<(), FinishError> {
        let entries = &signed.material.log_entries;
        for entry in entries {
            self.check_bound(entry, signed)?;
        }
        let judge = self.services.trusted_for(entries);
        if judge.is_none() {
            check_unknown_logs(entries, context)?;
        }
        let certificate = self.identity.certificate.as_ref();
        // A certificate of the user's own is for the verifier to judge: its authority need not be known here.
        let is_judged = certificate.is_none_or(|certificate| certificate.is_issued);
        let (Some(trusted), true) = (judge.or(self.services.trusted.as_deref()), is_judged) else { return Ok(()) };
        let requirement = requirement(self.identity, signed, trusted);
        let now = UnixTime::from(context.clock.now());
        // The certificate may begin a moment ahead of this machine's clock.
        let now = certificate.map_or(now, |certificate| now.max(certificate.leaf.not_before()));
        let index = entries.first().map(|entry| entry.log_index);
        verify::verify(signed, artifact, &requirement, trusted, now).map_err(|error| FinishError::Refused { error, index })?;
        Ok(())
    }

    /// The entry must hold this signature and this key, also where the log's own key is not known.
    fn check_bound(&self, entry: &LogEntry, signed: &Signed) -> Result<(), FinishError> {
        let body = EntryBody::parse(&entry.canonicalized_body).map_err(|_| FinishError::Unbound("cannot be read"))?;
        let [logged] = body.signatures() else { return Err(FinishError::Unbound("holds not one signature")) };
        if logged.signature.as_deref() != signed.content.signature() {
            return Err(FinishError::Unbound("is about another signature"));
        }
        let same_key = match (&logged.verifier, &self.identity.certificate) {
            (EntryVerifier::Certificate(logged), Some(own)) => logged.der() == own.leaf.der(),
            (EntryVerifier::PublicKey(logged), None) => **logged == *self.identity.signer.public_key(),
            _ => false,
        };
        if same_key { Ok(()) } else { Err(FinishError::Unbound("is about another key")) }
    }
}

/// Logs whose keys nothing at hand names: their answers must agree with themselves, and the person is told.
fn check_unknown_logs(entries: &[LogEntry], context: &Context) -> Result<(), FinishError> {
    for entry in entries {
        unknown_log::check(entry).map_err(FinishError::Unbound)?;
    }
    if !entries.is_empty() {
        context.ui.warn(
            "the key of the transparency log is not known here, so its signatures were not checked: name it with --trusted-root or SIGSTORE_REKOR_PUBLIC_KEY",
        );
    }
    Ok(())
}

/// What must hold of a signature that was made just now.
fn requirement(identity: &SigningIdentity, signed: &Signed, trusted: &TrustedRoot) -> Requirement {
    let trust = match &identity.certificate {
        Some(certificate) => Trust::Certificate {
            identities: owner(&certificate.leaf),
            leaf: Box::new(certificate.leaf.clone()),
            // It was checked when the certificate came.
            sct: SctRequirement::InsecureIgnore,
        },
        None => Trust::key(identity.signer.public_key().clone()),
    };
    let mut logs: Vec<&[u8]> = signed.material.log_entries.iter().map(|entry| entry.log_id.as_slice()).collect();
    logs.sort_unstable();
    logs.dedup();
    let mut requirement = Requirement::new(trust).insecure_ignore_claims();
    requirement.tlog = match logs.len() {
        threshold @ 1.. if !trusted.transparency_logs.is_empty() => TlogRequirement::Required { threshold },
        _ => TlogRequirement::InsecureIgnore,
    };
    if logs.is_empty() && identity.certificate.is_some() && !signed.material.timestamps.is_empty() {
        requirement.time = TimeRequirement::SignedTimestamps { threshold: 1 };
    }
    requirement
}

/// The policy that the certificate's owner, and nobody else, meets.
fn owner(leaf: &Certificate) -> IdentityPolicy {
    let subject = leaf.subject_alternative_names().into_iter().next().unwrap_or_default();
    let issuer = leaf.fulcio().issuer().unwrap_or_default().to_owned();
    IdentityPolicy::one(Matcher::exact(subject), Matcher::exact(issuer))
}
