//! One image: what is attached to it is fetched once and checked as it comes.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::StreamExt;
use serde_json::{Map, Value};

use super::super::log_lookup::SignatureOf;
use super::outcome::{self, CertificateFacts, VerifiedImage, VerifiedSignature};
use super::{Bundles, NoMatch, VerifyImageError, VerifyImages};
use crate::ambient::Context;
use crate::crypto::Digest;
use crate::encoding::{UnixTime, text};
use crate::entity::signatures::AttachedSignature;
use crate::entity::{bundles, saved, signatures};
use crate::format::bundle::Bundle;
use crate::format::bundle::legacy::{self, RekorBundle};
use crate::format::intoto::{Statement, predicate_type};
use crate::format::material::{Signed, SignedContent, SignerMaterial};
use crate::format::oci::{Descriptor, ImageRef, Selector};
use crate::format::simple_signing::{Critical, Identity, Image, SimpleSigningPayload};
use crate::registry::{Access, Registries, RegistryError, Repository, known_digest};
use crate::verify::{self, Artifact, Verified, VerifiedSigner};

/// What one image's verification works with.
pub(super) struct Job<'a> {
    pub(super) request: &'a VerifyImages,
    pub(super) context: &'a Context,
    pub(super) now: UnixTime,
    pub(super) name: String,
    pub(super) repository_name: String,
    pub(super) digest: Digest,
    pub(super) own: Arc<dyn Repository>,
    pub(super) signatures: Arc<dyn Repository>,
    /// The manifest was read with the credentials at hand.
    pub(super) was_read: bool,
    /// Where the older signatures are.
    pub(super) older: Older,
}

/// Where the older signatures of an image are.
pub(super) enum Older {
    /// Under its `.sig` tag.
    Tagged,
    /// In this image of a saved directory, if any.
    Saved(Option<Descriptor>),
}

/// Signatures that passed, with their checks, and why others did not.
#[derive(Default)]
struct Found {
    passed: Vec<(VerifiedSignature, Vec<outcome::Check>)>,
    refused: Vec<String>,
}

pub(super) async fn verify(
    request: &VerifyImages,
    registries: &Registries,
    image: ImageRef,
    (context, now): (&Context, UnixTime),
) -> Result<VerifiedImage, VerifyImageError> {
    context.deadline.check()?;
    locate(request, registries, &image, (context, now)).await?.run().await
}

/// As [`verify`], for a directory that `cosign save` wrote.
pub(super) async fn verify_saved(
    request: &VerifyImages,
    registries: &Registries,
    directory: &str,
    (context, now): (&Context, UnixTime),
) -> Result<VerifiedImage, VerifyImageError> {
    let saved = saved::read(Path::new(directory))?;
    let layout = ImageRef::Layout { directory: directory.into(), selector: None };
    let own = registries.open(&layout, Access::Pull)?;
    let digest = parsed_digest(&saved.image, &*own)?;
    let job = Job {
        request,
        context,
        now,
        name: directory.to_owned(),
        repository_name: directory.to_owned(),
        digest,
        signatures: Arc::clone(&own),
        own,
        was_read: true,
        older: Older::Saved(if request.attestations.is_some() { saved.attestations } else { saved.signatures }),
    };
    job.run().await
}

impl Job<'_> {
    async fn run(self) -> Result<VerifiedImage, VerifyImageError> {
        let Self { request, .. } = self;
        let job = &self;
        if let Some(wanted) = &request.attestations {
            return job.attestations(wanted).await;
        }
        let mut no_match = NoMatch::default();
        let mut unsupported = None;
        if request.detached.is_none() && !request.attached_sbom {
            match request.forms.bundles {
                // Of a saved image cosign takes the bundles whatever the flag says.
                Bundles::Ignored if matches!(self.older, Older::Tagged) => {}
                Bundles::Ignored | Bundles::Verified => {
                    let found = job.bundles().await?;
                    if !found.passed.is_empty() {
                        job.warn_of_attestations(&found);
                        return Ok(job.result(found));
                    }
                    no_match.bundles = found.refused;
                }
                Bundles::Unsupported(reason) => {
                    unsupported = (!job.candidates().await?.is_empty()).then_some(reason);
                }
            }
        }
        let found = job.older().await?;
        if !found.passed.is_empty() {
            return Ok(job.result(found));
        }
        no_match.signatures = found.refused;
        match unsupported {
            Some(reason) if no_match.signatures.is_empty() => Err(VerifyImageError::UnsupportedWithBundles(reason)),
            _ if no_match.bundles.is_empty() && no_match.signatures.is_empty() => Err(VerifyImageError::NoSignatures),
            _ => Err(VerifyImageError::NoMatch(no_match)),
        }
    }
}

async fn locate<'a>(
    request: &'a VerifyImages,
    registries: &Registries,
    image: &ImageRef,
    (context, now): (&'a Context, UnixTime),
) -> Result<Job<'a>, VerifyImageError> {
    let located = registries.locate(image, Access::Pull)?;
    let own = located.repository;
    let (mut digest, mut was_read) = resolve(&*own, &located.selector).await?;
    let mut name = image.to_string();
    let repository_name = match image {
        ImageRef::Registry(reference) => reference.repository.to_string(),
        ImageRef::Layout { .. } => own.name(),
    };
    if request.attached_sbom {
        let tag = request.place.sbom_tag(&digest);
        name = format!("{repository_name}:{tag}");
        (digest, was_read) = resolve(&*own, &Selector::Tag(tag)).await?;
    }
    let signatures = request.place.signatures(registries, (image, &own), Access::Pull)?;
    Ok(Job { request, context, now, name, repository_name, digest, own, signatures, was_read, older: Older::Tagged })
}

/// The digest that a selector stands for. One that is a digest already costs no request.
async fn resolve(repository: &dyn Repository, selector: &Selector) -> Result<(Digest, bool), VerifyImageError> {
    let tag = match selector {
        Selector::Digest(digest) => return Ok((digest.clone(), false)),
        Selector::Tag(_) => selector,
    };
    let descriptor = match repository.resolve(tag).await {
        Ok(descriptor) => descriptor,
        // The answer to a GET names the cause, which clients look for (`MANIFEST_UNKNOWN`).
        Err(error) if error.is_not_found() => {
            return Err(VerifyImageError::TagNotFound(repository.manifest(tag).await.err().unwrap_or(error)));
        }
        Err(error) => return Err(error.into()),
    };
    Ok((parsed_digest(&descriptor, repository)?, true))
}

pub(super) fn parsed_digest(descriptor: &Descriptor, repository: &dyn Repository) -> Result<Digest, RegistryError> {
    known_digest(descriptor, || format!("manifest of {}", repository.name()))
}

impl Job<'_> {
    pub(super) fn check(&self, signed: &Signed) -> Result<Verified, String> {
        verify::verify(signed, Artifact::Image(&self.digest), &self.request.requirement, &self.request.trusted, self.now)
            .map_err(|error| error.to_string())
    }

    pub(super) async fn candidates(&self) -> Result<Vec<Descriptor>, VerifyImageError> {
        match bundles::candidates(&*self.signatures, &self.digest).await {
            Ok(candidates) => Ok(candidates),
            Err(error) => self.absent_if_forbidden(error, "the list of referrers").await.map(|()| Vec::new()),
        }
    }

    async fn bundles(&self) -> Result<Found, VerifyImageError> {
        let candidates = self.candidates().await?;
        let mut fetched = pin!(bundles::fetch(&*self.signatures, &candidates, self.request.place.max_size));
        let mut found = Found::default();
        while let Some(attached) = fetched.next().await {
            let attached = attached?;
            match self.bundle(&attached.bytes) {
                Ok(passed) => found.passed.push(passed),
                Err(reason) => found.refused.push(reason),
            }
        }
        Ok(found)
    }

    fn bundle(&self, bytes: &[u8]) -> Result<(VerifiedSignature, Vec<outcome::Check>), String> {
        let bundle = Bundle::parse(bytes, self.request.forms.allow_certificate_chain).map_err(|error| error.to_string())?;
        let signed = bundle.into_signed().map_err(|error| error.to_string())?;
        let SignedContent::Envelope(envelope) = &signed.content else {
            return Err("the bundle holds no DSSE envelope".to_owned());
        };
        let verified = self.check(&signed)?;
        let statement = Statement::parse_without_predicate(&envelope.payload).map_err(|error| error.to_string())?;
        let payload = self.payload_of(&statement);
        let (raw, payload) = match self.older {
            Older::Tagged => (payload.to_json(), payload),
            // What cosign prints for the bundles of a saved image: the envelope, or empty claims.
            Older::Saved(_) => {
                let optional = payload.optional.filter(|annotations| !annotations.is_empty());
                (envelope.to_json(), SimpleSigningPayload { optional, ..SimpleSigningPayload::default() })
            }
        };
        let predicate_type = Some(statement.predicate_type);
        let signature =
            VerifiedSignature { raw, payload, predicate_type, statement: None, certificate: facts(&verified), extra: Map::new() };
        Ok((signature, outcome::checks(&verified, false)))
    }

    /// The statement in the words of a simple signing payload: what `verify` prints of a bundle.
    pub(super) fn payload_of(&self, statement: &Statement) -> SimpleSigningPayload {
        let subject = statement.subjects.iter().find(|subject| subject.has(&self.digest)).or(statement.subjects.first());
        let digest = match subject {
            Some(subject) if subject.has(&self.digest) => self.digest.to_string(),
            // Only where claims are not checked.
            Some(subject) => subject.digest.iter().next().map(|(name, hex)| format!("{name}:{hex}")).unwrap_or_default(),
            None => String::new(),
        };
        SimpleSigningPayload {
            critical: Critical {
                identity: Identity { docker_reference: self.name.clone() },
                image: Image { docker_manifest_digest: digest },
                kind: statement.predicate_type.clone(),
            },
            optional: Some(subject.and_then(|subject| subject.annotations.clone()).unwrap_or_default()),
        }
    }

    async fn older(&self) -> Result<Found, VerifyImageError> {
        if let Some(detached) = &self.request.detached {
            if detached.payload.is_none() {
                self.context.ui.warn(&format!(
                    "using obsolete implied signature payload data (with digested reference {}@{}); specify it explicitly with --payload instead",
                    self.repository_name, self.digest
                ));
            }
            let payload = detached.payload(&self.repository_name, &self.digest);
            return Ok(self.judge([(Ok(detached.signed(payload.clone())), payload)]).await);
        }
        let max_size = self.request.place.max_size;
        if let Older::Saved(image) = &self.older {
            let Some(image) = image else { return Ok(Found::default()) };
            let digest = parsed_digest(image, &*self.own)?;
            let fetched = self.own.manifest(&Selector::Digest(digest)).await?;
            return Ok(self.judge_attached(signatures::layers(&*self.own, &fetched, max_size).await?).await);
        }
        if self.request.forms.oci11 {
            let newest = signatures::newest_referrer(&*self.signatures, &self.digest, max_size).await?;
            let found = self.judge_attached(newest.unwrap_or_default()).await;
            if !found.passed.is_empty() {
                return Ok(found);
            }
        }
        let tag = self.request.place.signature_tag(&self.digest);
        match signatures::under_tag(&*self.signatures, &tag, max_size).await {
            Ok(attached) => Ok(self.judge_attached(attached).await),
            Err(error) => self.absent_if_forbidden(error, &tag).await.map(|()| Found::default()),
        }
    }

    async fn judge_attached(&self, attached: Vec<AttachedSignature>) -> Found {
        let signatures: Vec<_> = attached
            .into_iter()
            .map(|attached| {
                let layer = Digest::sha256(&attached.payload).to_string();
                (legacy::signed_of_sig_layer(attached.payload.clone(), &attached.annotations, &layer), attached.payload)
            })
            .collect();
        self.judge(signatures).await
    }

    async fn judge(&self, signatures: impl IntoIterator<Item = (Result<Signed, legacy::LegacyError>, Vec<u8>)>) -> Found {
        let mut found = Found::default();
        for (signed, raw) in signatures {
            let judged = match signed {
                Ok(signed) => self.judge_one(signed, raw).await,
                Err(error) => Err(error.to_string()),
            };
            match judged {
                Ok(passed) => found.passed.push(passed),
                Err(reason) => found.refused.push(reason),
            }
        }
        found
    }

    async fn judge_one(&self, mut signed: Signed, raw: Vec<u8>) -> Result<(VerifiedSignature, Vec<outcome::Check>), String> {
        let looked_up = match &self.request.lookup {
            Some(log) => log.complete(&mut signed, SignatureOf::Payload, &self.request.requirement).await?,
            None => false,
        };
        let verified = self.check(&signed)?;
        let payload = SimpleSigningPayload::parse(&raw).map_err(|error| error.to_string())?;
        let certificate = facts(&verified).or_else(|| certificate_of_key(&signed, &verified));
        let extra = optional_facts(&signed);
        let checks = outcome::checks(&verified, looked_up);
        Ok((VerifiedSignature { raw, payload, predicate_type: None, statement: None, certificate, extra }, checks))
    }

    /// Artifactory answers 403 for a tag that does not exist. Where the image itself can be read with the same credentials that counts as absent.
    pub(super) async fn absent_if_forbidden(&self, error: RegistryError, what: &str) -> Result<(), VerifyImageError> {
        let readable = error.is_forbidden() && (self.was_read || self.own.resolve(&Selector::Digest(self.digest.clone())).await.is_ok());
        if !readable {
            return Err(error.into());
        }
        self.context.ui.warn(&format!("{what} counts as absent, since the image can be read: {error}"));
        Ok(())
    }

    fn warn_of_attestations(&self, found: &Found) {
        let mut types: Vec<&str> = found.passed.iter().filter_map(|(signature, _)| signature.predicate_type.as_deref()).collect();
        if types.contains(&predicate_type::COSIGN_SIGN) {
            return;
        }
        types.sort_unstable();
        types.dedup();
        let types: Vec<String> = types.into_iter().map(text::quote).collect();
        self.context.ui.warn(&format!(
            "none of the bundles of {} was made by `cosign sign`; what was verified are attestations of these predicate types: {}",
            self.name,
            types.join(", ")
        ));
    }

    fn result(&self, found: Found) -> VerifiedImage {
        let (signatures, checks): (Vec<_>, Vec<_>) = found.passed.into_iter().unzip();
        VerifiedImage { name: self.name.clone(), checks: outcome::common_checks(&checks), signatures }
    }
}

pub(super) fn facts(verified: &Verified) -> Option<CertificateFacts> {
    match &verified.signer {
        VerifiedSigner::Certificate(certificate) => Some(CertificateFacts::of(&certificate.leaf)),
        VerifiedSigner::Key(_) => None,
    }
}

/// Log entry and time stamp of the older form, as `verify` prints them.
fn optional_facts(signed: &Signed) -> Map<String, Value> {
    let mut facts = Map::new();
    if let Some(bundle) = signed.material.log_entries.first().and_then(RekorBundle::of) {
        facts.insert("Bundle".into(), serde_json::to_value(bundle).unwrap_or_default());
    }
    if let Some(response) = signed.material.timestamps.first() {
        facts.insert("RFC3161Timestamp".into(), serde_json::from_str(&legacy::timestamp_to_json(response)).unwrap_or_default());
    }
    facts
}

/// A certificate that came with a signature verified by a key: cosign prints what it says. Here only where it certifies that very key.
fn certificate_of_key(signed: &Signed, verified: &Verified) -> Option<CertificateFacts> {
    let VerifiedSigner::Key(key) = &verified.signer else { return None };
    let SignerMaterial::Certificate { leaf, .. } = &signed.material.signer else { return None };
    (leaf.spki_der() == key.spki_der()).then(|| CertificateFacts::of(leaf))
}
