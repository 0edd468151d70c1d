//! The attestations of one image: verified as signatures are, then chosen by the predicate type.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::stream::StreamExt;
use serde_json::Map;

use super::super::log_lookup::SignatureOf;
use super::image::{Job, Older, facts, parsed_digest};
use super::outcome::{self, Check, VerifiedImage, VerifiedSignature};
use super::{Bundles, NoMatch, VerifyImageError};
use crate::encoding::text;
use crate::entity::bundles;
use crate::entity::signatures::{self, AttachedSignature};
use crate::format::bundle::{Bundle, legacy};
use crate::format::intoto::Statement;
use crate::format::material::{Signed, SignedContent};
use crate::format::oci::Selector;
use crate::verify::WantedPredicate;

/// What was found.
#[derive(Default)]
struct Found {
    /// Of the wanted type.
    passed: Vec<(VerifiedSignature, Vec<Check>)>,
    /// The types of all that were verified.
    types: BTreeSet<String>,
    /// Why others were refused.
    refused: Vec<String>,
}

/// An attestation that was verified: its predicate type, what is printed of it, and the checks.
type Judged = Result<(String, VerifiedSignature, Vec<Check>), String>;

impl Found {
    fn add(&mut self, judged: Judged, wanted: &WantedPredicate) {
        match judged {
            Ok((predicate_type, signature, checks)) => {
                if predicate_type == wanted.uri {
                    self.passed.push((signature, checks));
                }
                self.types.insert(predicate_type);
            }
            Err(reason) => self.refused.push(reason),
        }
    }
}

impl Job<'_> {
    /// The attestations of the wanted type: bundles first, the older form where no bundle will do.
    pub(super) async fn attestations(&self, wanted: &WantedPredicate) -> Result<VerifiedImage, VerifyImageError> {
        let mut found = Found::default();
        let mut unsupported = None;
        match self.request.forms.bundles {
            // Of a saved image cosign takes the bundles whatever the flag says.
            Bundles::Ignored if matches!(self.older, Older::Tagged) => {}
            Bundles::Ignored | Bundles::Verified => self.attested_bundles(wanted, &mut found).await?,
            Bundles::Unsupported(reason) => unsupported = (!self.candidates().await?.is_empty()).then_some(reason),
        }
        if found.passed.is_empty() {
            for attached in self.older_attestations().await? {
                found.add(self.older_attestation(attached).await, wanted);
            }
        }
        if !found.passed.is_empty() {
            let (signatures, checks): (Vec<_>, Vec<_>) = found.passed.into_iter().unzip();
            return Ok(VerifiedImage { name: self.name.clone(), checks: outcome::common_checks(&checks), signatures });
        }
        match unsupported {
            Some(reason) if found.types.is_empty() && found.refused.is_empty() => Err(VerifyImageError::UnsupportedWithBundles(reason)),
            _ if !found.types.is_empty() => {
                let types: Vec<String> = found.types.iter().map(|found| text::quote(found)).collect();
                Err(VerifyImageError::PredicateType { wanted: text::quote(&wanted.name), found: types.join(",") })
            }
            _ if found.refused.is_empty() => Err(VerifyImageError::NoAttestations(text::quote(&self.name))),
            _ => Err(VerifyImageError::NoMatch(NoMatch { bundles: found.refused, signatures: Vec::new() })),
        }
    }

    async fn attested_bundles(&self, wanted: &WantedPredicate, found: &mut Found) -> Result<(), VerifyImageError> {
        let candidates = self.candidates().await?;
        let mut fetched = pin!(bundles::fetch(&*self.signatures, &candidates, self.request.place.max_size));
        while let Some(attached) = fetched.next().await {
            found.add(self.attested_bundle(attached?.bytes), wanted);
        }
        Ok(())
    }

    fn attested_bundle(&self, bytes: Vec<u8>) -> Judged {
        let bundle = Bundle::parse(&bytes, self.request.forms.allow_certificate_chain).map_err(|error| error.to_string())?;
        // It may be large, and all of it is in the bundle now.
        drop(bytes);
        let signed = bundle.into_signed().map_err(|error| error.to_string())?;
        if !matches!(signed.content, SignedContent::Envelope(_)) {
            return Err("the bundle holds no DSSE envelope".to_owned());
        }
        self.judge_attestation(signed, false)
    }

    async fn older_attestations(&self) -> Result<Vec<AttachedSignature>, VerifyImageError> {
        let max_size = self.request.place.max_size;
        if let Older::Saved(image) = &self.older {
            let Some(image) = image else { return Ok(Vec::new()) };
            let digest = parsed_digest(image, &*self.own)?;
            let fetched = self.own.manifest(&Selector::Digest(digest)).await?;
            return Ok(signatures::layers(&*self.own, &fetched, max_size).await?);
        }
        let tag = self.request.place.attestation_tag(&self.digest);
        match signatures::under_tag(&*self.signatures, &tag, max_size).await {
            Ok(attached) => Ok(attached),
            Err(error) => self.absent_if_forbidden(error, &tag).await.map(|()| Vec::new()),
        }
    }

    async fn older_attestation(&self, attached: AttachedSignature) -> Judged {
        let mut signed = legacy::signed_of_att_layer(attached.payload, &attached.annotations).map_err(|error| error.to_string())?;
        let looked_up = match &self.request.lookup {
            Some(log) => log.complete(&mut signed, SignatureOf::Payload, &self.request.requirement).await?,
            None => false,
        };
        self.judge_attestation(signed, looked_up)
    }

    /// An attestation whose statement cannot be read does not count, whether claims are checked or not.
    fn judge_attestation(&self, signed: Signed, looked_up: bool) -> Judged {
        let verified = self.check(&signed)?;
        let SignedContent::Envelope(envelope) = signed.content else { return Err("there is no DSSE envelope".to_owned()) };
        let statement = Statement::parse_without_predicate(&envelope.payload)
            .map_err(|error| format!("converting to consumable policy validation: unmarshal in-toto statement: {error}"))?;
        let payload = self.payload_of(&statement);
        let raw = signed.material.envelope_bytes.unwrap_or_else(|| envelope.to_json());
        let signature = VerifiedSignature {
            raw,
            payload,
            certificate: facts(&verified),
            extra: Map::new(),
            predicate_type: Some(statement.predicate_type.clone()),
            statement: (!self.request.policies.is_empty()).then(|| envelope.payload.clone()),
        };
        Ok((statement.predicate_type, signature, outcome::checks(&verified, looked_up)))
    }
}
